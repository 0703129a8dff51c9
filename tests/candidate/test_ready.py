"""Tests of readiness: what is told of a server that runs and does not come to serve."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from asgi_conformance.candidate.address import Endpoint, free_port
from asgi_conformance.candidate.process import CandidateProcess
from asgi_conformance.candidate.ready import Confirm, wait_until_ready
from asgi_conformance.errors import CandidateError

pytestmark = pytest.mark.anyio

FOR_EVER = "import time; time.sleep(600)"
#: How long to wait for what does not come, once the server is as far as it gets, in seconds.
SHORT = 0.2


@asynccontextmanager
async def running(script: str) -> AsyncIterator[CandidateProcess]:
    """A process that has printed its first line."""
    env = {**os.environ, "ASGI_PROBE_TOKEN": f"ready-{time.monotonic_ns()}", "PYTHONUNBUFFERED": "1"}
    async with await CandidateProcess.start([sys.executable, "-c", script], env=env) as process:
        spoke = asyncio.Event()
        process.on_output(lambda line, at: spoke.set())
        await asyncio.wait_for(spoke.wait(), 20)
        yield process


async def failure(process: CandidateProcess, endpoint: Endpoint, confirm: Confirm | None = None) -> CandidateError:
    """The error of a process that does not become ready."""
    with pytest.raises(CandidateError) as caught:
        await wait_until_ready(process, endpoint, confirm, deadline=SHORT)
    return caught.value


async def test_a_server_that_never_listens() -> None:
    """After the deadline the error says where the candidate should have listened, and what it said."""
    endpoint = Endpoint(port=free_port())
    async with running(f"print('thinking'); {FOR_EVER}") as process:
        error = await failure(process, endpoint)
    assert error.message == f"The candidate did not listen at {endpoint} within {SHORT} s; its process still runs."
    assert error.detail == "thinking"
    assert error.exit_code == 3


async def test_a_server_that_never_makes_its_unix_socket() -> None:
    """A unix socket that does not come is told by its path."""
    async with running(f"print('thinking'); {FOR_EVER}") as process:
        error = await failure(process, Endpoint(uds="/nowhere/s.sock"))
    assert "did not listen at unix:/nowhere/s.sock within" in error.message


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/net")
@pytest.mark.parametrize(
    ("listening", "where"),
    [
        ("socket.create_server(('127.0.0.1', PORT))", "127.0.0.1:PORT"),
        ("socket.create_server(('::1', PORT), family=socket.AF_INET6)", "[::1]:PORT"),
    ],
)
async def test_a_server_that_listens_elsewhere(listening: str, where: str) -> None:
    """The error says where the candidate listens instead, also when it is a child of it that does."""
    port, other = free_port(), str(free_port())
    child = f"import socket, time; s = {listening.replace('PORT', other)}; print('serving', flush=True); {FOR_EVER}"
    async with running(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])") as process:
        error = await failure(process, Endpoint(port=port))
    assert f"it listens at {where.replace('PORT', other)} instead" in error.message
    assert "<port>" in error.hint


async def test_a_server_that_does_not_reach_the_application() -> None:
    """A server that accepts connections and does nothing with them is told from one that does not listen."""

    async def confirm(endpoint: Endpoint) -> None:
        await asyncio.get_running_loop().create_future()

    port = free_port()
    listening = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print('serving'); {FOR_EVER}"
    async with running(listening) as process:
        error = await failure(process, Endpoint(port=port), confirm)
    assert f"accepts connections at 127.0.0.1:{port}, but no request reached the application" in error.message


async def test_an_error_shows_output_that_can_be_read() -> None:
    """Of long lines the beginning is shown."""
    async with running(f"print('x' * 5000); {FOR_EVER}") as process:
        error = await failure(process, Endpoint(port=free_port()))
    assert error.detail == "x" * 299 + "…"


async def test_the_last_trouble_of_the_confirmation_is_told() -> None:
    """What the confirmation met last stands in the error."""

    async def confirm(endpoint: Endpoint) -> None:
        raise ConnectionResetError("reset by the server")

    port = free_port()
    listening = f"import socket; s = socket.create_server(('127.0.0.1', {port})); print('serving'); {FOR_EVER}"
    async with running(listening) as process:
        error = await failure(process, Endpoint(port=port), confirm)
    assert "(last: reset by the server)" in error.message
