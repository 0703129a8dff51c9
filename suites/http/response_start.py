"""When the head of a response goes out, and how often."""

from __future__ import annotations

import asyncio

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2, KEPT
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from .messages import body, refused, start, whole


@case("http.response.start.accepted", circumstances=EVERY_HTTP_AND_10)
async def status_and_headers_become_the_head(exchange: Exchange) -> None:
    """A response start and a body become a response with that status, these headers and this body."""
    client, app = await exchange.dialogue()
    await app.send(start(status=201, headers=[(b"x-a", b"one"), (b"content-length", b"4")]), body(b"made"))
    response = await whole(client, app, 201, b"made")
    expect(response.values(b"x-a"), "the values of x-a").equals([b"one"])


@case("http.response.start.headers-before-body", circumstances=EVERY_HTTP_AND_10)
async def the_first_body_takes_the_head_along(exchange: Exchange) -> None:
    """With the first part of the body the client gets the head, while the application waits."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-a", b"one")]))
    await app.send(body(b"part", more=True))
    head = await client.head()
    expect(head.status, "the status").equals(200)
    expect(head.values(b"x-a"), "the values of x-a").equals([b"one"])
    expect(await client.body_until(4), "the body so far").equals(b"part")
    await app.send(body(b" and rest"))
    await whole(client, app, 200, b"part and rest")


@case("http.response.start.headers-before-body", "empty-body", circumstances=EVERY_HTTP)
async def an_empty_first_body_takes_the_head_along(exchange: Exchange) -> None:
    """A first body message without data is enough for the client to get the head.

    The head need not be flushed "until the first Response Body event is processed". That an empty one brings no
    data of its own makes the breach weaker.
    """
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-a", b"one")]))
    await app.send(body(b"", more=True))
    try:
        head = await asyncio.wait_for(client.head(), exchange.patience.prompt)
    except asyncio.TimeoutError:
        raise Broken(
            "the client gets the head with the first body message, though it is empty",
            f"the client had nothing {exchange.patience.prompt:.1f} s after that message",
            level=Level.SHOULD,
        ) from None
    expect(head.values(b"x-a"), "the values of x-a").equals([b"one"])
    await app.send(body(b"rest"))
    await whole(client, app, 200, b"rest")


@case("http.response.start.early-flush-allowed", circumstances=(DEFAULT, HTTP2))
async def the_head_goes_out_early_or_late(exchange: Exchange) -> None:
    """After the response start alone the client has the head, or gets it with the first body."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-a", b"one")]))
    try:
        await asyncio.wait_for(client.head(), exchange.patience.quiet)
        when = "at once"
    except asyncio.TimeoutError:
        when = "with the first body message"
    await app.send(body(b"whole"))
    response = await whole(client, app, 200, b"whole")
    expect(response.values(b"x-a"), "the values of x-a").equals([b"one"])
    raise exchange.observed(f"it sends the head of a response {when}")


@case("http.response.start.error-may-replace", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def a_failure_after_the_start_may_change_the_head(exchange: Exchange) -> None:
    """When the application fails after its response start, the client sees an error or a response cut off."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-a", b"one"), (b"content-length", b"4")]))
    await app.fail()
    try:
        response = await asyncio.wait_for(client.response(), exchange.patience.prompt)
    except asyncio.TimeoutError:
        what = f"the client sees no end of the response for {exchange.patience.prompt:.1f} s"
    except Broken as broken:
        what = broken.observed
    else:
        ending = "complete" if response.complete else "cut off"
        what = f"the client gets {response.status}, {ending}, with the body {show(response.body)}"
    await exchange.still_serves()
    raise exchange.observed(f"when the application fails after the response start, {what}")


@case("http.response.start.twice", circumstances=(DEFAULT, HTTP2))
async def a_second_start_is_refused(exchange: Exchange) -> None:
    """A second http.response.start makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await refused(exchange, client, app, "a second http.response.start", start(status=500), body(b"x"))


@case("http.response.start.twice", "after-body", circumstances=(DEFAULT, HTTP2))
async def a_start_within_the_body_is_refused(exchange: Exchange) -> None:
    """An http.response.start in the midst of a body makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start(), body(b"part", more=True))
    await refused(exchange, client, app, "http.response.start after a part of the body", start(status=500), body(b"x"))


#: What is sent after a response start that was in order; all of it may be refused.
AGAIN = {
    "start-start": [start(status=500, headers=[(b"x-second", b"1")]), body(b"only")],
    "start-body-start": [body(b"part", more=True), start(status=500, headers=[(b"x-second", b"1")]), body(b"only")],
    "complete-start": [body(b"only"), start(status=500, headers=[(b"x-second", b"1")]), body(b"second")],
}


@case("http.response.start.twice-clean-wire", each=AGAIN, circumstances=(DEFAULT, KEPT))
async def one_request_has_one_response(exchange: Exchange, messages: list[dict[str, object]]) -> None:
    """Whatever the application sends, the client sees at most one response, and the next request gets its own."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    await app.send(start())
    for message in messages:
        await app.try_send(message)
    await app.finish()
    first = await client.next_response_or_end()
    if first is not None:
        expect(first.body, "the response's body").lacks(b"HTTP/1.1 ")
    if first is None or first.ended or b"close" in first.tokens(b"connection"):
        await client.ended()
        expect(client.surplus, "what follows the response").equals(b"")
        await exchange.still_serves()
        return
    await _is_in_step(exchange, client)


async def _is_in_step(exchange: Exchange, client: Http1Client) -> None:
    """The next request on the connection is answered with what its own call sends, or the connection ends."""
    await client.request("GET", "/next")
    following = await exchange.call_or_refusal(client)
    if isinstance(following, Refusal):
        expect(client.surplus, "what follows the response").equals(b"")
        await exchange.still_serves()
        return
    await following.respond(202, body=b"next")
    await whole(client, following, 202, b"next")


@case("http.response.start.twice-clean-wire", "over-http-2", circumstances=(HTTP2,))
async def one_stream_has_one_response(exchange: Exchange) -> None:
    """Over HTTP/2 a second response start gives no second head, and the server goes on."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await app.try_send(start(status=500))
    await app.try_send(body(b"only"))
    await app.finish()
    response = await client.response()
    expect(response.status, "the status").is_one_of([200, 500])
    await exchange.still_serves()
