"""The cases of one launch on one candidate, side by side while it serves; those that it did not survive are left."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque

from asgi_conformance.alone import Deaths, Runs, Single
from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.cases import Case
from asgi_conformance.errors import CandidateError
from asgi_conformance.pulse import NoPulse, Pulse
from asgi_conformance.verdict import Verdict

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


class Group:
    """The cases of one launch, on one candidate as long as it serves, ``jobs`` at a time.

    ``again``: what did not pass while the candidate was held up is tried again. :attr:`left` is what has to be run
    alone in the end.
    """

    def __init__(self, runs: Runs, launch: Launch, cases: list[Case], jobs: int, *, again: bool) -> None:
        self._runs = runs
        self._again = again
        self._launch = launch
        self._jobs = jobs
        self._cases = deque(sorted(cases, key=lambda case: not case.slow))
        self._candidate: RunningCandidate | None = None
        self._has_started = False
        self._begun: dict[str, tuple[float, Case]] = {}
        self._held: list[tuple[float, Attempt]] = []
        self._deaths = Deaths(runs)
        self._returns: Counter[str] = Counter()
        self._passed: deque[tuple[float, Attempt]] = deque()
        self._first_sign = math.inf
        self.left: list[Single] = []

    async def run(self) -> None:
        """Run them all; a candidate that dies is replaced, and who may have killed it is left to be run alone.

        Raises:
            LaunchImpossible, CandidateError: the first one did not start.
        """
        try:
            while self._cases:
                try:
                    candidate = await self._living()
                except CandidateError:
                    if not self._has_started:
                        raise
                    self.left += [Single(case) for case in self._cases]
                    return
                if await self._deaths.are_too_many(candidate):
                    self._deaths.give_up(self._cases)
                    self._deaths.give_up([single.case for single in self.left])
                    self.left.clear()
                    return
                await self._run_together(candidate)
        finally:
            if self._candidate is not None:
                await self._runs.stop(self._candidate)

    async def _living(self) -> RunningCandidate:
        if self._candidate is not None and not self._candidate.serving:
            await self._runs.stop(self._candidate, grace=0)
            self._candidate = None
        if self._candidate is None:
            self._candidate = await self._runs.start(self._launch)
            self._has_started = True
        return self._candidate

    async def _run_together(self, candidate: RunningCandidate) -> None:
        """Take cases side by side until there are none or the candidate dies; suspects are then run alone."""
        crew: set[asyncio.Future[None]] = set()
        place = _PLACE * candidate.patience.scale
        pulse = Pulse(lambda: self._runs.serves(candidate), candidate.patience.quiet) if self._again else NoPulse()
        serves = True
        try:
            while True:
                # A case that only waits gives its place to another one.
                waiting = sum(time.monotonic() - begun > place for begun, _ in self._begun.values())
                wanted = min(self._jobs + waiting, _CREW * self._jobs, len(crew) + len(self._cases))
                more = wanted - len(crew) if candidate.serving else 0
                crew |= {asyncio.ensure_future(self._work(candidate)) for _ in range(more)}
                if not crew:
                    await pulse.settle()
                    serves = candidate.serving and await self._runs.serves(candidate)
                    break
                done, crew = await asyncio.wait(crew, timeout=place, return_when=asyncio.FIRST_COMPLETED)
                deaf = candidate.alive and not candidate.serving
                if deaf and crew:
                    # Who met that says when it began; who is under way does not learn of it, and would wait in vain.
                    met, crew = await asyncio.wait(crew, timeout=2 * candidate.patience.quiet)
                    done |= met
                for worker in done:
                    worker.result()
                if deaf:
                    break
        finally:
            for worker in crew:
                worker.cancel()
            await asyncio.gather(pulse.stop(), *crew, return_exceptions=True)
            self._tell_held(candidate, pulse)
            self._tell_passed(candidate, pulse, serves=serves and candidate.serving)
            self.left += [Single(case, questioned=True) for _, case in self._begun.values()]
            self._begun.clear()
        if not candidate.serving:
            self._deaths.in_a_row += 1

    def _tell_held(self, candidate: RunningCandidate, pulse: Pulse | NoPulse) -> None:
        """Tell what did not go well, but try again what ended so while the candidate was held up, or dying already."""
        dying = self._gone_since(candidate) - candidate.patience.deadline
        for ended, result in self._held:
            in_time = candidate.serving or ended < dying
            held_up = pulse.was_held_up(ended - result.duration, ended)
            if result.is_struck:
                self.left.append(Single(result.case))
            elif in_time and not (held_up and self._returns[result.case.id] < _RETURNS):
                self._runs.tell(result)
            else:
                self._put_back(result.case)
        self._held.clear()

    def _tell_passed(self, candidate: RunningCandidate, pulse: Pulse | NoPulse, *, serves: bool) -> None:
        """Tell what passed, but question what may have left the candidate unable to serve, or passed by its end."""
        shortly = min(self._gone_since(candidate) - _SHORTLY * candidate.patience.scale, pulse.served_at)
        suspects = [result for ended, result in self._passed if not serves and ended > shortly]
        questioned = {result.case.id for result in suspects[-_QUESTIONED:]}
        for _, result in self._passed:
            if result.case.id in questioned:
                self.left.append(Single(result.case, questioned=True))
            else:
                self._keep(result)
        self._passed.clear()
        self._first_sign = math.inf

    def _gone_since(self, candidate: RunningCandidate) -> float:
        """When the first sign was seen that the candidate has gone; now, where there was none yet."""
        return min(self._first_sign, candidate.seen_going, time.monotonic())

    def _keep(self, result: Attempt) -> None:
        """Keep what passed; what the server struck together with others may have passed by that, and is run alone."""
        if result.is_struck:
            self.left.append(Single(result.case))
        else:
            self._runs.keep(result)

    def _put_back(self, case: Case) -> None:
        """Try a case again later that the candidate left alone: what always meets that may itself be the cause."""
        self._returns[case.id] += 1
        if self._returns[case.id] > _RETURNS:
            self.left.append(Single(case))
        else:
            self._cases.append(case)

    async def _work(self, candidate: RunningCandidate) -> None:
        while self._cases and candidate.serving:
            case = self._cases.popleft()
            self._begun[case.id] = time.monotonic(), case
            result = await self._runs.attempt(candidate, case)
            (begun, _), ended = self._begun.pop(case.id), time.monotonic()
            if result.came_too_late or result.died:
                self._first_sign = min(self._first_sign, begun if result.came_too_late else ended)
            if result.came_too_late:
                self._put_back(case)
            elif result.died:
                self.left.append(Single(case, suspected=result))
            elif result.verdict is Verdict.PASS:
                self._deaths.in_a_row = 0
                self._passed.append((ended, result))
                self._runs.show(result)
            else:
                self._held.append((ended, result))
            while self._passed and self._passed[0][0] < ended - _KEPT_BACK * candidate.patience.scale:
                self._keep(self._passed.popleft()[1])
