"""How a run is carried out, what came of its cases so far, and where its time went."""

from __future__ import annotations

from dataclasses import dataclass, field

from asgi_conformance.attempt import Attempt


@dataclass
class Schedule:
    """How a run is carried out.

    ``jobs`` is how many cases use one candidate at a time, ``candidates`` how many candidates that are shared by cases
    run side by side, ``lives`` how many that live for one experiment. Without ``confirm`` the first attempt at a case
    is its verdict: for candidates that are known to be wrong.
    """

    jobs: int = 16
    candidates: int = 4
    lives: int = 6
    confirming_jobs: int = 4
    confirm: bool = True


@dataclass
class Timing:
    """Where the time of a run went: wall seconds of each pass, and sums over what ran side by side."""

    first_pass: float = 0.0
    confirmation: float = 0.0
    starts: float = 0.0
    stops: float = 0.0
    cases: float = 0.0

    def to_json(self) -> dict[str, float]:
        """The entry in the JSON of a run, in seconds."""
        return {f"{name}_s": round(value, 4) for name, value in vars(self).items()}


@dataclass
class Judgement:
    """All attempts at one case, the newest last."""

    attempts: list[Attempt] = field(default_factory=list)

    @property
    def last(self) -> Attempt:
        """The newest attempt."""
        return self.attempts[-1]
