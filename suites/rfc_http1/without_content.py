"""Responses that have no content by their nature: to HEAD, and 204, 205 and 304."""

from __future__ import annotations

from asgi_conformance.case import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..http.messages import Message, body, start
from ..leaving import ending
from .in_step import in_step

Headers = list[tuple[bytes, bytes]]

#: What applications answer HEAD with: the messages of a GET response.
AS_FOR_GET: dict[str, list[Message]] = {
    "with-length": [start(headers=[(b"content-length", b"5")]), body(b"hello")],
    "with-length-in-parts": [start(headers=[(b"content-length", b"5")]), body(b"he", more=True), body(b"llo")],
    "without-length": [start(), body(b"hello")],
    "without-length-in-parts": [start(), body(b"hello, ", more=True), body(b"world", more=True), body(b"")],
    "an-error": [start(status=404, headers=[(b"content-length", b"9")]), body(b"not found")],
}


@case("rfc.http1.response.head.no-body", each=AS_FOR_GET, circumstances=(DEFAULT, HTTP10, KEPT))
async def nothing_follows_the_head(exchange: Exchange, messages: list[Message]) -> None:
    """Behind the head of a response to HEAD comes nothing but the answer to the next request."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request("HEAD")
    app = await exchange.call(client)
    await app.send(*messages)
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(messages[0]["status"])
    await in_step(exchange, client, response)


@case("rfc.http1.response.head.no-body", each=AS_FOR_GET, variation="pipelined")
async def a_pipelined_request_is_answered_behind_the_head(exchange: Exchange, messages: list[Message]) -> None:
    """The answer to a request that was pipelined behind HEAD follows the head at once, or the connection is closed."""
    client = await exchange.http1()
    await client.send_head("HEAD", "/head")
    first = client.tag
    await client.send_head("GET", "/behind")
    client.tag, second = first, client.tag
    app = await exchange.call(client)
    await app.send(*messages)
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(messages[0]["status"])
    client.tag = second
    await exchange.answered(client, await exchange.call(client))


@case("rfc.http1.response.head.no-body", "own-500")
async def the_error_in_place_of_a_head_has_no_body(exchange: Exchange) -> None:
    """The server's own response to HEAD, for an application that failed, has no body either."""
    client = await exchange.http1()
    await client.request("HEAD")
    app = await exchange.call(client)
    await app.fail()
    response = await ending(exchange, client)
    if response is None:
        await exchange.still_serves()
        raise exchange.not_applicable("it closes without a response when the application fails")
    await in_step(exchange, client, response)
