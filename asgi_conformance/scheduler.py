"""The scheduler: cases by launches, attempts by candidates, confirmed before they are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from asgi_conformance.alone import Alone, Single
from asgi_conformance.attempt import Attempt, attempt, attempt_life, serves
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.candidate.starting import Starter
from asgi_conformance.cases import Case, Suites
from asgi_conformance.errors import CandidateError, LaunchImpossible
from asgi_conformance.group import Group
from asgi_conformance.schedule import Judgement, Schedule, Timing, grouped
from asgi_conformance.verdict import Verdict

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
        self._lanes = self._places if starter.one_at_a_time else asyncio.Semaphore(schedule.lanes)
        self._lives = self._places if starter.one_at_a_time else asyncio.Semaphore(schedule.lives)
        self._plain_is_tried = False
        self._left: set[str] = set()
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
        await self._pass([case for case in doubtful if self._flipped(self.judgements[case.id])], 1)
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
        try:
            if launch.own:
                await self._live(launch, cases)
            else:
                await self._share(launch, cases, jobs)
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
        async with self._lives:
            candidate = self._starter.prepare(launch)
            try:
                for result in await attempt_life(candidate, cases, self._suites, self._starter):
                    self.tell(result)
            finally:
                await self.stop(candidate, grace=0)

    async def _share(self, launch: Launch, cases: list[Case], jobs: int) -> None:
        """Run cases on one candidate, and those alone that want to, that it did not survive, or that wavered."""
        singles, together = [], []
        for case in cases:
            judgement = self.judgements.get(case.id, Judgement())
            died = bool(judgement.attempts) and judgement.last.died
            if case.exclusive or died or case.id in self._left or self._flipped(judgement):
                singles.append(Single(case, questioned=died))
            else:
                together.append(case)
        if together:
            async with self._places:
                group = Group(self, launch, together, jobs, again=self._schedule.confirm)
                await group.run()
                singles += group.left
                self._left |= {single.case.id for single in group.left}
        await Alone(self, launch, singles, self._lanes).run(self._schedule.lanes)

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

    async def attempt(self, candidate: RunningCandidate, case: Case, *, questioned: bool = False) -> Attempt:
        """Run a case once on a candidate; ``questioned``: it has to leave the candidate serving."""
        result = await attempt(candidate, case, self._suites, questioned=questioned)
        self.timing.cases += result.duration
        return result

    async def serves(self, candidate: RunningCandidate) -> bool:
        """Whether a candidate, in which one after another has died, serves a plain request."""
        return await serves(candidate, self._suites)

    def tell(self, result: Attempt) -> None:
        """Show an attempt, and keep it."""
        self.keep(result)
        self.show(result)

    def keep(self, result: Attempt) -> None:
        """Keep an attempt as one of its case's judgement."""
        self.judgements.setdefault(result.case.id, Judgement()).attempts.append(result)

    def show(self, result: Attempt) -> None:
        """Show an attempt to who watches the run."""
        self._progress(result)
