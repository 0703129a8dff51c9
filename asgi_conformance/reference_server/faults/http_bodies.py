"""Violations of what www.rst says of request and response bodies (suite ``http``)."""

from __future__ import annotations

import contextlib
from typing import Any

from ..application import Event, Receive, Scope, Send
from ..checks import InvalidEvent
from . import around, on_received, on_send, on_sent, swallowed
from .scribbling import scribble


def _is_body(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == "http.response.body"


# what the application receives


@on_received("http.request.first-event/disconnect", follows=["http.*", "core.*", "rfc.http1.upgrade.*"])
def a_bodyless_request_is_a_disconnect(event: Event, scope: Scope) -> Event:
    """A request without content gives http.disconnect and no http.request."""
    empty = event["type"] == "http.request" and not event["body"] and not event["more_body"]
    return {"type": "http.disconnect"} if empty else event


@on_received("http.request.type/under-another-name", follows=["http.*", "core.*", "rfc.http1.*"])
def content_under_another_name(event: Event, scope: Scope) -> Event:
    """An event with a part of a body has the type "http.request.body"."""
    return {**event, "type": "http.request.body"} if event.get("body") else event


@on_received("http.request.body.empty/newline", follows=["http.request.*"])
def an_empty_body_is_a_line(event: Event, scope: Scope) -> Event:
    """A body that is empty, or a last part that is, arrives as one newline."""
    return {**event, "body": b"\n"} if event.get("body") == b"" and not event["more_body"] else event


@on_received("http.request.body.complete/last-byte-lost", follows=["http.request.*", "rfc.*", "core.*"])
def the_last_byte_is_lost(event: Event, scope: Scope) -> Event:
    """The last byte of each part of a body is lost."""
    return {**event, "body": event["body"][:-1]} if "body" in event else event


@on_received("http.request.chunked.decoded/with-last-chunk", follows=["http.request.*", "rfc.http1.*"])
def the_last_chunk_is_content(event: Event, scope: Scope) -> Event:
    """The last chunk of a chunked body arrives as content."""
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    last = chunked and event["type"] == "http.request" and not event["more_body"]
    return {**event, "body": event["body"] + b"0\r\n\r\n"} if last else event


@on_received("http.request.more-body.true-means-more/never-false", follows=["http.*", "core.*", "rfc.*"])
def the_end_is_never_told(event: Event, scope: Scope) -> Event:
    """The end of a body that comes apart from its data is told as if more were to come."""
    return {**event, "more_body": True} if event.get("body") == b"" else event


@around("http_call.HttpCall.receive", name="http.request.streamed/collected", follows=["http.request.*", "rfc.*"])
async def bodies_are_collected(original: Any, self: Any) -> Event:
    """The application gets a body when all of it has arrived."""
    event: Event = await original(self)
    content = b""
    while event.get("more_body"):
        content += event["body"]
        event = await original(self)
    return {**event, "body": content + event["body"]} if "body" in event else event


# what the application sends


@around(
    "http1_stream.Http1Stream.send_body",
    "http2_stream.Http2Stream.send_body",
    "http3_stream.Http3Stream.send_body",
    name="http.response.body.sent/last-byte-lost",
    follows=["http.*", "rfc.*", "extension.*"],
)
def large_messages_lose_a_byte(original: Any, self: Any, data: bytes) -> None:
    """Of a body message with more than a thousand bytes the last one is not sent."""
    original(self, data[:-1] if len(data) > 1000 else data)


@around("server.Server.guard", name="http.response.body.completes/last-message-waits", follows=["*"])
async def the_last_message_waits(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """A last body message that is empty or "done" goes out when the application's call has ended."""
    last: list[Any] = []

    async def spoilt(event: Any) -> None:
        if _is_body(event) and not event.get("more_body") and event.get("body") in (b"", b"done"):
            last.append(event)
        else:
            await send(event)

    error = await original(self, scope, receive, spoilt)
    with contextlib.suppress(InvalidEvent, OSError):
        for event in last[:1]:
            await send(event)
    return error


@around("http1.Http1Connection.finish_one", name="http.response.body.completes-not-closes/closed", follows=["*"])
async def every_response_closes(original: Any, self: Any, stream: Any) -> bool:
    """The connection is closed after each response, which does not say so."""
    await original(self, stream)
    return False


@on_send("http.response.body.default/required")
async def a_body_is_required(send: Send, event: Any, scope: Scope) -> None:
    """A body message without a body is refused."""
    if _is_body(event) and "body" not in event:
        raise InvalidEvent("the body is missing")
    await send(event)


@on_sent("http.response.body.more-body-default/true", follows=["http.*", "core.*", "rfc.*"])
def more_is_the_default(event: Any) -> Any:
    """A body message without more_body is taken for one that more follows."""
    return {"more_body": True, **event} if _is_body(event) else event


@around(
    "http_call.HttpCall.send",
    name="http.response.body.after-complete.nothing-on-wire/line",
    follows=["http.*", "extension.pathsend.once*"],
)
async def a_line_after_the_end(original: Any, self: Any, event: Any) -> None:
    """For each message after the final one an empty line is written to the connection."""
    if self.response.complete:
        scribble(self.stream, b"\r\n")
    await original(self, event)


@around("http_call.HttpCall.send", name="http.response.start.twice-clean-wire/second-head", follows=["http.*"])
async def a_second_start_is_a_second_head(original: Any, self: Any, event: Any) -> None:
    """A second response start is written to the connection as a response of its own."""
    second = isinstance(event, dict) and event.get("type") == "http.response.start" and self.response.state.value > 1
    if second:
        self.response.send_head()
        scribble(self.stream, b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
    else:
        await original(self, event)


@on_sent("http.response.body.none/name")
def none_is_a_name(event: Any) -> Any:
    """The body None is sent as its name."""
    return {**event, "body": b"None"} if _is_body(event) and event.get("body", b"") is None else event


@on_sent("http.response.body.wrong-type/converted")
def a_body_is_converted(event: Any) -> Any:
    """A body that is a list, a dict or a bool is sent as its text."""
    converted = _is_body(event) and isinstance(event.get("body"), (list, dict, bool))
    return {**event, "body": repr(event["body"]).encode()} if converted else event


@on_sent("http.response.body.more-body.wrong-type/truth")
def truth_is_enough(event: Any) -> Any:
    """A more_body that is no bool is taken for its truth."""
    return {**event, "more_body": bool(event["more_body"])} if _is_body(event) and "more_body" in event else event


@around("http_call.HttpCall.send", name="http.response.body.before-start/dropped")
async def a_body_before_the_start_is_dropped(original: Any, self: Any, event: Any) -> None:
    """A body message before the response start is dropped in silence."""
    if not (_is_body(event) and self.response.state.value == 1):
        await original(self, event)


@swallowed("http.response.body.missing-type/dropped", follows=["core.error.*"])
def what_has_no_type_is_dropped(event: Any) -> bool:
    """What is no dict, or has no type that is a str, is dropped in silence."""
    return not (isinstance(event, dict) and isinstance(event.get("type"), str))


@around(
    "server.Server.guard",
    name="http.response.body.missing-type/no-argument",
    breaks="http.response.body.missing-type/no-argument",
)
def nothing_can_be_sent(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """A send() without an event returns."""

    async def spoilt(*events: Any) -> None:
        if events:
            await send(*events)

    return original(self, scope, receive, spoilt)
