"""Violations of what www.rst says of closing a WebSocket from the application's side (suite ``websocket``)."""

from __future__ import annotations

import struct
from typing import Any

from wsproto.events import BytesMessage, TextMessage

from . import around, on_sent, swallowed
from .websocket_sends import TALK

#: A close frame with 4001, and a text frame, as bytes.
CLOSE_FRAME, TEXT_FRAME = b"\x88\x02\x0f\xa1", b"\x81\x04late"


def _is_close(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == "websocket.close"


@on_sent("websocket.close.after-accept.code/one-more", kind="websocket", follows=["websocket.*", "rfc.websocket.*"])
def the_code_is_one_more(event: Any) -> Any:
    """A WebSocket is closed with the code after the given one."""
    return {**event, "code": event["code"] + 1} if _is_close(event) and isinstance(event.get("code"), int) else event


@on_sent("websocket.close.after-accept.default-code/going-away", kind="websocket", follows=["websocket.*", "rfc.*"])
def the_default_is_going_away(event: Any) -> Any:
    """Without a code a WebSocket is closed with 1001."""
    return {"code": 1001, **event} if _is_close(event) else event


@on_sent("websocket.close.code.none/internal-error", kind="websocket")
def none_is_an_internal_error(event: Any) -> Any:
    """A code of None closes with 1011."""
    return {**event, "code": 1011} if _is_close(event) and event.get("code", 0) is None else event


@on_sent("websocket.close.code.wrong-type/default", kind="websocket")
def a_wrong_code_is_the_default(event: Any) -> Any:
    """A code that is no integer closes with 1000."""
    wrong = _is_close(event) and not isinstance(event.get("code"), (int, type(None)))
    return {**event, "code": 1000} if wrong else event


@swallowed("websocket.close.code.not-sendable/left-open", kind="websocket", follows=["websocket.close.reason.*"])
def a_code_that_cannot_be_sent_is_dropped(event: Any) -> bool:
    """A websocket.close with a code that must not be sent is dropped without an exception."""
    return _is_close(event) and isinstance(event.get("code"), int)


@around("websocket.WebSocketCall.send", name="websocket.close.code.not-sendable/sent")
async def a_code_that_cannot_be_sent_is_sent(original: Any, self: Any, event: Any) -> None:
    """A code from 1004 to 1006 goes out as it is."""
    if _is_close(event) and event.get("code") in (1004, 1005, 1006):
        self.stream.send_body(b"\x88\x02" + struct.pack(">H", event["code"]))
        self.end(event["code"], "")
        return
    await original(self, event)


@on_sent("websocket.close.reason.sent/dropped", kind="websocket")
def the_reason_is_dropped(event: Any) -> Any:
    """The reason of a websocket.close is not sent."""
    return {**event, "reason": ""} if _is_close(event) and isinstance(event.get("reason"), str) else event


@on_sent("websocket.close.reason.default/made-up", kind="websocket", follows=["websocket.*", "rfc.*"])
def a_reason_is_made_up(event: Any) -> Any:
    """Without a reason a WebSocket is closed with one of the server's own."""
    return {"reason": "closed", **event} if _is_close(event) else event


@on_sent("websocket.close.reason.none/as-text", kind="websocket")
def none_becomes_a_text(event: Any) -> Any:
    """A reason of None is sent as a text."""
    return {**event, "reason": "None"} if _is_close(event) and event.get("reason", "") is None else event


@swallowed("websocket.close.reason.too-long/left-open", kind="websocket")
def a_long_reason_is_dropped(event: Any) -> bool:
    """A websocket.close with a reason that is too long is dropped without an exception."""
    return _is_close(event) and isinstance(event.get("reason"), str)


@around("websocket.WebSocketCall.send", name="websocket.close.reason.too-long/cut-in-a-character")
async def a_long_reason_is_cut(original: Any, self: Any, event: Any) -> None:
    """A reason that is too long is cut after 123 bytes, be that within a character."""
    reason = event.get("reason") if _is_close(event) else None
    if isinstance(reason, str) and len(reason.encode()) > 123:
        self.stream.send_body(b"\x88\x7d" + struct.pack(">H", event["code"]) + reason.encode()[:123])
        self.end(event["code"], "")
        return
    await original(self, event)


@on_sent("websocket.close.reason.wrong-type/as-text", kind="websocket")
def a_wrong_reason_becomes_a_text(event: Any) -> Any:
    """A reason that is no str is sent as the text of it."""
    return {**event, "reason": str(event["reason"])} if _is_close(event) and event.get("reason") is not None else event


@around("websocket_wire.WebSocketWire.write", name="websocket.close.after-sends/last-lost", follows=TALK)
def the_last_message_is_lost(original: Any, self: Any, event: Any) -> None:
    """From the tenth message on each waits for the next one, and a close does not wait for it."""
    if isinstance(event, (TextMessage, BytesMessage)):
        self.messages = getattr(self, "messages", 0) + 1
        if self.messages > 9:
            event, self.waiting = getattr(self, "waiting", None), event
    if event is not None:
        original(self, event)


@around("websocket.WebSocketCall.send", name="websocket.close.twice/again")
async def a_second_close_frame(original: Any, self: Any, event: Any) -> None:
    """A second websocket.close sends a second close frame."""
    if _is_close(event) and self.phase.name == "CLOSING":
        self.stream.send_body(CLOSE_FRAME)
    await original(self, event)


@around("websocket.WebSocketCall.send", name="websocket.send-closed.after-own-close/sent")
async def a_message_after_the_own_close(original: Any, self: Any, event: Any) -> None:
    """Whatever an application sends after its own close sends a message."""
    if not _is_close(event) and self.phase.name == "CLOSING":
        self.stream.send_body(TEXT_FRAME)
    await original(self, event)


@around("websocket_wire.WebSocketWire.take_part", name="websocket.close.extra-data-ignored/delivered")
def late_messages_are_delivered(original: Any, self: Any, frame: Any) -> None:
    """A message that comes after the application's close is delivered."""
    if self.phase.name == "CLOSING":
        self.deliver(self.receive_event(frame, [frame.data]))
    else:
        original(self, frame)
