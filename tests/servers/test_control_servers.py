"""Servers in which nothing is right: no case passes on any of them, and they cannot make a run last or leave a mess."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from asgi_conformance.cases import load_suites
from asgi_conformance.reference_server.control_servers import DIES, KINDS
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.schedule import Schedule

COMMAND = f"{sys.executable} -m asgi_conformance.reference_server.control_servers"
#: How the suite tells a control server to serve a unix socket, TLS and HTTP/2, as it would tell a real one.
PROFILE = """
[tool.asgi-conformance.profiles.control]
programs = ["asgi_conformance.reference_server.control_servers"]
[tool.asgi-conformance.profiles.control.options]
listen = ["--host", "<host>", "--port", "<port>"]
unix = ["--uds", "<uds>"]
tls = ["--certfile", "<cert>", "--keyfile", "<key>"]
http2 = []
http3 = ["--quic-port", "<port>"]
"""
#: What the one that dies does right before that: it has the application start up, or refuses to serve.
STARTS_UP = ("lifespan.startup.", "lifespan.shutdown.only-after-startup", "lifespan.scope.")
#: How long all cases against one of them may take, in seconds, on a machine with other things to do.
BOUND = 300.0


@dataclass(frozen=True)
class Judged:
    """What came of all cases on one kind: those that passed or were at a loss, and how long it took, in seconds."""

    complete: bool
    wrong: list[str]
    seconds: float


def judged(kind: str, folder: Path) -> Judged:
    """Run all cases on one kind, with the profile that lies in ``folder``."""
    suites = load_suites()
    options = Options(
        f"{COMMAND} {kind} <app>",
        cwd=folder,
        timeout_scale=0.5 if kind == DIES else 0.1,  # only this one does work that takes its time
        schedule=Schedule(jobs=96, confirm=False),
        ready="connect",
    )
    cases = [replace(case, exclusive=False) for case in suites.cases.values()]  # there is nothing to be harmed
    began = time.monotonic()
    run = asyncio.run(run_candidate(options, suites, cases))
    passed = [result["case"] for result in run["results"] if result["verdict"] in ("pass", "error")]
    wrong = [case for case in passed if kind != DIES or not case.startswith(STARTS_UP)]
    return Judged(run["complete"], wrong, time.monotonic() - began)


@pytest.fixture(scope="module")
def on_each(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Judged]]]:
    """What comes of all cases on each kind, two kinds side by side."""
    folder = tmp_path_factory.mktemp("control")
    (folder / "pyproject.toml").write_text(PROFILE)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        yield {kind: pool.submit(judged, kind, folder) for kind in (*KINDS, DIES)}


@pytest.mark.parametrize("kind", [*KINDS, DIES])
def test_no_case_passes(kind: str, on_each: dict[str, Future[Judged]]) -> None:
    """However it is wrong, no case finds something right, and none is at a loss."""
    came = on_each[kind].result()
    assert came.complete
    assert came.wrong == []
    assert came.seconds < BOUND


@pytest.mark.parametrize("kind", [*KINDS, DIES])
def test_a_user_is_told_that_it_cannot_be_run(kind: str) -> None:
    """From the command line it ends soon, with the status for a server that could not be run, and says why."""
    server = f"{COMMAND} {kind} <app> --host <host> --port <port>"
    result = subprocess.run(
        [sys.executable, "-m", "asgi_conformance", "--server", server, "--timeout-scale", "0.1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 3
    assert "Traceback" not in result.stderr
    assert ("status 9" if kind == DIES else "no request reached the application") in result.stderr
