"""WebSocket messages out of frames, and what a close frame says (RFC 6455 § 5.4, § 5.5.1, § 8.1), without I/O."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.deflate import Deflate
from asgi_conformance.clients.frames import Frame, FrameError, Opcode

#: Codes that must never stand in a close frame (§ 7.4.1).
RESERVED_CODES = (1004, 1005, 1006, 1015)


@dataclass(frozen=True)
class CloseSeen:
    """How the server closed.

    ``clean``: a close frame came; then ``code`` is its code, or None for an empty one (which is 1005), and
    ``reason`` its text. ``ended`` is how the connection, or the HTTP/2 stream, ended: ``"closed"`` or ``"reset"``,
    or None where it was still open when only the frame was awaited.
    """

    code: int | None
    reason: str
    clean: bool
    ended: str | None


class MessageReader:
    """Joins fragments, inflates, decodes. ``deflate`` is the agreed compression, or None."""

    def __init__(self) -> None:
        self.deflate: Deflate | None = None
        self._fragments: list[Frame] = []

    def take(self, frame: Frame) -> str | bytes | None:
        """The message that the data frame ``frame`` completes, or None. Raises FrameError."""
        if frame.opcode == Opcode.CONTINUATION and not self._fragments:
            raise FrameError(f"{frame} continues no message")
        if frame.opcode != Opcode.CONTINUATION and self._fragments:
            raise FrameError(f"{frame} came in the middle of a fragmented message")
        self._fragments.append(frame)
        if not frame.fin:
            return None
        first = self._fragments[0]
        payload = b"".join(fragment.payload for fragment in self._fragments)
        self._fragments = []
        if first.rsv:
            payload = self._inflated(payload)
        if first.opcode == Opcode.BINARY:
            return payload
        return utf8(payload, "a text message")

    def _inflated(self, payload: bytes) -> bytes:
        assert self.deflate is not None
        try:
            return self.deflate.inflate(payload)
        except zlib.error as error:
            agreed = self.deflate.parameters
            raise FrameError(f"a message does not inflate with {agreed}: {error}: {shown(payload)}") from error


def close_code_and_reason(frame: Frame) -> tuple[int | None, str]:
    """Code and reason of a close frame; None and ``""`` for an empty one. Raises FrameError for a wrong one."""
    if not frame.payload:
        return None, ""
    if len(frame.payload) == 1:
        raise FrameError(f"the payload of a close frame is one byte: {frame.payload!r}")
    code = int.from_bytes(frame.payload[:2], "big")
    if not 1000 <= code < 5000 or code in RESERVED_CODES:
        raise FrameError(f"a close frame has the code {code}, which must not be sent")
    return code, utf8(frame.payload[2:], "the reason of a close frame")


def utf8(data: bytes, what: str) -> str:
    """``data`` decoded. Raises FrameError when ``what`` is not valid UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FrameError(f"{what} is not valid UTF-8: {shown(data)}") from error
