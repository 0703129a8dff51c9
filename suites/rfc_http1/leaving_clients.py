"""Responses that cross with what the client still sends, or reach one that sends nothing more."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..http.messages import body, early_call, gets_body, start
from .framing import own_400
from .order import KINDS, Kind, answered_as

_MIB = 1024 * 1024
#: How the application answers: whether it says that the connection ends, and with how much content.
EARLY: dict[str, tuple[Headers, bytes]] = {
    "says-close": ([(b"connection", b"close")], b"too large"),
    "says-nothing": ([], b"too large"),
    "long-answer": ([(b"connection", b"close")], b"too large" * 28_000),
}


async def _goes_on_sending(exchange: Exchange, client: Http1Client, size: int) -> None:
    """Send content and read nothing meanwhile, as a client does that reads only when it has sent all."""
    client.wire.pause_reading()
    left = size
    while left and await client.wire.send(b"x" * min(left, 65536)):
        left -= min(left, 65536)
    await exchange.still_serves()  # a server that closes has done so by then
    client.wire.resume_reading()


@case("rfc.http1.connection.readable-error", each=EARLY)
async def an_early_answer_can_be_read(exchange: Exchange, kind: tuple[Headers, bytes]) -> None:
    """A client that goes on sending its content, and reads only then, finds the response that was given before.

    A server that calls the application only for whole requests gives none so early.
    """
    headers, content = kind
    client = await exchange.http1()
    await client.start_request(length=_MIB)
    await client.send_body(b"x" * 65536)
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the application is called only when the whole request has arrived")
    client.wire.pause_reading()
    length = (b"content-length", b"%d" % len(content))
    app.begin_send(start(status=413, headers=[*headers, length]), body(content), last=True)
    await exchange.still_serves()  # the answer is on its way by then
    await _goes_on_sending(exchange, client, _MIB - 65536)
    response = await client.response()
    expect(response.status, "the status").equals(413)
    expect(len(response.body), "the length of the response's body").equals(len(content))


@case("rfc.http1.connection.readable-error", "own-400")
async def an_error_for_the_head_can_be_read(exchange: Exchange) -> None:
    """A client that goes on sending behind a malformed head, and reads only then, finds the error response."""
    await own_400(exchange)  # there is one, where nothing stands in its way
    client = await exchange.http1()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nno colon here\r\nContent-Length: %d\r\n\r\n" % _MIB
    client.wire.pause_reading()
    await client.send(head, method="POST")
    await exchange.still_serves()  # the server has refused the head by then
    await _goes_on_sending(exchange, client, _MIB)
    response = await client.response()
    expect(response.status, "the status").satisfies("is 4xx", lambda status: 400 <= status < 500)


@case("rfc.http1.connection.half-close", each=KINDS)
async def a_client_that_sends_no_more_is_answered(exchange: Exchange, kind: Kind) -> None:
    """A client that closes its sending side behind a complete request gets the whole response."""
    client = await exchange.http1()
    await client.request(kind.method)
    app = await exchange.call(client)
    await client.half_close()
    await exchange.still_serves()  # the server has seen it by then
    await answered_as(client, app, kind)


@case("rfc.http1.connection.half-close", "at-once")
async def a_client_that_sends_no_more_reaches_the_application(exchange: Exchange) -> None:
    """A request with content whose client closes its sending side in the same moment is served in full."""
    client = await exchange.http1()
    await client.request("POST", body=b"content")
    await client.half_close()
    app = await exchange.call(client)
    await gets_body(app, b"content")
    await exchange.answered(client, app)


@case("rfc.http1.connection.half-close", "within-the-response")
async def a_client_that_sends_no_more_gets_the_rest(exchange: Exchange) -> None:
    """A client that closes its sending side within the response gets the rest of it."""
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    await app.send(start(), body(b"begun", more=True))
    await client.body_until(5)
    await client.half_close()
    await exchange.still_serves()
    if await app.try_send(body(b" and ended")) is not None:
        raise Broken("the response goes on for a client that sends no more", "send() raised an exception")
    app.end_by_return()
    response = await client.response()
    expect(response.body, "the response's body").equals(b"begun and ended")
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
