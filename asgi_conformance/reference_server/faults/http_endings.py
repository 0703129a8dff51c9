"""Violations of how requests end: by the application, by the client, and what is sent after it (suite ``http``)."""

from __future__ import annotations

import re
from typing import Any

import anyio

from ..application import Event, Scope, Send
from ..checks import InvalidEvent
from ..http_call import HttpCall
from ..response_call import State
from ..transport import ClientDisconnected
from . import around, on_send, swallowed

# how the application ends


@around("response_call.Response.abandon", name="http.app.returns-without-response/left-open", follows=["http.*"])
def nothing_is_said_for_a_silent_application(original: Any, self: Any, status: int, text: str) -> None:
    """When the application returned without a response, nothing is sent and the connection stays open."""
    if self.state is not State.IDLE or "failed" in text:
        original(self, status, text)


@around(
    "response_call.Response.abandon",
    name="http.app.returns-after-start/head-alone",
    follows=["http.*", "core.*", "extension.pathsend.*"],
)
def the_head_goes_out_alone(original: Any, self: Any, status: int, text: str) -> None:
    """When the application returned after the start, its head is sent and the connection stays open."""
    if self.state is State.STARTED and "failed" not in text:
        self.send_head()
    else:
        original(self, status, text)


@around(
    "response_call.Response.abandon",
    name="http.app.returns-mid-body/padded",
    breaks="http.app.returns-mid-body/with-length",
    also=["http.app.raises-mid-body/with-length"],
    follows=["http.*", "rfc.*"],
)
def what_is_missing_is_padded(original: Any, self: Any, status: int, text: str) -> None:
    """A response of which a part is missing is filled up to its length."""
    if self.head_sent and not self.complete and self._head.length:
        self.stream.send_body(b" " * (self._head.length - self._sent))
        self.complete_with([])
    original(self, status, text)


@around("response_call.Response.abandon", name="http.app.raises-before-start.500/503", follows=["websocket.*"])
def unavailable(original: Any, self: Any, status: int, text: str) -> None:
    """An application that failed before its response makes a 503."""
    original(self, 503 if "failed" in text else status, text)


@around("server.Server.call", name="http.app.raises-after-complete/taken-back", follows=["*"])
async def a_response_is_taken_back(original: Any, self: Any, scope: Scope, receive: Any, send: Send) -> bool:
    """The end of a response is held back until the call has ended, and cut off when it failed."""
    call = receive.__self__
    if not isinstance(call, HttpCall):
        return bool(await original(self, scope, receive, send))
    stream: Any = call.stream
    ends: list[Any] = []
    send_end, stream.send_end = stream.send_end, ends.append
    failed = bool(await original(self, scope, receive, send))
    for trailers in ends:
        stream.cut() if failed else send_end(trailers)
    return failed


# send() when the client has gone


@around(
    "http_call.HttpCall.refuse_send",
    name="http.send-closed.server-specific-class/plain",
    follows=["http.send-closed.*", "core.error.*"],
)
def a_plain_oserror(original: Any, self: Any) -> None:
    """A send() on a closed connection raises OSError itself."""
    raise OSError("the client has closed the connection")


@around("server.Server.guard", name="http.send-closed.caught/stops", follows=["*"])
async def the_own_exception_stops_the_server(original: Any, self: Any, *call: Any) -> Any:
    """The exception of a send() on a closed connection stops the server when it comes out of the application."""
    error = await original(self, *call)
    if isinstance(error, ClientDisconnected):
        self.cancel_all()
    return error


@around("http_call.HttpCall.refuse_send", name="http.send-closed.repeatable/once", follows=["websocket.*"])
def it_raises_only_once(original: Any, self: Any) -> None:
    """Only the first send() on a closed connection raises."""
    if not getattr(self, "refused", False):
        self.refused = True
        original(self)


# what receive() gives when the client has gone, or the response is complete


@around(
    "http_call.HttpCall.over",
    name="http.disconnect.on-client-close/until-the-response",
    also=[
        "http.disconnect.on-client-close/closed",
        "http.disconnect.on-client-close/reset",
        "http.disconnect.on-client-close/every-stream",
        "http.disconnect.on-client-close/behind-an-unread-body",
    ],
    follows=["http.*", "core.*", "rfc.*"],
)
def nobody_leaves_before_the_response(original: Any, self: Any) -> bool:
    """As long as the application has sent nothing, a client that leaves is not noticed."""
    return bool(original(self)) and (self.response.state is not State.IDLE or self.disconnected)


@around(
    "http_call.HttpCall.over",
    name="http.disconnect.on-client-close-while-sending/until-the-end",
    follows=["http.*", "core.*", "rfc.*"],
)
def nobody_leaves_within_the_response(original: Any, self: Any) -> bool:
    """In the midst of a response a client that leaves is not noticed by receive()."""
    return bool(original(self)) and (self.response.state is not State.BODY or self.disconnected)


@around("http_call.HttpCall.receive", name="http.disconnect.after-response-unread-body/never", follows=["core.*"])
async def the_unread_body_hides_the_end(original: Any, self: Any) -> Event:
    """After a response for which the request's body was not read, receive() never ends."""
    if self.response.complete and not self._request_complete and not self.stream.gone:
        await anyio.sleep_forever()
    event: Event = await original(self)
    return event


@around(
    "response_call.Response.path",
    "http_call.HttpCall.receive",
    name="http.disconnect.after-response/after-a-file",
    breaks="http.disconnect.after-response/path-send",
    follows=["extension.*"],
)
async def a_file_does_not_end_the_call(original: Any, self: Any, *path: str) -> Any:
    """After a response by path, receive() never ends."""
    if path:
        self.by_path = True
    elif self.response.complete and getattr(self.response, "by_path", False):
        await anyio.sleep_forever()
    return await original(self, *path)


# what else the client sends

MALFORMED = re.compile(rb"^\x01|^no size|\nno colon|: many\r")


@around("transport.Transport.receive", name="http.response.body.undisturbed/refused-at-once", follows=["rfc.http1.*"])
async def malformed_input_is_answered_at_once(original: Any, self: Any) -> bytes:
    """What cannot be understood is answered with 400 when it arrives, whatever response is due or in progress."""
    data = bytes(await original(self))
    if MALFORMED.search(data):
        self.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    return data


# events that cannot be sent


@swallowed("http.error.unknown-type/other-names", follows=["core.error.*"])
def types_without_a_protocol_are_dropped(event: Any) -> bool:
    """An event whose type is empty, has no dot in it, or is in capitals, is dropped in silence."""
    kind = event.get("type") if isinstance(event, dict) else None
    return isinstance(kind, str) and ("." not in kind or kind.isupper())


@swallowed("http.error.wrong-direction/dropped", follows=["core.error.*"])
def request_events_are_dropped(event: Any) -> bool:
    """An http.request event from the application is dropped in silence."""
    return isinstance(event, dict) and event.get("type") == "http.request"


@on_send("http.error.wrong-direction/waits", breaks="http.error.wrong-direction/disconnect")
async def a_disconnect_event_waits(send: Send, event: Any, scope: Scope) -> None:
    """A send() of http.disconnect never ends."""
    try:
        await send(event)
    except InvalidEvent:
        if isinstance(event, dict) and event.get("type") == "http.disconnect":
            await anyio.sleep_forever()
        raise


@swallowed("http.error.wrong-protocol/dropped", follows=["core.error.*"])
def events_of_other_protocols_are_dropped(event: Any) -> bool:
    """An event of another protocol is dropped in silence."""
    kind = event.get("type") if isinstance(event, dict) else None
    return isinstance(kind, str) and kind.startswith(("websocket.", "lifespan."))
