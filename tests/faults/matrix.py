"""Faults by cases: every fault of the reference server is run against the cases that must notice it, and more."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace

from asgi_conformance import proof
from asgi_conformance.cases import Case, Suites, load_suites, matches
from asgi_conformance.proof import Clean, Outcome
from asgi_conformance.reference_server import faults
from asgi_conformance.reference_server.faults import Fault
from asgi_conformance.runner import run_candidate

#: How far waits are stretched in the first round, where they overlap, and in the second, which confirms.
_HASTE, _CARE = 0.4, 1.0
#: How many faults one process of this side tries at a time, in haste: enough that the machine is busy while some of
#: them wait; and how many with care.
_AT_A_TIME, _CAREFULLY_AT_A_TIME = 6, 3

#: Of so many requirements that have nothing to do with a fault, one is looked at with it.
_OTHERS = 8

#: The suites in a process that tries a share of the faults.
_suites: Suites | None = None


@dataclass
class Matrix:
    """What came of all faults that were tried.

    ``cases`` are all cases that were run at least once, ``outcomes`` are by the name of the fault.
    """

    cases: dict[str, Case]
    outcomes: dict[str, Outcome]
    seconds: float = 0.0
    clean: Clean = field(default_factory=dict)

    @property
    def faults(self) -> list[Fault]:
        """The faults that were tried, by name."""
        return [faults.REGISTRY[name] for name in sorted(self.outcomes)]

    def missed(self, fault: Fault) -> list[str]:
        """What had to notice the fault and did not."""
        return proof.missed(fault, self.outcomes[fault.name], self.cases.values())

    def collateral(self, fault: Fault) -> list[str]:
        """The cases that failed with the fault and have nothing to do with it."""
        return proof.collateral(fault, self.outcomes[fault.name], self.cases.values())

    def red(self) -> dict[str, list[str]]:
        """The faults that turned each case red, by the case's id."""
        noticed: dict[str, list[str]] = {name: [] for name in self.cases}
        for name in sorted(self.outcomes):
            for case in self.outcomes[name].red:
                noticed[case].append(name)
        return noticed

    def untried(self) -> set[str]:
        """The cases with an application whose framework is not installed here."""
        return {
            name
            for name, case in self.cases.items()
            if case.launch.needs and {verdict for verdict, _ in self.clean.get(name, ())} == {"not-applicable"}
        }

    def never_red(self) -> list[str]:
        """The cases of the requirements that the faults break which were tried and which no fault turned red."""
        red, untried = self.red(), self.untried()
        broken = {fault.breaks.partition("/")[0] for fault in self.faults}
        about = [name for name, case in self.cases.items() if case.requirement in broken and name not in untried]
        return [name for name in about if not red[name]]


def all_faults() -> list[Fault]:
    """Every fault of the reference server, by name."""
    faults.load()
    return [faults.REGISTRY[name] for name in sorted(faults.REGISTRY)]


def cases_for(fault: Fault, suites: Suites, *, collateral: bool) -> list[Case]:
    """The cases to run with a fault: all of the requirements that it breaks, and for collateral some of the others.

    Of these a plain case of each requirement of the same chapter is run, and of one in :data:`_OTHERS` elsewhere,
    which are others for each fault.
    """
    own = fault.breaks.partition("/")[0]
    named = [case for case in suites.cases.values() if proof.is_about(fault, case)]
    if not collateral:
        return named
    there = {case.requirement for case in named}
    beside = [
        case
        for case in proof.representatives(suites)
        if case.requirement not in there and (_chapter(case.requirement) == _chapter(own) or _drawn(fault, case))
    ]
    return named + beside


def _chapter(requirement: str) -> list[str]:
    return requirement.split(".")[:2]


def _drawn(fault: Fault, case: Case) -> bool:
    return zlib.crc32(f"{fault.name} {case.requirement}".encode()) % _OTHERS == 0


async def run_clean(suites: Suites, cases: Sequence[Case]) -> Clean:
    """What the reference server comes to without a fault; what only observes is run under another event loop too."""
    once = await run_candidate(proof.options(), suites, cases)
    observing = [suites.cases[one["case"]] for one in once["results"] if proof.observes(one)]
    if not observing:
        return proof.clean([once])
    return proof.clean([once, await run_candidate(proof.options("--backend", "trio"), suites, observing)])


def run(
    chosen: Sequence[Fault], suites: Suites, *, collateral: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Matrix:
    """Try faults, on all processors, and confirm what is not as it should be."""
    began = time.monotonic()
    cases = {case.id: case for fault in chosen for case in cases_for(fault, suites, collateral=collateral)}
    ordered = [case for case in suites.cases.values() if case.id in cases]
    shares = os.cpu_count() or 1
    parts = [[fault.name for fault in chosen[number::shares]] for number in range(shares)]
    with ProcessPoolExecutor(shares, multiprocessing.get_context("spawn"), initializer=_load) as pool:
        for _ in range(shares):
            pool.submit(int)  # has the processes load the suites meanwhile
        without_fault = asyncio.run(run_clean(suites, ordered))
        tell(f"{len(ordered)} cases ran without a fault: {time.monotonic() - began:.1f} s")
        jobs = [pool.submit(_run_share, part, without_fault, collateral=collateral) for part in parts if part]
        outcomes = {outcome.fault: outcome for job in jobs for outcome in job.result()}
    matrix = Matrix({case.id: case for case in ordered}, outcomes, clean=without_fault)
    tell(f"{len(chosen)} faults were tried: {time.monotonic() - began:.1f} s")
    asyncio.run(_confirm(matrix, suites, tell))
    matrix.seconds = time.monotonic() - began
    return matrix


def _load() -> None:
    """Prepare a process for its share."""
    global _suites
    threading.Thread(target=_end_with_parent, daemon=True).start()
    faults.load()
    _suites = load_suites()


def _end_with_parent() -> None:
    """End this process when the one that asked for the proof has gone; its candidates end with it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _run_share(names: Sequence[str], without_fault: Clean, *, collateral: bool) -> list[Outcome]:
    """What one process does: its share of the faults, several at a time."""
    assert _suites is not None
    suites = _suites
    places = asyncio.Semaphore(_AT_A_TIME)

    async def one(name: str) -> Outcome:
        fault = faults.REGISTRY[name]
        async with places:
            cases = cases_for(fault, suites, collateral=collateral)
            return await proof.try_fault(fault, suites, cases, without_fault, scale=_HASTE)

    async def all_of_them() -> list[Outcome]:
        return await asyncio.gather(*(one(name) for name in names))

    return asyncio.run(all_of_them())


async def _confirm(matrix: Matrix, suites: Suites, tell: Callable[[str], None]) -> None:
    """Try again, a few at a time and with patience, what was missed, undecided, not red or should not have failed."""
    places = asyncio.Semaphore(_CAREFULLY_AT_A_TIME)
    never_red = matrix.never_red()

    async def again(fault: Fault) -> None:
        outcome = matrix.outcomes[fault.name]
        collateral = matrix.collateral(fault)
        needed = {name for name in never_red if proof.is_about(fault, matrix.cases[name])}
        needed |= {*_cases_of(matrix.missed(fault), matrix)}
        if outcome.error:
            needed |= {case.id for case in cases_for(fault, suites, collateral=False)}
        # A fault that kills the server leaves those that have to notice it no chance behind the others.
        for names in (needed, {*collateral, *outcome.undecided} - needed):
            if names:
                async with places:
                    tell(f"again: {fault.name}: {', '.join(collateral) or 'missed, undecided or not red'}")
                    cases = [matrix.cases[name] for name in sorted(names)]
                    second = await proof.try_fault(fault, suites, cases, matrix.clean, scale=_CARE)
                    matrix.outcomes[fault.name] = _joined(matrix.outcomes[fault.name], second, names)

    await asyncio.gather(*(again(fault) for fault in matrix.faults))


def _cases_of(patterns: Iterable[str], matrix: Matrix) -> list[str]:
    return [name for name, case in matrix.cases.items() if any(matches(case, pattern) for pattern in patterns)]


def _joined(first: Outcome, again: Outcome, doubtful: set[str]) -> Outcome:
    kept = {name: reason for name, reason in first.undecided.items() if name not in doubtful}
    return replace(
        again, red=(first.red - doubtful) | again.red, undecided={**kept, **again.undecided}, error=again.error
    )
