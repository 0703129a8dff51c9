"""What the named cases say of a bad release and of a good one, and whether that is as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from asgi_conformance.results import Result
from asgi_conformance.verdict import Verdict

#: What the cases came to, by id.
Results = Mapping[str, Result]

_RED = {Verdict.FAIL, Verdict.WARN}
_FINE = {Verdict.PASS, Verdict.OBSERVED}


class Finding(Enum):
    """Whether the suite found a bug."""

    CAUGHT = "caught"
    MISSED = "missed"
    FALSE = "false on good"
    NOT_RUN = "not run"
    EXPLAINED = "explained"


@dataclass(frozen=True)
class Judged:
    """What came of one bug: the cases that found it, and the reason of whatever is not as it should be."""

    finding: Finding
    caught_by: Sequence[str] = ()
    reason: str = ""


def judge(named: Mapping[str, Sequence[str]], bad: Results, good: Results | None, observes: str = "") -> Judged:
    """Judge by the cases that each glob names. Each glob has to find the bug, and what finds it is fine on the good.

    A case that only observes has found it when it observes what ``observes`` says, or something else than on the good.
    """
    caught: list[str] = []
    for glob, cases in named.items():
        red = [case for case in cases if case in bad and _finds(bad[case], good.get(case) if good else None, observes)]
        if not red:
            return Judged(Finding.MISSED, caught, f"{glob}: {_said(cases, bad)}")
        caught += [case for case in red if case not in caught]
    if good is None:
        return Judged(Finding.CAUGHT, caught)
    fixed = [case for case in caught if case in good and good[case]["verdict"] in _FINE]
    wrong = [case for case in caught if case in good and good[case]["verdict"] in _RED]
    for glob, cases in named.items():
        if not any(case in fixed for case in cases):
            return Judged(Finding.FALSE, caught, f"{glob}: {_said([c for c in cases if c in caught], good)}")
    return Judged(Finding.CAUGHT, fixed, f"still so: {', '.join(wrong)}" if wrong else "")


def _finds(bad: Result, good: Result | None, observes: str) -> bool:
    if bad["verdict"] == Verdict.OBSERVED:
        said = bad["observed"] or ""
        return observes in said if observes else good is not None and good["observed"] != said
    return bad["verdict"] in _RED


def _said(cases: Sequence[str], results: Results) -> str:
    """How often which verdict was given, and the first reason that is no finding."""
    counts: dict[str, int] = {}
    for case in cases:
        if case in results:
            counts[results[case]["verdict"]] = counts.get(results[case]["verdict"], 0) + 1
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items()) or "nothing ran"
