"""Violations of what www.rst says of the headers that applications send (suite ``http``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..application import Scope, Send
from ..checks import InvalidEvent
from . import around, on_send, on_sent


def _headers_of(event: Any) -> Any:
    """The headers of a response start; an empty tuple for other events, and where there are none."""
    start = isinstance(event, dict) and event.get("type") == "http.response.start"
    return event.get("headers", ()) if start else ()


@on_send("http.response.start.headers.default/required")
async def headers_are_required(send: Send, event: Any, scope: Scope) -> None:
    """A response start without headers is refused."""
    if isinstance(event, dict) and event.get("type") == "http.response.start" and "headers" not in event:
        raise InvalidEvent("the headers are missing")
    await send(event)


@around("response_call.make_head", name="http.response.start.headers.duplicates/last-wins", follows=["http.response.*"])
def the_last_of_a_name_wins(original: Any, method: str, status: int, headers: Any) -> Any:
    """Of several headers with the same name the last is sent."""
    return original(method, status, list(dict(headers).items()))


@on_sent("http.response.start.headers.iterable/walked-twice")
def headers_are_walked_twice(event: Any) -> Any:
    """Headers that are neither list nor tuple are walked to check them, and are gone when they are sent."""
    lost = hasattr(_headers_of(event), "__iter__") and not isinstance(_headers_of(event), (list, tuple, bytes))
    return {**event, "headers": []} if lost else event


@on_send("http.response.start.headers.inner-iterable/one-kind")
async def pairs_of_one_kind(send: Send, event: Any, scope: Scope) -> None:
    """Headers with lists as pairs, or in a tuple, are refused."""
    headers = _headers_of(event)
    in_tuple = isinstance(headers, tuple) and len(headers) > 0
    if in_tuple or (isinstance(headers, list) and any(isinstance(pair, list) for pair in headers)):
        raise InvalidEvent("the headers are no list of tuples")
    await send(event)


@on_sent("http.response.start.headers.inner-iterable/second-lost", follows=["http.response.*"])
def the_second_header_is_lost(event: Any) -> Any:
    """The second of two headers is lost, where it is called x-b."""
    headers = _headers_of(event)
    two = isinstance(headers, (list, tuple)) and len(headers) == 2 and headers[1][0] == b"x-b"
    return {**event, "headers": headers[:1]} if two else event


def _on_values(name: str, follows: tuple[str, ...] = ()) -> Callable[[Callable[[bytes], bytes | None]], Any]:
    """Change the values of headers on their way out; a header whose value becomes None is left out."""

    def register(function: Callable[[bytes], bytes | None]) -> Any:
        def spoil(original: Any, method: str, status: int, headers: Any) -> Any:
            changed = [(field, function(value)) for field, value in headers]
            return original(method, status, [(field, value) for field, value in changed if value is not None])

        spoil.__doc__ = function.__doc__
        return around("response_call.make_head", name=name, follows=follows)(spoil)

    return register


@_on_values("http.response.start.headers.values-exact/white-space")
def white_space_is_folded(value: bytes) -> bytes:
    """White space within header values is sent as one space."""
    return b" ".join(value.split())


@_on_values("http.response.start.headers.values-exact/utf-8")
def values_are_encoded_anew(value: bytes) -> bytes:
    """Header values are taken for Latin-1 and sent in UTF-8."""
    return value.decode("latin-1").encode()


@_on_values("http.response.start.headers.values-exact/cut", follows=("http.*", "rfc.*"))
def values_are_cut(value: bytes) -> bytes:
    """Header values are sent up to their sixteenth byte."""
    return value[:16]


@_on_values(
    "http.response.start.headers.values-exact/lower-case",
    follows=("http.*", "rfc.*", "extension.websocket-denial.*"),
)
def values_lose_their_letter_case(value: bytes) -> bytes:
    """Header values are sent in lower case."""
    return value.lower()


@_on_values("http.response.start.headers.values-exact/empty-lost")
def empty_values_are_lost(value: bytes) -> bytes | None:
    """Headers with an empty value are left out."""
    return value or None


@around("response_call.make_head", name="http.response.start.application-fields-win/doubled", follows=["rfc.*"])
def defaults_are_added_anyway(original: Any, method: str, status: int, headers: Any) -> Any:
    """The server's own Date and Server stand beside those of the application."""
    head = original(method, status, headers)
    head.headers += [(b"date", b"Thu, 01 Jan 2026 00:00:00 GMT"), (b"server", b"reference")]
    return head


@on_sent("http.response.start.headers.pseudo-not-forwarded/without-colon")
def pseudo_headers_lose_their_colon(event: Any) -> Any:
    """Pseudo-headers of the application are sent as ordinary ones, without their colon."""
    return _with_pairs(event, lambda pair: (pair[0][1:], *pair[1:]) if pair[0] in (b":status", b":path") else pair)


def _with_pairs(event: Any, change: Callable[[Any], Any]) -> Any:
    """The event with its headers changed, where they are pairs in a list; a pair that becomes None is left out."""
    headers = _headers_of(event)
    if not isinstance(headers, list) or not all(isinstance(pair, (list, tuple)) for pair in headers):
        return event
    return {**event, "headers": [pair for pair in map(change, headers) if pair is not None]} if headers else event


@on_sent("http.response.start.headers.str/encoded", follows=["core.error.*"])
def text_headers_are_encoded(event: Any) -> Any:
    """Header names and values of type str are encoded and sent."""
    return _with_pairs(event, lambda pair: tuple(part.encode() if isinstance(part, str) else part for part in pair))


@on_sent("http.response.start.headers.wrong-shape/left-out", follows=["http.response.start.headers.str*", "core.*"])
def misshapen_headers_are_left_out(event: Any) -> Any:
    """What is no pair of byte strings is left out of the headers in silence."""
    headers = _headers_of(event)
    if headers is not None and not isinstance(headers, (list, tuple)):
        return {**event, "headers": []} if isinstance(headers, (int, bytes)) else event
    return {**event, "headers": [pair for pair in headers if _is_pair(pair)]} if headers else event


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, (list, tuple)) and [isinstance(part, bytes) for part in pair] == [True, True]


@around(
    "http_call.HttpCall.send",
    name="http.response.start.headers.wrong-shape/none-hangs",
    breaks="http.response.start.headers.wrong-shape/none",
)
async def none_stops_the_response(original: Any, self: Any, event: Any) -> None:
    """A response start with the headers None, and all that follows it, is lost."""
    if _headers_of(event) is None:
        self.lost = True
    if not hasattr(self, "lost"):
        await original(self, event)
