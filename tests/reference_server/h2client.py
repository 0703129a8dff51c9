"""A small HTTP/2 client for the tests: blocking, on h2, one connection."""

from __future__ import annotations

import socket
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings


class Client:
    """One connection. Events that were received and not asked for yet are kept."""

    def __init__(self, sock: socket.socket, settings: dict[Any, int] | None = None) -> None:
        self.socket = sock
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(validate_outbound_headers=False))
        self.events: list[h2.events.Event] = []
        self.ended = False
        if settings:
            self.h2.local_settings = h2.settings.Settings(client=True, initial_values=settings)
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        """Send what is ready."""
        self.socket.sendall(self.h2.data_to_send())

    def request(self, path: str, *fields: tuple[str, str], method: str = "GET", end: bool = True) -> int:
        """Send a request head; the number of its stream."""
        number = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":scheme", "http"), (":authority", "test"), (":path", path)]
        self.h2.send_headers(number, [*pseudo, *fields], end_stream=end)
        self.flush()
        return number

    def read(self) -> None:
        """Receive once."""
        data = self.socket.recv(65536)
        if not data:
            self.ended = True
            return
        self.events += self.h2.receive_data(data)
        self.flush()

    def wait(self, kind: type[Any], number: int | None = None) -> Any:
        """The next event of a kind, of a stream if a number is given."""
        while True:
            for event in self.events:
                if isinstance(event, kind) and number in (None, getattr(event, "stream_id", None)):
                    self.events.remove(event)
                    return event
            assert not self.ended, f"the connection ended without {kind.__name__}: {self.events}"
            self.read()

    def response(self, number: int) -> tuple[dict[str, str], bytes]:
        """The head and the content of a response."""
        head = self.wait(h2.events.ResponseReceived, number)
        self.wait(h2.events.StreamEnded, number)
        content = b""
        for event in [e for e in self.events if isinstance(e, h2.events.DataReceived) and e.stream_id == number]:
            content += event.data
            self.events.remove(event)
        return {name.decode(): value.decode() for name, value in head.headers}, content
