"""WebSocket frames, right and wrong (RFC 6455 § 5), without I/O."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from asgi_conformance.clients.address import shown


class Opcode:
    """The opcodes of RFC 6455 § 11.8."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


NAMES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
MOST_IN_CONTROL = 125


@dataclass(frozen=True)
class Frame:
    """One frame. ``rsv`` holds the three reserved bits, RSV1 being 4; ``masked`` says whether it travels masked."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    masked: bool = True

    @property
    def is_control(self) -> bool:
        """Whether this is a control frame, of a known kind or not."""
        return self.opcode >= 8

    def __str__(self) -> str:
        parts = [f"a {NAMES.get(self.opcode, f'0x{self.opcode:x}')} frame"]
        if not self.fin:
            parts.append("without FIN")
        if self.rsv:
            parts.append(f"with RSV {self.rsv:03b}")
        return " ".join([*parts, f"of {len(self.payload)} bytes:", shown(self.payload, 60)])


class FrameError(Exception):
    """A server must not send this; the message is a sentence about what is wrong."""


def encode(
    frame: Frame, *, mask: bytes | None = None, length_bytes: int | None = None, length: int | None = None
) -> bytes:
    """The bytes of ``frame`` with a ``mask`` of four bytes, or a random one.

    To send wrong frames: ``length_bytes`` (1, 2 or 8) chooses the form of the length instead of the shortest, and
    ``length`` is announced instead of the true one.
    """
    announced = len(frame.payload) if length is None else length
    if length_bytes is None:
        length_bytes = 1 if announced < 126 else 2 if announced < 65536 else 8
    marker = {1: announced, 2: 126, 8: 127}[length_bytes] | (0x80 if frame.masked else 0)
    head = bytes([(0x80 if frame.fin else 0) | frame.rsv << 4 | frame.opcode, marker])
    if length_bytes > 1:
        head += announced.to_bytes(length_bytes, "big")
    if not frame.masked:
        return head + frame.payload
    key = os.urandom(4) if mask is None else mask
    return head + key + masked(frame.payload, key)


def masked(payload: bytes, key: bytes) -> bytes:
    """``payload`` masked, or unmasked, with the four bytes of ``key`` (§ 5.3)."""
    size = len(payload)
    keys = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(size, "big")


class FrameReader:
    """Cuts the bytes that come from a server into frames.

    ``rsv_allowed`` are the reserved bits to which an agreed extension gave a meaning.
    """

    def __init__(self) -> None:
        self.rsv_allowed = 0
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take ``data``."""
        self._buffer += data

    @property
    def unread(self) -> bytes:
        """The bytes that no frame so far has claimed."""
        return bytes(self._buffer)

    def next(self) -> Frame | None:
        """The next frame, or None until more bytes have come. Raises FrameError for one that no server may send."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        size, start = second & 0x7F, 2
        if size >= 126:
            start += 2 if size == 126 else 8
            if len(buffer) < start:
                return None
            least = 126 if size == 126 else 65536
            (size,) = struct.unpack(">H" if size == 126 else ">Q", buffer[2:start])
            if not least <= size < 1 << 63:
                raise FrameError(f"the length {size} is written in {start - 2} bytes: {shown(self.unread, 40)}")
        self._check(first, second, size)
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        del buffer[: start + size]
        return Frame(first & 0xF, payload, fin=bool(first & 0x80), rsv=first >> 4 & 7, masked=False)

    def _check(self, first: int, second: int, size: int) -> None:
        opcode, rsv = first & 0xF, first >> 4 & 7
        begins = f": {shown(self.unread, 40)}"
        if second & 0x80:
            raise FrameError("a frame is masked" + begins)
        if opcode not in NAMES:
            raise FrameError(f"a frame has the reserved opcode 0x{opcode:x}" + begins)
        name = NAMES[opcode]
        # An extension's bit stands on the first frame of a message only (RFC 7692 § 6).
        if rsv & ~(self.rsv_allowed if opcode in (Opcode.TEXT, Opcode.BINARY) else 0):
            raise FrameError(f"a {name} frame has the reserved bits {rsv:03b}" + begins)
        if opcode >= 8 and not first & 0x80:
            raise FrameError(f"a {name} frame is fragmented" + begins)
        if opcode >= 8 and size > MOST_IN_CONTROL:
            raise FrameError(f"a {name} frame has {size} bytes" + begins)
