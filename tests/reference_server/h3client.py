"""A small HTTP/3 client for the tests: blocking, on aioquic, one connection."""

from __future__ import annotations

import json
import select
import socket
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, StreamReset

from .conftest import LIMIT, Running

Fields = list[tuple[bytes, bytes]]


class Frames(H3Connection):
    """The frames of a client that knows that a response to HEAD has a length and no content."""

    def _check_content_length(self, stream: Any) -> None:
        pass


class Client:
    """One connection. Events that were received and not asked for yet are kept."""

    def __init__(self, port: int, authority: Path, host: str = "127.0.0.1", **settings: Any) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        configuration = QuicConfiguration(alpn_protocols=["h3"], server_name="localhost", **settings)
        configuration.load_verify_locations(str(authority))
        self.quic = QuicConnection(configuration=configuration)
        self.events: list[Any] = []
        self.h3 = Frames(self.quic)
        self.ended: set[int] = set()
        self.content: dict[int, bytes] = defaultdict(bytes)
        self.quic.connect(self.socket.getpeername(), now=time.monotonic())
        self.flush()
        if isinstance(self.wait((HandshakeCompleted, ConnectionTerminated)), ConnectionTerminated):
            self.socket.close()
            raise ConnectionRefusedError

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.quic.close(0x100)
        self.flush()
        self.socket.close()

    @property
    def address(self) -> tuple[str, int]:
        """The client's end."""
        host, port = self.socket.getsockname()[:2]
        return host, port

    def flush(self) -> None:
        """Send what is ready."""
        for data, _ in self.quic.datagrams_to_send(now=time.monotonic()):
            self.socket.send(data)

    def request(self, path: str, *fields: tuple[bytes, bytes], method: bytes = b"GET", end: bool = True) -> int:
        """Send a request head; the number of its stream."""
        pseudo = [(b":method", method), (b":scheme", b"https"), (b":authority", b"test"), (b":path", path.encode())]
        return self.send_head([*pseudo, *fields], end=end)

    def send_head(self, fields: Fields, *, end: bool = True) -> int:
        """Send a header block on a new stream; the number of the stream."""
        number = self.quic.get_next_available_stream_id()
        self.h3.send_headers(number, fields, end_stream=end)
        self.flush()
        return number

    def send(self, number: int, data: bytes, *, end: bool = False) -> None:
        """Send content."""
        self.h3.send_data(number, data, end_stream=end)
        self.flush()

    def reset(self, number: int) -> None:
        """Give a request up, and its response."""
        self.quic.reset_stream(number, 0x10C)
        self.quic.stop_stream(number, 0x10C)
        self.flush()

    def read(self, patience: float = LIMIT) -> None:
        """Receive once, or wait for the connection's own clock; fail when nothing comes in time."""
        end = time.monotonic() + patience
        while True:
            timer = self.quic.get_timer()
            wake = end if timer is None else min(end, timer)
            readable, _, _ = select.select([self.socket], [], [], max(0.0, wake - time.monotonic()))
            if readable:
                self.quic.receive_datagram(self.socket.recv(65536), self.socket.getpeername(), now=time.monotonic())
                break
            assert time.monotonic() < end, f"nothing came: {self.events}"
            if timer is not None and time.monotonic() >= timer:
                self.quic.handle_timer(now=time.monotonic())
                self.flush()
                if self.keep_events():
                    return
        self.keep_events()
        self.flush()

    def keep_events(self) -> bool:
        """Take what has happened to the events; whether there was anything."""
        known = len(self.events)
        while (event := self.quic.next_event()) is not None:
            self.events.append(event)
            for found in self.h3.handle_event(event):
                self.events.append(found)
                if isinstance(found, DataReceived):
                    self.content[found.stream_id] += found.data
                if isinstance(found, (DataReceived, HeadersReceived)) and found.stream_ended:
                    self.ended.add(found.stream_id)
        return len(self.events) > known

    def wait(self, kind: type[Any] | tuple[type[Any], ...], number: int | None = None) -> Any:
        """The next event of a kind, of a stream if a number is given."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and number in (None, getattr(event, "stream_id", None)):
                    self.events.remove(event)
                    return event
            self.read()

    def head(self, number: int) -> dict[bytes, bytes]:
        """The next header block of a response; a response that was reset has none."""
        event = self.wait((HeadersReceived, StreamReset, ConnectionTerminated), number)
        assert isinstance(event, HeadersReceived), event
        return dict(event.headers)

    def response(self, number: int) -> tuple[dict[bytes, bytes], bytes]:
        """The head and the content of a response."""
        head = self.head(number)
        while number not in self.ended:
            assert not any(isinstance(event, ConnectionTerminated) for event in self.events), self.events
            self.read()
        return head, self.content[number]


def quic_port(running: Running) -> int:
    """The UDP port that a server announced on its second line."""
    assert running.process.stdout is not None
    return int(running.process.stdout.readline().partition(" over QUIC")[0].rpartition(":")[2])


class Door:
    """A server and how to get into it."""

    def __init__(self, running: Running, certificates: Path) -> None:
        self.running = running
        self.certificates = certificates
        self.port = quic_port(running)

    def connect(self, **settings: Any) -> Client:
        """A new connection."""
        return Client(self.port, self.certificates / "ca.pem", **settings)

    def notes(self, key: str, count: int = 1) -> list[Any]:
        """What calls with the query ``key`` noted down, once there are ``count`` notes."""
        with self.connect() as client:
            return notes(client, key, count)


def notes(client: Client, key: str, count: int = 1) -> list[Any]:
    """The same, over a connection that is there."""
    found: list[Any] = json.loads(client.response(client.request(f"/notes/{count}?{key}"))[1])
    return found


def options(certificates: Path, backend: str) -> list[str]:
    """The command line of a server that speaks HTTP/3."""
    return ["--backend", backend, "--certfile", str(certificates / "server.pem"), "--quic-port", "0"]
