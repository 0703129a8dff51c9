"""Violations of what www.rst says of the handshake of a WebSocket before its acceptance (suite ``websocket``)."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Scope, Send
from ..checks import InvalidEvent
from ..http1_stream import Http1Stream
from ..response_call import State
from ..websocket_wire import Phase
from . import around, on_received, on_send

EVERYTHING = ["websocket.*", "core.*", "lifespan.*", "rfc.*", "extension.*", "http.spec-version.*"]
REFUSALS = ["websocket.close.before-accept.*", "websocket.disconnect.on-reject", "websocket.error.*"]
REFUSALS += ["websocket.accept.extra-keys", "extension.websocket-denial.*", "core.*", "rfc.websocket.*"]


def _is(event: Any, kind: str) -> bool:
    return isinstance(event, dict) and event.get("type") == kind


# websocket.connect


@on_received("websocket.connect.first-event/open", kind="websocket", follows=EVERYTHING)
def connect_under_another_name(event: Event, scope: Scope) -> Event:
    """The first event is of type "websocket.open"."""
    return {**event, "type": "websocket.open"} if event["type"] == "websocket.connect" else event


@around("websocket.WebSocketCall.__init__", name="websocket.connect.once/twice", follows=EVERYTHING)
def connect_comes_twice(original: Any, self: Any, *args: Any) -> None:
    """The event websocket.connect comes twice."""
    original(self, *args)
    self.inbox.append({"type": "websocket.connect"})


@around("websocket.WebSocketCall.run", name="websocket.connect.during-handshake/before", follows=EVERYTHING)
async def the_answer_comes_before(original: Any, self: Any) -> None:
    """The handshake is completed before the application is called."""
    self.stream.accept_websocket([])
    self.stream.accept_websocket = lambda headers: None
    await original(self)


@around("websocket.WebSocketCall.receive", name="websocket.connect.no-data-before-accept/received", follows=EVERYTHING)
async def early_data_is_received(original: Any, self: Any) -> Event:
    """Data that the client sends before the acceptance is received as a message."""
    while not self.inbox and self.disconnect is None and self.phase is Phase.CONNECTING:
        if _has_early_data(self.stream):
            return {"type": "websocket.receive", "text": "early"}
        await self.stream.changed.wait()
    event: Event = await original(self)
    return event


def _has_early_data(stream: Any) -> bool:
    if isinstance(stream, Http1Stream):
        return bool(stream.transport.inbox or stream.parser.trailing_data[0])
    return bool(stream._inbox)


@around("websocket.WebSocketCall.receive", name="websocket.connect.client-gone/untold", follows=["*"])
async def an_early_leave_is_not_told(original: Any, self: Any) -> Event:
    """When the client leaves before the answer, receive() waits for ever."""
    event: Event = await original(self)
    is_refused = self.response.state is not State.IDLE
    if event["type"] == "websocket.disconnect" and not hasattr(self, "protocol") and not is_refused:
        await anyio.sleep_forever()
    return event


@around("websocket.WebSocketCall.accept", name="websocket.connect.accept-before-receive/raises", follows=["core.*"])
def accepting_needs_the_event(original: Any, self: Any, *args: Any) -> None:
    """An acceptance before websocket.connect was received makes send() raise."""
    if any(event["type"] == "websocket.connect" for event in self.inbox):
        raise InvalidEvent("websocket.connect was not received yet")
    original(self, *args)


# websocket.close


@around("websocket.WebSocketCall.reject", name="websocket.close.before-accept.403/400", follows=REFUSALS)
def a_refusal_is_a_400(original: Any, self: Any) -> None:
    """A handshake that the application refuses is answered with 400."""
    self.response.replace(400, "the application refused the WebSocket")
    self.closed(1006, "")


@around(
    "http1.Http1Connection.finish_one", name="websocket.close.before-accept.connection-closed/deaf", follows=REFUSALS
)
async def a_refused_connection_is_deaf(original: Any, self: Any, stream: Any) -> bool:
    """A connection on which a handshake was refused stays open, and nothing on it is read."""
    may_follow: bool = await original(self, stream)
    if not stream.upgraded and stream.request.values(b"sec-websocket-key"):
        await anyio.sleep_forever()
    return may_follow


@around("websocket.WebSocketCall.reject", name="websocket.close.before-accept.no-handshake/subprotocol")
def a_refusal_chooses_a_subprotocol(original: Any, self: Any) -> None:
    """The 403 for a refused handshake names a subprotocol."""
    self.response.replace(403, "the application refused the WebSocket", [(b"sec-websocket-protocol", b"chat")])
    self.closed(1006, "")


@around("websocket.WebSocketCall.send", name="websocket.close.before-accept.code-irrelevant/400", follows=REFUSALS)
async def a_code_makes_it_a_400(original: Any, self: Any, event: Any) -> None:
    """A handshake that the application refuses with a code is answered with 400."""
    if _is(event, "websocket.close") and "code" in event and self.phase is Phase.CONNECTING:
        self.response.replace(400, "the application refused the WebSocket")
        self.closed(1006, "")
    else:
        await original(self, event)


@around("websocket.WebSocketCall.reject", name="websocket.close.before-accept.before-connect/500")
def an_early_refusal_is_a_500(original: Any, self: Any) -> None:
    """A handshake that is refused before websocket.connect was received is answered with 500."""
    if any(event["type"] == "websocket.connect" for event in self.inbox):
        self.response.replace(500, "websocket.connect was not received yet")
        self.closed(1006, "")
    else:
        original(self)


# the end of the call


@around("websocket.WebSocketCall.end_call", name="websocket.app.returns-before-accept/left-waiting", follows=EVERYTHING)
def a_return_refuses_nothing(original: Any, self: Any, failed: bool) -> None:
    """When the application returns without an answer, the client is left waiting."""
    if failed or self.phase is not Phase.CONNECTING:
        original(self, failed)


@around("websocket.WebSocketCall.end_call", name="websocket.app.raises-before-accept/left-waiting", follows=EVERYTHING)
def an_exception_refuses_nothing(original: Any, self: Any, failed: bool) -> None:
    """When the application raises without an answer, the client is left waiting."""
    if not failed or self.phase is not Phase.CONNECTING:
        original(self, failed)


# events


@on_send("websocket.error.valid-events/raises", kind="websocket", follows=["*"])
async def valid_events_raise(send: Send, event: Any, scope: Scope) -> None:
    """Every send() raises, after it has done its work."""
    await send(event)
    raise InvalidEvent("this server is never content")
