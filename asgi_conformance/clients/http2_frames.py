"""HTTP/2 frames, right and wrong (RFC 9113 § 4 and 6), without I/O."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from asgi_conformance.clients.address import shown

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_SIZE = 9


class FrameType:
    """The frame types of RFC 9113 § 6."""

    DATA = 0x0
    HEADERS = 0x1
    PRIORITY = 0x2
    RST_STREAM = 0x3
    SETTINGS = 0x4
    PUSH_PROMISE = 0x5
    PING = 0x6
    GOAWAY = 0x7
    WINDOW_UPDATE = 0x8
    CONTINUATION = 0x9


class Flag:
    """The flags; ACK belongs to SETTINGS and PING, END_STREAM to DATA and HEADERS."""

    ACK = 0x1
    END_STREAM = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class Setting:
    """The settings of RFC 9113 § 6.5.2 and RFC 8441 § 3."""

    HEADER_TABLE_SIZE = 0x1
    ENABLE_PUSH = 0x2
    MAX_CONCURRENT_STREAMS = 0x3
    INITIAL_WINDOW_SIZE = 0x4
    MAX_FRAME_SIZE = 0x5
    MAX_HEADER_LIST_SIZE = 0x6
    ENABLE_CONNECT_PROTOCOL = 0x8


class ErrorCode:
    """The error codes of RFC 9113 § 7."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


_TYPE_NAMES = {value: name for name, value in vars(FrameType).items() if name.isupper()}
_CODE_NAMES = {value: name for name, value in vars(ErrorCode).items() if name.isupper()}
#: The sizes that the payload of a type may have; those of other types are free.
_SIZES = {FrameType.PRIORITY: 5, FrameType.RST_STREAM: 4, FrameType.PING: 8, FrameType.WINDOW_UPDATE: 4}
#: The types that belong to a stream, and those that belong to the connection.
_OF_STREAMS = {0x0, 0x1, 0x2, 0x3, 0x5, 0x9}
_OF_CONNECTION = {0x4, 0x6, 0x7}


class Http2Error(Exception):
    """The server broke HTTP/2 in a way that concerns the whole connection; the message is a sentence about it."""


def code_name(code: int) -> str:
    """The name of an error code, or its number."""
    return _CODE_NAMES.get(code, f"error 0x{code:x}")


@dataclass(frozen=True)
class Http2Frame:
    """One frame; ``stream`` is 0 for the connection."""

    type: int
    flags: int = 0
    stream: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        """The bytes of the frame."""
        size = len(self.payload).to_bytes(3, "big")
        return size + struct.pack(">BBL", self.type, self.flags, self.stream) + self.payload

    @property
    def name(self) -> str:
        """The name of the type."""
        return _TYPE_NAMES.get(self.type, f"type 0x{self.type:x}")

    @property
    def content(self) -> bytes:
        """The payload without padding and priority. Raises Http2Error where they do not fit in."""
        payload = self.payload
        if self.flags & Flag.PADDED:
            if not payload or payload[0] >= len(payload):
                raise Http2Error(f"{self} has more padding than payload")
            payload = payload[1 : len(payload) - payload[0]]
        if self.type == FrameType.HEADERS and self.flags & Flag.PRIORITY:
            if len(payload) < 5:
                raise Http2Error(f"{self} is too short for its priority")
            payload = payload[5:]
        return payload

    def __str__(self) -> str:
        where = f"on stream {self.stream}" if self.stream else "on the connection"
        return f"{self.name} {where}, flags 0x{self.flags:x}, {len(self.payload)} bytes {shown(self.payload, 40)}"

    def check(self) -> None:
        """Raise Http2Error where size or stream cannot be right for the type."""
        size = len(self.payload)
        if self.type in _SIZES and size != _SIZES[self.type]:
            raise Http2Error(f"{self} has to have {_SIZES[self.type]} bytes")
        if self.type == FrameType.SETTINGS and (size % 6 or (self.flags & Flag.ACK and size)):
            raise Http2Error(f"{self} has a size that SETTINGS cannot have")
        if self.type == FrameType.GOAWAY and size < 8:
            raise Http2Error(f"{self} is too short for a GOAWAY")
        if (self.type in _OF_STREAMS and not self.stream) or (self.type in _OF_CONNECTION and self.stream):
            raise Http2Error(f"{self} stands on the wrong stream")


def settings_payload(settings: Mapping[int, int]) -> bytes:
    """The payload of a SETTINGS frame."""
    return b"".join(struct.pack(">HL", key, value) for key, value in settings.items())


def settings_of(payload: bytes) -> list[tuple[int, int]]:
    """The settings in the payload of a SETTINGS frame, in order."""
    return [struct.unpack_from(">HL", payload, position) for position in range(0, len(payload), 6)]


class Http2FrameReader:
    """Cuts the bytes that come from a server into frames; ``most`` is the client's SETTINGS_MAX_FRAME_SIZE."""

    def __init__(self) -> None:
        self.most = 16384
        self._buffer = bytearray()
        self._started = False

    @property
    def unread(self) -> bytes:
        """The bytes that no frame so far has claimed."""
        return bytes(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take ``data``."""
        self._buffer += data

    def next(self) -> Http2Frame | None:
        """The next frame, or None until more bytes have come. Raises Http2Error."""
        buffer = self._buffer
        if not self._started and buffer and b"HTTP".startswith(buffer[:4]):
            if len(buffer) < 4:
                return None
            raise Http2Error(f"the server answered with HTTP/1: {shown(self.unread)}")
        if len(buffer) < HEAD_SIZE:
            return None
        size = int.from_bytes(buffer[:3], "big")
        kind, flags, stream = struct.unpack_from(">BBL", buffer, 3)
        head = Http2Frame(kind, flags, stream & 0x7FFFFFFF, bytes(buffer[HEAD_SIZE : HEAD_SIZE + size]))
        if not self._started and kind != FrameType.SETTINGS:
            raise Http2Error(f"the first bytes from the server are no SETTINGS frame: {shown(self.unread)}")
        if size > self.most:
            raise Http2Error(f"a {head.name} frame of {size} bytes where the client's limit is {self.most}")
        if len(buffer) < HEAD_SIZE + size:
            return None
        self._started = True
        del buffer[: HEAD_SIZE + size]
        head.check()
        return head
