"""Tests with a real server: each launch that uvicorn can have is started, answers, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

import pytest

from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.certificates import ClientCertificate
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.start import Setting, start_candidate

from .conftest import MakeSetting

pytest.importorskip("uvicorn")
pytestmark = pytest.mark.anyio


async def answer(setting: Setting, launch: Launch, endpoint: Endpoint) -> bytes:
    """What the server answers to one request, its whole bytes."""
    certificate: ClientCertificate = "chain" if launch.client_certificates else "none"
    tls = setting.certificates.client_context(certificate=certificate) if launch.tls else None
    name = "localhost" if launch.tls else None
    if endpoint.uds is not None:
        reader, writer = await asyncio.open_unix_connection(endpoint.uds, ssl=tls, server_hostname=name)
    else:
        reader, writer = await asyncio.open_connection(
            endpoint.reachable_host, endpoint.port, ssl=tls, server_hostname=name
        )
    try:
        writer.write(b"GET /mount/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize(
    "launch",
    [
        Launch(),
        Launch(unix=True),
        Launch(tls=True),
        Launch(tls=True, client_certificates=True),
        Launch(ipv6=True),
        Launch(root_path="/mount"),
        Launch(workers=2),
        Launch(app="factory"),
        Launch(lifespan="on", graceful_timeout=3),
    ],
    ids=lambda launch: launch.name,
)
async def test_a_launch_serves_and_stops(launch: Launch, make_setting: MakeSetting) -> None:
    """The candidate answers a request, and stops within its grace without leaving a process."""
    setting = make_setting(f"{sys.executable} -m uvicorn <app>")
    answers: list[bytes] = []

    async def confirm(endpoint: Endpoint) -> None:
        answers.append(await answer(setting, launch, endpoint))

    candidate = await start_candidate(setting, launch, control="unix:/nowhere", confirm=confirm)
    stopped = await candidate.stop(20)
    assert answers[-1].startswith(b"HTTP/1.1 200")
    assert answers[-1].endswith(b"ok")
    assert stopped.returncode in (0, -signal.SIGTERM), stopped
    assert (stopped.forced, stopped.leftovers) == (False, 0)
