"""Tries the cases that are named for each bug on the bad release and on the good one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from asgi_conformance.cases import Case, Suites
from asgi_conformance.errors import ConformanceError
from asgi_conformance.runner import Options, run_candidate
from tests.environments import CannotInstall, Environments
from tests.history.bug import Bug, Release
from tests.history.judging import Finding, Judged, Results, judge

#: How many releases are tried side by side.
_AT_A_TIME = 2
#: How long one may take, in seconds.
_LONGEST = 240.0


@dataclass(frozen=True)
class Tried:
    """A bug, what came of it, and all results of both releases."""

    bug: Bug
    judged: Judged
    bad: Results
    good: Results


class Trying:
    """Tries bugs, a few releases at a time."""

    def __init__(
        self, suites: Suites, environments: Environments, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._suites = suites
        self._environments = environments
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self._tell = tell

    async def all(self, bugs: Iterable[Bug]) -> list[Tried]:
        """Try them all."""
        return list(await asyncio.gather(*map(self._one, bugs)))

    async def _one(self, bug: Bug) -> Tried:
        tried = await self._tried(bug)
        self._tell(f"{bug.id}: {tried.judged.finding.value} {tried.judged.reason}".rstrip())
        return tried

    async def _tried(self, bug: Bug) -> Tried:
        bad: Results = {}
        good: Results = {}
        if bug.explained:
            return Tried(bug, Judged(Finding.EXPLAINED, reason=bug.explained), bad, good)
        named = bug.finding(self._suites)
        absent = [glob for glob, cases in named.items() if not cases]
        if absent:
            return Tried(bug, Judged(Finding.NOT_RUN, reason=f"{', '.join(absent)} has no case yet"), bad, good)
        cases = list({case.id: case for some in named.values() for case in some}.values())
        try:
            bad = await self._run(bug, bug.bad, cases)
            good = await self._run(bug, bug.good, cases) if bug.good else {}
        except CannotInstall as error:
            return Tried(bug, Judged(Finding.NOT_RUN, reason=str(error)), bad, good)
        except ConformanceError as error:
            said = [error.message, *error.detail.strip().splitlines()[-1:]]
            return Tried(bug, Judged(Finding.NOT_RUN, reason=" ".join(said)), bad, good)
        ids = {glob: [case.id for case in some] for glob, some in named.items()}
        return Tried(bug, judge(ids, bad, good if bug.good else None, bug.observes), bad, good)

    async def _run(self, bug: Bug, release: Release, cases: Sequence[Case]) -> Results:
        programs = await self._environments.make(bug.python, release.packages)
        options = Options(bug.command.replace("<bin>", str(programs)))
        async with self._places:
            running = asyncio.ensure_future(run_candidate(options, self._suites, cases))
            try:
                await asyncio.wait({running}, timeout=_LONGEST)
            finally:
                if not running.done():
                    running.cancel()
            run = await running
        return {result["case"]: result for result in run["results"]}
