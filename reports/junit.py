"""JUnit XML as Jenkins reads it: one ``testsuite`` per suite, one ``testcase`` per case.

How verdicts are told in a format that knows only four outcomes:

- pass is a plain test case; warn and observed are plain ones too, with what was seen in ``system-out``;
- fail is a ``failure`` with expected and observed;
- error is an ``error`` of type ``error``; inconclusive is an ``error`` of type ``inconclusive``, since a case that
  could not be decided must not look green;
- unsupported and not-applicable are ``skipped`` with their reason; a failure that a baseline knows is ``skipped`` of
  type ``known-failing`` or ``known-flaky`` with its reason, so that the job is as red as the exit code.

The XML is written with ``junitparser``, whose ``xunit2`` flavour is the Jenkins schema. ``junit-xml`` writes a
``disabled`` attribute and times of any length, which the schema forbids, and fails on lone surrogates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_conformance.reports.ansi import Paint
from asgi_conformance.reports.diagram import draw
from asgi_conformance.reports.text import one_line, visible
from asgi_conformance.reports.view import by_suite, command_of, facts, is_known, requirement_of
from asgi_conformance.results import Document, Result, Run, label

if TYPE_CHECKING:
    from junitparser import xunit2
    from junitparser.junitparser import FinalResult as Outcome

#: How wide the drawing of a trace is.
_WIDTH = 120


def render(document: Document) -> str:
    """The document as JUnit XML. Where it holds several runs, the candidate's name stands before the suite's."""
    from junitparser import xunit2

    xml = xunit2.JUnitXml("asgi-conformance")
    for run in document["runs"]:
        prefix = f"{one_line(label(run))}: " if len(document["runs"]) > 1 else ""
        for suite in by_suite(run):
            xml.add_testsuite(_suite(run, suite, prefix))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: str = xml.tostring().decode("utf-8")  # type: ignore[no-untyped-call]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + text[text.index("<testsuites") :].rstrip() + "\n"


def _suite(run: Run, suite: str, prefix: str) -> xunit2.TestSuite:
    from junitparser import xunit2

    made = xunit2.TestSuite(prefix + one_line(suite))  # type: ignore[no-untyped-call]
    made.timestamp = run["started"].removesuffix("Z")
    candidate = run["candidate"]
    for name, value in (
        ("candidate", label(run)),
        ("command", candidate["command"]),
        ("facts", " · ".join(facts(run))),
        ("asgi-conformance", run["tool"]["version"]),
        ("complete", str(run["complete"]).lower()),
    ):
        made.add_property(name, one_line(value))
    for result in run["results"]:
        if result["suite"] == suite:
            made.add_testcase(_case(run, result, made.name))
    return made


def _case(run: Run, result: Result, suite: str) -> xunit2.TestCase:
    from junitparser import xunit2

    made = xunit2.TestCase(one_line(result["case"]), f"asgi-conformance.{suite}", round(result["duration_s"], 3))
    outcome = _outcome(result)
    if outcome is not None:
        outcome.text = _details(run, result)
        made.result = [outcome]
    elif result["verdict"] != "pass":
        made.system_out = _details(run, result)
    return made


def _outcome(result: Result) -> Outcome | None:
    """What is not a plain test case is one of the format's three elements."""
    from junitparser import Error, Failure, Skipped

    verdict, known = result["verdict"], result["baseline"]
    if known is not None and is_known(result) and verdict in ("fail", "warn", "inconclusive"):
        return Skipped(one_line(f"known {known['kind']}: {known['reason']}"), f"known-{known['kind']}")
    if verdict == "fail":
        return Failure(_message(result), verdict)
    if verdict in ("error", "inconclusive"):
        return Error(_message(result), verdict)
    if verdict in ("unsupported", "not-applicable"):
        return Skipped(_message(result), verdict)
    return None


def _message(result: Result) -> str:
    if result["expected"] or result["observed"]:
        return one_line(f"expected: {result['expected']}; observed: {result['observed']}")
    return one_line(result["reason"] or "no reason was given")


def _details(run: Run, result: Result) -> str:
    """Everything that a reader of a CI job needs of one case, as plain text."""
    entry = requirement_of(run, result)
    lines = [
        f"{result['verdict']}: {result['title']}",
        f"expected: {result['expected']}" if result["expected"] else "",
        f"observed: {result['observed']}" if result["observed"] else "",
        f"reason: {result['reason']}" if result["reason"] else "",
        *(f"note: {note}" for note in result["notes"]),
        f"{entry['level']}: {entry['text']}",
        f"written in: {entry['section']} {entry['url']}",
        f"run it: {command_of(run, result)}",
    ]
    text = "\n".join(visible(line) for line in lines if line)
    if result["trace"]:
        text += "\n\n" + "\n".join(draw(result["trace"], Paint(on=False), _WIDTH)) + "\n"
    return text
