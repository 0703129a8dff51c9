"""Violations of extensions.rst in what a response has besides head and body (suite ``extensions``)."""

from __future__ import annotations

from typing import Any

from ..checks import InvalidEvent
from ..response_call import State
from . import around, on_sent, swallowed

HINT, TRAILERS, PUSH = "http.response.early_hint", "http.response.trailers", "http.response.push"
HINTS = ["extension.early-hint.*", "core.*"]
TRAILING = ["extension.trailers.*", "core.*"]
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
        self.stream.transport.write(b"HTTP/1.1 103 Early Hints\r\nlink: </late>\r\n\r\n")
    await original(self, event)


@swallowed("extension.early-hint.links.str/dropped", follows=HINTS)
def wrong_links_are_dropped(event: Any) -> bool:
    """Wrong links are dropped without an exception."""
    return _is(event, HINT)


# trailers


@around("response_call.Response.start", name="extension.trailers.flag-type/always", follows=["*"])
def trailers_are_always_awaited(original: Any, self: Any, status: int, headers: Any, trailers: bool) -> None:
    """A client that takes trailers is left waiting for them, announced or not."""
    original(self, status, headers, trailers or bool(self.stream.request.tokens(b"te")))


@around("response_call.Response.content_sent", name="extension.trailers.waits/ends", follows=TRAILING)
def the_body_ends_the_response(original: Any, self: Any, more: bool) -> None:
    """The final body completes the response, though trailers were announced."""
    self._trailers_announced = False
    original(self, more)


@around("response_call.Response.trailers", name="extension.trailers.sent/dropped", follows=TRAILING)
def trailers_are_dropped(original: Any, self: Any, headers: Any, more: bool) -> None:
    """No trailer fields are sent."""
    original(self, [], more)


@around("response_call.Response.trailers", name="extension.trailers.only-with-te/always", follows=TRAILING)
def trailers_come_to_everybody(original: Any, self: Any, headers: Any, more: bool) -> None:
    """Trailers are sent to clients that have not said that they take them."""
    if more:
        original(self, headers, more)
    else:
        self.complete_with([*self._trailers, *headers])


@around("response_call.Response.trailers", name="extension.trailers.te-parsing/exact", follows=TRAILING)
def te_is_read_as_one_word(original: Any, self: Any, headers: Any, more: bool) -> None:
    """Only a TE that says trailers in lower case, and nothing else, counts."""
    values = self.stream.request.values(b"te")
    original(self, headers if self.stream.request.http_version == "2" or values == [b"trailers"] else [], more)


@around("response_call.Response.trailers", name="extension.trailers.more-trailers/first", follows=TRAILING)
def the_first_trailers_are_the_last(original: Any, self: Any, headers: Any, more: bool) -> None:
    """more_trailers is not looked at."""
    original(self, headers, False)


@on_sent("extension.trailers.headers-iterable/sorted", follows=TRAILING)
def trailer_fields_are_sorted(event: Any) -> Any:
    """Trailer fields are sorted."""
    if not _is(event, TRAILERS) or not isinstance(event.get("headers"), (list, tuple)):
        return event
    return {**event, "headers": sorted(tuple(pair) for pair in event["headers"])}


@around("response_call.Response.trailers", name="extension.trailers.trailer-header-untouched/checked", follows=TRAILING)
def unannounced_fields_are_dropped(original: Any, self: Any, headers: Any, more: bool) -> None:
    """A field that the header Trailer does not name is dropped."""
    named = b",".join(value for name, value in self._head.headers if name == b"trailer")
    original(self, [(name, value) for name, value in headers if name in named], more)


@around("http1_stream.Http1Stream.send_end", name="extension.trailers.http10/appended", follows=TRAILING)
def trailers_follow_any_body(original: Any, self: Any, trailers: Any) -> None:
    """Trailers are written behind a body of any framing."""
    original(self, trailers)
    if trailers and self.framing != "chunked":
        self.transport.write(b"".join(name + b": " + value + b"\r\n" for name, value in trailers) + b"\r\n")


@around("response_call.Response.abandon", name="extension.trailers.missing-event/waiting", follows=TRAILING)
def missing_trailers_are_awaited(original: Any, self: Any, status: int, text: str) -> None:
    """A response whose trailers never came is left as it is."""
    if self.state is not State.TRAILERS:
        original(self, status, text)


@around(
    "response_call.Response.content_sent",
    "response_call.Response.accept",
    name="extension.trailers.unannounced/sent",
    follows=["*"],
)
def unannounced_trailers_are_sent(original: Any, self: Any, message: Any) -> Any:
    """The end of a response to a client that takes trailers is held back, and trailers are sent unannounced."""
    if isinstance(message, bool) and self.stream.request.tokens(b"te"):
        self._trailers_announced = True
    return original(self, message)


@swallowed("extension.trailers.before-final-body/dropped", follows=TRAILING)
def early_trailers_are_dropped(event: Any) -> bool:
    """Trailers that are out of place are dropped without an exception."""
    return _is(event, TRAILERS)


@swallowed("extension.trailers.headers.str/dropped", follows=TRAILING)
def wrong_trailers_are_dropped(event: Any) -> bool:
    """Wrong trailers are dropped without an exception."""
    return _is(event, TRAILERS)


@on_sent("extension.trailers.key-without-support/refused", follows=["*"])
def the_key_is_refused(event: Any) -> Any:
    """A response start with the key trailers makes send() raise."""
    return {**event, "status": None} if _is(event, "http.response.start") and "trailers" in event else event


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
