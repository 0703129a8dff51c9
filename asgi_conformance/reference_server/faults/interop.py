"""Violations that users of applications and frameworks notice; each is limited to one of the common paths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from ..application import Event, Receive, Scope, Send
from . import around, on_bytes, on_received, on_scope, on_send

Changed = Callable[[Event], "Event | None"]


def _sent(name: str, path: str, *, kind: str = "http") -> Callable[[Changed], Changed]:
    """Change what is sent for one path: the decorated function gives the event that the server takes, or None."""

    def register(function: Changed) -> Changed:
        async def spoil(send: Send, event: Any, scope: Scope) -> None:
            # The application may have made anything of the scope meanwhile.
            changed = function(event) if str(scope.get("path")).startswith(path) else event
            if changed is not None:
                await send(changed)

        spoil.__doc__ = function.__doc__
        on_send(name, kind=kind)(spoil)
        return function

    return register


@_sent("interop.request.answered/empty", "/hello")
def the_page_is_empty(event: Event) -> Event:
    """The page comes without its text."""
    if event["type"] == "http.response.start":
        return {**event, "headers": [(name, value) for name, value in event["headers"] if name != b"content-length"]}
    return {**event, "body": b""}


@on_scope("interop.request.routed/encoded-twice")
def the_path_is_encoded_twice(scope: Scope) -> None:
    """What is beyond ASCII in the path is percent-encoded twice."""
    if scope["path"].startswith("/greet"):
        scope["path"] = scope["raw_path"].decode("ascii")
        scope["raw_path"] = scope["raw_path"].replace(b"%", b"%25")


@on_received("interop.request.body/shortened")
def the_body_is_shortened(event: Event, scope: Scope) -> Event:
    """The last byte of what is posted is missing."""
    return {**event, "body": event["body"][:-1]} if scope.get("path") == "/echo" and event.get("body") else event


@on_received("interop.upload.whole/from-64-kilobytes")
def a_large_piece_is_cut(event: Event, scope: Scope) -> Event:
    """A part of an upload is cut to its first thousand bytes."""
    return {**event, "body": event["body"][:1000]} if scope.get("path") == "/upload" and event.get("body") else event


@_sent("interop.download.whole/other-bytes", "/download")
def line_ends_are_translated(event: Event) -> Event:
    """The line ends in a download are made others."""
    return {**event, "body": event["body"].replace(b"\n", b"\r")} if "body" in event else event


@_sent("interop.response.streamed/lost-piece", "/stream")
def a_piece_is_lost(event: Event) -> Event:
    """A piece of a streamed response is lost."""
    return {**event, "body": event["body"].replace(b"piece 3\n", b"")} if "body" in event else event


@_sent("interop.session.cookies/one-alone", "/visits")
def one_cookie_is_kept(event: Event) -> Event:
    """Of several cookies only the last is sent."""
    if event["type"] != "http.response.start":
        return event
    headers = list(event["headers"])
    cookies = [header for header in headers if header[0].lower() == b"set-cookie"]
    return {**event, "headers": [header for header in headers if header not in cookies[:-1]]}


@on_bytes("interop.application.fails/not-found", follows=["http.*", "core.*", "rfc.*"])
def a_failure_is_not_found(data: bytes) -> bytes:
    """A request on which an application fails, whoever answers it, is answered 404."""
    return data.replace(b"HTTP/1.1 500 ", b"HTTP/1.1 404 ")


@_sent("interop.events.while-open/held", "/events")
def events_are_held_back(event: Event) -> Event | None:
    """Events are held back until the response ends, which it does not."""
    return None if event.get("more_body") else event


@around("server.Server.guard", name="interop.events.client-leaves/not-told")
def nobody_is_told_that_the_browser_left(
    original: Any, self: Any, scope: Scope, receive: Receive, send: Send
) -> Awaitable[bool]:
    """An application that sends events is not told that the browser has left."""

    async def received() -> Event:
        event = await receive()
        if event["type"] == "http.disconnect":
            await anyio.sleep_forever()
        return event

    async def sent(event: Any) -> None:
        try:
            await send(event)
        except OSError:
            await anyio.sleep_forever()

    deaf = scope["type"] == "http" and scope["path"] == "/events"
    result: Awaitable[bool] = original(self, scope, received if deaf else receive, sent if deaf else send)
    return result


@on_received("interop.middleware.both-directions/copied")
def the_body_is_doubled(event: Event, scope: Scope) -> Event:
    """Where the query has a tag, an application receives twice what was posted."""
    tagged = str(scope.get("query_string")).startswith("b'tag=")
    return {**event, "body": event.get("body", b"") * 2} if tagged else event


@_sent("interop.websocket.conversation/trimmed", "/ws", kind="websocket")
def texts_are_trimmed(event: Event) -> Event:
    """Spaces in a message are lost."""
    return {**event, "text": event["text"].replace(" ", "")} if event.get("text") else event


@_sent("interop.websocket.closed/normal", "/ws", kind="websocket")
def a_close_is_normal(event: Event) -> Event:
    """Whatever code an application closes with, 1000 is sent."""
    return {**event, "code": 1000} if event["type"] == "websocket.close" else event


@on_send("interop.websocket.refused/taken", kind="websocket")
async def a_refused_websocket_is_taken(send: Send, event: Any, scope: Scope) -> None:
    """A handshake that the application refuses is accepted first."""
    if scope.get("path") == "/nowhere" and event["type"] != "websocket.accept":
        await send({"type": "websocket.accept"})
        event = {"type": "websocket.close"}
    await send(event)


@on_scope("interop.lifespan.prepared/lost")
def what_was_prepared_is_lost(scope: Scope) -> None:
    """The state of a request has nothing in it, and the path is another."""
    if scope["path"] == "/state":
        scope["state"] = {}
        scope["path"], scope["raw_path"] = "/hello", b"/hello"


@around("lifespan.Lifespan.shut_down", name="interop.lifespan.tidied/not-told", follows=["lifespan.*"])
async def the_lifespan_is_not_told(original: Any, self: Any) -> None:
    """The lifespan is cut off at the stop."""


@on_scope("interop.legacy.served/other-path")
def a_legacy_application_is_mounted_elsewhere(scope: Scope) -> None:
    """An application of the older kind is given the last part of the path alone."""
    if scope["path"] == "/old/path":
        scope["path"] = "/path"
