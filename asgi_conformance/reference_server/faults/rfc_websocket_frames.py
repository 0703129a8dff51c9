"""Violations of RFC 6455 § 5 and § 8: frames that are taken though they are wrong (suite ``rfc_websocket``).

The codec takes none of them, so a fault mends the frames before it sees them, or spoils its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ...clients.frames import Frame, Opcode, encode, masked
from . import around

#: Where all frames are looked at, and cases of other suites that send wrong ones.
FRAMES = ["rfc.websocket.*", "websocket.*", "property.websocket.*", "core.*"]
Mend = Callable[[Any, Frame], Frame | None]


def on_frames(name: str, *, also: tuple[str, ...] = ()) -> Callable[[Mend], Mend]:
    """Change the frames of the client before the codec reads them.

    The decorated function is called with the codec, which it may put notes on, and a frame, and returns one or None.
    """

    def register(function: Mend) -> Mend:
        def mend(original: Any, self: Any, data: bytes) -> None:
            self.unmended = getattr(self, "unmended", b"") + data
            for frame, rest in _cut(self.unmended):
                self.unmended = rest
                mended = function(self, frame) if isinstance(frame, Frame) else frame
                if mended is not None:
                    original(self, mended if isinstance(mended, bytes) else encode(mended, mask=bytes(4)))

        mend.__doc__ = function.__doc__
        around("websocket_wire.Connection.receive_data", name=name, also=also, follows=FRAMES)(mend)
        return function

    return register


def _cut(buffer: bytes) -> Iterator[tuple[Frame | bytes, bytes]]:
    """The whole frames at the beginning, each with what follows it; what announces too much as bytes."""
    while len(buffer) >= 2:
        size, start = buffer[1] & 0x7F, 2
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(buffer[2:start], "big")
        start += 4 if buffer[1] & 0x80 else 0
        if len(buffer) < start:
            return
        if size > 1 << 25:
            yield buffer, b""
            return
        if len(buffer) < start + size:
            return
        payload, rest = buffer[start : start + size], buffer[start + size :]
        if buffer[1] & 0x80:
            payload = masked(payload, buffer[start - 4 : start])
        first = buffer[0]
        frame = Frame(first & 0xF, payload, bool(first & 0x80), first >> 4 & 7, bool(buffer[1] & 0x80))
        buffer = rest
        yield frame, rest


def on_sent_frames(name: str, *, also: tuple[str, ...] = ()) -> Callable[[Callable[[Frame], bytes]], Any]:
    """Change the frames of the server: the decorated function is called with one, and returns what goes out."""

    def register(function: Callable[[Frame], bytes]) -> Any:
        def spoil(original: Any, self: Any, event: Any) -> bytes:
            data = bytes(original(self, event))
            return b"".join(function(frame) for frame, _ in _cut(data) if isinstance(frame, Frame))

        spoil.__doc__ = function.__doc__
        around("websocket_wire.Connection.send", name=name, also=also, follows=["*"])(spoil)
        return function

    return register


def _is_text(self: Any, frame: Frame) -> bool:
    """Whether a frame belongs to a text that is not compressed; takes note of messages that are begun."""
    if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
        self.in_text = frame.opcode == Opcode.TEXT and not frame.rsv
    return frame.opcode in (Opcode.TEXT, Opcode.CONTINUATION) and getattr(self, "in_text", False)


def _in_message(self: Any, frame: Frame) -> bool:
    """Whether a message is in progress before this frame; takes note of what the frame does to it."""
    before: bool = getattr(self, "in_message", False)
    if not frame.is_control:
        self.in_message = not frame.fin
    return before


@on_frames("rfc.websocket.frame.client-must-mask/taken")
def unmasked_frames_are_taken(self: Any, frame: Frame) -> Frame:
    """A frame that is not masked is taken as it is."""
    return replace(frame, masked=True)


@on_frames("rfc.websocket.frame.rsv/ignored", also=("rfc.websocket.deflate.control-frames",))
def reserved_bits_are_ignored(self: Any, frame: Frame) -> Frame:
    """Reserved bits without a meaning are ignored."""
    compressed = any(getattr(extension, "name", "") == "permessage-deflate" for extension in self._proto.extensions)
    allowed = 4 if compressed and frame.opcode in (Opcode.TEXT, Opcode.BINARY) else 0
    return replace(frame, rsv=frame.rsv & allowed)


@on_frames("rfc.websocket.frame.opcode/ignored")
def reserved_opcodes_are_ignored(self: Any, frame: Frame) -> Frame | None:
    """Frames with opcodes without a meaning are ignored."""
    return None if 3 <= frame.opcode <= 7 or frame.opcode >= 11 else frame


@on_frames("rfc.websocket.frame.control-fragmented/taken")
def cut_control_frames_are_taken(self: Any, frame: Frame) -> Frame:
    """A control frame without FIN is taken as a whole one."""
    return replace(frame, fin=frame.fin or frame.is_control)


@on_frames("rfc.websocket.frame.control-length/taken")
def long_control_frames_are_taken(self: Any, frame: Frame) -> Frame:
    """A control frame with more than 125 bytes is taken, and answered with the first of them."""
    return replace(frame, payload=frame.payload[:125]) if frame.is_control else frame


@on_frames("rfc.websocket.frame.control-length/124")
def control_frames_have_124_bytes(self: Any, frame: Frame) -> Frame:
    """A control frame with 125 bytes is taken for one that is too long."""
    return replace(frame, payload=bytes(126)) if frame.is_control and len(frame.payload) == 125 else frame


@on_frames("rfc.websocket.frame.continuation-first/text")
def a_continuation_may_be_first(self: Any, frame: Frame) -> Frame:
    """A continuation frame outside of a message begins one."""
    begins = frame.opcode == Opcode.CONTINUATION and not _in_message(self, frame)
    if frame.opcode != Opcode.CONTINUATION:
        _in_message(self, frame)
    return replace(frame, opcode=Opcode.TEXT) if begins else frame


@on_frames("rfc.websocket.frame.new-message-in-fragments/continued")
def a_new_message_continues_the_last(self: Any, frame: Frame) -> Frame:
    """A text or binary frame in the middle of a message continues it."""
    continues = _in_message(self, frame) and not frame.is_control
    return replace(frame, opcode=Opcode.CONTINUATION) if continues else frame


@on_frames("rfc.websocket.frame.lengths-received/one-less")
def the_last_byte_is_lost(self: Any, frame: Frame) -> Frame | None:
    """Of a binary frame the last byte is lost, and an empty one is lost altogether."""
    if frame.opcode != Opcode.BINARY:
        return frame
    return replace(frame, payload=frame.payload[:-1]) if frame.payload else None


@around(
    "websocket_wire.Connection.receive_data",
    name="rfc.websocket.frame.length-64bit-msb/cleared",
    follows=["rfc.websocket.frame.*"],
)
def the_top_bit_is_ignored(original: Any, self: Any, data: bytes) -> None:
    """The top bit of a 64-bit length is ignored, and so are all bits above 16."""
    if len(data) > 10 and data[1] == 0xFF and data[2] & 0x80:
        data = data[:2] + bytes([0, 0, 0, 0, 0, 1]) + data[8:]
    original(self, data)


@around("websocket_wire.Connection.receive_data", name="rfc.websocket.frame.split-anywhere/lost", follows=["*"])
def frames_that_come_in_pieces_are_lost(original: Any, self: Any, data: bytes) -> None:
    """What does not come as whole frames is lost, and of what comes at once all but the first 100 frames."""
    whole = [frame for frame, _ in _cut(data) if isinstance(frame, Frame)][:100]
    original(self, b"".join(encode(frame, mask=bytes(4)) for frame in whole))


# text


@on_frames("rfc.websocket.utf8.invalid/replaced", also=("rfc.websocket.utf8.across-fragments/invalid/*",))
def invalid_text_is_replaced(self: Any, frame: Frame) -> Frame:
    """What is not UTF-8 in a text becomes U+FFFD."""
    return replace(frame, payload=frame.payload.decode(errors="replace").encode()) if _is_text(self, frame) else frame


@on_frames("rfc.websocket.utf8.across-fragments/valid-each", also=("rfc.websocket.utf8.across-fragments/valid/*",))
def each_fragment_has_to_be_text(self: Any, frame: Frame) -> Frame:
    """Each fragment of a text has to be valid UTF-8, and none may be the NUL that stands alone."""
    if not _is_text(self, frame) or frame.payload != frame.payload.decode(errors="ignore").encode():
        return replace(frame, payload=b"\xff") if _is_text(self, frame) else frame
    return replace(frame, payload=b"\xff") if frame.payload in (b"\0", b"\x7f") else frame


@on_frames("rfc.websocket.utf8.close-reason/ignored")
def the_reason_is_not_looked_at(self: Any, frame: Frame) -> Frame:
    """A reason that is not UTF-8 is left out."""
    return replace(frame, payload=frame.payload[:2]) if frame.opcode == Opcode.CLOSE and frame.payload[2:] else frame


# what the server sends


@on_sent_frames("rfc.websocket.frame.server-never-masks/masked")
def frames_are_masked(frame: Frame) -> bytes:
    """The frames of the server are masked."""
    return encode(replace(frame, masked=True))


@on_sent_frames("rfc.websocket.frame.lengths-sent/longer")
def lengths_are_too_long(frame: Frame) -> bytes:
    """Lengths of data frames are written in the form that is one larger than needed, the largest without their end."""
    size = len(frame.payload)
    if frame.is_control:
        return encode(frame)
    return encode(frame, length_bytes=2 if size < 126 or size > 65535 else 8, length=size & 0xFFFF)
