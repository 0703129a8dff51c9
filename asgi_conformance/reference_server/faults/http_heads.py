"""Violations of what www.rst says of the status and headers of responses (suite ``http``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..application import Scope, Send
from ..checks import InvalidEvent
from ..requests import Refused
from . import around, on_send, on_sent


def _start_of(event: Any) -> dict[str, Any] | None:
    return event if isinstance(event, dict) and event.get("type") == "http.response.start" else None


# when the head goes out, and how the body is framed


@on_sent("http.response.start.accepted/200-for-201", follows=["http.response.*", "extension.early-hint.*"])
def created_is_ok(event: Any) -> Any:
    """The status 201 is sent as 200."""
    start = _start_of(event)
    return {**event, "status": 200} if start and start.get("status") == 201 else event


@around(
    "response_call.Response.send_head",
    "response_call.Response.complete_with",
    name="http.response.start.headers-before-body/with-the-end",
    follows=["*"],
)
def the_head_waits_for_the_end(original: Any, self: Any, *trailers: Any) -> None:
    """Head and content are kept back until the response is complete."""
    stream = self.stream
    if not hasattr(stream, "kept"):
        stream.kept = kept = []
        stream.let_out = (stream.send_head, stream.send_body)
        stream.send_head = lambda head: kept.append((0, head))
        stream.send_body = lambda data: kept.append((1, data))
    if trailers:
        for step, what in stream.kept:
            stream.let_out[step](what)
    original(self, *trailers)


@around(
    "response_call.Response.body",
    name="http.response.start.headers-before-body/with-the-first-byte",
    breaks="http.response.start.headers-before-body/empty-body",
    follows=["http.response.start.headers-before-body*"],
)
def the_head_waits_for_content(original: Any, self: Any, data: bytes, more: bool) -> None:
    """An empty first body message does not let the head out."""
    if data or not more or self.head_sent:
        original(self, data, more)


@on_sent("http.response.start.content-encoding-untouched/removed")
def content_encoding_removed(event: Any) -> Any:
    """The Content-Encoding of the application is left out."""
    return _with_headers(event, lambda pairs: [pair for pair in pairs if pair[0] != b"content-encoding"])


def _with_headers(event: Any, change: Callable[[Any], Any]) -> Any:
    start = _start_of(event)
    if start is None or not isinstance(start.get("headers"), list):
        return event
    return {**start, "headers": change(start["headers"])}


@around("response_call.make_head", name="http.response.start.no-length-framing/made-up-length", follows=["*"])
def a_length_is_made_up(original: Any, method: str, status: int, headers: Any) -> Any:
    """A response without a length is given one of 5."""
    declared = any(name == b"content-length" for name, _ in headers)
    return original(method, status, headers if declared else [*headers, (b"content-length", b"5")])


@around(
    "requests.split_target",
    name="http.scope.query-string.raw-bytes/server-error",
    follows=["http.scope.*", "rfc.*"],
)
def a_bad_target_is_an_error(original: Any, target: bytes) -> Any:
    """A request target with bytes that a URI cannot have is answered with 500."""
    try:
        return original(target)
    except Refused as refused:
        raise Refused(500, refused.reason) from None


# the status


@on_sent("http.response.start.status.passed/another", follows=["http.*", "rfc.*", "core.*", "extension.early-hint.*"])
def another_status(event: Any) -> Any:
    """A status from 201 to 599 is sent as one beside it."""
    status = (_start_of(event) or {}).get("status")
    if not isinstance(status, int) or not 201 <= status <= 599:
        return event
    return {**event, "status": status + 1 if status < 599 else 598}


@on_sent("http.response.start.status.passed/201-for-200", follows=["*"])
def ok_is_created(event: Any) -> Any:
    """The status 200 is sent as 201."""
    start = _start_of(event)
    return {**event, "status": 201} if start and start.get("status") == 200 else event


@on_send("http.response.start.status.passed/no-enum", breaks="http.response.start.status.passed/http-status-enum")
async def an_enum_is_no_status(send: Send, event: Any, scope: Scope) -> None:
    """A status that is a member of http.HTTPStatus is refused."""
    if type((_start_of(event) or {}).get("status")).__name__ == "HTTPStatus":
        raise InvalidEvent("the status is no int")
    await send(event)


@around("response_call.Response.start", "response_call.Response.body", name="http.response.status.keeps-body/lost")
def some_statuses_lose_their_body(original: Any, self: Any, first: Any, second: Any, *rest: Any) -> None:
    """Responses with the statuses 207, 300, 410 and 507 are sent without their content."""
    if rest:
        self.loses = first in (207, 300, 410, 507)
        kept = [(name, value) for name, value in second if name != b"content-length"]
        original(self, first, kept if self.loses else second, *rest)
    else:
        original(self, b"" if self.loses else first, second)


@on_sent("http.response.start.status.missing/200")
def no_status_is_ok(event: Any) -> Any:
    """A response start without a status is one with 200."""
    return {"status": 200, **event} if _start_of(event) else event


@on_sent("http.response.start.status.wrong-type/200")
def any_status_is_ok(event: Any) -> Any:
    """A status that is no int is taken for 200."""
    start = _start_of(event)
    return {**event, "status": 200} if start and not isinstance(start.get("status", 0), int) else event


@on_sent("http.response.start.status.out-of-range/500", follows=["rfc.http1.response.1xx-as-final*"])
def any_number_is_a_status(event: Any) -> Any:
    """A status that HTTP cannot carry is sent as 500."""
    status = (_start_of(event) or {}).get("status")
    return {**event, "status": 500} if isinstance(status, int) and not 100 <= status <= 999 else event


@around(
    "response_call.make_head", name="http.response.not-modified.length-of-representation/counted", follows=["rfc.*"]
)
def a_304_has_to_keep_its_length(original: Any, method: str, status: int, headers: Any) -> Any:
    """The content of a 304 has to be as long as its Content-Length says."""
    head = original(method, status, headers)
    if status == 304:
        head.length = next((int(value) for name, value in headers if name == b"content-length"), None)
    return head


@around("response_call.Response.body", name="http.response.bodyless.several-messages/refused", follows=["rfc.*"])
def one_message_is_enough(original: Any, self: Any, data: bytes, more: bool) -> None:
    """A second body message of a response that cannot have content is refused."""
    if self._bodyless and self.head_sent:
        raise InvalidEvent("the response has no content")
    original(self, data, more)
