"""When a bug counts as caught, as missed, and when a good release was blamed."""

from __future__ import annotations

from asgi_conformance.results import Result
from tests.history.judging import Finding, judge


def result(verdict: str, observed: str = "") -> Result:
    """What a case came to."""
    return {
        "case": "a.b/c",
        "requirement": "a.b",
        "suite": "a",
        "level": "must",
        "title": "C does b.",
        "verdict": verdict,
        "expected": None,
        "observed": observed,
        "reason": None,
        "duration_s": 0.0,
        "attempts": 1,
        "history": [verdict],
        "notes": [],
        "launch": "plain",
        "baseline": None,
        "trace": [],
    }


def finding(bad: Result, good: Result | None, observes: str = "") -> Finding:
    """The finding of a bug with one case."""
    return judge({"a.b": ["a.b/c"]}, {"a.b/c": bad}, {"a.b/c": good} if good else None, observes).finding


def test_a_failure_that_the_good_release_has_not_is_caught() -> None:
    """A case that fails or warns on the bad release and passes on the good one has caught the bug."""
    assert finding(result("fail"), result("pass")) is Finding.CAUGHT
    assert finding(result("warn"), result("pass")) is Finding.CAUGHT
    assert finding(result("fail"), None) is Finding.CAUGHT


def test_what_is_no_failure_is_missed() -> None:
    """A case that passes, does not apply or comes to no verdict has not found the bug."""
    for verdict in ("pass", "not-applicable", "unsupported", "inconclusive"):
        assert finding(result(verdict), result("pass")) is Finding.MISSED


def test_a_good_release_is_blamed_by_a_failure_and_by_silence() -> None:
    """What does not pass on the good release cannot have found the bug."""
    for verdict in ("fail", "warn", "not-applicable", "inconclusive"):
        assert finding(result("fail"), result(verdict)) is Finding.FALSE


def test_another_observation_is_caught() -> None:
    """A case that only observes has caught the bug when it observes something else, or what was said before."""
    assert finding(result("observed", "0"), result("observed", "1")) is Finding.CAUGHT
    assert finding(result("observed", "0"), result("observed", "0")) is Finding.MISSED
    assert finding(result("observed", "status 0"), None, "status 0") is Finding.CAUGHT
    assert finding(result("observed", "status 3"), None, "status 0") is Finding.MISSED


def test_every_glob_has_to_catch() -> None:
    """A bug is missed when one of its globs finds nothing, whatever the others find."""
    bad = {"a.b/c": result("fail"), "d.e": result("pass")}
    assert judge({"a.b/c": ["a.b/c"], "d.e": ["d.e"]}, bad, None).finding is Finding.MISSED
