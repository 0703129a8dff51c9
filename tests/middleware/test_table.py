"""The table of middlewares: what is in a row, and what is told below it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from asgi_conformance.results import Run
from tests.middleware import shown
from tests.middleware.table import page

MARKS = "before\n<!-- the table begins -->\nold\n<!-- the table ends -->\nafter\n"


def result(case: str, verdict: str, observed: str | None = None) -> dict[str, Any]:
    """As much of a result as the table looks at."""
    requirement = case.partition("/")[0]
    expected = "it is so" if observed else None
    said = {"expected": expected, "observed": observed, "reason": None}
    return {"case": case, "requirement": requirement, "verdict": verdict, **said}


def run(*results: dict[str, Any], **middleware: Any) -> Run:
    """A run behind a middleware."""
    behind = {"factory": "shown:gzip", "sent": [], "without": {}, **middleware}
    return cast(Run, {"results": list(results), "middleware": behind})


def test_a_row_counts_and_a_line_tells() -> None:
    """Verdicts are counted in the row, and what failed is told once for each requirement."""
    failed = [result("a.b/one", "fail", "it is <not>"), result("a.b/two", "fail", "it is other")]
    text = page(MARKS, [run(result("a.a", "pass"), *failed)], {})
    assert "| gzip | 3 | 1 | 2 | 0 | 0 | keeps the documents |" in text
    assert "- fail: `a.b` (2 cases): expected: it is so; observed: it is \\<not\\>" in text
    assert "old" not in text
    assert text.endswith("after\n")


def test_what_the_server_does_without_the_middleware_is_not_told() -> None:
    """A case that fails without the middleware, too, is in no line."""
    text = page(MARKS, [run(result("a.b", "fail", "not so"), without={"a.b": "fail"})], {})
    assert "`a.b`" not in text


def test_what_a_middleware_sent_is_told() -> None:
    """A breach on the upper face is in the row and has a line."""
    sent = {"requirement": "a.c", "case": "a.b", "level": "must", "expected": "no", "observed": "it sent it"}
    text = page(MARKS, [run(result("a.b", "pass"), sent=[sent])], {})
    assert "broken there: 1" in text
    assert "- sends: `a.c`: it sent it (in `a.b`)" in text


def test_a_middleware_that_could_not_be_run_is_in_the_table() -> None:
    """The reason stands in its row."""
    assert "| https_redirect | it answered | | | | | |" in page(MARKS, [], {"https_redirect": "it answered"})


def test_a_page_without_marks_is_refused() -> None:
    """Nothing is written where nobody would find it."""
    with pytest.raises(ValueError, match="lacks"):
        page("no marks", [], {})


def test_every_shown_middleware_has_a_factory() -> None:
    """What the table lists is there, and all that is there is listed."""
    factories = {name for name, value in vars(shown).items() if callable(value) and not name.startswith("_")}
    assert factories - {"Any"} == set(shown.NAMES)
