"""Whether a server that ends a connection after a response says so in it."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.verdict import Broken, TimedOut

from ..http.messages import early_call


@case("rfc.http1.connection.close-announced", "unread-body")
async def an_answer_before_the_body_announces_the_close(exchange: Exchange) -> None:
    """A response to a request whose body was not read says close, or the connection goes on after the body."""
    client = await exchange.http1()
    await client.start_request(length=100)
    await client.send_body(b"0123456789")
    early = await early_call(exchange, client)
    if early is None:
        await client.send_body(b"x" * 90)
    app = early or await exchange.call(client)
    await app.respond(413, body=b"too large")
    response = await client.response()
    await app.finish()
    if early is not None and not await _closes(exchange, client):
        await client.send(b"x" * 90)
    await _goes_on_or_says_close(exchange, client, response)


@case("rfc.http1.connection.close-announced", "bad-request")
async def an_error_response_announces_the_close(exchange: Exchange) -> None:
    """The server's own response to a malformed request says close, or the connection goes on."""
    client = await exchange.http1()
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n", method="GET")
    response = await client.next_response_or_end()
    if response is None:
        await exchange.still_serves()
        raise exchange.not_applicable("it closes without a response when a request is malformed")
    await _goes_on_or_says_close(exchange, client, response)


@case("rfc.http1.connection.close-announced", "failed-application")
async def a_500_announces_the_close(exchange: Exchange) -> None:
    """The server's own response for an application that failed says close, or the connection goes on."""
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    await app.fail()
    try:
        response = await client.next_response_or_end()
    except TimedOut as late:
        raise exchange.inconclusive(f"there is no response to judge: {late.observed}") from None
    if response is None:
        await exchange.still_serves()
        raise exchange.not_applicable("it closes without a response when the application fails")
    await _goes_on_or_says_close(exchange, client, response)


async def _closes(exchange: Exchange, client: Http1Client) -> bool:
    """Whether the server closes without waiting for the rest of the body."""
    try:
        await client.wire.ended(exchange.patience.quiet)
    except TimedOut:
        return False
    return True


async def _goes_on_or_says_close(exchange: Exchange, client: Http1Client, response: Response) -> None:
    """The response says close, or the next request on the connection is served."""
    if b"close" in response.tokens(b"connection"):
        await exchange.still_serves()
        return
    await client.request("GET", "/next")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        raise Broken(
            "a response after which the server closes the connection says Connection: close",
            f"the {response.status} response did not, and the next request found this: {app.what}",
        )
    await exchange.answered(client, app)
