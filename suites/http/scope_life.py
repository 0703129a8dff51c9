"""How long a scope lasts: for one request, as long as its response is open."""

from __future__ import annotations

import asyncio
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.control import decode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken

from ..beside import beside

#: Connections may idle for a second, and are held for longer.
BRIEF, HELD = Launch(keep_alive=True), 2.0
CLOSES = "the server closes the connection after a response"


@case("http.scope.lifetime.single-request")
async def each_request_is_a_call(exchange: Exchange) -> None:
    """Every request on a kept connection is a call of its own."""
    client = await exchange.http1()
    for number in range(3):
        await client.request("GET", f"/{number}")
        app = await exchange.call(client)
        expect(app.scope.get("path"), f"scope['path'] of request {number + 1}").equals(f"/{number}")
        expect(len(exchange.calls), f"the number of calls after {number + 1} requests").equals(number + 1)
        response = await exchange.answered(client, app)
        if b"close" in response.tokens(b"connection") and number < 2:
            raise exchange.not_applicable(CLOSES)


@case("http.scope.lifetime.ends-with-request")
async def a_call_gets_nothing_of_the_next_request(exchange: Exchange) -> None:
    """After its response a call never receives what belongs to the next request of its connection."""
    client = await exchange.http1()
    await client.request("POST", "/first", body=b"first")
    first = await exchange.call(client)
    await first.receive_body()
    response = await exchange.answered(client, first)
    if b"close" in response.tokens(b"connection"):
        raise exchange.not_applicable(CLOSES)
    waiting = first.begin_receive(beside=True)
    await client.request("POST", "/second", body=b"second")
    second = await exchange.call(client)
    body = await second.receive_body()
    if waiting.done and (frame := await waiting.frame()).get("ok") is not None:
        event = decode(frame["ok"])
        if isinstance(event, dict) and event.get("type") == "http.request":
            raise Broken("receive() of a call that is over gives http.disconnect, or waits", f"it gave {show(event)}")
    expect(body.content, "the body of the second request").equals(b"second")
    await exchange.answered(client, second)


@case("http.scope.lifetime.long-response", circumstances=(DEFAULT, HTTP2), slow=True)
async def a_response_can_be_held_open(exchange: Exchange) -> None:
    """A response that the application holds open for some seconds is neither ended nor cut off."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(b"first", more=True)
    await client.body_until(5)
    async with beside(app.over()) as over, beside(client.response()) as ending:
        # Nothing else can show that nothing happens.
        ends: set[asyncio.Future[Any]] = {over, ending}
        await asyncio.wait(ends, timeout=exchange.patience.prompt, return_when=asyncio.FIRST_COMPLETED)
        within = f"within {exchange.patience.prompt:g} s"
        expect(not over.done(), "the call").is_true("goes on", f"it ended {within}")
        expect(not ending.done(), "the response").is_true("stays open", f"it ended {within}")
        await app.body(b" last")
        response = await ending
    expect(response.body, "the response's body").equals(b"first last")
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")


@case(
    "http.scope.lifetime.long-response",
    "keep-alive-timer/before-start",
    launch=BRIEF,
    circumstances=EVERY_HTTP,
    slow=True,
)
async def a_response_may_take_longer_than_a_connection_may_idle(exchange: Exchange) -> None:
    """The timer for idle connections does not strike while the application has yet to answer."""
    client, app = await exchange.dialogue()
    await held(exchange, app)
    await exchange.answered(client, app)


@case(
    "http.scope.lifetime.long-response", "keep-alive-timer/mid-body", launch=BRIEF, circumstances=EVERY_HTTP, slow=True
)
async def a_response_may_pause_longer_than_a_connection_may_idle(exchange: Exchange) -> None:
    """The timer for idle connections does not strike within a response."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(b"first", more=True)
    await client.body_until(5)
    await held(exchange, app)
    await app.body(b" last")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"first last")
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")


async def held(exchange: Exchange, app: Call) -> None:
    """Hold a call for longer than a connection may idle, by the server's clock. Raises Broken when it is ended."""
    async with beside(app.over(exchange.patience.deadline + HELD)) as over:
        await asyncio.wait({over}, timeout=HELD)
        expect(not over.done(), "the call").is_true("goes on", f"it ended within {HELD:g} s")


@case("http.scope.state.optional")
async def without_lifespan_state_there_is_none(exchange: Exchange) -> None:
    """Where the lifespan has no state, a request has none either, or an empty one."""
    lifespan = exchange.look_at_lifespan().call
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    found = app.scope.get("state")
    if "state" in lifespan.scope and "state" in app.scope:
        raise exchange.observed("it supports state: the key is in the scopes of the lifespan and of requests")
    if "state" in lifespan.scope:
        raise exchange.observed("it supports state in the lifespan, and not in requests")
    if found:
        raise Broken("a request has no state where the lifespan had none", f"scope['state'] is {show(found)}")
    raise exchange.observed("it does not support state: the key is in no scope")
