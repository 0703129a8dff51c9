"""The table of applications by servers, and what it is made of."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from asgi_conformance.candidate.starting import probe_folder
from asgi_conformance.suites.interop.applications import APPLICATIONS
from tests.interop.table import BEGIN, END, page

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
EMPTY = f"# A page\n\n{BEGIN}\nwhat was\n{END}\n\nThe end.\n"


def result(case: str, verdict: str = "pass", **more: Any) -> dict[str, Any]:
    """A result with what the table reads."""
    return {
        "case": case,
        "requirement": case.partition("/")[0],
        "verdict": verdict,
        "expected": None,
        "observed": None,
        "reason": None,
        "notes": [],
        **more,
    }


def run(name: str, *results: dict[str, Any]) -> Any:
    """A run with what the table reads."""
    return {"candidate": {"name": name, "version": "1.0"}, "results": list(results)}


def test_a_row_counts_what_passed_and_names_the_rest() -> None:
    """Each application has a row, each server a column; the versions of both are told."""
    good = run("good", result("interop.a/django"), result("interop.b/django"), result("interop.a/quart"))
    bad = run(
        "bad",
        result("interop.a/django", "fail", expected="a page", observed="none"),
        result("interop.b/django", "unsupported", reason="no state"),
        result("interop.a/quart", "not-applicable", reason="not installed"),
    )
    lines = page(EMPTY, [good, bad], {"django": "5.2"}).splitlines()
    assert "| application | good 1.0 | bad 1.0 |" in lines
    assert "| django 5.2 | 2 | 0, 1 failed, 1 without |" in lines
    assert "| quart | 1 | not tried |" in lines
    assert "- fail: `interop.a`: expected: a page; observed: none (bad)" in lines
    assert (lines[0], lines[-1], "what was" in lines) == ("# A page", "The end.", False)


def test_what_an_application_does_of_itself_is_told_once() -> None:
    """Notes that differ in the place alone are one line, with all servers on which they were made."""
    note = "the application, django, breaks the documents: e['headers'][{0}][0] is b'A', where it is another (r.s)"
    runs = [
        run("one", result("interop.a/django", notes=[note.format(0)]), result("interop.b/django")),
        run("two", result("interop.a/django", notes=[note.format(1)]), result("interop.b/django")),
    ]
    text = page(EMPTY, runs, {})
    assert "| django | 2* | 2* |" in text
    (line,) = [one for one in text.splitlines() if one.startswith("- of itself")]
    assert line.endswith("(r.s) (one, two)")


def test_a_page_without_marks_is_refused() -> None:
    """What is no page for the table is left alone."""
    with pytest.raises(ValueError, match="the page lacks"):
        page("# Another page\n", [], {})


def test_what_applications_need_can_be_installed_and_is_known_to_the_probe() -> None:
    """Each module that an application needs is in the extra ``frameworks``, and one that the probe looks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = {re.split(r"[<>=]", one)[0] for one in project["optional-dependencies"]["frameworks"]}
    looked_for = (probe_folder() / "asgi_probe.py").read_text().partition("_FRAMEWORKS = (")[2].partition(")")[0]
    needed = {name for application in APPLICATIONS for name in application.needs}
    assert needed == extra == set(re.findall(r'"(\w+)"', looked_for))


def test_the_documentation_knows_every_application() -> None:
    """Each application stands in the page about them."""
    text = (ROOT / "docs" / "interop.md").read_text()
    assert [one.name for one in APPLICATIONS if one.name not in text.partition(BEGIN)[0]] == []
    assert [one.name for one in APPLICATIONS if f"\n| {one.name}" not in text.partition(BEGIN)[2]] == []
