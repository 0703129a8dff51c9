"""How servers that speak HTTP/3 start and stop."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time
from ast import literal_eval
from pathlib import Path

import pytest
from aioquic.h3.events import DataReceived
from aioquic.quic.events import ConnectionTerminated, StreamDataReceived, StreamReset

from asgi_conformance.reference_server.control_servers import noise

from .conftest import LIMIT, Start
from .h3client import Door, options

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
NO_ERROR, REQUEST_REJECTED = 0x100, 0x10B


@BACKENDS
def test_a_stop_lets_streams_complete(serve: Start, certificates: Path, backend: str) -> None:
    """On SIGTERM the server says GOAWAY, completes what is in progress, refuses what is new, and closes."""
    door = Door(serve(*options(certificates, backend)), certificates)
    idle, busy = door.connect(), door.connect()
    assert idle.response(idle.request("/"))[1] == b"hello"
    assert busy.response(busy.request("/"))[1] == b"hello"
    slow = busy.request("/slow")
    assert busy.response(busy.request("/"))[1] == b"hello"
    door.running.process.send_signal(signal.SIGTERM)
    assert idle.wait(ConnectionTerminated).error_code == NO_ERROR
    while not any(isinstance(e, StreamDataReceived) and e.data == b"\x07\x01\x0c" for e in busy.events):
        busy.read()
    assert busy.wait(StreamReset, busy.request("/")).error_code == REQUEST_REJECTED
    assert busy.response(slow)[1] == b"/slow"
    assert busy.wait(ConnectionTerminated).error_code == NO_ERROR
    for client in (idle, busy):
        client.socket.close()
    assert door.running.process.wait(LIMIT) == 0


@BACKENDS
def test_a_connection_that_comes_during_a_stop_is_refused(serve: Start, certificates: Path, backend: str) -> None:
    """While the last streams are completed nobody new is let in."""
    door = Door(serve(*options(certificates, backend)), certificates)
    with door.connect() as busy:
        slow = busy.request("/slow")
        assert busy.response(busy.request("/"))[1] == b"hello"
        door.running.process.send_signal(signal.SIGTERM)
        while not any(isinstance(e, StreamDataReceived) and e.data == b"\x07\x01\x08" for e in busy.events):
            busy.read()
        with pytest.raises(ConnectionRefusedError):
            door.connect()
        assert busy.response(slow)[1] == b"/slow"
    assert door.running.process.wait(LIMIT) == 0


@BACKENDS
def test_a_stop_does_not_wait_for_ever(serve: Start, certificates: Path, backend: str) -> None:
    """Calls that do not end, and clients that are gone without a word, are given up at the end of the grace."""
    door = Door(serve(*options(certificates, backend), "--graceful-timeout", "0.2"), certificates)
    client = door.connect()
    number = client.request("/flood")
    client.wait(DataReceived, number)
    assert door.running.stop()[0] == 0
    client.socket.close()


def test_http3_is_not_spoken_where_all_that_is_optional_is_left_out(serve: Start, certificates: Path) -> None:
    """With --spec-minimal nothing is bound for HTTP/3."""
    running = serve(*options(certificates, "asyncio"), "--spec-minimal")
    running.process.terminate()
    rest, _ = running.process.communicate(timeout=LIMIT)
    assert re.fullmatch(r"Listening on https://127\.0\.0\.1:\d+", running.line)
    assert rest == ""


def test_a_key_of_its_own_and_another_address(serve: Start, certificates: Path, tmp_path: Path) -> None:
    """The key may stand in a file of its own; the port that is given is the one."""
    text = (certificates / "server.pem").read_text()
    cut = text.index("-----BEGIN CERTIFICATE")
    (tmp_path / "key.pem").write_text(text[:cut])
    (tmp_path / "chain.pem").write_text(text[cut:])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    files = ["--certfile", str(tmp_path / "chain.pem"), "--keyfile", str(tmp_path / "key.pem")]
    door = Door(serve(*files, "--quic-port", str(port)), certificates)
    assert door.port == port
    with door.connect() as client:
        assert client.response(client.request("/"))[1] == b"hello"


def test_over_ipv6(serve: Start, certificates: Path) -> None:
    """Addresses of IPv6 are told as those of IPv4 are: the address and the port."""
    door = Door(serve(*options(certificates, "asyncio"), "--host", "::1"), certificates)
    with door.connect(host="::1") as client:
        scope = literal_eval(client.response(client.request("/scope"))[1].decode())
        assert (scope["client"], scope["server"]) == ([*client.address], ["::1", door.port])


@BACKENDS
def test_a_stop_does_not_wait_long_for_a_silent_client(serve: Start, certificates: Path, backend: str) -> None:
    """A client that never says that a response has arrived is closed after a moment."""
    door = Door(serve(*options(certificates, backend), "--graceful-timeout", "60"), certificates)
    client = door.connect()
    client.request("/")
    with door.connect() as other:
        other.response(other.request("/"))
    assert door.running.stop()[0] == 0
    client.socket.close()


@pytest.mark.parametrize(("kind", "answer"), [("echoes", b"hello"), ("random-bytes", noise(b"hello"))])
def test_control_servers_take_datagrams(kind: str, answer: bytes) -> None:
    """Control servers bind the UDP port too, and what they answer is not QUIC."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    module = "asgi_conformance.reference_server.control_servers"
    process = subprocess.Popen([sys.executable, "-m", module, kind, "x:app", "--quic-port", str(port)])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            assert ask(sock, b"hello") == answer
    finally:
        process.kill()
        process.wait()


def ask(sock: socket.socket, question: bytes) -> bytes:
    """The answer to a datagram, which is sent until somebody is there to give one."""
    end = time.monotonic() + LIMIT
    sock.settimeout(0.1)
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError, TimeoutError):
            sock.send(question)
            return sock.recv(65536)
        time.sleep(0.01)
    raise TimeoutError


def test_a_udp_port_in_use_is_told(serve: Start, certificates: Path) -> None:
    """A UDP port that is taken ends with 3."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        second = serve("--certfile", str(certificates / "server.pem"), "--quic-port", str(port))
        _, errors = second.process.communicate(timeout=LIMIT)
    assert second.process.returncode == 3
    assert f"127.0.0.1 UDP port {port}" in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--quic-port", "0"], "add --certfile"),
        (["--quic-port", "0", "--certfile", "x", "--uds", "y"], "needs a host"),
        (["--quic-port", "0", "--certfile", "x", "--workers", "2"], "use --workers 1"),
        (["--quic-port", "x"], "invalid int value"),
    ],
)
def test_mistakes_are_told(options: list[str], message: str) -> None:
    """A wrong option ends with 2 and words that say what to do."""
    command = [sys.executable, "-m", "asgi_conformance.reference_server", "x:app", *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (result.returncode, "Traceback" in result.stderr) == (2, False)
    assert message in result.stderr


def test_a_missing_library_is_told(certificates: Path) -> None:
    """Without aioquic the option ends with 2 and says what to install; without the option nobody misses it."""
    start = "import sys; sys.modules['aioquic'] = None; from asgi_conformance.reference_server.__main__ import main;"
    code = f"{start} sys.exit(main(['x:app', '--certfile', {str(certificates / 'server.pem')!r}, *sys.argv[1:]]))"
    missing, served = "pip install 'asgi-conformance[http3]'", "could not load 'x:app'"
    for more, message in (["--quic-port", "0"], missing), ([], served):
        command = [sys.executable, "-c", code, *more]
        result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        assert (result.returncode, "Traceback" in result.stderr) == (2, False)
        assert message in result.stderr
