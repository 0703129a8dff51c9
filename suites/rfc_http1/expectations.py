"""Expect: 100-continue, by which a client asks whether its content is wanted."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken

from ..beside import beside
from ..http.messages import early_call, gets_body
from .in_step import in_step
from .raw import AFTER, nothing_follows, post, raw_client, write

EXPECT = (b"Expect", b"100-continue")
SPELLINGS = {"lower-case": b"100-continue", "mixed-case": b"100-Continue"}


@case("rfc.http1.expect.continue-sent", each=SPELLINGS, circumstances=(DEFAULT, KEPT))
async def who_waits_for_content_asks_for_it(exchange: Exchange, expectation: bytes) -> None:
    """When the application waits for the content of a client that expects it, the client gets 100 Continue."""
    client = await raw_client(exchange)
    await client.start_request(headers=[(b"Expect", expectation)], length=5)
    app = await early_call(exchange, client)
    waiting = app.begin_receive() if app is not None else None
    begun = await client.first_bytes(exchange.patience.prompt)
    if not begun.startswith(b"HTTP/1.1 100"):
        raise Broken("the client gets 100 Continue when the application waits for content", f"it got {show(begun)}")
    await client.send_body(b"hello")
    if app is None or waiting is None:
        app = await exchange.call(client)
        await gets_body(app, b"hello")
    else:
        event = await app.event_of(waiting)
        expect(event.get("body"), "the content").equals(b"hello")
    response = await exchange.answered(client, app)
    statuses = [interim.status for interim in response.informational]
    expect(statuses, "the statuses of the interim responses").equals([100])


@case("rfc.http1.expect.final-instead")
async def who_wants_no_content_may_say_so_at_once(exchange: Exchange) -> None:
    """The answer of an application that wants no content comes with 100 Continue before it, or without."""
    _, response = await _answered_early(exchange)
    with_or_without = "with" if response.informational else "without"
    raise exchange.observed(f"an answer before the content is sent {with_or_without} 100 Continue before it")


@case("rfc.http1.expect.connection-after-final", "content-sent", circumstances=(DEFAULT, KEPT))
async def content_after_the_answer_is_no_request(exchange: Exchange) -> None:
    """After an early answer the content that comes all the same is discarded, or the connection is closed."""
    client, response = await _answered_early(exchange)
    await client.send_body(AFTER.replace(b"<after>", client.new_tag().encode()).ljust(200, b"-"))
    await in_step(exchange, client, response)
    await nothing_follows(exchange)


@case("rfc.http1.expect.connection-after-final", "content-left-out", circumstances=(DEFAULT, KEPT))
async def what_comes_instead_of_content_is_no_request(exchange: Exchange) -> None:
    """After an early answer what comes in the place of the content is not taken for a request."""
    client, _ = await _answered_early(exchange)
    await write(client, AFTER)
    await nothing_follows(exchange)


@case("rfc.http1.expect.http10-ignored", circumstances=(DEFAULT,))
async def an_old_request_has_no_expectation(exchange: Exchange) -> None:
    """An HTTP/1.0 request with Expect: 100-continue is answered without 100 Continue."""
    client = await raw_client(exchange)
    await write(client, post(b"Expect: 100-continue", b"Content-Length: 5", version=b"1.0"), "POST")
    app = await early_call(exchange, client)
    if app is None:
        await client.send(b"hello")
        app = await exchange.call(client)
        await gets_body(app, b"hello")
    else:
        async with beside(gets_body(app, b"hello")) as reading:
            await exchange.still_serves()  # by now the server has seen that the application waits
            await client.send(b"hello")
            await reading
    response = await exchange.answered(client, app)
    expect(response.informational, "the interim responses to an HTTP/1.0 request").equals([])


async def _answered_early(exchange: Exchange) -> tuple[Http1Client, Response]:
    """A request with an expectation, of 200 bytes, and the answer of an application that did not wait for them.

    Raises:
        NotApplicable: the server calls only when the content has come.
    """
    client = await raw_client(exchange)
    await client.start_request(headers=[EXPECT], length=200)
    app: Call | None = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the server calls the application only when the content has come")
    response = await exchange.answered(client, app, 413, b"too large")
    await app.finish()
    return client, response
