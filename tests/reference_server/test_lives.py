"""Whole lives of servers: how they start, what they are told, how they stop."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest

from asgi_conformance.errors import UsageError
from asgi_conformance.reference_server import Config
from asgi_conformance.reference_server.application import adapt

from .conftest import Start, read_all, read_until

LIFESPANS = "tests.reference_server.lifespans:"
BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@BACKENDS
@pytest.mark.parametrize("app", ["raises", "returns"])
def test_an_application_without_lifespan_is_served(serve: Start, app: str, backend: str) -> None:
    """Exceptions and silence in lifespan mean that the application takes no part; it is served and stopped."""
    server = serve("--backend", backend, app=LIFESPANS + app)
    assert server.get("/").startswith(b"HTTP/1.1 200")
    assert server.stop(signal.SIGINT) == (0, "")


@BACKENDS
@pytest.mark.parametrize("app", ["fails", "raises"])
def test_a_failed_startup_exits_with_3(serve: Start, app: str, backend: str) -> None:
    """startup.failed prints its message and exits with 3, as does --lifespan on without lifespan."""
    server = serve("--backend", backend, "--lifespan", "on", app=LIFESPANS + app)
    assert server.line == ""
    _, errors = server.process.communicate(timeout=10)
    assert server.process.returncode == 3
    assert ("no-database" if app == "fails" else "does not take part") in errors


@BACKENDS
def test_lifespan_from_start_to_end(serve: Start, backend: str) -> None:
    """The state is copied to requests and nothing comes back; shutdown is told; the call need not return."""
    server = serve("--backend", backend, app=LIFESPANS + "full")
    pid, state = literal_eval(server.get("/").partition(b"\r\n\r\n")[2].decode())
    assert state == ["pid", "request"]
    assert pid == server.process.pid
    status, errors = server.stop()
    assert status == 0
    assert re.findall("said: (.+)", errors) == [*["InvalidEvent"] * 3, "lifespan.shutdown pid"]


@BACKENDS
def test_a_failed_shutdown_is_told(serve: Start, backend: str) -> None:
    """shutdown.failed prints its message."""
    server = serve("--backend", backend, app=LIFESPANS + "bad_shutdown")
    status, errors = server.stop()
    assert status == 0
    assert "no-goodbye" in errors


@BACKENDS
def test_a_stop_while_starting_ends_the_process(serve: Start, backend: str) -> None:
    """A signal that comes before the application is up ends the server."""
    server = serve("--backend", backend, app=LIFESPANS + "endless")
    assert server.line == "starting"
    assert server.stop()[0] == 0


@BACKENDS
def test_a_stop_lets_responses_complete(serve: Start, backend: str) -> None:
    """On SIGTERM idle connections are closed, a response in progress is completed and says close, then 0."""
    server = serve("--backend", backend)
    with server.connect() as busy, server.connect() as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_until(idle, b"hello")
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert server.notes("nobody", 0) == []
        server.process.terminate()
        assert read_all(idle) == b""
        answer = read_all(busy)
        assert answer.lower().count(b"connection: close") == 1
        assert answer.endswith(b"/slow")
    assert server.process.wait(10) == 0


@BACKENDS
def test_a_stop_does_not_wait_for_ever(serve: Start, backend: str) -> None:
    """A call that does not end is told at the end of the grace, and the server ends."""
    server = serve("--backend", backend, "--graceful-timeout", "0.2")
    with server.connect() as sock:
        sock.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.recv(1)
        assert server.stop()[0] == 0


@BACKENDS
def test_workers_share_the_socket(serve: Start, backend: str) -> None:
    """Each worker has a lifespan of its own; a stop ends them all with 0."""
    server = serve("--backend", backend, "--workers", "2", app=LIFESPANS + "full")
    pids = set()
    for _ in range(200):
        pid, _ = literal_eval(server.get("/").partition(b"\r\n\r\n")[2].decode())
        pids.add(pid)
        if len(pids) == 2:
            break
    assert server.process.pid not in pids
    status, errors = server.stop()
    assert status == 0
    assert errors.count("lifespan.shutdown pid") == 2


def test_a_worker_that_cannot_start_ends_the_server(serve: Start) -> None:
    """startup.failed in the workers is the end of the server, with 3."""
    server = serve("--workers", "2", app=LIFESPANS + "fails")
    assert server.line == ""
    server.process.communicate(timeout=10)
    assert server.process.returncode == 3


def test_unix_socket(serve: Start, tmp_path: Path) -> None:
    """Over a unix socket the server is the path, and there is no client."""
    path = str(tmp_path / "socket")
    serve("--uds", path)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(b"GET /scope HTTP/1.0\r\n\r\n")
        scope = literal_eval(read_all(sock).partition(b"\r\n\r\n")[2].decode())
    assert scope["server"] == [path, None]
    assert scope["client"] is None


@pytest.mark.parametrize(
    ("app", "options"),
    [("legacy", []), ("legacy", ["--interface", "asgi2"]), ("make", ["--factory"]), ("app", ["--interface", "asgi3"])],
)
def test_styles_of_applications(serve: Start, app: str, options: list[str]) -> None:
    """Legacy applications and factories are served."""
    server = serve(*options, app=f"tests.reference_server.apps:{app}")
    assert server.get("/").endswith(b"hello")


def test_root_path_and_spec_minimal(serve: Start) -> None:
    """The root path is told and the path left as it is; spec-minimal leaves out all optional keys."""
    server = serve("--root-path", "/scope", "--lifespan", "off")
    scope = literal_eval(server.get("/scope/x").partition(b"\r\n\r\n")[2].decode())
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/scope", "/scope/x", b"/scope/x")
    server = serve("--spec-minimal", "--lifespan", "off")
    scope = literal_eval(server.get("/scope").partition(b"\r\n\r\n")[2].decode())
    assert set(scope) == {"type", "asgi", "http_version", "method", "path", "query_string", "headers"}
    assert scope["asgi"] == {"version": "3.0"}
    assert server.talk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").startswith(b"HTTP/1.1 505 ")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["x:app"], 2, "could not load"),
        (["nonsense"], 2, "is not an import string"),
        (["tests.reference_server.apps:NOTES"], 2, "not callable"),
        (["x:app", "--host", "0.0.0.0"], 2, "refused to listen"),
        (["x:app", "--keyfile", "x"], 2, "--certfile"),
        (["tests.reference_server.apps:app", "--certfile", "/no/such"], 2, "could not load the TLS files"),
        (["x:app", "--fault", "http.no-such/fault"], 2, "no fault"),
    ],
)
def test_mistakes_are_told(options: list[str], status: int, message: str) -> None:
    """A wrong option ends with 2 and one line that says what to do."""
    command = [sys.executable, "-m", "asgi_conformance.reference_server", *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert (result.returncode, "Traceback" in result.stderr) == (status, False)
    assert message in result.stderr


def test_a_port_in_use_is_told(serve: Start) -> None:
    """A port that is taken ends with 3."""
    port = serve().port
    second = serve("--port", str(port))
    _, errors = second.process.communicate(timeout=10)
    assert second.process.returncode == 3
    assert f"127.0.0.1 port {port}" in errors


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_allowed(host: str) -> None:
    """Every loopback address is allowed, and no other without being told."""
    Config(application="x:y", host=host).check()
    Config(application="x:y", host="0.0.0.0", allow_public=True).check()
    with pytest.raises(UsageError):
        Config(application="x:y", host="127.0.0.1.example").check()


def test_single_callables_are_not_taken_for_legacy_ones() -> None:
    """Functions, methods, instances, partials and plain functions that take three arguments are left as they are."""
    import functools

    class Callable:
        async def __call__(self, scope: object, receive: object, send: object) -> None:
            """Do nothing."""

        async def method(self, scope: object, receive: object, send: object) -> None:
            """Do nothing."""

    async def more(setting: object, scope: object, receive: object, send: object) -> None:
        """Do nothing."""

    apps: list[Any] = [Callable(), Callable().method, functools.partial(more, 1), lambda scope, receive, send: None]
    for app in apps:
        assert adapt(app, "auto") is app
