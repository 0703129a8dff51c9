"""Violations that show with few of all possible messages (suite ``properties``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h11

from ..application import Event, Receive, Scope, Send
from ..streams import Piece
from . import around, on_received, on_scope, on_sent

Field = tuple[bytes, bytes]


# the head of a request


@on_scope("property.request.method/last-dash-lost")
def a_dash_is_lost(scope: Scope) -> None:
    """A dash at the end of a method is lost."""
    scope["method"] = scope["method"].rstrip("-")


@on_scope("property.request.path/delete-lost")
def a_control_character_is_lost(scope: Scope) -> None:
    """The character U+007F is lost from paths."""
    scope["path"] = scope["path"].replace("\x7f", "")


@on_scope("property.request.path/raw-tilde-encoded")
def a_tilde_is_encoded(scope: Scope) -> None:
    """A tilde is percent-encoded in raw_path."""
    scope["raw_path"] = scope["raw_path"].replace(b"~", b"%7E")


@on_scope("property.request.query/tilde-encoded")
def a_tilde_of_a_query_is_encoded(scope: Scope) -> None:
    """A tilde in a query is percent-encoded."""
    scope["query_string"] = scope["query_string"].replace(b"~", b"%7E")


def _on_fields(name: str) -> Callable[[Callable[[Field], Field | None]], Callable[[Field], Field | None]]:
    """Change header lines on their way into scopes; what becomes None is left out."""

    def register(change: Callable[[Field], Field | None]) -> Callable[[Field], Field | None]:
        def spoil(scope: Scope) -> None:
            scope["headers"] = [field for field in map(change, scope["headers"]) if field is not None]

        spoil.__doc__ = change.__doc__
        on_scope(name)(spoil)
        return change

    return register


@_on_fields("property.request.headers/bar-lost")
def a_name_with_a_bar_is_lost(field: Field) -> Field | None:
    """A header line whose name has a vertical bar is lost."""
    return None if b"|" in field[0] else field


@_on_fields("property.request.headers/last-comma-lost")
def a_comma_is_lost(field: Field) -> Field:
    """A comma at the end of a header's value is lost."""
    return field[0], field[1].rstrip(b",")


@_on_fields("property.request.cookies/empty-value")
def an_equals_sign_is_lost(field: Field) -> Field:
    """The equals sign behind a cookie without a value is lost."""
    name, value = field
    return (name, value.rstrip(b"=")) if name == b"cookie" else field


# the content of requests and responses


@on_received("property.request.body/substitute-lost", follows=["http.request.*", "rfc.http1.*"])
def a_byte_is_lost(event: Event, scope: Scope) -> Event:
    """The byte 0x1A is lost from bodies."""
    return {**event, "body": event["body"].replace(b"\x1a", b"")} if event.get("body") else event


@around("http1_stream.Http1Stream.next_event", name="property.request.chunks/dozen", follows=["property.request.*"])
def about_twelve_are_fewer(original: Any, self: Any) -> Any:
    """A chunk of eleven to thirteen bytes loses its last one."""
    event = original(self)
    whole = isinstance(event, h11.Data) and event.chunk_start and event.chunk_end
    return h11.Data(data=bytes(event.data)[:-1]) if whole and 11 <= len(event.data) <= 13 else event


@around("http1_stream.Http1Stream.take", name="property.request.several/third-reversed", follows=["property.request.*"])
def the_third_is_reversed(original: Any, self: Any) -> Piece | None:
    """The content of the third request of a connection arrives with its bytes reversed."""
    piece: Piece | None = original(self)
    return Piece(piece.data[::-1], piece.more) if piece and self.request.number == 3 else piece


@around("http1_stream.Http1Stream.take", name="property.request.interleaved/late-lost", follows=["http.*", "core.*"])
def what_comes_late_is_lost(original: Any, self: Any) -> Piece | None:
    """Content that arrives when the response has begun is lost."""
    piece: Piece | None = original(self)
    return Piece(b"", piece.more) if piece and self.head_sent and not self.upgraded else piece


@around("response_call.make_head", name="property.response.head/semicolon-lost")
def a_semicolon_is_lost(original: Any, method: str, status: int, headers: Any) -> Any:
    """A semicolon at the end of a header's value is lost on its way to the client."""
    return original(method, status, [(name, value.rstrip(b";")) for name, value in headers])


@around("http1_stream.Http1Stream.send_body", name="property.response.body/nul-first", follows=["http.response.body.*"])
def what_begins_with_nul_is_reversed(original: Any, self: Any, data: bytes) -> None:
    """A body message that begins with the byte 0x00 goes out with its bytes reversed."""
    original(self, bytes(data)[::-1] if bytes(data[:1]) == b"\x00" and not self.upgraded else data)


# WebSockets


@on_received("property.websocket.received/delete-replaced", kind="websocket")
def a_character_is_replaced(event: Event, scope: Scope) -> Event:
    """The character U+007F in a text arrives as a question mark."""
    return {**event, "text": event["text"].replace("\x7f", "?")} if event.get("text") else event


@on_sent("property.websocket.sent/escape-lost", kind="websocket", follows=["property.websocket.*"])
def an_escape_is_lost(event: Any) -> Any:
    """The character U+001B in a text is lost on its way to the client."""
    text = event.get("text") if isinstance(event, dict) else None
    return {**event, "text": text.replace("\x1b", "")} if isinstance(text, str) else event


@around("server.Server.guard", name="property.websocket.interleaved/lost-behind-two")
def lost_behind_two(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """A message that is received when exactly two were sent since the one before it is lost."""
    row = 0

    async def counting(event: Any) -> None:
        nonlocal row
        await send(event)
        row += isinstance(event, dict) and event.get("type") == "websocket.send"

    async def losing() -> Event:
        nonlocal row
        event = await receive()
        lost, row = row == 2 and event["type"] == "websocket.receive", 0
        return await receive() if lost else event

    websocket = scope["type"] == "websocket"
    return original(self, scope, losing if websocket else receive, counting if websocket else send)


@on_received("property.websocket.closed/half-thousand", kind="websocket")
def codes_are_rounded(event: Event, scope: Scope) -> Event:
    """A code between 3501 and 3999 that the client closed with is told as 3500."""
    return {**event, "code": 3500} if 3500 < event.get("code", 0) < 4000 else event


@on_sent("property.websocket.closed/euro-lost", kind="websocket")
def a_euro_is_lost(event: Any) -> Any:
    """A euro sign in the reason of a close is lost on its way to the client."""
    reason = event.get("reason") if isinstance(event, dict) else None
    return {**event, "reason": reason.replace("€", "")} if isinstance(reason, str) else event
