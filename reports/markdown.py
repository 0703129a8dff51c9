"""Markdown for the summary of a CI job: the standing, the counts, and each failure with its reason and its trace."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.reports.ansi import Paint
from asgi_conformance.reports.diagram import draw
from asgi_conformance.reports.markup import code, fenced, link, plain
from asgi_conformance.reports.text import count, web_link
from asgi_conformance.reports.view import (
    MARKS,
    SHORT,
    also,
    by_suite,
    command_of,
    facts,
    grouped,
    having,
    is_known,
    requirement_of,
    standing,
    used_columns,
)
from asgi_conformance.results import Document, Result, Run, label

#: How many results are told in full, and how many of them with their trace: a job's summary may have one megabyte.
_TOLD, _TRACED = 100, 30
_TITLES = {
    "fail": "broken musts",
    "error": "errors of the suite",
    "inconclusive": "inconclusive",
    "warn": "warnings",
}


def render(document: Document) -> str:
    """The document as GitHub-flavoured Markdown."""
    return "\n".join(_run(run) for run in document["runs"])


def _run(run: Run) -> str:
    found = standing(run)
    candidate = run["candidate"]
    parts = [
        f"## {MARKS[found.tone]} {plain(label(run))}: {found.word}",
        f"{plain(found.sentence[:1].upper() + found.sentence[1:])}. "
        f"{count(len(run['results']), 'case')} in {run['duration_s']:.1f} s · {plain(' · '.join(facts(run)))} · "
        f"{code(candidate['command'])}",
    ]
    if not run["complete"]:
        parts.append("**The run was interrupted; this report is partial.**")
    parts.append(_table(run))
    traced = 0
    for verdict, title in _TITLES.items():
        results = having(run, verdict)
        if not results:
            continue
        parts.append(f"### {title[:1].upper()}{title[1:]} ({len(results)})")
        groups = grouped(results)
        for result, *others in groups[:_TOLD]:
            parts.append(_result(run, result, others, with_trace=traced < _TRACED))
            traced += 1
        if len(groups) > _TOLD:
            parts.append(f"… and {count(len(groups) - _TOLD, 'requirement')} more.")
    return "\n\n".join(parts) + "\n"


def _table(run: Run) -> str:
    suites = by_suite(run)
    columns = used_columns(suites.values())
    lines = [
        "| suite | " + " | ".join(SHORT.get(column, column) for column in columns) + " |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for suite, counts in suites.items():
        lines.append(f"| {plain(suite)} | " + " | ".join(str(counts[column]) for column in columns) + " |")
    if len(suites) > 1:
        lines.append("| **all** | " + " | ".join(f"**{run['summary'][column]}**" for column in columns) + " |")
    return "\n".join(lines)


def _result(run: Run, result: Result, others: Sequence[Result], *, with_trace: bool) -> str:
    entry = requirement_of(run, result)
    known = result["baseline"]
    mark = f" (known {known['kind']}: {plain(known['reason'])})" if known and is_known(result) else ""
    lines = [
        f"<details><summary>{MARKS[result['verdict']]} {code(result['case'])} {plain(result['title'])}{mark}</summary>",
        *(_sentence("Expected", result["expected"])),
        *(_sentence("Observed", result["observed"])),
        *(_sentence("Reason", result["reason"])),
        *(_sentence("Also in", also(result, others))),
        f"{entry['level'].capitalize()}: {plain(entry['text'])} ({link(entry['section'], web_link(entry['url']))})",
        fenced(command_of(run, result), "sh"),
    ]
    if with_trace and result["trace"]:
        lines.append(fenced("\n".join(draw(result["trace"], Paint(on=False), 110))))
    return "\n\n".join([*lines, "</details>"])


def _sentence(name: str, words: str | None) -> list[str]:
    return [f"**{name}**", fenced(words)] if words else []
