"""Violations of extensions.rst in what a response has besides head and body (suite ``extensions``)."""

from __future__ import annotations

from typing import Any

from ..checks import InvalidEvent
from ..response_call import State
from . import around, on_sent, swallowed
from .scribbling import scribble

HINT, TRAILERS, PUSH = "http.response.early_hint", "http.response.trailers", "http.response.push"
HINTS = ["extension.early-hint.*", "core.*"]
PUSHES = ["extension.push.*", "core.*"]


def _is(event: Any, *kinds: str) -> bool:
    return isinstance(event, dict) and event.get("type") in kinds


def _lists_none(name: str, short: str) -> None:
    """A fault in which an extension is listed with None."""

    def spoil(original: Any, transport: Any, request: Any) -> Any:
        found = original(transport, request)
        if name in found:
            found[name] = None
        return found

    spoil.__doc__ = f"{name} is listed with None."
    around("extensions.of_http", name=f"extension.{short}.advertised/none", follows=["core.*"])(spoil)


for _name, _short in (
    (HINT, "early-hint"),
    (TRAILERS, "trailers"),
    (PUSH, "push"),
    ("http.response.zerocopysend", "zerocopysend"),
    ("http.response.pathsend", "pathsend"),
):
    _lists_none(_name, _short)


@around("extensions.of_http", name="extension.debug.not-in-servers/listed", follows=["core.*"])
def debug_is_listed(original: Any, transport: Any, request: Any) -> Any:
    """The extension for debug information is listed."""
    return {**original(transport, request), "http.response.debug": {}}


# early hints


@on_sent("extension.early-hint.sent/one-link", follows=HINTS)
def one_link_is_enough(event: Any) -> Any:
    """Only the first link of a hint is sent."""
    return (
        {**event, "links": event["links"][:1]} if _is(event, HINT) and isinstance(event.get("links"), list) else event
    )


@around(
    "http1_stream.Http1Stream.send_informational",
    name="extension.early-hint.sent/to-http-10",
    breaks="extension.early-hint.sent/http-1.0",
    follows=["extension.early-hint.*", "rfc.*"],
)
def hints_come_to_everybody(original: Any, self: Any, status: int, headers: Any) -> None:
    """HTTP/1.0 clients get hints too."""
    if status == 103 and self.request.http_version == "1.0":
        self.transport.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    else:
        original(self, status, headers)


@on_sent(
    "extension.early-hint.links-iterable/not-empty", breaks="extension.early-hint.links-iterable/empty", follows=HINTS
)
def no_links_are_refused(event: Any) -> Any:
    """A hint without links makes send() raise."""
    return {**event, "links": None} if _is(event, HINT) and event.get("links") == [] else event


@around("response_call.Response.accept", name="extension.early-hint.order/never", follows=HINTS)
async def a_hint_has_no_place(original: Any, self: Any, message: Any) -> None:
    """A hint makes send() raise at every point of the exchange."""
    if _is(message, HINT):
        raise InvalidEvent("there is no place for a hint")
    await original(self, message)


@around("response_call.Response.early_hint", name="extension.early-hint.several/once", follows=HINTS)
def one_hint_is_enough(original: Any, self: Any, links: Any) -> None:
    """A second hint makes send() raise."""
    if getattr(self, "hinted", False):
        raise InvalidEvent("one hint is enough")
    self.hinted = True
    original(self, links)


@on_sent("extension.early-hint.links-iterable/lists", follows=HINTS)
def links_are_lists(event: Any) -> Any:
    """Links that are no list make send() raise."""
    return {**event, "links": None} if _is(event, HINT) and not isinstance(event.get("links"), list) else event


@around(
    "response_call.Response.early_hint",
    "response_call.Response.start",
    name="extension.early-hint.final-response-intact/added",
    follows=HINTS,
)
def links_are_added_to_the_response(original: Any, self: Any, *arguments: Any) -> None:
    """The links of hints stand in the final response too."""
    if len(arguments) == 1:
        self.links = arguments[0]
        original(self, *arguments)
    else:
        status, headers, trailers = arguments
        original(self, status, [*headers, *((b"link", link) for link in getattr(self, "links", []))], trailers)


@around("http_call.HttpCall.send", name="extension.early-hint.after-final-body/sent", follows=HINTS)
async def a_late_hint_is_sent(original: Any, self: Any, event: Any) -> None:
    """A hint after the final body is put on the wire, before the next response."""
    if _is(event, HINT) and self.response.complete:
        scribble(self.stream, b"HTTP/1.1 103 Early Hints\r\nlink: </late>\r\n\r\n")
    await original(self, event)


@swallowed("extension.early-hint.links.str/dropped", follows=HINTS)
def wrong_links_are_dropped(event: Any) -> bool:
    """Wrong links are dropped without an exception."""
    return _is(event, HINT)


# push


@around("http2_stream.Http2Stream.push", name="extension.push.accepted/refused", follows=PUSHES)
def a_push_is_refused(original: Any, self: Any, path: str, headers: Any) -> None:
    """A push makes send() raise."""
    raise InvalidEvent("nothing can be pushed")


@around("response_call.Response.accept", name="extension.push.out-of-place/taken", follows=PUSHES)
async def a_push_has_any_place(original: Any, self: Any, message: Any) -> None:
    """A push before the response start is promised."""
    if _is(message, PUSH) and self.state is State.IDLE:
        self.stream.push(message["path"], message["headers"])
        return
    await original(self, message)


@around("http2_stream.Http2Stream.push", name="extension.push.promise-sent/headers", follows=PUSHES)
def a_push_has_no_headers(original: Any, self: Any, path: str, headers: Any) -> None:
    """The headers of a push are not in the promise."""
    original(self, path, [])


@around("http2.quote", name="extension.push.path-encoded/spaces", follows=PUSHES)
def a_path_is_encoded_twice(original: Any, path: str, **arguments: Any) -> str:
    """The path of a push is encoded twice."""
    return str(original(original(path, **arguments), **arguments))


@around("http2.Http2Connection.push", name="extension.push.new-application-call/root", follows=PUSHES)
def a_push_calls_for_another_path(original: Any, self: Any, parent: Any, path: str, headers: Any) -> None:
    """The call for a push has no headers."""
    begin = self.server.begin

    def without(stream: Any, *rest: Any) -> Any:
        stream.request.headers[:] = [field for field in stream.request.headers if field[0] != b"x-of-push"]
        return begin(stream, *rest)

    self.server.begin = without
    try:
        original(self, parent, path, headers)
    finally:
        del self.server.begin


@around("http2.Http2Connection.push", name="extension.push.authority/another", follows=PUSHES)
def a_promise_has_another_authority(original: Any, self: Any, parent: Any, path: str, headers: Any) -> None:
    """The authority of a promise is another than that of the request."""
    parent.request.headers[:] = [
        (name, b"elsewhere.test" if name == b"host" else value) for name, value in parent.request.headers
    ]
    original(self, parent, path, headers)


@around("http2_stream.Http2Stream.push", name="extension.push.disabled-by-client/refused", follows=PUSHES)
def a_push_needs_the_client(original: Any, self: Any, path: str, headers: Any) -> None:
    """A push to a client that takes none makes send() raise."""
    if not self.connection.h2.remote_settings.enable_push:
        raise InvalidEvent("the client takes no push")
    original(self, path, headers)


@swallowed("extension.push.headers.str/dropped", follows=PUSHES)
def a_wrong_push_is_dropped(event: Any) -> bool:
    """A wrong push is dropped without an exception."""
    return _is(event, PUSH)


@around(
    "extensions.of_http",
    name="extension.push.advertised/http-1",
    follows=["core.*"],
)
def push_is_listed_everywhere(original: Any, transport: Any, request: Any) -> Any:
    """Push is listed for HTTP/1, too."""
    return {**original(transport, request), PUSH: {}}


@around(
    "http_call.HttpCall.send",
    name="extension.push.out-of-place/deadly",
    also=["extension.push.headers.str/missing-headers"],
    breaks="extension.push.out-of-place/after-the-end",
    follows=PUSHES,
)
async def a_late_push_ends_the_connection(original: Any, self: Any, event: Any) -> None:
    """A push that comes after the final body, or has no headers, ends the connection."""
    if _is(event, PUSH) and (self.response.complete or "headers" not in event):
        self.stream.transport.reset()
    await original(self, event)
