"""Circumstances: where a requirement may be broken though it holds elsewhere.

A case that is written for :meth:`Exchange.connect` or :meth:`Exchange.websocket` declares in which of these it runs.
A circumstance says how the candidate must be started for it and what the client that the case is handed has been
through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asgi_conformance.candidate.launch import Launch

if TYPE_CHECKING:
    from asgi_conformance.clients.http import HttpClient
    from asgi_conformance.exchange import Exchange


def _same(launch: Launch) -> Launch:
    return launch


async def _http1(exchange: Exchange) -> HttpClient:
    return await exchange.http1()


@dataclass(frozen=True)
class Circumstance:
    """A name for the end of a case's id (empty: the usual one), the launch that it needs, and how to connect."""

    name: str
    summary: str = ""
    adapt: Callable[[Launch], Launch] = field(default=_same, compare=False)
    connect: Callable[[Exchange], Awaitable[HttpClient]] = field(default=_http1, compare=False)


async def _http10(exchange: Exchange) -> HttpClient:
    client = await exchange.http1()
    client.version = "1.0"
    return client


async def _http2(exchange: Exchange) -> HttpClient:
    connection = await exchange.http2()
    return connection.open_stream()


async def _http3(exchange: Exchange) -> HttpClient:
    connection = await exchange.http3()
    return connection.open_stream()


async def _http2_neighbour(exchange: Exchange) -> HttpClient:
    """A stream beside one that is open, whose call waits and whose response stays unfinished."""
    connection = await exchange.http2()
    neighbour = connection.open_stream()
    await neighbour.request("GET", "/neighbour")
    app = await exchange.call(neighbour)
    await app.start(200)
    await app.body(b"unfinished", more=True)
    return connection.open_stream()


async def _kept(exchange: Exchange) -> HttpClient:
    """A connection on which one request with a body has been answered before."""
    client = await exchange.http1()
    await client.request("POST", "/before", [(b"x-before", b"1")], b"before")
    app = await exchange.call(client)
    await app.receive_body()
    await app.respond(200, [(b"x-before", b"1")], b"before")
    await client.response()
    await app.finish()
    return client


DEFAULT = Circumstance("")
HTTP10 = Circumstance("http-1.0", "the request is HTTP/1.0", connect=_http10)
HTTP2 = Circumstance("http-2", "over HTTP/2", adapt=lambda launch: replace(launch, http2=True), connect=_http2)
HTTP2_NEIGHBOUR = Circumstance(
    "http-2-neighbour",
    "over HTTP/2, beside another open stream of the same connection",
    adapt=lambda launch: replace(launch, http2=True),
    connect=_http2_neighbour,
)
HTTP3 = Circumstance(
    "http-3", "over HTTP/3", adapt=lambda launch: replace(launch, tls=True, http3=True), connect=_http3
)
KEPT = Circumstance("kept", "the second request of a kept connection", connect=_kept)
TLS = Circumstance("tls", "over TLS", adapt=lambda launch: replace(launch, tls=True))
UNIX = Circumstance("unix", "over a unix socket", adapt=lambda launch: replace(launch, unix=True))

#: For cases that a request of any HTTP version shows, and those for which it has to come without TLS.
EVERY_PLAIN_HTTP = (DEFAULT, KEPT, HTTP2)
EVERY_HTTP = (*EVERY_PLAIN_HTTP, HTTP3)
#: The same, for what also holds towards an HTTP/1.0 client.
EVERY_PLAIN_HTTP_AND_10 = (*EVERY_PLAIN_HTTP, HTTP10)
EVERY_HTTP_AND_10 = (*EVERY_HTTP, HTTP10)
#: For cases that any WebSocket shows; its handshake takes the place of the request.
EVERY_WEBSOCKET = (DEFAULT, KEPT, HTTP2)
#: The same, for what TLS may spoil too.
EVERY_WEBSOCKET_AND_TLS = (DEFAULT, KEPT, HTTP2, TLS)
