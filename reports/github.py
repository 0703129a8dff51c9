"""Workflow commands of GitHub Actions: an annotation for each requirement that a person should look at.

A job shows no more than ten annotations of a kind, so the gravest come first, and the standing is a notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.reports.text import visible
from asgi_conformance.reports.view import grouped, having, is_known, requirement_of, standing
from asgi_conformance.results import Document, Result, Run, label

_COMMANDS = {"fail": "error", "error": "error", "inconclusive": "warning", "warn": "warning"}


def render(document: Document) -> str:
    """One command a line; no text of a candidate can begin another line or another command."""
    return "".join(line + "\n" for run in document["runs"] for line in _commands(run))


def _commands(run: Run) -> list[str]:
    found = standing(run)
    lines = [
        _command("notice" if is_known(result) else name, _title(run, result, others), _message(run, result))
        for verdict, name in _COMMANDS.items()
        for result, *others in grouped(having(run, verdict))
    ]
    return [*lines, _command("notice", label(run), f"{found.word}: {found.sentence}")]


def _title(run: Run, result: Result, others: Sequence[Result]) -> str:
    return f"{label(run)}: {result['case']}" + (f" (and {len(others)} more)" if others else "")


def _message(run: Run, result: Result) -> str:
    entry = requirement_of(run, result)
    parts = [
        f"expected: {result['expected']}" if result["expected"] else "",
        f"observed: {result['observed']}" if result["observed"] else "",
        f"reason: {result['reason']}" if result["reason"] else "",
        f"{entry['level']}: {entry['text']}",
        f"{entry['section']} {entry['url']}",
    ]
    return "\n".join(part for part in parts if part)


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
