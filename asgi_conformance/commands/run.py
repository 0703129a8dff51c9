"""The main command: run the selected cases against each server, and report."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from asgi_conformance.baseline import Baseline, today, update
from asgi_conformance.cases import Case, Suites, load_suites
from asgi_conformance.commands.interruption import Interruption
from asgi_conformance.commands.listing import selected
from asgi_conformance.commands.outputs import Outputs
from asgi_conformance.commands.progress import progress_for
from asgi_conformance.commands.reports import show
from asgi_conformance.middleware import broken_above, check_name, is_of_the_server, told_above
from asgi_conformance.reporting import load_report
from asgi_conformance.results import Run, document, label
from asgi_conformance.runner import Options, run_behind
from asgi_conformance.sampling import Sampling
from asgi_conformance.schedule import Schedule

#: The command of the reference server: what is tested when no server is named.
REFERENCE = f"{sys.executable} -m asgi_conformance.reference_server <app>"


def run_servers(options: Mapping[str, Any]) -> int:
    """Run as the options of the command line say; the exit status.

    Raises:
        ConformanceError: a usage that cannot work, a server that cannot be run, a suite at fault.
    """
    suites = load_suites()
    gc.freeze()  # they stay to the end, and looking through them each time would cost the cases their time
    cases = selected(options, suites)
    outputs = Outputs.of(options)
    outputs.check()
    baseline = Baseline.read(options["baseline"]) if options["baseline"] else None
    if options["middleware"]:
        check_name(options["middleware"])
    servers = list(options["server"])
    if not servers:
        servers = [REFERENCE]
        click.echo("No --server was given: testing the reference server that comes with the suite.", err=True)
    runs: list[Run] = []
    try:
        with Interruption() as interruption:
            for server in (server for server in servers for _ in range(options["repeat"])):
                quiet = options["quiet"] > 0
                run = _run_one(_options_of(server, options), suites, cases, interruption, quiet=quiet)
                if run is not None:
                    _tell(run, baseline, options)
                    runs.append(run)
                if interruption.came:
                    break
    finally:
        # Also when a server could not be run: what is known of the others is not lost.
        if runs:
            outputs.write(document(runs))
    if interruption.came:
        return 130
    return _conclude(runs, baseline, options)


def _tell(run: Run, baseline: Baseline | None, options: Mapping[str, Any]) -> None:
    if baseline is not None:
        baseline.apply([run], today())
    show(document([run]), options["verbose"] - options["quiet"])
    for line in told_above(run):
        click.echo(line)
    if options["github"]:
        click.echo(load_report("github")(document([run])), nl=False)


def _conclude(runs: Sequence[Run], baseline: Baseline | None, options: Mapping[str, Any]) -> int:
    """Tell what is said of all runs together; the exit status."""
    if options["update_baseline"] is not None:
        update(options["update_baseline"], runs)
    news = baseline.apply(runs, today()) if baseline is not None else []
    if options["repeat"] > 1:
        news += _changed(runs)
    for line in news:
        click.echo(line, err=True)
    return _status(runs, news=bool(news))


def _options_of(server: str, options: Mapping[str, Any]) -> Options:
    return Options(
        server,
        variant=options["variant"],
        environment=options["environment"],
        cwd=options["cwd"],
        timeout_scale=options["timeout_scale"],
        schedule=Schedule(jobs=options["jobs"]),
        sampling=Sampling(options["examples"], options["seed"]),
        middleware=options["middleware"],
    )


def _run_one(
    options: Options, suites: Suites, cases: Sequence[Case], interruption: Interruption, *, quiet: bool
) -> Run | None:
    with progress_for(sys.stderr, len(cases), quiet=quiet) as progress:
        return interruption.run(run_behind(options, suites, cases, progress.show))


def _changed(runs: Sequence[Run]) -> list[str]:
    """What did not come to the same verdict in every run of a server."""
    lines = []
    for command in dict.fromkeys(run["candidate"]["command"] for run in runs):
        repeated = [run for run in runs if run["candidate"]["command"] == command and run["complete"]]
        seen: dict[str, list[str]] = {}
        for run in repeated:
            for result in run["results"]:
                seen.setdefault(result["case"], []).append(result["verdict"])
        changed = {case: verdicts for case, verdicts in seen.items() if len(set(verdicts)) > 1}
        if changed:
            lines.append(
                f"{label(repeated[0])}: {len(changed)} of {len(seen)} verdicts changed in {len(repeated)} runs"
            )
            lines += [f"  {case}: {', '.join(verdicts)}" for case, verdicts in changed.items()]
    return lines


def _status(runs: Sequence[Run], *, news: bool) -> int:
    results = [result for run in runs for result in run["results"]]
    if not all(run["complete"] for run in runs) or any(result["verdict"] == "error" for result in results):
        return 4
    failed = any(
        result["verdict"] == "fail" and not _is_expected(result) and not is_of_the_server(run, result["case"], "fail")
        for run in runs
        for result in run["results"]
    )
    failed = failed or any(broken_above(run) for run in runs)
    return 1 if failed or news or any(_is_unexpected(result) for result in results) else 0


def _is_expected(result: Mapping[str, Any]) -> bool:
    return result["baseline"] is not None and not result["baseline"]["unexpected"]


def _is_unexpected(result: Mapping[str, Any]) -> bool:
    return result["baseline"] is not None and bool(result["baseline"]["unexpected"])
