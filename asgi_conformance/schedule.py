"""How a run is carried out, what came of its cases so far, and where its time went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import Case
from asgi_conformance.life import OWN, Life


@dataclass
class Schedule:
    """How a run is carried out.

    ``jobs`` is how many cases use one candidate at a time, ``candidates`` how many candidates that are shared by cases
    run side by side, ``lanes`` how many that serve one case alone, ``lives`` how many that live for one experiment.
    Without ``confirm`` the first attempt at a case is its verdict: for candidates that are known to be wrong.
    """

    jobs: int = 16
    candidates: int = 4
    lanes: int = 6
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


def grouped(cases: Sequence[Case], as_started: Callable[[Launch], Launch]) -> list[tuple[Launch, list[Case]]]:
    """The cases that share a candidate: those of one launch or life, and apart from them its exclusive ones.

    What takes longest comes first: groups with slow cases, the largest, and of the lives those with workers or a time
    to wait for. All lives come last, so that what the others find out can spare them. ``as_started`` gives the launch
    that a launch amounts to with this candidate.
    """
    groups: dict[tuple[Launch, Life[Any] | None, bool], list[Case]] = defaultdict(list)
    for case in cases:
        groups[as_started(case.launch), case.life, case.exclusive].append(case)
    together = [(launch, group) for (launch, *_), group in groups.items()]
    return sorted(together, key=lambda item: (item[0].own, item[0] == OWN, *_priority(item[1])))


def _priority(group: Sequence[Case]) -> tuple[bool, int]:
    return not any(case.slow for case in group), -len(group)
