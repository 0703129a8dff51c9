"""Responses that are not the last word: 1xx."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, TimedOut

from ..http.messages import body, early_call, start, whole
from .in_step import NEXT

INTERIM = {str(status): status for status in (100, 102, 103, 199)}


@case("rfc.http1.response.1xx-as-final", each=INTERIM, circumstances=(DEFAULT, KEPT), exclusive=True)
async def no_request_is_left_with_an_interim_response(exchange: Exchange, status: int) -> None:
    """An application that gives a 1xx status for its response does not leave the client waiting for the final one.

    The connection may be closed instead, also behind the interim response.
    """
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    await client.send_head("GET", "/behind")
    if await app.try_send(start(status=status), body(b"interim")) is not None:
        await app.fail(error="last")
    app.end_by_return()
    behind = await exchange.call_or_refusal(client)
    if not isinstance(behind, Refusal):
        await behind.respond(203, body=NEXT)
        behind.end_by_return()
    response = await _final_or_end(client)
    if response is not None:
        expect(response.status, "the status of the last response").satisfies(
            "is 200 or more and not that of the next request", lambda got: got >= 200 and got != 203
        )
    await exchange.still_serves()


async def _final_or_end(client: Http1Client) -> Response | None:
    """The final response, or None for the end of the connection, be it behind whole interim responses."""
    try:
        return await client.next_response_or_end()
    except TimedOut:
        raise
    except Broken:
        if client.wire.ending is None or client.surplus:
            raise
        return None


@case("rfc.http1.response.no-1xx-to-http10", "expectation", circumstances=(HTTP10,))
async def an_old_client_that_waits_gets_no_100(exchange: Exchange) -> None:
    """An HTTP/1.0 client that says Expect: 100-continue gets the final response alone."""
    client = await exchange.connect()
    await client.start_request("POST", "/", [(b"expect", b"100-continue")], length=4)
    app = await early_call(exchange, client)
    if app is not None:
        app.begin_receive()
        await exchange.still_serves()  # a 100 would be out by now
    await client.send_body(b"Wiki")
    app = app or await exchange.call(client)
    await app.respond(200, body=b"final")
    response = await whole(client, app, 200, b"final")
    expect([early.status for early in response.informational], "the interim responses").equals([])


@case(
    "rfc.http1.response.no-1xx-to-http10", "early-hint", circumstances=(HTTP10,), extension="http.response.early_hint"
)
async def an_old_client_gets_no_103(exchange: Exchange) -> None:
    """An early hint of the application is not sent to an HTTP/1.0 client; send() may raise."""
    client, app = await exchange.dialogue()
    await app.try_send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await app.respond(200, body=b"final")
    response = await whole(client, app, 200, b"final")
    expect([early.status for early in response.informational], "the interim responses").equals([])
