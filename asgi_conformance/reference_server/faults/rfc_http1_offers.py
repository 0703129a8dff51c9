"""Violations in what becomes of an expectation and of an offer to upgrade (suite ``rfc_http1``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..requests import Refused, Request
from . import around


@around(
    "http1_stream.Http1Stream.send_informational",
    name="rfc.http1.expect.continue-sent/never",
    follows=["http.*", "rfc.http1.*"],
)
def no_100_is_sent(original: Any, self: Any, status: int, headers: Any) -> None:
    """100 Continue is not sent."""
    if status != 100:
        original(self, status, headers)


@around(
    "http1_stream.Http1Stream.send_head",
    name="rfc.http1.expect.final-instead/with-100",
    follows=["rfc.http1.expect.*", "rfc.http1.connection.*"],
)
def a_100_comes_before_every_answer(original: Any, self: Any, head: Any) -> None:
    """An early answer has 100 Continue before it."""
    if self.parser.they_are_waiting_for_100_continue:
        self.send_informational(100, [])
    original(self, head)


@around(
    "http1_stream.Http1Stream.send_head",
    "http1_stream.Http1Stream.discard_request",
    name="rfc.http1.expect.connection-after-final/kept",
    follows=["rfc.http1.connection.*", "rfc.http1.expect.*"],
)
def the_content_is_a_request(original: Any, self: Any, *head: Any) -> Any:
    """After an early answer the connection is kept, and what comes is taken for the next request."""
    if head:
        self.unsent = self.parser.they_are_waiting_for_100_continue
        self.parser.client_is_waiting_for_100_continue = False
        return original(self, *head)
    return _kept() if self.unsent else original(self)


async def _kept() -> bool:
    return True


@around(
    "http1_stream.Http1Stream.nothing_yet",
    name="rfc.http1.expect.http10-ignored/sent",
    follows=["rfc.http1.response.*"],
)
def old_clients_get_a_100(original: Any, self: Any) -> None:
    """100 Continue is sent to HTTP/1.0 clients as well."""
    if self.request.http_version == "1.0" and self.request.values(b"expect") and not self.head_sent:
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    original(self)


@around("handshake.of_http1", name="rfc.http1.upgrade.unknown-ignored/refused")
def unknown_protocols_are_refused(original: Any, request: Request) -> Any:
    """A request for an upgrade to an unknown protocol is refused."""
    offers = request.tokens(b"upgrade")
    if offers and not {b"websocket", b"h2c"} & set(offers):
        raise Refused(400, "nobody speaks this protocol")
    return original(request)


@around(
    "http1_stream.Http1Stream.send_head",
    name="rfc.http1.upgrade.h2c/half",
    also=["rfc.http1.upgrade.http10/h2c"],
)
def h2c_is_taken_up_by_half(original: Any, self: Any, head: Any) -> None:
    """An upgrade to h2c is answered with 101, and then over HTTP/1.1."""
    if b"h2c" in self.request.tokens(b"upgrade"):
        self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    original(self, head)


@around(
    "handshake.of_http1", name="rfc.http1.upgrade.needs-connection-token/not-looked-at", follows=["rfc.websocket.*"]
)
def connection_is_not_looked_at(original: Any, request: Request) -> Any:
    """A handshake needs no upgrade in Connection."""
    return original(replace(request, headers=[*request.headers, (b"connection", b"upgrade")]))


@around("handshake.of_http1", name="rfc.http1.upgrade.http10/websocket", follows=["rfc.websocket.*"])
def old_clients_may_upgrade(original: Any, request: Request) -> Any:
    """An HTTP/1.0 request opens a WebSocket."""
    return original(replace(request, http_version="1.1"))


@around("handshake.of_http1", name="rfc.http1.upgrade.websocket-with-body/frames", follows=["rfc.websocket.*"])
def content_is_a_frame(original: Any, request: Request) -> Any:
    """Content of a handshake is taken for frames."""
    headers = [header for header in request.headers if header[0] != b"content-length"]
    return original(replace(request, headers=headers))
