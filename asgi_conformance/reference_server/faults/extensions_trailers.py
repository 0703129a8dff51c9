"""Violations of extensions.rst in when trailers are sent, and to whom (suite ``extensions``)."""

from __future__ import annotations

from typing import Any

from ..response_call import State
from . import around, on_sent, swallowed

TRAILERS = "http.response.trailers"
TRAILING = ["extension.trailers.*", "core.*"]


def _is(event: Any, *kinds: str) -> bool:
    return isinstance(event, dict) and event.get("type") in kinds


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


@around(
    "response_call.Response.trailers",
    name="extension.trailers.te-parsing/http-1",
    breaks="extension.trailers.te-parsing/alone/http-2",
    follows=TRAILING,
)
def te_is_not_read_over_http2(original: Any, self: Any, headers: Any, more: bool) -> None:
    """Over HTTP/2 no trailers are sent, whatever TE says."""
    original(self, [] if self.stream.request.http_version == "2" else headers, more)


@on_sent("extension.trailers.headers-iterable/lists", follows=TRAILING)
def trailer_fields_are_a_list(event: Any) -> Any:
    """Fields that are no list, or an empty one, make send() raise."""
    if _is(event, TRAILERS) and not (isinstance(event.get("headers"), list) and event["headers"]):
        return {**event, "headers": None}
    return event


@around(
    "extensions.of_http",
    "events.table_of",
    name="extension.trailers.key-without-support/awaited",
    follows=["core.*", "websocket.*"],
)
def unlisted_trailers_are_awaited(original: Any, first: Any, second: Any) -> Any:
    """Trailers are not listed, and awaited all the same when a response announces them."""
    if isinstance(first, dict):  # a table of events, and the extensions that the scope lists
        return original(first, {**second, TRAILERS: {}})
    found = original(first, second)
    del found[TRAILERS]
    return found


@around(
    "http1_stream.Http1Stream.send_end",
    name="extension.trailers.unannounced/appended",
    breaks="extension.trailers.unannounced/http-1.0",
    follows=TRAILING,
)
def trailers_follow_every_response(original: Any, self: Any, trailers: Any) -> None:
    """An HTTP/1.0 client that takes trailers gets some behind every response."""
    original(self, trailers)
    if self.request.http_version == "1.0" and self.request.tokens(b"te"):
        self.transport.write(b"x-a: 1\r\n\r\n")


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
