"""An HTTP/2 connection with its streams, and the raw powers to do wrong on it (RFC 9113).

Bytes are taken in as they arrive, without a task of their own: whoever waits on one stream is woken by what comes
for it, whatever the others wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from asgi_conformance.clients.http2_client import Http2Client
from asgi_conformance.clients.http2_frames import (
    PREFACE,
    ErrorCode,
    Flag,
    FrameType,
    Http2Frame,
    Setting,
    settings_payload,
)
from asgi_conformance.clients.http2_state import GoAway, Http2State, Push, readable
from asgi_conformance.clients.http2_stream import Stream
from asgi_conformance.clients.multiplexed import Multiplexed
from asgi_conformance.clients.wire import Wire
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut

__all__ = ["ErrorCode", "Flag", "FrameType", "GoAway", "Http2Client", "Http2Connection", "Http2Frame", "Push"]
__all__ += ["NotHttp2", "Setting", "Stream"]

STRICT = "HTTP/2 as RFC 9113 has it"
DEFAULT_FRAME_SIZE = 16384


class NotHttp2(Broken):
    """The server does not speak HTTP/2 on this connection: it answered otherwise, or closed."""


class Http2Connection(Multiplexed[Wire]):
    """One connection, over TLS with ALPN or in plain text with prior knowledge.

    ``tags`` makes the tags of the requests; None: requests have none. ``deadline`` is the longest wait of one call
    in seconds; None: the wire's own. ``settings`` are the client's, besides push, which is disabled unless they
    enable it. ``state`` is what has come: frames, settings, streams, GOAWAY, pushes, windows.
    """

    def __init__(
        self,
        wire: Wire,
        tags: Callable[[], str] | None = None,
        deadline: float | None = None,
        *,
        settings: Mapping[int, int] | None = None,
    ) -> None:
        super().__init__(wire, tags, deadline)
        self.state = Http2State({Setting.ENABLE_PUSH: 0, **(settings or {})})
        self._next_stream = 1
        self._gave_up = False

    @classmethod
    async def open(
        cls,
        wire: Wire,
        tags: Callable[[], str] | None = None,
        deadline: float | None = None,
        *,
        settings: Mapping[int, int] | None = None,
    ) -> Http2Connection:
        """A connection on which both sides have sent their SETTINGS. Raises NotHttp2 or TimedOut."""
        connection = cls(wire, tags, deadline, settings=settings)
        await connection.start()
        return connection

    # The connection

    async def start(self, *, preface: bytes = PREFACE, surplus: bytes = b"", upgraded: bool = False) -> None:
        """Send the preface and SETTINGS, and wait for the SETTINGS of the server.

        ``upgraded``: the connection was upgraded from HTTP/1.1 (h2c), ``surplus`` came behind the 101, and the
        answer comes on stream 1, which ``open_stream(1)`` reads. Raises NotHttp2 or TimedOut.
        """
        if upgraded:
            self.register(1, "GET").sending_ended = True
        self.wire.on_change = self._on_change
        first = Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload(self.state.unacknowledged_settings[0]))
        await self.wire.send(preface + first.encode(), self.deadline)
        self._take(surplus)
        self._on_change()
        try:
            await self.until(lambda: self.state.settings_seen, "the server's SETTINGS")
        except TimedOut:
            raise
        except Broken as error:
            raise NotHttp2(error.expected, error.observed) from None

    def open_stream(self, number: int | None = None) -> Http2Client:
        """A client whose requests travel on new streams of this connection.

        ``number``: it reads first what comes on a stream that is open already: 1 after an upgrade, a promised one,
        or one that was opened by raw frames.
        """
        client = Http2Client(self, None if number is None else self.state.streams[number])
        self.clients.append(client)
        return client

    async def until(self, reached: Callable[[], bool], expected: str) -> None:
        """Wait until ``reached()``; ``expected`` says for people what that is.

        Raises Broken when the connection failed or ended before, with what was seen, and TimedOut.
        """
        await self.wire.bell.until(lambda: reached() or self.is_over, self.deadline)
        if not reached():
            raise self.failure(expected)

    @property
    def wrong(self) -> str | None:
        """The sentence on a breach that concerns the whole connection, or None."""
        return self.state.wrong

    def failure(self, expected: str) -> Broken:
        """Why ``expected`` did not come: the connection failed or ended, or the time was up."""
        if self.state.wrong is not None:
            return Broken(f"{expected}, in {STRICT}", self.state.wrong)
        if self.is_over:
            return Broken(expected, self.how_it_ended())
        seen = ", ".join(frame.name for frame in self.state.frames[-8:]) or "none"
        goaway = f"; the server had sent {self.state.goaway}" if self.state.goaway else ""
        unread = f"; unread are {len(self.state.unread)} bytes" if self.state.unread else ""
        return TimedOut(
            expected, f"it did not come within {self.deadline:g} s; the last frames: {seen}{unread}{goaway}"
        )

    @property
    def is_over(self) -> bool:
        """Whether no stream can go on: the connection ended, failed, or the server sent a fatal GOAWAY."""
        goaway = self.state.goaway
        return self.wire.is_over or self.state.wrong is not None or (goaway is not None and goaway.is_fatal)

    def how_it_ended(self) -> str:
        """A sentence about the end of the connection."""
        how = {"closed": "closed the connection", "reset": "reset the connection", None: "left the connection open"}
        goaway = f" and sent {self.state.goaway}" if self.state.goaway else ""
        trouble = f" ({self.wire.trouble})" if self.wire.trouble else ""
        return f"the server {how[self.wire.ending]}{trouble}{goaway}"

    async def ended(self) -> str:
        """Wait until the server closes the connection: ``"closed"`` or ``"reset"``. ``state.goaway`` tells more."""
        return await self.wire.ended(self.deadline)

    async def goaway(self) -> GoAway:
        """Wait for a GOAWAY."""
        await self.until(lambda: self.state.goaway is not None, "a GOAWAY frame")
        assert self.state.goaway is not None
        return self.state.goaway

    async def close(self) -> None:
        """Send GOAWAY (NO_ERROR) and close the connection. Nothing happens the second time."""
        if not self.wire.closed:
            if not self.wire.is_over and not self._gave_up:
                self.send_goaway()
            await self.wire.close()

    async def reset(self) -> None:
        """Break the connection with RST."""
        await self.wire.reset()

    # Frames

    def register(self, number: int, method: str) -> Stream:
        """Note that stream ``number`` is open, for a request with ``method``, so that its answer is read."""
        self._next_stream = max(self._next_stream, number + 2)
        return self.state.open(number, method)

    def next_number(self) -> int:
        """The number that the next stream gets unless one is chosen."""
        return self._next_stream

    def send_frame(self, kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> None:
        """Send any frame, allowed or not. HEADERS on a stream that is not open open it."""
        if kind == FrameType.HEADERS and stream not in self.state.streams:
            self.register(stream, "GET")
        frame = Http2Frame(kind, flags, stream, payload)
        self.wire.note("note", f"sends {frame}")
        self.wire.send_soon(frame.encode())

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.wire.send_soon(data)

    def send_headers(
        self, stream: int, fields: Iterable[tuple[bytes, bytes]], *, end_stream: bool, most: int = DEFAULT_FRAME_SIZE
    ) -> None:
        """Send ``fields`` as they are, in HEADERS and as many CONTINUATION frames as ``most`` bytes a frame need."""
        fields = list(fields)
        block = self.state.encoder.encode(fields)
        pieces = [block[start : start + most] for start in range(0, len(block), most)] or [b""]
        self.wire.note("note", f"sends {readable(fields)} on stream {stream}")
        frames = []
        for index, piece in enumerate(pieces):
            flags = Flag.END_HEADERS if index == len(pieces) - 1 else 0
            if index == 0 and end_stream:
                flags |= Flag.END_STREAM
            frames.append(Http2Frame(FrameType.CONTINUATION if index else FrameType.HEADERS, flags, stream, piece))
        self.wire.send_soon(b"".join(frame.encode() for frame in frames))

    def send_reset(self, stream: int, code: int = ErrorCode.CANCEL) -> None:
        """Send RST_STREAM; what comes on the stream afterwards is not read."""
        if stream in self.state.streams:
            self.state.streams[stream].left = True
        self.send_frame(FrameType.RST_STREAM, 0, stream, code.to_bytes(4, "big"))
        self.wire.bell.ring()

    def send_goaway(self, code: int = ErrorCode.NO_ERROR, last_stream: int = 0, debug: bytes = b"") -> None:
        """Send GOAWAY."""
        self._gave_up = True
        self.send_frame(FrameType.GOAWAY, 0, 0, last_stream.to_bytes(4, "big") + code.to_bytes(4, "big") + debug)

    async def send_settings(self, settings: Mapping[int, int]) -> None:
        """Send SETTINGS and wait until the server has acknowledged them."""
        pending = self.state.unacknowledged_settings
        pending.append(dict(settings))
        self.send_frame(FrameType.SETTINGS, 0, 0, settings_payload(settings))
        await self.settings_acknowledged()

    async def settings_acknowledged(self) -> None:
        """Wait until the server has acknowledged all SETTINGS of the client."""
        await self.until(lambda: not self.state.unacknowledged_settings, "the acknowledgement of the client's SETTINGS")

    async def ping(self, data: bytes = b"conforms") -> bytes:
        """Send PING with eight bytes and wait for the answer; gives its bytes.

        What the server sent before it answered has come by then: a way to show that something was not sent.
        """
        if len(data) != 8:
            raise SuiteError(f"a PING has 8 bytes and not {len(data)}")
        self.state.pongs.clear()
        self.send_frame(FrameType.PING, 0, 0, data)
        await self.until(lambda: bool(self.state.pongs), f"an answer to PING {data!r}")
        return self.state.pongs.popleft()

    def stall(self) -> None:
        """Give the server no more window for the connection, until :meth:`acknowledge`."""
        self.state.acknowledging = False

    def acknowledge(self, size: int | None = None, stream: Stream | None = None) -> None:
        """Give the server ``size`` bytes of window, for the connection or ``stream``.

        None: all that was held back, and from now on as it is used.
        """
        window = stream or self.state
        if size is None:
            window.acknowledging = True
            size = window.unacknowledged
        if size:
            self.state.acknowledge(stream, size)
            self._send_outgoing()

    def window(self, stream: Stream) -> int:
        """How many bytes of DATA the server allows on ``stream`` now."""
        return min(stream.send_window, self.state.send_window)

    def send_data(self, stream: Stream, data: bytes, *, end_stream: bool) -> None:
        """Send one DATA frame, whether the windows allow it or not."""
        stream.send_window -= len(data)
        self.state.send_window -= len(data)
        self.send_frame(FrameType.DATA, Flag.END_STREAM if end_stream else 0, stream.number, data)

    def _on_change(self) -> None:
        self._take(self.wire.take())

    def _take(self, data: bytes) -> None:
        for reading in self.state.feed(data):
            self.wire.note("note", f"received {reading}")
        self._send_outgoing()

    def _send_outgoing(self) -> None:
        outgoing, self.state.outgoing = self.state.outgoing, []
        if outgoing and not self.wire.closed:
            self.wire.send_soon(b"".join(frame.encode() for frame in outgoing))
