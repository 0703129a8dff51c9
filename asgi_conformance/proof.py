"""The proof that a verdict means something: the reference server with a fault, and which cases notice it."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import Case, Suites, matches
from asgi_conformance.circumstance import DEFAULT
from asgi_conformance.errors import CandidateError
from asgi_conformance.reference_server.faults import Fault
from asgi_conformance.results import Result, Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.schedule import Schedule
from asgi_conformance.verdict import Verdict

#: The command of the reference server.
REFERENCE = shlex.join([sys.executable, "-m", "asgi_conformance.reference_server"]) + " <app>"
#: Few candidates at a time, as many faults are tried side by side, and no confirmation of what is known to be wrong.
_SCHEDULE = Schedule(candidates=2, lives=3, confirm=False)

#: The suite whose cases look at everything that goes through a server.
_PROPERTIES = "properties"

#: How long a run with a fault may take, in seconds of the usual patience.
_LONGEST = 120.0

#: What the reference server comes to without a fault: of each case, the verdicts and what was observed.
Clean = Mapping[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Outcome:
    """What the cases said of one fault.

    ``red`` are the ids of the cases that noticed it, ``undecided`` those that came to no verdict, with the reason.
    ``error`` says why the server could not be run at all, or is empty.
    """

    fault: str
    red: frozenset[str] = frozenset()
    undecided: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


def options(*words: str, scale: float = 1.0, schedule: Schedule | None = None, ready: str = "call") -> Options:
    """The options of a run of the reference server with further words in its command."""
    command = " ".join([REFERENCE, *map(shlex.quote, words)])
    return Options(command, timeout_scale=scale, schedule=schedule or Schedule(), ready=ready)


def clean(runs: Iterable[Run]) -> Clean:
    """What is to be compared with, of runs of the reference server without a fault."""
    seen: dict[str, set[tuple[str, str]]] = {}
    for run in runs:
        for result in run["results"]:
            seen.setdefault(result["case"], set()).add(_said(result))
    return {case: frozenset(said) for case, said in seen.items()}


def _said(result: Result) -> tuple[str, str]:
    """The verdict and what was observed, without numbers, which differ from run to run."""
    return result["verdict"], re.sub(r"[\d.]+", "#", result["observed"] or "")


def is_red(result: Result, without_fault: Clean) -> bool:
    """Whether a case noticed the fault: it failed or, where it only observes, it observed something else."""
    if result["verdict"] in (Verdict.FAIL, Verdict.WARN):
        return True
    usual = without_fault.get(result["case"], frozenset())
    free = observes(result) or any(verdict == Verdict.OBSERVED for verdict, _ in usual)
    decided = result["verdict"] in (Verdict.PASS, Verdict.OBSERVED, Verdict.UNSUPPORTED)
    return free and decided and _said(result) not in usual


def observes(result: Result) -> bool:
    """Whether a case has found out what a server does where it is free to do so."""
    return result["level"] == "may" or result["verdict"] == Verdict.OBSERVED


def has_to_notice(fault: Fault, case: Case) -> bool:
    """Whether a case is among those of which one at least must notice the fault."""
    return any(matches(case, pattern) for pattern in (fault.breaks, *fault.also))


def is_about(fault: Fault, case: Case) -> bool:
    """Whether a case is of the requirement that the fault breaks, or among those that must notice it."""
    return case.requirement == fault.breaks.partition("/")[0] or has_to_notice(fault, case)


def may_notice(fault: Fault, case: Case) -> bool:
    """Whether nobody wonders that a case notices the fault."""
    return is_about(fault, case) or any(matches(case, pattern) for pattern in fault.follows)


def missed(fault: Fault, outcome: Outcome, cases: Iterable[Case]) -> list[str]:
    """Of the requirements and cases that must notice the fault, those of which no case did."""
    red = [case for case in cases if case.id in outcome.red]
    return [pattern for pattern in (fault.breaks, *fault.also) if not any(matches(case, pattern) for case in red)]


def collateral(fault: Fault, outcome: Outcome, cases: Iterable[Case]) -> list[str]:
    """The cases that failed with the fault and that it has nothing to do with."""
    return [case.id for case in cases if case.id in outcome.red and not may_notice(fault, case)]


def representatives(suites: Suites) -> list[Case]:
    """Of each requirement the case that costs least: on a shared candidate, plainly started, in the usual circumstance.

    Requirements that cannot be seen so have none, nor have properties: they cost much, and many faults are theirs too.
    """
    by_requirement: dict[str, list[Case]] = {}
    for case in suites.cases.values():
        if suites.suite_of(case) == _PROPERTIES:
            continue
        if case.life is None and not case.exclusive and case.launch == Launch() and case.circumstance == DEFAULT:
            by_requirement.setdefault(case.requirement, []).append(case)
    return [min(cases, key=lambda case: (len(case.id), case.id)) for cases in by_requirement.values()]


async def try_fault(
    fault: Fault, suites: Suites, cases: Sequence[Case], without_fault: Clean, *, scale: float = 1.0
) -> Outcome:
    """Run cases against the reference server with a fault, each once.

    Never raises for what the fault does to the server: where it cannot be run at all, the outcome says so. What takes
    too long is ended, and the cases that are left then noticed nothing.
    """
    plan = options("--fault", fault.name, scale=scale, schedule=_SCHEDULE)
    try:
        try:
            run = await _bounded(plan, suites, cases)
        except CandidateError:
            # The fault is such that not even the greeting is answered.
            run = await _bounded(replace(plan, ready="connect"), suites, cases)
    except CandidateError as error:
        return Outcome(fault.name, error=error.message)
    results = run["results"]
    return Outcome(
        fault.name,
        frozenset(result["case"] for result in results if is_red(result, without_fault)),
        {
            result["case"]: f"{result['verdict']}: {result['reason']}"
            for result in results
            if result["verdict"] in (Verdict.INCONCLUSIVE, Verdict.ERROR)
        },
    )


async def _bounded(plan: Options, suites: Suites, cases: Sequence[Case]) -> Run:
    """The run, or what there is of it after :data:`_LONGEST` seconds."""
    running = asyncio.ensure_future(run_candidate(plan, suites, cases))
    try:
        await asyncio.wait({running}, timeout=_LONGEST * plan.timeout_scale)
    finally:
        if not running.done():
            running.cancel()
    return await running
