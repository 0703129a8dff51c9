"""What the HTML templates are given: plain views of a run, and the environment that makes every text harmless."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from asgi_conformance.reports.protocols import protocols
from asgi_conformance.reports.sections import Section, outline
from asgi_conformance.reports.text import of_bytes, visible, web_link
from asgi_conformance.reports.timeline import LANES, Step, has_several, steps
from asgi_conformance.reports.view import COLUMNS, LEVELS, MARKS, SHORT, by_suite, facts, is_known, standing
from asgi_conformance.results import Requirement, Result, Run, label, summarise

_TEMPLATES = Path(__file__).parent / "templates"
_GRAVITY = {verdict: number for number, verdict in enumerate(MARKS)}


@dataclass(frozen=True)
class Limits:
    """How much of a trace a page shows: rows, and bytes of each piece of data. The results in it stay whole."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class CaseView:
    """One case on a page."""

    result: Result
    variation: str
    command: str
    rows: Sequence[Step | None]
    left_out: int
    numbered: bool

    @property
    def verdict(self) -> str:
        """Its verdict."""
        return self.result["verdict"]

    @property
    def is_known(self) -> bool:
        """Whether a baseline accounts for it."""
        return is_known(self.result)


@dataclass(frozen=True)
class RequirementView:
    """One requirement on a page, with its cases; ``absence`` says why there is none."""

    id: str
    entry: Requirement
    cases: list[CaseView]
    absence: str

    @property
    def told(self) -> list[CaseView]:
        """The cases that are told in full: all that are no pass."""
        return [case for case in self.cases if case.verdict != "pass"]

    @property
    def passes(self) -> list[tuple[str, list[CaseView]]]:
        """The passing cases by title: the variations of one experiment are one line."""
        found: dict[str, list[CaseView]] = {}
        for case in self.cases:
            if case.verdict == "pass":
                found.setdefault(case.result["title"], []).append(case)
        return list(found.items())

    @property
    def verdict(self) -> str:
        """The gravest verdict of its cases, or none."""
        return min((case.verdict for case in self.cases), key=_GRAVITY.__getitem__, default="none")


@dataclass(frozen=True)
class SectionView:
    """One section of a document on a page; ``broken`` counts its requirements with a failure."""

    heading: str
    url: str
    requirements: list[RequirementView]
    broken: int


@cache
def environment() -> jinja2.Environment:
    """The one environment of all pages: everything is escaped, after every hidden character was made visible."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["web_link"] = web_link
    made.globals.update(MARKS=MARKS, COLUMNS=COLUMNS, SHORT=SHORT, LEVELS=LEVELS, LANES=LANES)
    return made


def _harmless(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def asset(name: str) -> Markup:
    """A style sheet or script of the templates, for use inside a page."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # our own file, no candidate's text


def policy(script: str) -> str:
    """A content security policy under which only this script can run and nothing can be fetched."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: 'self'; "
        "base-uri 'none'; form-action 'none'"
    )


def requirement_views(run: Run, limits: Limits) -> dict[str, RequirementView]:
    """Every requirement of the run, by id."""
    results: dict[str, list[Result]] = {}
    for result in run["results"]:
        results.setdefault(result["requirement"], []).append(result)
    return {
        id_: RequirementView(
            id_, entry, [_case_view(run, result, limits) for result in results.get(id_, ())], absence(entry)
        )
        for id_, entry in run["requirements"].items()
    }


def _section_view(section: Section, views: dict[str, RequirementView]) -> SectionView:
    members = [views[id_] for id_ in section.requirements]
    number = "§ " if section.source.startswith("RFC") else ""
    broken = sum(view.verdict == "fail" for view in members)
    return SectionView(number + section.heading, section.url, members, broken)


def _chapter_views(run: Run, views: dict[str, RequirementView]) -> list[tuple[str, list[SectionView]]]:
    return [
        (chapter.title, [_section_view(section, views) for section in chapter.sections])
        for chapter in outline(run["requirements"])
    ]


def absence(entry: Requirement) -> str:
    """Why a requirement has no verdict, when it has none."""
    if entry["subject"] == "application":
        return "It obliges applications, not servers."
    return f"No case can show it: {entry['untestable']}" if entry["untestable"] else "No case of it ran."


def _case_view(run: Run, result: Result, limits: Limits) -> CaseView:
    rows = steps(result["trace"], kept_bytes=limits.bytes)
    shown: Sequence[Step | None] = rows
    if len(rows) > limits.rows:
        half = limits.rows // 2
        shown = [*rows[:half], None, *rows[len(rows) - half :]]
    return CaseView(
        result=result,
        variation=result["case"].partition("/")[2],
        command=run["cases"][result["case"]]["command"],
        rows=shown,
        left_out=max(0, len(rows) - limits.rows),
        numbered=has_several(rows),
    )


def context(run: Run, limits: Limits) -> dict[str, object]:
    """Everything that the page of one candidate shows."""
    views = requirement_views(run, limits)
    suites = by_suite(run)
    return {
        "run": run,
        "candidate": run["candidate"],
        "name": label(run),
        "facts": facts(run),
        "standing": standing(run),
        "protocols": protocols(run),
        "chapters": _chapter_views(run, views),
        "suites": suites,
        "levels": {
            level: summarise(result for result in run["results"] if result["level"] == level) for level in LEVELS
        },
        "columns": [verdict for verdict in COLUMNS if run["summary"][verdict] or verdict in ("pass", "fail")],
        "broken": [view for view in views.values() if view.verdict == "fail"],
        "limits": limits,
    }


__all__ = ["CaseView", "Limits", "RequirementView", "asset", "context", "environment", "of_bytes", "policy"]
