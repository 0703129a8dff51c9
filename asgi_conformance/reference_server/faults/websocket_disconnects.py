"""Violations of what www.rst says of the end of a WebSocket, as its application sees it (suite ``websocket``)."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Receive, Scope, Send
from ..log import logger
from ..transport import ClientDisconnected
from . import around, on_received

#: Cases in which the end is waited for.
ENDS = ["websocket.*", "core.*", "rfc.websocket.*"]
GONE = "websocket.disconnect"


class Gone(RuntimeError):
    """What a library raises when the other side has gone."""


# that it is told


@on_received("websocket.disconnect.type/closed", kind="websocket", follows=ENDS)
def the_end_under_another_name(event: Event, scope: Scope) -> Event:
    """The end of a WebSocket is told by an event of type "websocket.closed"."""
    return {**event, "type": "websocket.closed"} if event["type"] == GONE else event


@on_received("websocket.disconnect.on-client-close/raises", kind="websocket", follows=ENDS)
def a_close_of_the_client_is_an_exception(event: Event, scope: Scope) -> Event:
    """When the client has closed the WebSocket with 1000, receive() raises."""
    if event["type"] == GONE and event["code"] == 1000:
        raise Gone("the client has closed the WebSocket")
    return event


@on_received("websocket.disconnect.on-socket-loss/raises", kind="websocket", follows=ENDS)
def a_lost_connection_is_an_exception(event: Event, scope: Scope) -> Event:
    """When the connection has been lost, receive() raises."""
    if event["type"] == GONE and event["code"] == 1006:
        raise Gone("the connection has been lost")
    return event


@around("websocket.WebSocketCall.receive", name="websocket.disconnect.on-server-close/not-told", follows=ENDS)
async def the_own_close_is_not_told(original: Any, self: Any) -> Event:
    """After the application's own close, receive() waits for ever."""
    event: Event = await original(self)
    if event["type"] == GONE and self.own_close != (1000, ""):
        await anyio.sleep_forever()
    return event


@around("websocket.WebSocketCall.reject", name="websocket.disconnect.on-reject/not-told", follows=ENDS)
def a_refusal_is_not_told(original: Any, self: Any) -> None:
    """After the application refused a handshake, receive() waits for ever."""
    original(self)
    self.disconnect = None


@on_received("websocket.disconnect.on-protocol-error/as-normal", kind="websocket", follows=ENDS)
def a_violation_is_a_normal_end(event: Event, scope: Scope) -> Event:
    """When the client broke the protocol, the code is 1000."""
    return {**event, "code": 1000} if event["type"] == GONE and event["code"] in (1002, 1003, 1007, 1009) else event


@around("websocket.WebSocketCall.receive", name="websocket.disconnect.nothing-after/message", follows=ENDS)
async def a_message_after_the_end(original: Any, self: Any) -> Event:
    """After websocket.disconnect an empty message comes."""
    event: Event = await original(self)
    if event["type"] == GONE and self.disconnect is not None and self.disconnect.pop("told", None) is not None:
        return {"type": "websocket.receive", "text": ""}
    if self.disconnect is not None and event["type"] == GONE:
        self.disconnect["told"] = True
    return event


# its code and reason


@on_received("websocket.disconnect.code.present/none", kind="websocket", follows=ENDS)
def there_is_no_code(event: Event, scope: Scope) -> Event:
    """The code of websocket.disconnect is None."""
    return {**event, "code": None} if event["type"] == GONE else event


@on_received("websocket.disconnect.code.value/lost", kind="websocket", follows=ENDS)
def the_code_is_always_that_of_a_loss(event: Event, scope: Scope) -> Event:
    """The code of websocket.disconnect is always 1006."""
    return {**event, "code": 1006} if event["type"] == GONE else event


@around("websocket.WebSocketCall.receive", name="websocket.disconnect.code.value/own-close", follows=ENDS)
async def the_code_of_an_own_close_is_1000(original: Any, self: Any) -> Event:
    """After the application's own close the code of websocket.disconnect is 1000, whatever it and the client said."""
    event: Event = await original(self)
    return {**event, "code": 1000} if event["type"] == GONE and self.own_close != (1000, "") else event


@on_received("websocket.disconnect.code.1005/normal", kind="websocket", follows=["rfc.websocket.*"])
def no_code_is_1000(event: Event, scope: Scope) -> Event:
    """A close frame without a code gives 1000."""
    return {**event, "code": 1000} if event["type"] == GONE and event["code"] == 1005 else event


@on_received("websocket.disconnect.code.1006/no-status", kind="websocket", follows=["rfc.websocket.*"])
def a_loss_is_1005(event: Event, scope: Scope) -> Event:
    """A lost connection gives 1005."""
    return {**event, "code": 1005} if event["type"] == GONE and event["code"] == 1006 else event


@on_received("websocket.disconnect.reason.type/bytes", kind="websocket", follows=["websocket.disconnect.reason.*"])
def the_reason_is_bytes(event: Event, scope: Scope) -> Event:
    """The reason of websocket.disconnect is bytes."""
    return {**event, "reason": event["reason"].encode()} if event["type"] == GONE else event


@on_received("websocket.disconnect.reason.value/empty", kind="websocket", follows=["rfc.websocket.*"])
def the_reason_is_lost(event: Event, scope: Scope) -> Event:
    """The reason of websocket.disconnect is always empty."""
    return {**event, "reason": ""} if event["type"] == GONE else event


@on_received("websocket.disconnect.reason.empty/made-up", kind="websocket", follows=["rfc.websocket.*"])
def the_reason_is_made_up(event: Event, scope: Scope) -> Event:
    """Where the client gave no reason, there is one of the server's own."""
    return {**event, "reason": event["reason"] or "closed"} if event["type"] == GONE else event


# what a send() raises afterwards


@around(
    "websocket.WebSocketCall.refuse_send",
    name="websocket.send-closed.raises-oserror/silent",
    follows=["websocket.send-closed.*", "core.*"],
)
def sends_to_nobody_are_silent(original: Any, self: Any) -> None:
    """A send() on a closed WebSocket returns as if nothing were wrong."""


@around(
    "websocket.WebSocketCall.refuse_send",
    name="websocket.send-closed.server-specific-class/plain",
    follows=["websocket.send-closed.*", "core.*"],
)
def sends_to_nobody_raise_a_plain_oserror(original: Any, self: Any) -> None:
    """What a send() on a closed WebSocket raises is an OSError of no class of its own."""
    raise OSError("the WebSocket is closed")


@around(
    "websocket.WebSocketCall.refuse_send",
    name="websocket.send-closed.no-other-exception/of-a-library",
    follows=["websocket.*", "core.*"],
)
def sends_to_nobody_raise_something_else(original: Any, self: Any) -> None:
    """What a send() on a closed WebSocket raises is no OSError."""
    raise Gone("the WebSocket is closed")


@around(
    "server.Server.call",
    name="websocket.send-closed.caught/stops",
    follows=["*"],
)
async def an_own_exception_stops_the_server(
    original: Any, self: Any, scope: Scope, receive: Receive, send: Send
) -> Any:
    """The server stops when the exception of a send() comes out of the application of a WebSocket."""
    error = await self.guard(scope, receive, send)
    if scope["type"] == "websocket" and isinstance(error, ClientDisconnected):
        self.stop_asked.set()
    return error is not None


@around(
    "server.Server.guard",
    name="websocket.send-closed.not-logged/logged",
    follows=["websocket.send-closed.*", "core.error.*"],
)
async def an_own_exception_is_logged(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """The exception of a send() that comes out of the application of a WebSocket is logged as an error."""
    error = await original(self, scope, receive, send)
    if scope["type"] == "websocket" and isinstance(error, ClientDisconnected):
        logger.error("the application failed", exc_info=error)
    return error


@around("websocket.WebSocketCall.send", name="websocket.send-closed.close-after-disconnect/raises")
async def a_close_after_the_end_raises(original: Any, self: Any, event: Any) -> None:
    """A websocket.close after websocket.disconnect raises something that is no OSError."""
    if self.disconnect is not None and isinstance(event, dict) and event.get("type") == "websocket.close":
        raise Gone("the WebSocket is closed")
    await original(self, event)
