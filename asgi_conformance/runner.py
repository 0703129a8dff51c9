"""A run: one candidate, the selected cases, and the results in the JSON that every report is a function of."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from asgi_conformance import __version__, results
from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.address import Workspace
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.command import display
from asgi_conformance.candidate.running import Facts
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.candidate.start import Setting
from asgi_conformance.candidate.starting import Starter, probe_folder
from asgi_conformance.candidate.template import Template
from asgi_conformance.cases import Case, Suites
from asgi_conformance.control import ControlChannel
from asgi_conformance.judging import Judge
from asgi_conformance.middleware import (
    check_factory,
    compare_without,
    described,
    not_passed,
    note_above,
    variant_behind,
)
from asgi_conformance.patience import Patience
from asgi_conformance.results import Candidate, Run, summarise
from asgi_conformance.sampling import Sampling
from asgi_conformance.schedule import Schedule
from asgi_conformance.scheduler import Scheduler

#: The least by which the time for a start is stretched: how long it takes is the machine's matter, too.
_SHORTEST_START = 0.25


@dataclass(frozen=True)
class Options:
    """What a user can say of a run.

    ``server`` is the command line of the server with ``<app>`` in it. ``environment`` are variables to add to the
    candidate's, ``cwd`` its working directory (None: this one). ``timeout_scale`` stretches every wait.
    ``sampling`` says how properties are tried. ``middleware`` is a factory, ``package.module:factory``, of what the
    probe is wrapped with, or None.
    """

    server: str
    variant: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    timeout_scale: float = 1.0
    schedule: Schedule = field(default_factory=Schedule)
    ready: str = "call"
    sampling: Sampling = field(default_factory=Sampling)
    middleware: str | None = None


@dataclass(frozen=True)
class Progress:
    """How far a run is: the newest attempt, and whether the cases are being confirmed."""

    attempt: Attempt
    done: int
    planned: int


@asynccontextmanager
async def open_starter(options: Options) -> AsyncIterator[Starter]:
    """What starts candidates of one server: with its control channel and a folder, which are gone afterwards.

    Raises:
        UsageError: the command is none that can be used.
    """
    template = Template.parse(options.server, load_profiles(options.cwd))
    with Workspace() as workspace:
        control = ControlChannel(workspace.path)
        await control.start()
        setting = Setting(
            template,
            probe_folder(),
            workspace,
            Certificates(workspace.path / "tls"),
            extra=options.environment,
            cwd=options.cwd,
            module="asgi_middleware" if options.middleware else "asgi_probe",
            deadline=20.0 * max(_SHORTEST_START, options.timeout_scale),
            middleware=options.middleware,
        )
        try:
            yield Starter(
                setting, control, Patience(options.timeout_scale), ready=options.ready, sampling=options.sampling
            )
        finally:
            await control.close()


async def run_candidate(
    options: Options,
    suites: Suites,
    cases: Sequence[Case],
    progress: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Run the cases against one candidate.

    When the task is cancelled the candidates are ended and the run so far is given, marked as incomplete.

    Raises:
        UsageError: the command is none that can be used.
        CandidateError: the candidate could not be run.
    """
    began, started = time.monotonic(), datetime.now(timezone.utc)
    async with open_starter(options) as starter:
        if options.middleware:
            await check_factory(starter)
        counter = _Counter(len(cases), progress)
        scheduler = Scheduler(starter, suites, options.schedule, counter)
        try:
            await scheduler.run(cases)
            complete = True
        except asyncio.CancelledError:
            complete = False
    judged = Judge(suites, cases, scheduler.judgements).results()
    chosen = {suites.suite_of(case) for case in cases}
    requirements = {one.id: one.to_json() for one in suites.catalogue.values() if one.suite in chosen}
    run: Run = {
        "complete": complete and len(judged) == len(cases),
        "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "duration_s": round(time.monotonic() - began, 3),
        "tool": {"version": __version__},
        "candidate": describe(starter.setting.template, options, starter.facts),
        "summary": summarise(judged),
        "requirements": requirements,
        "cases": {case.id: _described(case, options) for case in cases},
        "results": judged,
        "timing": scheduler.timing.to_json(),
    }
    if options.middleware:
        run["middleware"] = described(options.middleware, scheduler.judgements, suites)
        note_above(run)
    return run


async def run_behind(
    options: Options,
    suites: Suites,
    cases: Sequence[Case],
    progress: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Run the cases as :func:`run_candidate` does, then those that a middleware may have broken without it, too.

    Raises UsageError too where the middleware cannot be had.
    """
    run = await run_candidate(options, suites, cases, progress)
    doubtful = set(not_passed(run)) if options.middleware else set()
    if doubtful and run["complete"]:
        again = [case for case in cases if case.id in doubtful]
        bare = await run_candidate(replace(options, middleware=None), suites, again)
        run["complete"] = bare["complete"]
        compare_without(run, bare)
    return run


class _Counter:
    def __init__(self, planned: int, progress: Callable[[Progress], None]) -> None:
        self._planned = planned
        self._progress = progress
        self._done = 0

    def __call__(self, attempt: Attempt) -> None:
        self._done += 1
        self._progress(Progress(attempt, self._done, self._planned))


def describe(template: Template, options: Options, facts: Facts) -> Candidate:
    """Who was tested, as far as its command and the probe could tell."""
    found = [name for name in template.profile.distributions if name in facts.versions]
    return {
        "command": display(template),
        "name": found[0] if found else template.name,
        "version": facts.versions[found[0]] if found else None,
        "variant": variant_behind(options.variant, options.middleware),
        "python": facts.python,
        "event_loop": facts.event_loop,
        "declares": dict(sorted(facts.declares.items())),
        "extensions": sorted(facts.extensions),
    }


def command_for(case: Case, options: Options) -> str:
    """The command that runs just this case."""
    words = ["asgi-conformance", "--server", options.server]
    if options.middleware:
        words += ["--middleware", options.middleware]
    for name, value in options.environment.items():
        words += ["--env", f"{name}={value}"]
    return shlex.join([*words, "--select", case.id, *options.sampling.options()])


def _described(case: Case, options: Options) -> results.Case:
    return {
        "title": case.title,
        "revision": case.revision,
        "requirement": case.requirement,
        "command": command_for(case, options),
    }
