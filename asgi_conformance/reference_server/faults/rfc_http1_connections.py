"""Violations of what HTTP/1.1 demands of connections (suite ``rfc_http1``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import h11

from . import around
from .rfc_http1_responses import marked, unchecked, unmarked


@around("http1.Http1Connection.finish_one", name="rfc.http1.connection.keep-alive/closed", follows=["*"])
async def closed_after_each_response(original: Any, self: Any, stream: Any) -> bool:
    """The connection is closed after each response."""
    await original(self, stream)
    return False


def _deaf_to_close(name: str, test: Callable[[list[bytes]], bool], summary: str, follows: list[str]) -> None:
    def spoil(original: Any, self: Any, parser: Any) -> object:
        event = original(self, parser)
        if isinstance(event, h11.Request) and event.http_version == b"1.1":
            values = [value for field, value in event.headers if field == b"connection"]
            if values and test(values):
                parser._cstate.keep_alive = True
        return event

    spoil.__doc__ = summary
    around("http1.Http1Connection.next_event", name=name, follows=follows)(spoil)


_deaf_to_close(
    "rfc.http1.connection.close-honoured/ignored",
    lambda values: True,
    "Connection: close of a request is ignored.",
    ["rfc.http1.*", "http.*"],
)
_deaf_to_close(
    "rfc.http1.connection.close-token-list/one-spelling",
    lambda values: values != [b"close"],
    "Connection counts only when its value is close, in small letters.",
    ["rfc.http1.*", "http.*"],
)


@unchecked("rfc.http1.connection.app-close/stays-open", follows=["http.response.*"])
def close_of_the_application_is_only_words(name: bytes, value: bytes, status: int) -> bool:
    """The connection stays open after a response in which the application said Connection: close."""
    return name == b"connection"


@around(
    "http1.Http1Connection.serve_one",
    name="rfc.http1.connection.app-close/refused-handshake",
    breaks="rfc.http1.connection.app-close/refusal/websocket-without-version",
    follows=["rfc.http1.*", "rfc.websocket.handshake.*", "websocket.*"],
)
async def a_refused_handshake_stays_open(original: Any, self: Any) -> bool:
    """After the refusal of a WebSocket handshake, which says close, the connection stays open."""
    going_on = bool(await original(self))
    if not going_on and self.stream is not None and not self.stream.finished:
        while await self.transport.more():
            self.transport.take()
    return going_on


@around(
    "http1.Http1Connection.finish_one",
    name="rfc.http1.connection.http10-closes/stays-open",
    follows=["http.*", "rfc.*", "core.*", "extension.*"],
)
async def an_old_connection_stays_open(original: Any, self: Any, stream: Any) -> bool:
    """The connection stays open after the response to an HTTP/1.0 request."""
    result = bool(await original(self, stream))
    while stream.request.http_version == "1.0" and not self.transport.ended:
        await self.transport.changed.wait()
    return result


@around(
    "http1_stream.Http1Stream.send_head",
    "transport.Transport.write",
    name="rfc.http1.connection.http10-keep-alive/promised",
    follows=["rfc.http1.connection.*"],
)
def keep_alive_is_promised(original: Any, self: Any, given: Any) -> None:
    """A response to an HTTP/1.0 request says keep-alive, and the connection is closed."""
    if isinstance(given, (bytes, bytearray)):
        given = unmarked(bytes(given))
    elif self.request.http_version == "1.0":
        given.headers.append(marked(b"connection", b"keep-alive"))
    original(self, given)


@around(
    "http1_stream.Http1Stream.write",
    name="rfc.http1.connection.pipelining-order/last-first",
    follows=["rfc.http1.*", "http.*"],
)
def the_last_comes_first(original: Any, self: Any, event: Any) -> None:
    """Responses behind which a further request waits are held back until that one has been answered."""
    held = self.transport.__dict__.setdefault("held", bytearray())
    if self.parser.trailing_data[0]:
        held += self.parser.send(event) or b""
        return
    original(self, event)
    if isinstance(event, h11.EndOfMessage):
        self.transport.write(bytes(held))
        held.clear()


@around(
    "http1.Http1Connection.finish_one",
    name="rfc.http1.connection.pipelining-after-body/cut",
    follows=["rfc.http1.*", "http.*"],
)
async def what_follows_content_is_cut(original: Any, self: Any, stream: Any) -> bool:
    """A request that waits behind a POST loses its first three bytes."""
    goes_on = bool(await original(self, stream))
    if stream.request.method == "POST":
        del self.transport.inbox[:3]
    return goes_on


@around(
    "http1_stream.Http1Stream.send_head",
    name="rfc.http1.connection.readable-error/early-answer-lost",
    follows=["http.*", "rfc.*"],
)
def an_early_answer_is_lost(original: Any, self: Any, head: Any) -> None:
    """An answer to a request of which much is still to come is lost in a reset."""
    if not self.request_ended and int((self.request.values(b"content-length") or [b"0"])[0]) > 100_000:
        self.transport.reset()
    original(self, head)


@around(
    "http1.Http1Connection.serve_one",
    name="rfc.http1.connection.readable-error/own-answer-lost",
    follows=["http.*", "rfc.*"],
)
async def an_own_answer_is_lost(original: Any, self: Any) -> bool:
    """The server's own answer to a malformed POST is lost in a reset."""
    goes_on = bool(await original(self))
    if not goes_on and self.stream is None and self._received.startswith(b"POST"):
        self.transport.reset()
    return goes_on


@around(
    "transport.Transport.fill",
    name="rfc.http1.connection.half-close/lost",
    follows=["http.*", "rfc.*", "websocket.*", "core.*"],
)
async def half_a_close_is_a_whole_one(original: Any, self: Any) -> None:
    """A client that closes its sending side is taken for gone."""
    await original(self)
    self.lose()
