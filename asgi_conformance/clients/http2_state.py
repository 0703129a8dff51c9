"""An HTTP/2 connection as the client sees it: bytes in, streams filled and answers out (RFC 9113), without I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import hpack

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2_frames import (
    ErrorCode,
    Flag,
    FrameType,
    Http2Error,
    Http2Frame,
    Http2FrameReader,
    Setting,
    code_name,
    settings_of,
)
from asgi_conformance.clients.http2_stream import Stream

DEFAULT_WINDOW = 65535
MOST_WINDOW = 2**31 - 1
#: A bound on decoded header lists, far beyond any that a case provokes.
MOST_HEADERS = 4 * 1024 * 1024


@dataclass(frozen=True)
class GoAway:
    """A GOAWAY frame from the server."""

    last_stream: int
    code: int
    debug: bytes

    @property
    def is_fatal(self) -> bool:
        """Whether it tells of a connection error, after which no stream goes on (§ 5.4.1)."""
        return self.code != ErrorCode.NO_ERROR

    def __str__(self) -> str:
        debug = f", {shown(self.debug)}" if self.debug else ""
        return f"GOAWAY ({code_name(self.code)}, last stream {self.last_stream}{debug})"


@dataclass(frozen=True)
class Push:
    """A PUSH_PROMISE: the promised ``stream`` and request ``headers``, promised on the stream ``on``."""

    on: int
    stream: int
    headers: Headers


class Http2State:
    """What has come on one connection.

    ``frames`` are all frames in order. ``settings`` are those that the server announced, over the defaults only as
    far as it named them; ``local`` the client's, once acknowledged. ``wrong`` is the sentence about how the server
    broke the connection, or None. ``outgoing`` collects the frames that answer what came: acknowledgements of
    SETTINGS, PING and flow control. ``acknowledging`` False stalls the connection's window.
    """

    def __init__(self, local: Mapping[int, int]) -> None:
        self.frames: list[Http2Frame] = []
        self.settings: dict[int, int] = {}
        self.settings_seen = False
        self.local: dict[int, int] = {}
        self.unacknowledged_settings: deque[dict[int, int]] = deque([dict(local)])
        self.streams: dict[int, Stream] = {}
        self.goaway: GoAway | None = None
        self.pushes: list[Push] = []
        self.pongs: deque[bytes] = deque()
        self.wrong: str | None = None
        self.outgoing: list[Http2Frame] = []
        self.send_window = self.receive_window = DEFAULT_WINDOW
        self.acknowledging = True
        self.unacknowledged = 0
        self.encoder = hpack.Encoder()
        self._decoder = hpack.Decoder(max_header_list_size=MOST_HEADERS)
        self._reader = Http2FrameReader()
        self._readings: list[str] = []
        self._block: tuple[Http2Frame, bytes] | None = None
        self._on: dict[int, Callable[[Http2Frame], None]] = {
            FrameType.DATA: self._on_data,
            FrameType.HEADERS: self._on_block,
            FrameType.RST_STREAM: self._on_reset,
            FrameType.SETTINGS: self._on_settings,
            FrameType.PUSH_PROMISE: self._on_block,
            FrameType.PING: self._on_ping,
            FrameType.GOAWAY: self._on_goaway,
            FrameType.WINDOW_UPDATE: self._on_window_update,
            FrameType.CONTINUATION: self._on_block,
        }

    @property
    def unread(self) -> bytes:
        """The beginning of a frame that has come."""
        return self._reader.unread

    def feed(self, data: bytes) -> list[str]:
        """Take ``data``; gives the frames in them, for people. What is wrong with them ends up in ``wrong``."""
        self._readings = []
        self._reader.feed(data)
        try:
            while self.wrong is None and (frame := self._reader.next()) is not None:
                self.frames.append(frame)
                self._readings.append(str(frame))
                if self._block is not None and frame.type != FrameType.CONTINUATION:
                    raise Http2Error(f"{frame} came in the middle of a header block")
                if frame.type in self._on:
                    self._on[frame.type](frame)
        except Http2Error as error:
            self.wrong = str(error)
        return self._readings

    def open(self, number: int, method: str) -> Stream:
        """Note that the client has opened a stream."""
        stream = Stream(
            number,
            method,
            send_window=self.settings.get(Setting.INITIAL_WINDOW_SIZE, DEFAULT_WINDOW),
            receive_window=self.local.get(Setting.INITIAL_WINDOW_SIZE, DEFAULT_WINDOW),
        )
        stream.refused = self.goaway is not None and number > self.goaway.last_stream
        self.streams[number] = stream
        return stream

    def acknowledge(self, stream: Stream | None, size: int) -> None:
        """Give the server ``size`` more bytes of window for ``stream``, or for the connection."""
        window = stream or self
        window.receive_window += size
        window.unacknowledged = max(0, window.unacknowledged - size)
        number = stream.number if stream else 0
        self.outgoing.append(Http2Frame(FrameType.WINDOW_UPDATE, 0, number, size.to_bytes(4, "big")))

    def _stream(self, frame: Http2Frame) -> Stream:
        stream = self.streams.get(frame.stream)
        if stream is None:
            raise Http2Error(f"{frame}, which the client has not opened")
        return stream

    # Messages

    def _on_data(self, frame: Http2Frame) -> None:
        stream = self._stream(frame)
        size = len(frame.payload)
        for window, name in ((self, "the connection"), (stream, f"stream {stream.number}")):
            if size > window.receive_window:
                raise Http2Error(f"{size} bytes of DATA where the window of {name} was {window.receive_window}")
            window.receive_window -= size
            window.unacknowledged += size
        stream.on_data(frame.content, bool(frame.flags & Flag.END_STREAM))
        half = self.local.get(Setting.INITIAL_WINDOW_SIZE, DEFAULT_WINDOW) // 2
        if self.acknowledging and self.unacknowledged > DEFAULT_WINDOW // 2:
            self.acknowledge(None, self.unacknowledged)
        if stream.acknowledging and not stream.is_over and stream.unacknowledged > half:
            self.acknowledge(stream, stream.unacknowledged)

    def _on_block(self, frame: Http2Frame) -> None:
        """HEADERS, PUSH_PROMISE, and the CONTINUATIONs of either."""
        if frame.type == FrameType.CONTINUATION:
            if self._block is None or self._block[0].stream != frame.stream:
                raise Http2Error(f"{frame} continues nothing")
            first, block = self._block[0], self._block[1] + frame.payload
        else:
            first, block = frame, frame.content
        self._block = (first, block)
        if not frame.flags & Flag.END_HEADERS:
            return
        self._block = None
        if first.type == FrameType.PUSH_PROMISE:
            self._promised(first, block)
        else:
            stream = self._stream(first)
            stream.on_headers(self._decoded(first, block), bool(first.flags & Flag.END_STREAM))

    def _decoded(self, frame: Http2Frame, block: bytes) -> Headers:
        try:
            fields = self._decoder.decode(block, raw=True)
        except hpack.HPACKError as error:
            raise Http2Error(f"the header block of {frame} cannot be decoded: {error}: {shown(block)}") from error
        headers = [(bytes(field[0]), bytes(field[1])) for field in fields]
        self._readings[-1] += f": {readable(headers)}"
        return headers

    def _promised(self, frame: Http2Frame, block: bytes) -> None:
        if not self.local.get(Setting.ENABLE_PUSH, 1):
            raise Http2Error(f"{frame} although the client has disabled push")
        if len(block) < 4:
            raise Http2Error(f"{frame} is too short for the promised stream")
        promised = int.from_bytes(block[:4], "big") & MOST_WINDOW
        if promised % 2 or promised == 0 or promised in self.streams:
            raise Http2Error(f"{frame} promises stream {promised}")
        headers = self._decoded(frame, block[4:])
        self.pushes.append(Push(frame.stream, promised, headers))
        method = dict(headers).get(b":method", b"GET").decode("latin-1")
        self.open(promised, method).sending_ended = True

    def _on_reset(self, frame: Http2Frame) -> None:
        self._stream(frame).on_reset(int.from_bytes(frame.payload, "big"))

    # The connection

    def _on_settings(self, frame: Http2Frame) -> None:
        if frame.flags & Flag.ACK:
            if not self.settings_seen or not self.unacknowledged_settings:
                raise Http2Error(f"{frame} acknowledges nothing")
            self._apply_local(self.unacknowledged_settings.popleft())
            return
        self.settings_seen = True
        for key, value in settings_of(frame.payload):
            self._check_setting(key, value)
            if key == Setting.INITIAL_WINDOW_SIZE:
                change = value - self.settings.get(key, DEFAULT_WINDOW)
                for stream in self.streams.values():
                    stream.send_window += change
            if key == Setting.HEADER_TABLE_SIZE:
                self.encoder.header_table_size = min(value, 4096)
            self.settings[key] = value
        self.outgoing.append(Http2Frame(FrameType.SETTINGS, Flag.ACK))

    def _check_setting(self, key: int, value: int) -> None:
        wrong = (
            (key == Setting.ENABLE_PUSH and value != 0)
            or (key == Setting.INITIAL_WINDOW_SIZE and value > MOST_WINDOW)
            or (key == Setting.MAX_FRAME_SIZE and not 16384 <= value < 2**24)
            or (key == Setting.ENABLE_CONNECT_PROTOCOL and value > 1)
        )
        if wrong:
            raise Http2Error(f"the server's SETTINGS have {value} for the setting 0x{key:x}")

    def _apply_local(self, settings: dict[int, int]) -> None:
        """From its acknowledgement on the server keeps to the client's ``settings`` (§ 6.5.3)."""
        change = settings.get(Setting.INITIAL_WINDOW_SIZE, self.local.get(Setting.INITIAL_WINDOW_SIZE, DEFAULT_WINDOW))
        change -= self.local.get(Setting.INITIAL_WINDOW_SIZE, DEFAULT_WINDOW)
        for stream in self.streams.values():
            stream.receive_window += change
        self.local.update(settings)
        self._reader.most = self.local.get(Setting.MAX_FRAME_SIZE, self._reader.most)
        self._decoder.max_allowed_table_size = self.local.get(Setting.HEADER_TABLE_SIZE, 4096)

    def _on_ping(self, frame: Http2Frame) -> None:
        if frame.flags & Flag.ACK:
            self.pongs.append(frame.payload)
        else:
            self.outgoing.append(Http2Frame(FrameType.PING, Flag.ACK, 0, frame.payload))

    def _on_goaway(self, frame: Http2Frame) -> None:
        last, code = (int.from_bytes(frame.payload[start : start + 4], "big") for start in (0, 4))
        self.goaway = GoAway(last & MOST_WINDOW, code, frame.payload[8:])
        for number, stream in self.streams.items():
            stream.refused = stream.refused or (number % 2 == 1 and number > self.goaway.last_stream)

    def _on_window_update(self, frame: Http2Frame) -> None:
        window = self._stream(frame) if frame.stream else self
        size = int.from_bytes(frame.payload, "big") & MOST_WINDOW
        if size == 0 or window.send_window + size > MOST_WINDOW:
            raise Http2Error(f"{frame}: an increment of {size} to a window of {window.send_window}")
        window.send_window += size


def readable(fields: Headers) -> str:
    """Header fields for people."""
    return ", ".join(f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in fields)
