"""Violations of what extensions.rst says of denial responses to WebSocket handshakes (suite ``extensions``)."""

from __future__ import annotations

from typing import Any

from ..application import Scope, Send
from ..checks import InvalidEvent
from ..log import logger
from ..response_call import State
from ..websocket_wire import Phase
from . import around, on_send, on_sent, swallowed

EXTENSION = "websocket.http.response"
START, BODY = f"{EXTENSION}.start", f"{EXTENSION}.body"
DENIALS = ["extension.websocket-denial.*", "websocket.*", "core.*"]


def _is(event: Any, *kinds: str) -> bool:
    return isinstance(event, dict) and event.get("type") in kinds


@around("websocket.WebSocketCall.__init__", name="extension.websocket-denial.advertised/unlisted", follows=DENIALS)
def the_extension_is_not_listed(original: Any, self: Any, *args: Any) -> None:
    """Denial responses are taken, and the scope does not list them."""
    original(self, *args)
    del self.scope["extensions"][EXTENSION]


# the response


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.response-sent/plain", follows=DENIALS)
async def the_response_is_a_plain_refusal(original: Any, self: Any, message: Any) -> None:
    """A denial response is answered with the server's own 403."""
    if self.phase is Phase.CONNECTING:
        self.reject()


@on_sent("extension.websocket-denial.response-sent/willing", kind="websocket", follows=DENIALS)
def the_response_looks_willing(event: Any) -> Any:
    """A denial response has Sec-WebSocket-Accept, as an acceptance has."""
    if not _is(event, START) or not isinstance(event.get("headers"), list):
        return event
    return {**event, "headers": [*event["headers"], (b"sec-websocket-accept", b"x")]}


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.start.status/403", follows=DENIALS)
async def the_status_is_403(original: Any, self: Any, message: Any) -> None:
    """The status of a denial response is 403."""
    await original(self, {**message, "status": 403} if "status" in message else message)


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.body.streamed/refused", follows=DENIALS)
async def a_body_in_parts_is_refused(original: Any, self: Any, message: Any) -> None:
    """A part of a denial's body that is not the last makes send() raise."""
    if message.get("more_body"):
        raise InvalidEvent("a denial response has one body message")
    await original(self, message)


@on_send("extension.websocket-denial.body.streamed/required", kind="websocket", follows=DENIALS)
async def the_keys_of_a_body_are_required(send: Send, event: Any, scope: Scope) -> None:
    """A denial's body without more_body makes send() raise."""
    if _is(event, BODY) and "more_body" not in event:
        raise InvalidEvent("the body has no 'more_body'")
    await send(event)


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.framing/one-byte-more", follows=DENIALS)
async def a_body_has_a_byte_more(original: Any, self: Any, message: Any) -> None:
    """The content of a denial response has a line feed behind it."""
    await original(self, {**message, "body": message["body"] + b"\n"} if "body" in message else message)


@on_send("extension.websocket-denial.transfer-encoding-ignored/refused", kind="websocket", follows=DENIALS)
async def transfer_encoding_is_refused(send: Send, event: Any, scope: Scope) -> None:
    """A Transfer-Encoding of the application makes send() raise."""
    if _is(event, START) and any(pair[0] == b"transfer-encoding" for pair in event.get("headers", ())):
        raise InvalidEvent("transfer-encoding is the server's")
    await send(event)


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.connection-closed/kept", follows=DENIALS)
async def the_connection_is_kept(original: Any, self: Any, message: Any) -> None:
    """After a denial response the connection stays open."""
    await self.response.accept(message)
    self.phase = Phase.DENYING
    if self.response.complete:
        self.closed(1006, "")


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.connection-closed/unfinished", follows=DENIALS)
async def the_response_is_not_completed(original: Any, self: Any, message: Any) -> None:
    """A denial response is never complete."""
    await original(self, {**message, "more_body": True} if "more_body" in message else message)


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.disconnect-event/untold", follows=DENIALS)
async def the_end_is_not_told(original: Any, self: Any, message: Any) -> None:
    """After a denial response receive() waits for ever."""
    await original(self, message)
    self.disconnect = None


@around("websocket.WebSocketCall.end_call", name="extension.websocket-denial.not-logged/error", follows=DENIALS)
def a_denial_is_logged_as_an_error(original: Any, self: Any, failed: bool) -> None:
    """A call that ends after a denial response is logged as an error."""
    if self.phase is Phase.CLOSED and self.response.state is State.COMPLETE:
        logger.error("the application has returned and has not accepted the WebSocket")
    original(self, failed)


@around("websocket.WebSocketCall.reject", name="extension.websocket-denial.plain-close-still-403/500", follows=DENIALS)
def a_plain_close_is_a_500(original: Any, self: Any) -> None:
    """A handshake that the application refuses without a response of its own is answered with 500."""
    self.response.replace(500, "the application gave no response")
    self.closed(1006, "")


# its headers


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.start.headers/sorted", follows=DENIALS)
async def headers_are_sorted(original: Any, self: Any, message: Any) -> None:
    """The headers of a denial response are sorted."""
    await original(self, {**message, "headers": sorted(message["headers"])} if "headers" in message else message)


@on_send("extension.websocket-denial.start.headers/required", kind="websocket", follows=DENIALS)
async def headers_are_required(send: Send, event: Any, scope: Scope) -> None:
    """A denial start without headers makes send() raise."""
    if _is(event, START) and "headers" not in event:
        raise InvalidEvent("the start has no 'headers'")
    await send(event)


@around("websocket.WebSocketCall.deny", name="extension.websocket-denial.start.headers/marked", follows=DENIALS)
async def values_are_marked(original: Any, self: Any, message: Any) -> None:
    """The values of headers that begin with "x-" end with a full stop."""
    headers = [(n, v + b"." if n.startswith(b"x-") else v) for n, v in message.get("headers", ())]
    await original(self, {**message, "headers": headers} if "headers" in message else message)


@on_send("extension.websocket-denial.start.headers/ignored", kind="websocket", follows=DENIALS)
async def wrong_headers_are_ignored(send: Send, event: Any, scope: Scope) -> None:
    """A denial start whose headers are invalid is sent without them."""
    try:
        await send(event)
    except InvalidEvent:
        if not _is(event, START):
            raise
        await send({**event, "headers": []})


# the order


@around(
    "websocket.WebSocketCall.run", name="extension.websocket-denial.no-websocket-events-after/wins", follows=DENIALS
)
async def another_event_wins(original: Any, self: Any) -> None:
    """A denial response is held back until the call ends, and an event of another kind turns it into an acceptance."""
    held: list[dict[str, Any]] = []
    send, end_call = self.send, self.end_call

    async def holding(event: Any) -> None:
        if _is(event, START, BODY) and self.phase is Phase.CONNECTING:
            held.append(event)
        elif held:
            held.clear()
            await send({"type": "websocket.accept"})
        else:
            await send(event)

    def ending(failed: bool) -> None:
        if held:
            self.response.start(held[0].get("status", 500), [], False)
            self.response.body(b"".join(event.get("body", b"") for event in held), False)
            self.closed(1006, "")
        end_call(failed)

    self.send, self.end_call = holding, ending
    await original(self)


@swallowed("extension.websocket-denial.not-after-accept/dropped", kind="websocket", follows=DENIALS)
def wrong_denials_are_dropped(event: Any) -> bool:
    """A denial event in the wrong place is dropped without an exception."""
    return _is(event, START, BODY)


@around("websocket.WebSocketCall.end_call", name="extension.websocket-denial.start-only/left-waiting", follows=DENIALS)
def a_start_alone_leaves_the_client_waiting(original: Any, self: Any, failed: bool) -> None:
    """When the application ends after the denial start, the client is left waiting."""
    if self.phase is not Phase.DENYING:
        original(self, failed)


@swallowed("extension.websocket-denial.body-before-start/dropped", kind="websocket", follows=DENIALS)
def a_body_before_the_start_is_dropped(event: Any) -> bool:
    """A denial body in the wrong place is dropped without an exception."""
    return _is(event, BODY)
