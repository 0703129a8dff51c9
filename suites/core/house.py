"""The server's own house: what is left of connections that are over, and what is printed about clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange

from ..http.messages import body, early_call
from ..leaving import BEGUN, leave, left_midway, send_to_nobody, streaming
from ..server_log import listening
from ..websocket.conversation import WAYS as WEBSOCKET_WAYS

Visit = Callable[[Exchange], Awaitable[object]]

#: How many connections come and go, and how many of them at a time.
MANY, TOGETHER = 400, 10
#: What is not given back so many seconds after the first connection is not given back by its client's leaving; servers
#: may let it idle for a minute.
WITHIN = 50.0


async def visit(exchange: Exchange) -> None:
    """A request that is answered, and a client that leaves then."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    await app.finish()
    await client.close()


async def visit_and_leave(exchange: Exchange) -> None:
    """A client that leaves in the midst of a response, and an application that ends when it is told."""
    app = await left_midway(exchange)
    await app.finish()


async def open_websocket_and_leave(exchange: Exchange) -> None:
    """A WebSocket that its client closes."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await WEBSOCKET_WAYS["close-frame"](client)
    await waiting.outcome()
    await app.finish()


VISITS: dict[str, Visit] = {"http": visit, "http-left": visit_and_leave, "websocket": open_websocket_and_leave}


@case("core.house.descriptors", each=VISITS, exclusive=True)
async def descriptors_are_given_back(exchange: Exchange, visiting: Visit) -> None:
    """After hundreds of connections the server's process has no more open descriptors than before."""
    await expect_nothing_left(exchange, visiting, "descriptors", "open descriptors")


@case("core.house.tasks", each=VISITS, exclusive=True)
async def tasks_come_to_an_end(exchange: Exchange, visiting: Visit) -> None:
    """After hundreds of connections the server's event loop has no more tasks than before."""
    await expect_nothing_left(exchange, visiting, "tasks", "tasks")


async def expect_nothing_left(exchange: Exchange, visiting: Visit, what: str, words: str) -> None:
    """Expect that what there was before many visits has not grown by one for every second of them."""
    loop = asyncio.get_running_loop()
    before = await count(exchange, what)
    latest = loop.time() + WITHIN
    for _ in range(MANY // TOGETHER):
        await asyncio.gather(*(visiting(exchange) for _ in range(TOGETHER)))
    longest = max(exchange.patience.prompt, min(3 * exchange.patience.deadline, latest - loop.time()))
    end = loop.time() + longest
    while (after := await count(exchange, what)) - before >= MANY // 2:
        if loop.time() > end:
            seen = f"{after} {words} are left of {MANY} connections, where there were {before}"
            raise exchange.observed(f"{longest:.0f} s after the last of them {seen}")
        await asyncio.sleep(exchange.patience.quiet)  # counting takes connections of its own


async def count(exchange: Exchange, what: str) -> int:
    """Count something in the process that serves. Raises NotApplicable where that is impossible."""
    client, app = await exchange.dialogue()
    number = (await app.ask("house"))[what]
    await exchange.answered(client, app)
    await app.finish()
    await client.close()
    if number is None:
        raise exchange.not_applicable(f"the {what} of this process cannot be counted from within")
    return int(number)


async def half_a_request(exchange: Exchange) -> None:
    """A client that leaves in the midst of a request's head."""
    client = await exchange.http1()
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Cut", method="GET")
    await client.close()


async def half_a_body(exchange: Exchange) -> None:
    """A client that leaves in the midst of a request's body."""
    client = await exchange.http1()
    await client.start_request("POST", length=100)
    await client.send_body(b"a part")
    await client.reset()


async def bad_chunk(exchange: Exchange) -> None:
    """A client that goes wrong in the midst of a request's body, while the response is on its way already."""
    client = await exchange.http1()
    await client.start_request("POST")
    await client.send_body(b"a part")
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("it calls the application when the whole body has come")
    await app.receive()
    await app.start(200)
    await app.body(BEGUN, more=True)
    await client.body_until(len(BEGUN))
    waiting = app.begin_receive(beside=True)
    await client.send(b"no chunk\r\n")
    await waiting.pending_after(exchange.patience.quiet)
    await app.try_send(body(b"last"))
    await app.finish()


async def no_request(exchange: Exchange) -> None:
    """A client that connects and leaves."""
    client = await exchange.http1()
    await client.close()


async def noise(exchange: Exchange) -> None:
    """A client that sends what is no HTTP."""
    client = await exchange.http1()
    await client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", method="GET")
    await client.next_response_or_end()


async def lost_websocket(exchange: Exchange) -> None:
    """A WebSocket whose connection is lost."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await WEBSOCKET_WAYS["reset"](client)
    await waiting.outcome()
    await app.finish()


async def unread_stream(exchange: Exchange) -> None:
    """A client that resets the connection under a stream."""
    client, app = await streaming(exchange)
    waiting = app.begin_receive(beside=True)
    await leave(client, "reset")
    await waiting.outcome()
    await _stop_sending(exchange, app)


async def _stop_sending(exchange: Exchange, app: Call) -> None:
    await send_to_nobody(exchange, app, body(b"last"))
    await app.finish()


@case(
    "core.house.log",
    each={
        "no-request": no_request,
        "half-a-request": half_a_request,
        "half-a-body": half_a_body,
        "bad-chunk": bad_chunk,
        "no-http": noise,
        "response-left": unread_stream,
        "websocket-lost": lost_websocket,
    },
    exclusive=True,
)
async def clients_leave_no_errors_in_the_log(exchange: Exchange, provoke: Visit) -> None:
    """What a client may do at any time is not printed as an error of the server's."""
    async with listening(exchange) as log:
        await provoke(exchange)
        await log.settle()
    if errors := log.errors():
        raise exchange.observed(f"it printed {len(errors)} lines that tell of an error, the first: {errors[0]}")
