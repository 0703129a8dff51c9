"""Violations of what www.rst says of websocket.accept (suite ``websocket``)."""

from __future__ import annotations

import re
from typing import Any

from ..application import Scope, Send
from ..checks import Headers, InvalidEvent
from . import around, on_send, on_sent, swallowed
from .websocket_handshakes import EVERYTHING

KNOWN = {
    "websocket.accept": {"type", "subprotocol", "headers"},
    "websocket.send": {"type", "bytes", "text"},
    "websocket.close": {"type", "code", "reason"},
}
PROTOCOL = b"sec-websocket-protocol"
OF_HEADERS = ["websocket.accept.*", "core.*"]


def _accepts(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == "websocket.accept"


@around("websocket.WebSocketCall.accept", name="websocket.accept.completes-handshake/403", follows=EVERYTHING)
def accepting_refuses(original: Any, self: Any, *args: Any) -> None:
    """A handshake that the application accepts is answered with 403."""
    self.reject()


# subprotocols


@on_sent(
    "websocket.accept.subprotocol.sent/dropped",
    kind="websocket",
    follows=[*OF_HEADERS, "rfc.websocket.handshake.*"],
)
def the_choice_is_dropped(event: Any) -> Any:
    """The subprotocol that the application chose is not sent."""
    return {**event, "subprotocol": None} if _accepts(event) else event


@around("websocket.WebSocketCall.accept", name="websocket.accept.subprotocol.default/first", follows=EVERYTHING)
def the_server_chooses(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """Without a choice of the application, the first subprotocol that the client offered is chosen."""
    original(self, subprotocol or next(iter(self.handshake.subprotocols), None), headers)


@on_sent("websocket.accept.subprotocol.none/invalid", kind="websocket", follows=EVERYTHING)
def none_is_no_subprotocol(event: Any) -> Any:
    """The subprotocol None makes send() raise."""
    return {**event, "subprotocol": "None"} if _accepts(event) and event.get("subprotocol", "") is None else event


@on_sent("websocket.accept.subprotocol.wrong-type/dropped", kind="websocket", follows=OF_HEADERS)
def a_wrong_choice_is_dropped(event: Any) -> Any:
    """A subprotocol that is no str is taken for none."""
    wrong = _accepts(event) and not isinstance(event.get("subprotocol"), str)
    return {**event, "subprotocol": None} if wrong else event


@on_sent("websocket.accept.subprotocol.not-a-token/dropped", kind="websocket", follows=OF_HEADERS)
def a_choice_that_is_no_token_is_dropped(event: Any) -> Any:
    """A subprotocol that is no token is taken for none."""
    chosen = event.get("subprotocol") if _accepts(event) else None
    wrong = isinstance(chosen, str) and not re.fullmatch(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+", chosen)
    return {**event, "subprotocol": None} if wrong else event


@around("websocket.WebSocketCall.accept", name="websocket.accept.subprotocol.not-offered/sent", follows=OF_HEADERS)
def any_choice_is_sent(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """A subprotocol that the client did not offer is sent."""
    if subprotocol is not None and subprotocol not in self.handshake.subprotocols:
        self.handshake.subprotocols.append(subprotocol)
    original(self, subprotocol, headers)


# the event itself


@swallowed("websocket.accept.twice/dropped", kind="websocket", follows=OF_HEADERS)
def wrong_acceptances_are_dropped(event: Any) -> bool:
    """An acceptance that is invalid, also for its place, is dropped without an exception."""
    return _accepts(event)


@on_send("websocket.accept.extra-keys/refused", kind="websocket", follows=["core.error.*"])
async def unknown_keys_are_refused(send: Send, event: Any, scope: Scope) -> None:
    """A key that nobody knows makes send() raise."""
    if isinstance(event, dict) and event.keys() - KNOWN.get(event.get("type", ""), event.keys()):
        raise InvalidEvent("there are keys that nobody knows")
    await send(event)


# headers


@on_sent("websocket.accept.headers.sent/dropped", kind="websocket", follows=OF_HEADERS)
def headers_are_dropped(event: Any) -> Any:
    """The headers of an acceptance are not sent."""
    return {**event, "headers": []} if _accepts(event) else event


@around("websocket.WebSocketCall.accept", name="websocket.accept.headers.order/sorted", follows=OF_HEADERS)
def headers_are_sorted(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """The headers of an acceptance are sorted."""
    original(self, subprotocol, sorted(headers))


@around("websocket.WebSocketCall.accept", name="websocket.accept.headers.values-exact/marked", follows=OF_HEADERS)
def values_are_marked(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """The values of headers end with a full stop."""
    original(self, subprotocol, [(name, value + b".") for name, value in headers])


@around("websocket.WebSocketCall.accept", name="websocket.accept.headers.values-exact/lower-case", follows=OF_HEADERS)
def values_lose_their_letter_case(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """The values of headers are sent in lower case."""
    original(self, subprotocol, [(name, value.lower()) for name, value in headers])


@on_send("websocket.accept.headers.default/required", kind="websocket", follows=EVERYTHING)
async def headers_are_required(send: Send, event: Any, scope: Scope) -> None:
    """An acceptance without headers makes send() raise."""
    if _accepts(event) and "headers" not in event:
        raise InvalidEvent("websocket.accept has no 'headers'")
    await send(event)


@around("websocket.WebSocketCall.accept", name="websocket.accept.headers.iterable/first-only", follows=OF_HEADERS)
def one_header_is_sent(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """Of the headers of an acceptance only the first one is sent."""
    original(self, subprotocol, headers[:1])


@on_sent("websocket.accept.headers.str/encoded", kind="websocket", follows=OF_HEADERS)
def text_in_headers_is_encoded(event: Any) -> Any:
    """Headers that are Unicode strings are encoded and sent."""
    if not _accepts(event) or not isinstance(event.get("headers"), list):
        return event
    return {**event, "headers": [tuple(_encoded(item) for item in pair) for pair in event["headers"]]}


def _encoded(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@around("websocket.WebSocketCall.send", name="websocket.accept.headers.subprotocol-header-handled/two-lines")
async def a_subprotocol_header_is_sent(original: Any, self: Any, event: Any) -> None:
    """A subprotocol among the headers of an acceptance is sent as they are."""
    headers = event.get("headers") if _accepts(event) else None
    given = [pair for pair in headers if pair[0] == PROTOCOL] if isinstance(headers, list) else []
    if headers is not None and given:
        complete = self.stream.accept_websocket
        self.stream.accept_websocket = lambda fields: complete([*fields, *given])
        event = {**event, "headers": [pair for pair in headers if pair not in given]}
    await original(self, event)
