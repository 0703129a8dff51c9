"""Verdicts, and the outcomes by which a case comes to one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """What the suite says of one case on one candidate."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    OBSERVED = "observed"
    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"

    def __str__(self) -> str:
        return self.value


class Level(str, Enum):
    """How strong the document's words are."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"

    def __str__(self) -> str:
        return self.value

    @property
    def when_broken(self) -> Verdict:
        """The verdict on a case whose requirement of this level was not kept."""
        return {Level.MUST: Verdict.FAIL, Level.SHOULD: Verdict.WARN, Level.MAY: Verdict.OBSERVED}[self]


@dataclass(frozen=True)
class Judged:
    """What failed to hold: ``value`` is in a ``relation`` ("==", "!=", "in", "has", "lacks") to ``other``."""

    value: object
    relation: str
    other: object


class Outcome(Exception):
    """Raised by a case, or by what it calls, to end the case with something other than a pass."""


class Broken(Outcome):
    """The requirement was not kept.

    ``expected`` and ``observed`` are sentences with the values in them. ``level`` is the level of the breach where
    it is weaker than the requirement's own (an ambiguity that the catalogue grades), otherwise None. ``judged`` is the
    value that was looked at, the relation that it had to have, and to what; None where that cannot be said.
    """

    def __init__(
        self, expected: str, observed: str, *, level: Level | None = None, judged: Judged | None = None
    ) -> None:
        super().__init__(f"expected: {expected}; observed: {observed}")
        self.expected = expected
        self.observed = observed
        self.level = level
        self.judged = judged


class TimedOut(Broken):
    """Something that had to come did not come before the deadline."""


class Observed(Outcome):
    """The case found out what the candidate does where the document leaves it free; ``what`` is that sentence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Undecided(Outcome):
    """Base of the outcomes without a judgement; ``reason`` says why there is none."""

    verdict: Verdict

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsupported(Undecided):
    """An optional feature is absent, with positive evidence of its absence."""

    verdict = Verdict.UNSUPPORTED


class NotApplicable(Undecided):
    """The requirement does not apply: an older claimed version, or a launch that the candidate cannot have."""

    verdict = Verdict.NOT_APPLICABLE


class Inconclusive(Undecided):
    """It could not be decided."""

    verdict = Verdict.INCONCLUSIVE


class CandidateDied(Outcome):
    """The candidate's process ended while the case ran; ``what`` says how."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
