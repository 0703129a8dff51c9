"""Servers for the tests: one of each kind for the session, and others on demand."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

#: How long anything may take, in seconds.
LIMIT = 10.0


@dataclass
class Running:
    """A server that runs, as a subprocess."""

    process: subprocess.Popen[str]
    line: str

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.line.rpartition(":")[2])

    def connect(self) -> socket.socket:
        """A connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT)

    def talk(self, data: bytes) -> bytes:
        """Send bytes and read until the server closes the connection."""
        with self.connect() as sock:
            sock.sendall(data)
            return read_all(sock)

    def get(self, target: str, *fields: str) -> bytes:
        """The whole answer to one GET."""
        lines = [f"GET {target} HTTP/1.1", "Host: test", "Connection: close", *fields, "", ""]
        return self.talk("\r\n".join(lines).encode())

    def notes(self, key: str, count: int = 1) -> list[Any]:
        """What calls with the query ``key`` noted down, once there are ``count`` notes."""
        notes: list[Any] = json.loads(self.get(f"/notes/{count}?{key}").partition(b"\r\n\r\n")[2])
        return notes

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; the exit status and what it said on standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, errors


def read_all(sock: socket.socket) -> bytes:
    """Read until the end of the stream, or a reset."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            data += piece
    return data


def read_until(sock: socket.socket, end: bytes) -> bytes:
    """Read until the data ends with ``end``, and no further."""
    data = b""
    while not data.endswith(end):
        piece = sock.recv(1)
        assert piece, f"the stream ended after {data!r}"
        data += piece
    return data


@pytest.fixture(scope="session", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tell the servers where to put their files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTED_FILES", str(tmp_path_factory.mktemp("files")))
        yield


def start(*options: str, app: str = "tests.reference_server.apps:app") -> Running:
    """Start a server and wait until it listens."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_conformance.reference_server", app, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    return Running(process, process.stdout.readline().strip())


Start = Callable[..., Running]


@pytest.fixture
def serve() -> Iterator[Start]:
    """Starts servers that are ended with the test."""
    started: list[Running] = []

    def begin(*options: str, app: str = "tests.reference_server.apps:app") -> Running:
        started.append(start(*options, app=app))
        return started[-1]

    yield begin
    for running in started:
        running.process.kill()
        running.process.communicate()


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server without TLS, on either event loop."""
    yield from lasting("--backend", request.param)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, server.pem, client.pem, and stranger.pem of another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    client = authority.issue_cert("me@example.org", common_name="Me, myself")
    client.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
    trustme.CA().issue_cert("x@example.org").private_key_and_cert_chain_pem.write_to_path(folder / "stranger.pem")
    return folder


@pytest.fixture(scope="session", params=["asyncio", "trio"])
def tls_server(request: pytest.FixtureRequest, certificates: Path) -> Iterator[Running]:
    """A server with TLS that asks for client certificates, on either event loop."""
    files = ["--certfile", str(certificates / "server.pem"), "--client-ca", str(certificates / "ca.pem")]
    yield from lasting("--backend", request.param, *files)


def lasting(*options: str) -> Iterator[Running]:
    """A server that lives until the end of the session, and then stops in order."""
    running = start(*options)
    yield running
    status, _ = running.stop()
    assert status == 0
