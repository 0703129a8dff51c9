"""From attempts to results: a verdict is told only when a second attempt confirmed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asgi_conformance.ambient import Breach
from asgi_conformance.attempt import Attempt
from asgi_conformance.cases import Case, Suites
from asgi_conformance.results import Result
from asgi_conformance.schedule import Judgement
from asgi_conformance.verdict import Verdict

_DECIDED = (Verdict.PASS, Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED, Verdict.UNSUPPORTED, Verdict.NOT_APPLICABLE)


class Judge:
    """Makes the results of a run from the judgements of its cases."""

    def __init__(self, suites: Suites, cases: Sequence[Case], judgements: Mapping[str, Judgement]) -> None:
        self._suites = suites
        self._cases = [case for case in cases if case.id in judgements]
        self._judgements = judgements

    def results(self) -> list[Result]:
        """One result for each case that was attempted, in the order of the cases."""
        results = {case.id: self._result(case, self._judgements[case.id].attempts) for case in self._cases}
        self._attribute_breaches(results)
        return list(results.values())

    def _result(self, case: Case, attempts: Sequence[Attempt]) -> Result:
        told = _told(attempts)
        requirement = self._suites.requirement_of(case)
        return {
            "case": case.id,
            "requirement": case.requirement,
            "suite": requirement.suite,
            "level": str(requirement.level),
            "title": case.title,
            "verdict": str(told.verdict),
            "expected": told.expected,
            "observed": told.observed,
            "reason": told.reason,
            "duration_s": round(told.duration, 6),
            "attempts": len(attempts),
            "history": [str(one.verdict) for one in attempts],
            "notes": list(told.remarks),
            "launch": case.launch.name,
            "baseline": None,
            "trace": [] if told.verdict is Verdict.PASS else told.trace,
        }

    def _attribute_breaches(self, results: dict[str, Result]) -> None:
        """Count a shape that was broken in any exchange on the case of its own requirement, unless one told it."""
        told = {result["requirement"] for result in results.values() if result["verdict"] in ("fail", "warn", "error")}
        for case in self._cases:
            attempts = self._judgements[case.id].attempts
            for breach in attempts[0].breaches:
                target = self._case_of(breach.requirement)
                if target is not None and breach.requirement not in told:
                    told.add(breach.requirement)
                    self._blame(results[target.id], breach, case, attempts)

    def _case_of(self, requirement: str) -> Case | None:
        """The case on which a breach of a requirement is counted: its plainest one."""
        return min((case for case in self._cases if case.requirement == requirement), key=_plainness, default=None)

    def _blame(self, result: Result, breach: Breach, seen_in: Case, attempts: Sequence[Attempt]) -> None:
        again = sum(any(other.requirement == breach.requirement for other in one.breaches) for one in attempts)
        result["attempts"] = len(attempts)
        result["trace"] = attempts[0].trace
        if again < len(attempts):
            result["verdict"] = str(Verdict.INCONCLUSIVE)
            result["reason"] = f"in {seen_in.id}, {breach.observed}; this was so in {again} of {len(attempts)} attempts"
            return
        level = breach.level or self._suites.catalogue[breach.requirement].level
        result["verdict"] = str(level.when_broken)
        result["expected"] = breach.expected
        result["observed"] = f"{breach.observed} (in the exchange of {seen_in.id})"
        result["reason"] = None


def _plainness(case: Case) -> tuple[int, str]:
    return (len(case.id), case.id)


def _told(attempts: Sequence[Attempt]) -> Attempt:
    """The attempt whose verdict is told, or one that says why none can be."""
    decided = [one for one in attempts if one.verdict in _DECIDED]
    errors = [one for one in attempts if one.verdict is Verdict.ERROR]
    if errors:
        return errors[-1]
    if not decided:
        return attempts[-1]
    kinds = {one.verdict for one in decided}
    if len(kinds) == 1:
        return decided[-1]
    history = ", then ".join(f"{one.verdict}" + (f" ({one.observed})" if one.observed else "") for one in attempts)
    worst = next(one for one in decided if one.verdict is not Verdict.PASS)
    return Attempt(
        worst.case,
        Verdict.INCONCLUSIVE,
        reason=f"the verdict changed from attempt to attempt: {history}",
        duration=worst.duration,
        trace=worst.trace,
        breaches=worst.breaches,
        remarks=worst.remarks,
    )
