"""The scheduler: cases by launches, attempts by candidates, confirmed before they are told."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from asgi_conformance.attempt import Attempt, attempt, attempt_life, serves
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.candidate.starting import Starter
from asgi_conformance.cases import Case, Suites
from asgi_conformance.errors import CandidateError, LaunchImpossible
from asgi_conformance.schedule import Judgement, Schedule, Timing, grouped
from asgi_conformance.verdict import Verdict

#: After so many deaths in a row without a case that came to an end, a candidate has to show that it serves at all.
_DEATHS = 12
#: A case that has run for so long, in units of patience, waits; and how often a place may be given on.
_PLACE = 0.5
_CREW = 8
_SETTLED = (Verdict.PASS, Verdict.OBSERVED, Verdict.UNSUPPORTED, Verdict.NOT_APPLICABLE)

Progress = Callable[[Attempt], None]


class Scheduler:
    """Runs cases to their judgements; :attr:`judgements` fills while it runs and holds what is known at any time."""

    def __init__(self, starter: Starter, suites: Suites, schedule: Schedule, progress: Progress) -> None:
        self._starter = starter
        self._suites = suites
        self._schedule = schedule
        self._progress = progress
        self._places = asyncio.Semaphore(1 if starter.one_at_a_time else schedule.candidates)
        self._lives = self._places if starter.one_at_a_time else asyncio.Semaphore(schedule.lives)
        self._plain_is_tried = False
        self.judgements: dict[str, Judgement] = {}
        self.timing = Timing()

    async def run(self, cases: Sequence[Case]) -> None:
        """Run all cases, then confirm what is not settled.

        Raises:
            CandidateError: the candidate cannot be run at all.
        """
        began = time.monotonic()
        await self._pass(cases, self._schedule.jobs)
        self.timing.first_pass = time.monotonic() - began
        if self._schedule.confirm:
            await self._confirm(cases)

    async def _confirm(self, cases: Sequence[Case]) -> None:
        """Run again what is not settled, and once more, alone, what then came to another verdict."""
        doubtful = [case for case in cases if self._is_doubtful(self.judgements[case.id].last)]
        began = time.monotonic()
        once = [case for case in doubtful if len(self.judgements[case.id].attempts) == 1]
        if once:
            await self._pass(once, self._schedule.confirming_jobs)
        flipped = [case for case in doubtful if self._flipped(self.judgements[case.id])]
        for case in flipped:
            await self._pass([case], 1)
        self.timing.confirmation = time.monotonic() - began

    def _is_doubtful(self, result: Attempt) -> bool:
        return result.verdict not in _SETTLED or bool(self._told_breaches(result)) or bool(result.sent)

    def _told_breaches(self, result: Attempt) -> set[str]:
        """The requirements that this attempt, as the first one, saw broken in passing."""
        told = set()
        for breach in result.breaches:
            first = next(
                (
                    judgement.attempts[0].case.id
                    for judgement in self.judgements.values()
                    if any(other.requirement == breach.requirement for other in judgement.attempts[0].breaches)
                ),
                None,
            )
            if first == result.case.id:
                told.add(breach.requirement)
        return told

    @staticmethod
    def _flipped(judgement: Judgement) -> bool:
        return len({one.verdict for one in judgement.attempts}) > 1

    async def _pass(self, cases: Sequence[Case], jobs: int) -> None:
        """Run cases once each, the groups of those that share a candidate side by side."""
        groups = grouped(cases, self._starter.as_started)
        self._plain_is_tried |= any(launch == Launch() for launch, _ in groups)
        tasks = [asyncio.ensure_future(self._group(launch, group, jobs)) for launch, group in groups]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _group(self, launch: Launch, cases: list[Case], jobs: int) -> None:
        async with self._lives if launch.own else self._places:
            try:
                if launch.own:
                    await self._live(launch, cases)
                else:
                    await _Group(self, launch, cases, jobs).run()
            except LaunchImpossible as impossible:
                for case in cases:
                    self.tell(Attempt(case, Verdict.NOT_APPLICABLE, reason=impossible.message))
            except CandidateError as error:
                if launch == Launch() or not (self._plain_is_tried or launch.needs):
                    raise
                # Where the plain launch works, this one is what the candidate cannot do.
                for case in cases:
                    self.tell(Attempt(case, Verdict.INCONCLUSIVE, reason=f"the launch {launch.name}: {error.message}"))

    async def _live(self, launch: Launch, cases: list[Case]) -> None:
        candidate = self._starter.prepare(launch)
        try:
            for result in await attempt_life(candidate, cases, self._suites, self._starter):
                self.tell(result)
        finally:
            await self.stop(candidate, grace=0)

    async def start(self, launch: Launch) -> RunningCandidate:
        """Start a candidate and wait until it serves. Raises CandidateError, LaunchImpossible."""
        began = time.monotonic()
        try:
            return await self._starter.start(launch)
        finally:
            self.timing.starts += time.monotonic() - began

    async def stop(self, candidate: RunningCandidate, grace: float | None = None) -> None:
        """Stop a candidate, also while this task is being cancelled; ``grace`` is its time in seconds (None: usual)."""
        began = time.monotonic()
        stopping = asyncio.ensure_future(self._starter.stop(candidate, grace))
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await stopping
            raise
        finally:
            self.timing.stops += time.monotonic() - began

    async def attempt(self, candidate: RunningCandidate, case: Case) -> Attempt:
        """Run a case once on a candidate."""
        result = await attempt(candidate, case, self._suites)
        self.timing.cases += result.duration
        return result

    async def serves(self, candidate: RunningCandidate) -> bool:
        """Whether a candidate, in which one after another has died, serves a plain request."""
        return await serves(candidate, self._suites)

    def tell(self, result: Attempt) -> None:
        """Keep an attempt as one of its case's judgement."""
        self.judgements.setdefault(result.case.id, Judgement()).attempts.append(result)
        self._progress(result)


class _Group:
    """The cases of one launch, on one candidate as long as it lives."""

    def __init__(self, scheduler: Scheduler, launch: Launch, cases: list[Case], jobs: int) -> None:
        self._scheduler = scheduler
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
        if self._candidate is not None and (self._harmed or not self._candidate.alive):
            await self._scheduler.stop(self._candidate)
            self._candidate = None
            self._harmed = False
        if self._candidate is None:
            self._candidate = await self._scheduler.start(self._launch)
        return self._candidate

    async def _run_together(self, candidate: RunningCandidate) -> None:
        """Take cases side by side until there are none or the candidate dies; suspects are then run alone."""
        crew: set[asyncio.Future[None]] = set()
        place = _PLACE * candidate.patience.scale
        try:
            while True:
                # A case that only waits gives its place to another one.
                waiting = sum(time.monotonic() - begun > place for begun in self._begun.values())
                wanted = min(self._jobs + waiting, _CREW * self._jobs, len(crew) + len(self._together))
                more = wanted - len(crew) if candidate.alive else 0
                crew |= {asyncio.ensure_future(self._work(candidate)) for _ in range(more)}
                if not crew:
                    break
                done, crew = await asyncio.wait(crew, timeout=place, return_when=asyncio.FIRST_COMPLETED)
                for worker in done:
                    worker.result()
        finally:
            for worker in crew:
                worker.cancel()
            await asyncio.gather(*crew, return_exceptions=True)
            self._tell_held(candidate)
        if not candidate.alive:
            self._deaths += 1

    def _tell_held(self, candidate: RunningCandidate) -> None:
        """Tell what did not go well, but try again what ended so while the candidate may have been dying already."""
        dying = time.monotonic() - candidate.patience.deadline
        for ended, result in self._held:
            if candidate.alive or ended < dying:
                self._scheduler.tell(result)
            else:
                self._together.append(result.case)
        self._held.clear()

    async def _work(self, candidate: RunningCandidate) -> None:
        while self._together and candidate.alive:
            case = self._together.popleft()
            self._begun[case.id] = time.monotonic()
            result = await self._scheduler.attempt(candidate, case)
            del self._begun[case.id]
            if result.died:
                self._suspected[case.id] = result
                self._alone.appendleft(case)
            elif result.verdict is Verdict.PASS:
                self._deaths = 0
                self._scheduler.tell(result)
            else:
                self._held.append((time.monotonic(), result))

    async def _run_alone(self, candidate: RunningCandidate) -> None:
        case = self._alone.popleft()
        result = await self._scheduler.attempt(candidate, case)
        self._deaths = self._deaths + 1 if result.died else 0
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
