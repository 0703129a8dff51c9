"""Violations of RFC 6455 § 5.5 and § 7: pings, and the ways to close (suite ``rfc_websocket``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
from wsproto.events import Ping, Pong

from ...clients.frames import Frame, Opcode, encode
from ..websocket_wire import Phase
from . import around
from .rfc_websocket_frames import on_frames, on_sent_frames

WEBSOCKETS = ["rfc.websocket.*", "websocket.*", "property.websocket.*", "core.*"]

# pings


@on_sent_frames("rfc.websocket.ping.pong-payload/other")
def pongs_have_another_payload(frame: Frame) -> bytes:
    """The payload of a pong is another than that of its ping."""
    payload = frame.payload[:-1] if frame.payload else b"pong"
    return encode(replace(frame, payload=payload) if frame.opcode == Opcode.PONG else frame)


@around("websocket_wire.WebSocketWire.handle", name="rfc.websocket.ping.inside-fragments/late", follows=WEBSOCKETS)
def pings_wait_for_the_message(original: Any, self: Any, frame: Any) -> None:
    """A ping between fragments is answered when the message is whole."""
    waiting = self.__dict__.setdefault("waiting_pings", [])
    if isinstance(frame, Ping) and self._message:
        waiting.append(frame)
        return
    original(self, frame)
    while waiting and not self._message:
        original(self, waiting.pop(0))


@on_frames("rfc.websocket.ping.inside-fragments/restarts")
def control_frames_end_a_message(self: Any, frame: Frame) -> Frame:
    """What comes behind a control frame between fragments is lost."""
    if not frame.is_control:
        interrupted = getattr(self, "interrupted", False) and frame.opcode == Opcode.CONTINUATION
        self.begun = not frame.fin
        self.interrupted = interrupted and not frame.fin
        return replace(frame, payload=b"") if interrupted else frame
    self.interrupted = getattr(self, "begun", False)
    return frame


@around("websocket_wire.WebSocketWire.take_pong", name="rfc.websocket.ping.unsolicited-pong/closes", follows=WEBSOCKETS)
def unsolicited_pongs_are_a_failure(original: Any, self: Any, payload: bytes) -> None:
    """A pong that was not asked for ends the WebSocket."""
    self.fail(1002, "") if self._awaited_pong is None else original(self, payload)


@around(
    "websocket_wire.WebSocketWire.take_pong", name="rfc.websocket.ping.unsolicited-pong/answered", follows=WEBSOCKETS
)
def unsolicited_pongs_are_answered(original: Any, self: Any, payload: bytes) -> None:
    """A pong is answered with a pong."""
    original(self, payload)
    self.write(Pong(payload=payload))


@around("websocket_wire.WebSocketWire.handle", name="rfc.websocket.ping.many/first", follows=WEBSOCKETS)
def only_the_first_ping_is_answered(original: Any, self: Any, frame: Any) -> None:
    """Only the first ping of a WebSocket is answered."""
    if not isinstance(frame, Ping) or not getattr(self, "was_pinged", False):
        original(self, frame)
    self.was_pinged = getattr(self, "was_pinged", False) or isinstance(frame, Ping)


# close frames


@around("websocket_wire.WebSocketWire.take_close", name="rfc.websocket.close.echo/none", follows=WEBSOCKETS)
def close_frames_are_not_answered(original: Any, self: Any, frame: Any) -> None:
    """A close frame of the client is not answered: the connection ends."""
    self.end(int(frame.code), frame.reason or "")


@on_sent_frames("rfc.websocket.close.echo/1001")
def close_frames_have_1001(frame: Frame) -> bytes:
    """Every close frame has the code 1001."""
    return encode(replace(frame, payload=b"\x03\xe9") if frame.opcode == Opcode.CLOSE else frame)


@around("websocket_wire.WebSocketWire.end", name="rfc.websocket.close.tcp-by-server/open", follows=["*"])
def the_connection_stays_open(original: Any, self: Any, code: int, reason: str) -> None:
    """After both close frames the connection stays open."""
    self.closed(code, reason)
    self.phase = Phase.CLOSED


@around(
    "websocket.WebSocketCall.send",
    name="rfc.websocket.close.nothing-after-close/sent",
    follows=["websocket.*", "core.*", "rfc.websocket.*"],
)
async def messages_follow_the_close(original: Any, self: Any, event: Any) -> None:
    """Messages go out after the close frame too."""
    if self.phase in (Phase.CLOSING, Phase.CLOSED) and event.get("type") == "websocket.send":
        self.stream.send_body(encode(Frame(Opcode.TEXT, b"late", masked=False)))
        return
    await original(self, event)


@around("websocket_wire.WebSocketWire.take_close", name="rfc.websocket.close.nothing-after-close/again", follows=["*"])
def a_message_follows_the_answer(original: Any, self: Any, frame: Any) -> None:
    """A message follows the answer to a close frame."""
    write = self.write

    def twice(event: Any) -> None:
        write(event)
        self.stream.send_body(encode(Frame(Opcode.TEXT, b"late", masked=False)))

    self.write = twice
    original(self, frame)


@around("websocket_wire.WebSocketWire.limit_closing", name="rfc.websocket.close.waits-for-peer/not", follows=["*"])
async def the_answer_is_not_waited_for(original: Any, self: Any) -> None:
    """After its close frame the server ends the connection at once."""
    while self.phase is not Phase.CLOSING:
        await self.stream.changed.wait()
    await anyio.sleep(0.05)
    if self.phase is Phase.CLOSING:
        self.end(*self.own_close)


@around("websocket_wire.WebSocketWire.take_close", name="rfc.websocket.close.simultaneous/two", follows=["*"])
def an_answer_is_answered(original: Any, self: Any, frame: Any) -> None:
    """A close frame is answered with one more than is due."""
    self.stream.send_body(encode(Frame(Opcode.CLOSE, b"\x03\xe8", masked=False)))
    original(self, frame)


@around("websocket.WebSocketCall.end_call", name="rfc.websocket.close.internal-error/1000", follows=["websocket.*"])
def a_failure_is_a_normal_closure(original: Any, self: Any, failed: bool) -> None:
    """When the application fails the WebSocket is closed with 1000."""
    original(self, False)


@on_frames("rfc.websocket.close.payload-one-byte/empty")
def half_a_code_is_none(self: Any, frame: Frame) -> Frame:
    """A close frame with one byte is taken as an empty one."""
    is_half = frame.opcode == Opcode.CLOSE and len(frame.payload) == 1
    return replace(frame, payload=b"") if is_half else frame


@on_frames("rfc.websocket.close.code-invalid/taken")
def any_code_is_taken(self: Any, frame: Frame) -> Frame:
    """A close frame with any code is taken; one with a code that must not be sent as if it had 1000."""
    if frame.opcode != Opcode.CLOSE or len(frame.payload) < 2:
        return frame
    code = int.from_bytes(frame.payload[:2], "big")
    wrong = code in (1004, 1005, 1006) or (not 1000 <= code < 1015 and not 3000 <= code < 5000)
    return replace(frame, payload=b"\x03\xe8" + frame.payload[2:]) if wrong else frame


@on_frames("rfc.websocket.close.code-valid/none")
def no_code_is_valid(self: Any, frame: Frame) -> Frame:
    """Close frames with a code are taken for wrong ones."""
    return replace(frame, payload=b"\0\0") if frame.opcode == Opcode.CLOSE and frame.payload else frame


@around("websocket_wire.WebSocketWire.take_close", name="rfc.websocket.close.code-valid/dropped", follows=WEBSOCKETS)
def a_failure_is_no_frame(original: Any, self: Any, frame: Any) -> None:
    """A close frame with 1002 or 1007 is not answered."""
    if int(frame.code) in (1002, 1007):
        self.end(int(frame.code), "")
    else:
        original(self, frame)


@on_sent_frames("rfc.websocket.close.no-reserved-sent/1005")
def close_frames_have_1005(frame: Frame) -> bytes:
    """Every close frame has the code 1005."""
    return encode(replace(frame, payload=b"\x03\xed") if frame.opcode == Opcode.CLOSE else frame)


@around("websocket_wire.WebSocketWire.fail", name="rfc.websocket.close.too-big/1002", follows=WEBSOCKETS)
def too_big_is_a_protocol_error(original: Any, self: Any, code: int, reason: str) -> None:
    """A message that is too big closes with 1002."""
    original(self, 1002 if code == 1009 else code, reason)
