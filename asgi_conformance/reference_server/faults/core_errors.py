"""Violations of what follows an error of the application, or an event that is invalid or late (suite ``core``)."""

from __future__ import annotations

import math
from typing import Any

import anyio

from ..checks import InvalidEvent
from ..log import logger
from ..response_call import State
from ..transport import ClientDisconnected
from . import around
from .scribbling import scribble

# invalid events


@around("http_call.HttpCall.send", name="core.error.send.raised-by-await/by-the-next", follows=["core.*", "http.*"])
async def the_next_send_raises(original: Any, self: Any, event: Any) -> None:
    """The exception for an invalid event comes out of the send() after it."""
    owed = getattr(self, "owed", None)
    self.owed = None
    if owed is not None:
        raise owed
    try:
        await original(self, event)
    except InvalidEvent as error:
        self.owed = error


@around(
    "http_call.HttpCall.send",
    name="core.error.send.nothing-on-wire/shown-to-the-client",
    also=[
        f"core.error.send.nothing-on-wire/{kind}*" for kind in ("text", "body", "start-with", "start-twice", "unknown")
    ],
    follows=["core.*", "http.*"],
)
async def the_client_is_shown_what_was_refused(original: Any, self: Any, event: Any) -> None:
    """An event that is refused is written to the connection."""
    try:
        await original(self, event)
    except InvalidEvent:
        scribble(self.stream, repr(event).encode())
        raise


@around("http_call.HttpCall.send", name="core.error.send.server-survives/deaf", follows=["*"])
async def an_invalid_event_makes_the_server_deaf(original: Any, self: Any, event: Any) -> None:
    """After the first invalid event the server closes every new connection."""
    try:
        await original(self, event)
    except InvalidEvent:

        async def close(connection: Any) -> None:
            connection.socket.close()

        self.server.serve_connection = close
        raise


# applications that fail


@around(
    "websocket.WebSocketCall.end_call",
    name="core.error.app-exception.terminates-connection/open-websocket",
    breaks="core.error.app-exception.terminates-connection/websocket",
    follows=["websocket.*", "rfc.websocket.*"],
)
def a_websocket_without_an_application(original: Any, self: Any, failed: bool) -> None:
    """The WebSocket of an application that failed stays open."""
    if not failed:
        original(self, failed)


@around(
    "server.Server.guard",
    name="core.error.app-exception.base-exceptions/never-answered",
    follows=["lifespan.*", "websocket.*"],
)
async def base_exceptions_are_forgotten(original: Any, self: Any, *call: Any) -> Any:
    """When an application raises what is no subclass of Exception, its request is forgotten."""
    error = await original(self, *call)
    if error is not None and not isinstance(error, Exception):
        await anyio.sleep_forever()
    return error


# late events


@around(
    "http_call.HttpCall.refuse_send", name="core.error.send-after-close.no-op/start-refused", follows=["core.error.*"]
)
def a_response_to_nobody_is_an_error(original: Any, self: Any) -> None:
    """A response start that comes when the client has gone raises RuntimeError."""
    if self.response.state is State.IDLE:
        raise RuntimeError("there is nobody to respond to")
    original(self)


@around(
    "server.Server.guard",
    name="core.error.send-error.ignored-when-reraised/logged",
    also=["http.send-closed.not-logged", "http.send-closed.chained-caught"],
    follows=["websocket.send-closed.*"],
)
async def the_own_exception_is_logged(original: Any, self: Any, *call: Any) -> Any:
    """The exception of a send() on a closed connection is logged as an error when it comes out of the application."""
    error = await original(self, *call)
    if isinstance(error, ClientDisconnected):
        logger.error("the application failed", exc_info=error)
    return error


@around("http_call.HttpCall.refuse_send", name="core.error.send-after-close.not-logged/logged", follows=["http.*"])
def a_late_message_is_logged(original: Any, self: Any) -> None:
    """A message that comes when the client has gone is logged as an error."""
    logger.error("the application sent to a client that has gone")
    original(self)


@around(
    "server.Server.guard",
    name="core.error.app-exception.server-survives/not-after-a-cancelled-call",
    breaks="core.error.app-exception.server-survives/after-a-cancelled-call",
    follows=["*"],
)
async def errors_hang_after_a_cancelled_call(original: Any, self: Any, scope: Any, receive: Any, send: Any) -> Any:
    """Calls are cancelled after a second; once one was, requests whose application fails are never ended."""
    if scope["type"] != "http":
        return await original(self, scope, receive, send)
    with anyio.move_on_after(1) as limit:
        error = await original(self, scope, receive, send)
        if error is not None and getattr(self, "harmed", False):
            limit.deadline = math.inf
            await anyio.sleep_forever()
        return error
    self.harmed = True
    return None


@around(
    "response_call.Response.abandon",
    name="core.error.app-exception.server-survives/careless-afterwards",
    follows=["core.error.*", "http.app.*"],
)
def nothing_is_ended_after_a_cut(original: Any, self: Any, status: int, text: str) -> None:
    """Once a response was cut off because its application failed, no request of an application that fails is ended."""
    server_is_careless = getattr(type(self), "careless", False)
    type(self).careless = server_is_careless or (self.head_sent and not self.complete)
    if not server_is_careless:
        original(self, status, text)


@around(
    "http2_stream.Http2Stream.cut",
    "http3_stream.Http3Stream.cut",
    name="core.error.app-exception.server-survives/takes-the-connection",
    follows=["core.error.*", "http.app.*", "rfc.http2.*", "extension.*"],
)
def a_stream_that_is_cut_takes_its_connection_along(original: Any, self: Any) -> None:
    """When the response of one stream is cut off, the whole HTTP/2 or HTTP/3 connection is lost."""
    original(self)
    self.transport.lose()
