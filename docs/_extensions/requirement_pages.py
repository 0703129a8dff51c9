"""Writes a page for every requirement, and one for each suite, before the documentation is read.

The pages say what ``asgi-conformance explain`` says. They are made anew with every build, in ``docs/requirements``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from asgi_conformance.cases import Case, Suites, load_suites
from asgi_conformance.requirement import Requirement


def setup(app: Any) -> dict[str, object]:
    """Have the pages written when the build begins."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "requirements", load_suites()))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(folder: Path, suites: Suites) -> None:
    """Fill a folder, which is emptied first, with the pages of everything that is installed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    cases: dict[str, list[Case]] = {}
    for case in suites.cases.values():
        cases.setdefault(case.requirement, []).append(case)
    by_suite: dict[str, list[Requirement]] = {}
    for requirement in suites.catalogue.values():
        by_suite.setdefault(requirement.suite, []).append(requirement)
        page = folder / f"{requirement.id}.md"
        page.write_text("\n".join(requirement_page(requirement, cases.get(requirement.id, []))))
    for suite, requirements in by_suite.items():
        (folder / f"suite-{suite}.md").write_text("\n".join(suite_page(suite, requirements, cases)))


def requirement_page(requirement: Requirement, cases: list[Case]) -> list[str]:
    """The lines of a page about one requirement and its cases."""
    lines = [
        "---",
        "orphan: true",
        "---",
        f"# {requirement.id}",
        "",
        f"**{requirement.level}**. {escaped(requirement.text)}",
    ]
    lines += ["", f"Written in: [{escaped(requirement.section)}]({requirement.url})"]
    if requirement.since:
        lines += ["", f"Since version {requirement.since} of the specification."]
    if requirement.observe:
        lines += ["", "## How it is seen", "", escaped(requirement.observe)]
    if requirement.ambiguity:
        lines += ["", "## What is fair too", "", escaped(requirement.ambiguity)]
    return [*lines, "", "## Cases", "", *case_lines(requirement, cases), ""]


def case_lines(requirement: Requirement, cases: list[Case]) -> list[str]:
    """What tries a requirement, or why nothing does."""
    if cases:
        return [f"- `{case.id}`: {escaped(case.title)}" for case in cases]
    if not requirement.binds_servers:
        return ["It binds applications, so no case judges a server by it."]
    return [f"None: {escaped(requirement.untestable or 'there is none yet')}"]


def suite_page(suite: str, requirements: list[Requirement], cases: dict[str, list[Case]]) -> list[str]:
    """The lines of a page with the requirements of a suite, in the order of the document."""
    lines = [f"# The suite {suite}", "", "| requirement | level | cases | in short |", "| --- | --- | --- | --- |"]
    for one in requirements:
        text = escaped(one.text).replace("|", "\\|").replace("\n", " ")
        lines.append(f"| [{one.id}]({one.id}.md) | {one.level} | {len(cases.get(one.id, []))} | {text} |")
    return [*lines, ""]


def escaped(text: str) -> str:
    """Text in which no character is markup."""
    for character in "\\`*_[]<>$#":
        text = text.replace(character, f"\\{character}")
    return text
