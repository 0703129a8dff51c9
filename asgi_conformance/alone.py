"""Cases that have a candidate to themselves: several candidates side by side, each replaced when it may be harmed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.cases import Case
from asgi_conformance.errors import CandidateError
from asgi_conformance.schedule import Judgement
from asgi_conformance.verdict import Verdict

#: After so many deaths in a row without a case that came to an end, a candidate has to show that it serves at all.
_DEATHS = 12
#: How long a candidate that a case may have harmed gets to stop, in units of patience: nobody waits for its end.
_HARMED_GRACE = 0.25
_HARMFUL = (Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED)
#: What may be the doing of a case that had the candidate before, and left it as it should not be.
_DOUBTFUL = (*_HARMFUL, Verdict.INCONCLUSIVE)


class Runs(Protocol):
    """What cases that are run need of who runs them; see :class:`Scheduler`."""

    judgements: dict[str, Judgement]

    async def start(self, launch: Launch) -> RunningCandidate:
        """Start a candidate and wait until it serves."""

    async def stop(self, candidate: RunningCandidate, grace: float | None = None) -> None:
        """Stop a candidate."""

    async def attempt(self, candidate: RunningCandidate, case: Case, *, questioned: bool = False) -> Attempt:
        """Run a case once on a candidate."""

    async def serves(self, candidate: RunningCandidate) -> bool:
        """Whether a candidate serves a plain request."""

    def tell(self, result: Attempt) -> None:
        """Show an attempt, and keep it."""

    def keep(self, result: Attempt) -> None:
        """Keep an attempt as one of its case's judgement."""

    def show(self, result: Attempt) -> None:
        """Show an attempt to who watches the run."""


@dataclass(frozen=True)
class Single:
    """A case that is run alone. ``questioned``: it passes only if it leaves the candidate serving. ``suspected`` is
    what came of it among others when the candidate went away, or None."""

    case: Case
    questioned: bool = False
    suspected: Attempt | None = None


class Deaths:
    """How often in a row a candidate went away before a case on it came to an end."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.in_a_row = 0

    async def are_too_many(self, candidate: RunningCandidate) -> bool:
        """Whether the candidate died so often that it had to show that it serves, and did not."""
        if self.in_a_row < _DEATHS:
            return False
        if await self._runs.serves(candidate):
            self.in_a_row = 0
            return False
        return True

    def give_up(self, cases: Iterable[Case]) -> None:
        """Tell of cases that they can't be judged."""
        ended = f"{self.in_a_row} times in a row it ended, or took no connections, and it serves no plain request"
        for case in cases:
            self._runs.tell(Attempt(case, Verdict.INCONCLUSIVE, reason=f"the candidate was given up: {ended}"))


class Alone:
    """Cases of one launch, each with a candidate to itself, ``lanes`` candidates side by side.

    What passed leaves its candidate to the next one; what did not may have broken it for good. What does not pass on a
    candidate that another one has used is run again on a new one, and only that counts. Who leaves one that serves
    nothing is asked again whether it does.
    """

    def __init__(self, runs: Runs, launch: Launch, singles: Sequence[Single], lanes: asyncio.Semaphore) -> None:
        self._runs = runs
        self._launch = launch
        self._singles = deque(singles)
        self._lanes = lanes
        self._deaths = Deaths(runs)
        self._first = asyncio.Lock()
        self._has_started = False

    async def run(self, at_once: int) -> None:
        """Run them all, as many at once as there are lanes, and ``at_once`` at most."""
        lanes = [asyncio.ensure_future(self._lane()) for _ in range(min(at_once, len(self._singles)))]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _lane(self) -> None:
        """Run cases until there are none, each on a candidate that nothing has harmed."""
        async with self._lanes:
            candidate: RunningCandidate | None = None
            before: Case | None = None
            try:
                while self._singles or await self._is_left_deaf(candidate, before):
                    single = self._singles.popleft()
                    if candidate is not None and not candidate.serving:
                        await self._runs.stop(candidate, 0)
                        candidate = before = None
                    candidate = candidate or await self._start(single.case)
                    if candidate is None:
                        continue
                    if await self._deaths.are_too_many(candidate):
                        self._deaths.give_up([one.case for one in (single, *self._singles)])
                        self._singles.clear()
                        return
                    if await self._may_harm(candidate, single, before):
                        grace = _HARMED_GRACE * candidate.patience.scale if candidate.serving else 0
                        await self._runs.stop(candidate, grace)
                        candidate = None
                    before = single.case if candidate is not None else None
            finally:
                if candidate is not None:
                    await self._runs.stop(candidate)

    async def _is_left_deaf(self, candidate: RunningCandidate | None, before: Case | None) -> bool:
        """Whether a candidate that nobody uses any more serves nothing; who used it last is then asked once more."""
        if candidate is None or before is None or await self._runs.serves(candidate):
            return False
        self._singles.append(Single(before, questioned=True))
        return True

    async def _start(self, case: Case) -> RunningCandidate | None:
        """A new candidate for a case; None when it did not start, though one has before, and the case says so.

        Raises:
            LaunchImpossible, CandidateError: the first one did not start.
        """
        async with self._first:
            if not self._has_started:
                candidate = await self._runs.start(self._launch)
                self._has_started = True
                return candidate
        try:
            return await self._runs.start(self._launch)
        except CandidateError as error:
            reason = f"the launch {self._launch.name}: {error.message}"
            self._runs.tell(Attempt(case, Verdict.INCONCLUSIVE, reason=reason))
            return None

    async def _may_harm(self, candidate: RunningCandidate, single: Single, before: Case | None) -> bool:
        """Run a case, and say whether the candidate may be the worse for it. ``before`` is who used that last, or None.

        When the candidate goes away, who used it before is asked once more whether it leaves it serving.
        """
        result = await self._runs.attempt(candidate, single.case, questioned=single.questioned)
        self._deaths.in_a_row = self._deaths.in_a_row + 1 if result.died else 0
        inherited = before is not None and (result.died or result.verdict in _DOUBTFUL)
        if result.came_too_late or inherited:
            self._singles.appendleft(single)
            if before is not None and not candidate.serving:
                self._singles.append(Single(before, questioned=True))
            return True
        if result.verdict is Verdict.PASS and not candidate.serving and not single.questioned:
            self._singles.append(Single(single.case, questioned=True))
            return True
        if single.suspected is not None and result.died:
            self._runs.tell(single.suspected)  # among others it was one of several; alone, it is confirmed
        self._runs.tell(result)
        return result.verdict in _HARMFUL or not candidate.serving
