"""Requests whose bytes do not come in one piece."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..http.messages import gets_body
from .raw import TAG, raw_client

REQUEST = (
    b"POST /<tag>?q=1 HTTP/1.1\r\nHost: a.example\r\nX-A: one two\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;e=1\r\nhello\r\n10\r\n sixteen letters\r\n0\r\nX-T: 1\r\n\r\n"
)


def _borders() -> dict[str, int]:
    """The places beside everything that is no letter or digit, by name; none lies within the tag."""
    tag = REQUEST.index(TAG)
    places = [at for at in range(1, len(REQUEST)) if not tag < at < tag + len(TAG)]
    return {f"at-{at}": at for at in places if not REQUEST[at - 1 : at + 1].isalnum()}


@case("rfc.http1.request.split-anywhere", each=_borders())
async def a_request_may_come_in_two_pieces(exchange: Exchange, at: int) -> None:
    """A request in two pieces is read as one that comes whole, wherever it is cut."""
    client = await raw_client(exchange)
    tag = client.new_tag().encode()
    await client.send(REQUEST[:at].replace(TAG, tag), method="POST")
    await exchange.still_serves()  # by now the first piece has been read
    await client.send(REQUEST[at:].replace(TAG, tag))
    await _reads_it(exchange, client)


@case("rfc.http1.request.split-anywhere", "byte-by-byte", circumstances=(DEFAULT, KEPT))
async def a_request_may_come_byte_by_byte(exchange: Exchange) -> None:
    """A request whose bytes come one by one is read as one that comes whole."""
    client = await raw_client(exchange)
    request = REQUEST.replace(TAG, client.new_tag().encode())
    await client.send_slowly(request[:10], method="POST")
    await exchange.still_serves()  # however busy it is, it has not read all of it at once
    await client.send_slowly(request[10:])
    await _reads_it(exchange, client)


@case("rfc.http1.request.split-anywhere", "whole", circumstances=(DEFAULT, KEPT))
async def a_request_may_come_whole(exchange: Exchange) -> None:
    """A request whose head and content come in one piece is read as one that comes in several."""
    client = await raw_client(exchange)
    await client.send(REQUEST.replace(TAG, client.new_tag().encode()), method="POST")
    await _reads_it(exchange, client)


async def _reads_it(exchange: Exchange, client: Http1Client) -> None:
    app = await exchange.call(client)
    expect(app.scope.get("path"), "scope['path']").equals("/" + client.tag)
    expect(app.scope.get("query_string"), "scope['query_string']").equals(b"q=1")
    expect(app.header_values(b"x-a"), "the values of b'x-a' in scope['headers']").equals([b"one two"])
    await gets_body(app, b"hello sixteen letters")
    await exchange.answered(client, app)
