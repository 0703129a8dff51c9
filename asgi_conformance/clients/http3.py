"""HTTP/3 (RFC 9114, by :mod:`aioquic`): a connection, and clients whose requests travel on streams of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum

from aioquic.h3.connection import ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.events import QuicEvent, StopSendingReceived, StreamReset

from asgi_conformance.clients.http2_state import readable
from asgi_conformance.clients.http_stream import HttpStream
from asgi_conformance.clients.multiplexed import Multiplexed
from asgi_conformance.clients.multiplexed_client import MultiplexedClient
from asgi_conformance.clients.quic import QuicWire
from asgi_conformance.verdict import Broken, TimedOut

STRICT = "HTTP/3 as RFC 9114 has it"


def code_name(code: int) -> str:
    """The name of an error code, or its number."""
    names: dict[int, IntEnum] = dict(ErrorCode._value2member_map_)
    return names[code].name if code in names else f"error 0x{code:x}"


class _H3(H3Connection):
    """The state of HTTP/3 of a client that takes no pushes (RFC 9114 § 7.2.7: it sends no MAX_PUSH_ID).

    It leaves it to :class:`HttpStream` to hold a length against the content: whether there is content depends on the
    method, which it does not know.
    """

    def _init_connection(self) -> None:
        """Begin, and allow no push."""
        self._max_push_id = None
        super()._init_connection()

    def _check_content_length(self, stream: object) -> None:
        """Take the length as it is."""


class Http3Connection(Multiplexed[QuicWire]):
    """One connection. ``tags`` makes the tags of the requests; None: requests have none.

    ``deadline`` is the longest wait of one call in seconds; None: the wire's own.
    """

    def __init__(self, wire: QuicWire, tags: Callable[[], str] | None = None, deadline: float | None = None) -> None:
        super().__init__(wire, tags, deadline)
        self.h3 = _H3(wire.quic)
        self._streams: dict[int, HttpStream] = {}
        wire.attach(self._on_event)

    def open_stream(self) -> Http3Client:
        """A client whose requests travel on new streams of this connection."""
        client = Http3Client(self)
        self.clients.append(client)
        return client

    @property
    def wrong(self) -> str | None:
        """The sentence on a breach that concerns the whole connection, or None."""
        return self.wire.wrong

    @property
    def is_over(self) -> bool:
        """Whether no stream can go on."""
        return self.wire.is_over

    def failure(self, expected: str) -> Broken:
        """Why ``expected`` did not come: the connection failed or ended, or the time was up."""
        if self.wrong is not None:
            return Broken(f"{expected}, in {STRICT}", self.wrong)
        if self.is_over:
            return Broken(expected, self.how_it_ended())
        return TimedOut(expected, f"it did not come within {self.deadline:g} s")

    def how_it_ended(self) -> str:
        """A sentence about the end of the connection."""
        if self.ending is None:
            return "the server left the connection open"
        return "the server closed the connection" + (f" ({self.wire.trouble})" if self.wire.trouble else "")

    def open(self, fields: Iterable[tuple[bytes, bytes]], *, end_stream: bool, method: str) -> HttpStream:
        """Send a request's header section on a new stream; ``method`` says how to read the answer."""
        number = self.wire.quic.get_next_available_stream_id()
        stream = self._streams[number] = HttpStream(number, method, "3")
        stream.sending_ended = end_stream
        if not self.is_over:
            self.send_headers(stream, fields, end_stream=end_stream)
        return stream

    def send_headers(self, stream: HttpStream, fields: Iterable[tuple[bytes, bytes]], *, end_stream: bool) -> None:
        """Send a header section, or trailers."""
        headers = list(fields)
        self.wire.note("note", f"sends {readable(headers)} on stream {stream.number}")
        self.h3.send_headers(stream.number, headers, end_stream)
        self.wire.transmit()

    def send_data(self, stream: HttpStream, data: bytes, *, end_stream: bool) -> None:
        """Send content; QUIC holds back what the server's windows do not allow yet."""
        self.wire.note("bytes-out", f"on stream {stream.number}", data)
        self.h3.send_data(stream.number, data, end_stream)
        self.wire.transmit()

    def send_reset(self, stream: int, code: int = ErrorCode.H3_REQUEST_CANCELLED) -> None:
        """Give a stream up, in both directions; what comes on it afterwards is not read."""
        state = self._streams[stream]
        state.left = True
        self.wire.note("note", f"resets stream {stream} with {code_name(code)}")
        if not state.sending_ended:
            self.wire.quic.reset_stream(stream, code)
        if not state.ended and state.reset_code is None:
            self.wire.quic.stop_stream(stream, code)
        self.wire.transmit()
        self.bell.ring()

    async def ended(self) -> str:
        """Wait until the server closes the connection: ``"closed"`` or ``"reset"``."""
        if not await self.bell.until(lambda: self.is_over, self.deadline):
            raise TimedOut("the server closes the connection", f"it was still open after {self.deadline:g} s")
        return self.ending or "closed"

    async def close(self) -> None:
        """Close the connection (H3_NO_ERROR). Nothing happens the second time."""
        await self.wire.close(ErrorCode.H3_NO_ERROR)

    async def reset(self) -> None:
        """Vanish without a word."""
        await self.wire.reset()

    def _on_event(self, event: QuicEvent) -> None:
        if isinstance(event, StreamReset) and event.stream_id in self._streams:
            self.wire.note("note", f"stream {event.stream_id} was reset with {code_name(event.error_code)}")
            self._streams[event.stream_id].on_reset(event.error_code)
        elif isinstance(event, StopSendingReceived) and event.stream_id in self._streams:
            self.wire.note("note", f"nothing more is read of stream {event.stream_id}: {code_name(event.error_code)}")
            self._streams[event.stream_id].unwanted = True
        for one in self.h3.handle_event(event):
            self._take(one)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and event.stream_id in self._streams:
            self.wire.note("note", f"received {readable(event.headers)} on stream {event.stream_id}")
            self._streams[event.stream_id].on_headers(event.headers, event.stream_ended)
        elif isinstance(event, DataReceived) and event.stream_id in self._streams:
            self.wire.note("bytes-in", f"on stream {event.stream_id}", event.data or b"")
            self._streams[event.stream_id].on_data(event.data or b"", event.stream_ended)


class Http3Client(MultiplexedClient[HttpStream]):
    """The methods of :class:`HttpClient` over HTTP/3. Made by :meth:`Http3Connection.open_stream`."""

    version = "3"
    code_name = staticmethod(code_name)

    def __init__(self, connection: Http3Connection) -> None:
        super().__init__()
        self.connection: Http3Connection = connection

    async def send_fields(
        self, fields: Iterable[tuple[bytes, bytes]], *, end_stream: bool = True, method: str = "GET"
    ) -> None:
        """Open a stream with exactly these header fields; ``method`` says how to read the answer."""
        self._opened(self.connection.open(fields, end_stream=end_stream, method=method))

    async def send_data(self, data: bytes, *, end_stream: bool = False) -> None:
        """Send content. Nothing is sent when the server has ended the stream or wants no more."""
        if self._wanted:
            self.stream.sending_ended = end_stream
            self.connection.send_data(self.stream, data, end_stream=end_stream)

    async def end_body(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the body, with ``trailers`` where given."""
        fields = [(name.lower(), value) for name, value in trailers]
        if not self._wanted:
            return
        self.stream.sending_ended = True
        if fields:
            self.connection.send_headers(self.stream, fields, end_stream=True)
        else:
            self.connection.send_data(self.stream, b"", end_stream=True)

    @property
    def _wanted(self) -> bool:
        stream = self.stream
        return not (stream.is_stopped or stream.unwanted or self.connection.is_over)
