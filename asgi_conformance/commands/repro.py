"""``repro``: a failed case as one file that shows the deviation without the suite."""

from __future__ import annotations

import asyncio
import itertools
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asgi_conformance import proof
from asgi_conformance.cases import Case, load_suites
from asgi_conformance.errors import UsageError
from asgi_conformance.repro.recording import record
from asgi_conformance.repro.sources import TooMuch
from asgi_conformance.repro.writing import Repro, Workshop, module_of
from asgi_conformance.results import load
from asgi_conformance.runner import Options
from asgi_conformance.verdict import Broken, CandidateDied, Verdict


def write(given: tuple[str, ...], options: Mapping[str, Any]) -> str:
    """Write the file that was asked for; gives the sentence on it.

    ``given`` is a case, or the report of a run and a case.

    Raises:
        UsageError: it cannot be made, or written.
    """
    identifier = given[-1]
    run = _run_of(Path(given[0]), identifier, options) if len(given) == 2 else _options(options)
    repro = make(identifier, run)
    path: Path = options["output"] or Path(f"{module_of(identifier)}.py")
    try:
        path.write_text(repro.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.", hint="Name another file.") from None
    return f"{path} shows it: it was tried here, on this server and on one that is right.\nRun it: python {path}"


def _options(options: Mapping[str, Any]) -> Options:
    return Options(options["server"] or proof.REFERENCE, None, options["environment"], options["cwd"])


def _run_of(report: Path, identifier: str, options: Mapping[str, Any]) -> Options:
    """The options of the run in which the case failed: its server's command, and the variables for it."""
    if options["server"]:
        raise UsageError("The report says which server it is about.", hint="Leave out --server, or the report.")
    if not report.is_file():
        raise UsageError(f"{report} is no file.", hint="Give the JSON or HTML report of a run, and the id of a case.")
    runs = [run for run in load(report)["runs"] if identifier in run["cases"]]
    if len(runs) != 1:
        how = "no run" if not runs else f"{len(runs)} runs"
        raise UsageError(f"{report} has {how} of {identifier!r}.", hint="Name the server with --server instead.")
    words = shlex.split(runs[0]["cases"][identifier]["command"])
    server = words[words.index("--server") + 1]
    variables = dict(word.split("=", 1) for option, word in itertools.pairwise(words) if option == "--env")
    return Options(server, None, {**variables, **options["environment"]}, options["cwd"])


def make(identifier: str, options: Options, reference: str = proof.REFERENCE) -> Repro:
    """The file for a case on a server; both trials of it are done.

    Raises:
        UsageError: there is no such case, it does not fail, or no file can show how.
        CandidateError, LaunchImpossible: the server cannot be started for it.
    """
    suites = load_suites()
    case = suites.cases.get(identifier)
    if case is None:
        raise UsageError(f"there is no case {identifier!r}", hint="See: asgi-conformance list")
    _refuse(case)
    take = asyncio.run(record(options, suites, case, reference))
    tried = take.attempt
    failed = isinstance(take.recording.outcome, (Broken, CandidateDied))
    if not failed or tried.verdict not in (Verdict.FAIL, Verdict.WARN):
        why = f" ({tried.reason})" if tried.reason else ""
        raise UsageError(
            f"{case.id} does not fail on {options.server!r}: {tried.verdict}{why}",
            hint="It was run once, alone: there is nothing to show.",
        )
    with tempfile.TemporaryDirectory(prefix="asgi-repro-") as folder:
        return Workshop(case, suites, take, Path(folder)).make()


def _refuse(case: Case) -> None:
    """Raise TooMuch for a case that one file with a client and an application cannot play."""
    launch = case.launch
    why = {
        "it starts, signals and ends the server itself": case.life is not None,
        "it is about several processes": launch.workers != 1,
        "it speaks HTTP/3, which the standard library cannot": launch.http3,
        "it needs certificates of clients": launch.client_certificates,
        f"it mounts an application of the kind {launch.app!r}": launch.app != "app",
        "it mounts an application of its own": bool(launch.application),
    }
    for reason, holds in why.items():
        if holds:
            raise TooMuch(f"{case.id} cannot be shown by one file: {reason}.", hint="Its trace shows it: use -vv.")
