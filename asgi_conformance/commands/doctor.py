"""``doctor``: shows on this machine, now, that a verdict can be trusted, and says how fit the machine is."""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from asgi_conformance import proof
from asgi_conformance.cases import Case, Suites, load_suites
from asgi_conformance.errors import ConformanceError
from asgi_conformance.patience import Patience
from asgi_conformance.proof import Clean
from asgi_conformance.reference_server import faults
from asgi_conformance.reference_server.faults import Fault
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.schedule import Schedule

#: Control servers that are tried: one that says nothing, one that says the same to everybody, and one that says noise.
_CONTROLS = ("never-answers", "always-200", "random-bytes")
_CONTROL = f"{sys.executable} -m asgi_conformance.reference_server.control_servers"
#: Every so many a case is put to a control server, which keeps many of them waiting.
_STRIDE = 8
#: How many faults are tried.
_FAULTS = 8
#: How far waits are stretched with control servers, on which nearly all are in vain, and with faults.
_IN_VAIN, _HASTE = 0.1, 0.25
#: A pause of 20 ms may come to so much more, in seconds, before the machine counts as busy.
_LAG = 0.02

Say = Callable[[str], None]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and the sentence."""

    good: bool
    sentence: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.good else 'BAD '} {self.sentence}"


def examine(say: Say) -> int:
    """Look at everything, telling each finding as it comes; the exit status: 0 when all is well, 1 otherwise."""
    began = time.monotonic()
    suites = load_suites()
    findings = [_clock(), asyncio.run(_pauses())]
    for finding in findings:
        say(str(finding))
    cases = proof.representatives(suites)
    try:
        run = asyncio.run(run_candidate(proof.options(), suites, cases))
        for finding in [*_reference(run), *asyncio.run(_wrong_servers(suites, cases, proof.clean([run])))]:
            findings.append(finding)
            say(str(finding))
    except ConformanceError as error:
        findings.append(Finding(False, f"the suite cannot run here: {error}"))
        say(str(findings[-1]))
        run = None
    say("")
    say(_verdict(findings, run))
    say(f"This took {time.monotonic() - began:.1f} s.")
    return 0 if all(finding.good for finding in findings) else 1


def _clock() -> Finding:
    """The clock of all traces never goes back, and tells a microsecond from the next."""
    seen = [time.monotonic() for _ in range(10000)]
    backwards = sum(later < earlier for earlier, later in itertools.pairwise(seen))
    resolution = time.get_clock_info("monotonic").resolution
    good = not backwards and resolution <= 1e-3
    return Finding(good, f"the clock went back {backwards} times, and its resolution is {resolution * 1e9:.0f} ns")


async def _pauses() -> Finding:
    """How much longer than asked for the pauses of an idle event loop last."""
    lags = []
    for _ in range(10):
        began = time.monotonic()
        await asyncio.sleep(0.02)  # the pause is what is measured
        lags.append(time.monotonic() - began - 0.02)
    early, lag = min(lags), statistics.median(lags)
    return Finding(early > -0.002, f"pauses of 20 ms last {lag * 1000:.1f} ms longer, and end {_early(early)}")


def _early(least: float) -> str:
    return "never too early" if least > -0.002 else f"up to {-least * 1000:.1f} ms too early"


def _reference(run: Run) -> Iterator[Finding]:
    """What the reference server came to, and how long a dialogue takes here."""
    results = run["results"]
    wrong = [one for one in results if one["verdict"] in ("fail", "warn", "inconclusive", "error")]
    passes = [one for one in results if one["verdict"] == "pass"]
    yield Finding(
        not wrong and len(passes) > len(results) / 2,
        f"the reference server passes {len(passes)} of {len(results)} cases, one of each requirement"
        + "".join(f"\n       {one['case']}: {one['verdict']}: {one['observed'] or one['reason']}" for one in wrong[:5]),
    )


async def _wrong_servers(suites: Suites, cases: Sequence[Case], without_fault: Clean) -> list[Finding]:
    """Servers that are wrong throughout pass nothing, and a server with one fault is caught."""
    few = cases[::_STRIDE]
    controls = [_control(kind, suites, few) for kind in _CONTROLS]
    chosen = _sample(suites)
    tried = [proof.try_fault(one, suites, _noticing(one, suites), without_fault, scale=_HASTE) for one in chosen]
    told, outcomes = await asyncio.gather(asyncio.gather(*controls), asyncio.gather(*tried))
    missed = [
        fault.name
        for fault, outcome in zip(chosen, outcomes, strict=True)
        if proof.missed(fault, outcome, suites.cases.values())
    ]
    caught = f"{len(chosen) - len(missed)} of {len(chosen)} faults put into the reference server are caught"
    return [*told, Finding(not missed, caught + "".join(f"\n       not caught: {name}" for name in missed))]


async def _control(kind: str, suites: Suites, cases: Sequence[Case]) -> Finding:
    options = Options(
        f"{_CONTROL} {kind} <app> --host <host> --port <port>",
        timeout_scale=_IN_VAIN,
        schedule=Schedule(jobs=64, confirm=False),
        ready="connect",
    )
    run = await run_candidate(options, suites, cases)
    passed = [result["case"] for result in run["results"] if result["verdict"] in ("pass", "error")]
    sentence = f"the control server {kind} passes {len(passed)} of {len(cases)} cases"
    return Finding(not passed, sentence + "".join(f"\n       {name}" for name in passed[:5]))


def _sample(suites: Suites) -> list[Fault]:
    """Faults from all over the suites, each of which is noticed on a candidate that is started plainly."""
    faults.load()
    able = [fault for _, fault in sorted(faults.REGISTRY.items()) if not fault.also and "*" not in fault.follows]
    parts = [able[len(able) * part // _FAULTS : len(able) * (part + 1) // _FAULTS] for part in range(_FAULTS)]
    firsts = [next((fault for fault in part if _noticing(fault, suites)), None) for part in parts]
    return [fault for fault in firsts if fault is not None]


def _noticing(fault: Fault, suites: Suites) -> list[Case]:
    named = [case for case in suites.cases.values() if proof.has_to_notice(fault, case)]
    return named if all(case.life is None and not case.exclusive for case in named) else []


def _verdict(findings: Sequence[Finding], run: Run | None) -> str:
    """The sentence on the machine itself."""
    if run is None or not all(finding.good for finding in findings):
        return "Do not trust a verdict from this machine: not all is as it should be (see BAD above)."
    usual = statistics.median(result["duration_s"] for result in run["results"] if result["verdict"] == "pass")
    starts = run["timing"]["starts_s"]
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    scale = Patience().measured(usual / Schedule().jobs).scale
    speed = (
        f"a case takes {usual * 1000:.0f} ms beside {Schedule().jobs - 1} others, the start of a server {starts:.2f} s"
    )
    if load > 2 or scale > 1.5 or starts > 3:
        return (
            f"Verdicts from this machine can be trusted, but it is slow or busy now ({speed}; {load:.1f} processes "
            f"wait for each processor). Waits are stretched by what is measured at the start of each server; if cases "
            f"come out as inconclusive, add --timeout-scale {max(2, round(scale))}."
        )
    return f"Verdicts from this machine can be trusted: {speed}."
