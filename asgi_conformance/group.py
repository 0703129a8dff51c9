"""The cases of one launch on one candidate: side by side while it serves, alone where it did not survive them."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from typing import Protocol

from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.cases import Case
from asgi_conformance.pulse import NoPulse, Pulse
from asgi_conformance.schedule import Judgement
from asgi_conformance.verdict import Verdict

#: After so many deaths in a row without a case that came to an end, a candidate has to show that it serves at all.
_DEATHS = 12
#: What passed so shortly before the first sign that the candidate has gone may have caused it, in units of patience;
#: for how long passes are kept back for that, and how many of them are questioned.
_SHORTLY = 0.5
_KEPT_BACK = 2.5
_QUESTIONED = 64
#: How often a case is put back because the candidate went away under it, before it is run alone.
_RETURNS = 3
#: A case that has run for so long, in units of patience, waits; and how often a place may be given on.
_PLACE = 0.5
_CREW = 8


class Runs(Protocol):
    """What a group needs of who runs it; see :class:`Scheduler`."""

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


class Group:
    """The cases of one launch, on one candidate as long as it serves, ``jobs`` at a time.

    ``again``: what did not pass while the candidate was held up is tried again.
    """

    def __init__(self, scheduler: Runs, launch: Launch, cases: list[Case], jobs: int, *, again: bool) -> None:
        self._scheduler = scheduler
        self._again = again
        self._launch = launch
        self._jobs = jobs
        together = [case for case in cases if not self._is_alone(case)]
        self._together = deque(sorted(together, key=lambda case: not case.slow))
        self._alone = deque(case for case in cases if self._is_alone(case))
        self._candidate: RunningCandidate | None = None
        self._begun: dict[str, float] = {}
        self._held: list[tuple[float, Attempt]] = []
        self._suspected: dict[str, Attempt] = {}
        self._harmed = False
        self._deaths = 0
        self._returns: Counter[str] = Counter()
        self._passed: deque[tuple[float, Attempt]] = deque()
        self._questioned: set[str] = set()
        self._first_sign = math.inf

    async def run(self) -> None:
        """Run them all; a candidate that dies is replaced, and who killed it is found out."""
        try:
            while self._together or self._alone:
                candidate = await self._living()
                if self._deaths >= _DEATHS:
                    if not await self._scheduler.serves(candidate):
                        self._give_up()
                        return
                    self._deaths = 0
                if self._together:
                    await self._run_together(candidate)
                else:
                    await self._run_alone(candidate)
        finally:
            if self._candidate is not None:
                await self._scheduler.stop(self._candidate)

    def _is_alone(self, case: Case) -> bool:
        """Whether a case runs alone: it wants to, or the candidate did not survive it before."""
        judgement = self._scheduler.judgements.get(case.id)
        return case.exclusive or (judgement is not None and judgement.last.died)

    async def _living(self) -> RunningCandidate:
        if self._candidate is not None and (self._harmed or not self._candidate.serving):
            gone = not self._candidate.serving
            await self._scheduler.stop(self._candidate, grace=0 if gone else None)
            self._candidate = None
            self._harmed = False
        if self._candidate is None:
            self._candidate = await self._scheduler.start(self._launch)
        return self._candidate

    async def _run_together(self, candidate: RunningCandidate) -> None:
        """Take cases side by side until there are none or the candidate dies; suspects are then run alone."""
        crew: set[asyncio.Future[None]] = set()
        place = _PLACE * candidate.patience.scale
        pulse = Pulse(lambda: self._scheduler.serves(candidate), candidate.patience.quiet) if self._again else NoPulse()
        try:
            while True:
                # A case that only waits gives its place to another one.
                waiting = sum(time.monotonic() - begun > place for begun in self._begun.values())
                wanted = min(self._jobs + waiting, _CREW * self._jobs, len(crew) + len(self._together))
                more = wanted - len(crew) if candidate.serving else 0
                crew |= {asyncio.ensure_future(self._work(candidate)) for _ in range(more)}
                if not crew:
                    break
                done, crew = await asyncio.wait(crew, timeout=place, return_when=asyncio.FIRST_COMPLETED)
                for worker in done:
                    worker.result()
            await pulse.settle()
        finally:
            for worker in crew:
                worker.cancel()
            await asyncio.gather(pulse.stop(), *crew, return_exceptions=True)
            self._tell_held(candidate, pulse)
            self._tell_passed(candidate)
        if not candidate.serving:
            self._deaths += 1

    def _tell_held(self, candidate: RunningCandidate, pulse: Pulse | NoPulse) -> None:
        """Tell what did not go well, but try again what ended so while the candidate was held up, or dying already."""
        dying = min(time.monotonic(), self._first_sign) - candidate.patience.deadline
        for ended, result in self._held:
            in_time = candidate.serving or ended < dying
            held_up = pulse.was_held_up(ended - result.duration, ended)
            if in_time and not (held_up and self._returns[result.case.id] < _RETURNS):
                self._scheduler.tell(result)
            else:
                self._put_back(result.case)
        self._held.clear()

    def _tell_passed(self, candidate: RunningCandidate) -> None:
        """Tell what passed, but question what may have left the candidate unable to serve."""
        shortly = self._first_sign - _SHORTLY * candidate.patience.scale
        suspects = [result for ended, result in self._passed if not candidate.serving and ended > shortly]
        questioned = {result.case.id for result in suspects[-_QUESTIONED:]}
        for _, result in self._passed:
            if result.case.id not in questioned:
                self._scheduler.keep(result)
            else:
                self._question(result.case)
        self._passed.clear()
        self._first_sign = math.inf

    def _question(self, case: Case) -> None:
        self._questioned.add(case.id)
        self._alone.append(case)

    def _put_back(self, case: Case) -> None:
        """Try a case again later that the candidate left alone: what always meets that may itself be the cause."""
        self._returns[case.id] += 1
        (self._alone if self._returns[case.id] > _RETURNS else self._together).append(case)

    async def _work(self, candidate: RunningCandidate) -> None:
        while self._together and candidate.serving:
            case = self._together.popleft()
            self._begun[case.id] = time.monotonic()
            result = await self._scheduler.attempt(candidate, case)
            begun, ended = self._begun.pop(case.id), time.monotonic()
            if result.came_too_late or result.died:
                self._first_sign = min(self._first_sign, begun if result.came_too_late else ended)
            if result.came_too_late:
                self._put_back(case)
            elif result.died:
                self._suspected[case.id] = result
                self._alone.appendleft(case)
            elif result.verdict is Verdict.PASS:
                self._deaths = 0
                self._passed.append((ended, result))
                self._scheduler.show(result)
            else:
                self._held.append((ended, result))
            while self._passed and self._passed[0][0] < ended - _KEPT_BACK * candidate.patience.scale:
                self._scheduler.keep(self._passed.popleft()[1])

    async def _run_alone(self, candidate: RunningCandidate) -> None:
        case = self._alone.popleft()
        judgement = self._scheduler.judgements.get(case.id)
        questioned = case.id in self._questioned or (judgement is not None and judgement.last.died)
        result = await self._scheduler.attempt(candidate, case, questioned=questioned)
        self._deaths = self._deaths + 1 if result.died else 0
        if result.came_too_late:
            self._alone.appendleft(case)
            return
        suspected = self._suspected.pop(case.id, None)
        if suspected is not None and result.died:
            self._scheduler.tell(suspected)  # among others it was one of several; alone, it is confirmed
        # What one case broke for good must not fail the next one.
        self._harmed = result.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.OBSERVED)
        self._scheduler.tell(result)

    def _give_up(self) -> None:
        ended = f"its process ended {self._deaths} times in a row, and serves no plain request"
        reason = f"the candidate was given up: {ended}"
        for case in (*self._together, *self._alone):
            self._scheduler.tell(Attempt(case, Verdict.INCONCLUSIVE, reason=reason))
        self._together.clear()
        self._alone.clear()
