"""``http.disconnect``: when the application is told that its client has left, and when it is not."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show_event
from asgi_conformance.step import Step
from asgi_conformance.verdict import Broken

from ..leaving import WAYS, disconnect, leave, streaming

#: What stands on the connection behind the request whose client leaves.
PIPELINED = {
    "whole-request-behind": b"GET /behind HTTP/1.1\r\nHost: behind\r\n\r\n",
    "half-a-request-behind": b"GET /behind HTTP/1.1\r\nHo",
}


@case("http.disconnect.type", circumstances=EVERY_HTTP)
async def the_event_has_its_type_and_nothing_else_is_specified(exchange: Exchange) -> None:
    """The event that tells of a client that left is a dict of type "http.disconnect"."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await client.close()
    event = await app.receive()
    expect(event.get("type"), "the type of the event").equals("http.disconnect")
    expect(event.get("type"), "the type of the event").is_a(str)
    if len(event) > 1:
        exchange.remark(f"the event has more keys than the one that is specified: {sorted(map(str, event))}")


@case("http.disconnect.on-client-close", each=WAYS, circumstances=EVERY_HTTP)
async def a_waiting_receive_learns_that_the_client_left(exchange: Exchange, way: str) -> None:
    """A receive() that waits after the request gives http.disconnect when the client leaves.

    A server that cancels the call instead ends the connection's scope too: that is the weaker breach.
    """
    client, app = await exchange.dialogue()
    await app.receive_body()
    waiting = app.begin_receive()
    await leave(client, way)
    await disconnect(app, waiting)


@case("http.disconnect.on-client-close", each=PIPELINED, slow=True)
async def the_loss_is_seen_though_more_was_sent(exchange: Exchange, behind: bytes) -> None:
    """A client that leaves is noticed although bytes of a next request wait on its connection."""
    client = await exchange.http1()
    await client.send_head("GET", "/first")
    await client.send(behind)
    app = await exchange.call(client)
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    await app.ask("loop-works")
    await client.close()
    await disconnect(app, waiting, exchange.patience.prompt)


@case("http.disconnect.on-client-close", "every-stream", launch=Launch(http2=True))
async def every_stream_of_a_lost_connection_is_told(exchange: Exchange) -> None:
    """When an HTTP/2 connection is lost, the call of each of its open streams receives http.disconnect."""
    connection = await exchange.http2()
    calls = []
    for number in range(4):
        stream = connection.open_stream()
        await stream.request("GET", f"/{number}")
        calls.append(await exchange.call(stream))
    for app in calls:
        await app.receive_body()
    waiting = [app.begin_receive(beside=True) for app in calls]
    await connection.wire.reset()
    for app, step in zip(calls, waiting, strict=True):
        await disconnect(app, step)


@case("http.disconnect.on-client-close", "behind-an-unread-body", circumstances=EVERY_HTTP)
async def the_loss_is_seen_behind_an_unread_body(exchange: Exchange) -> None:
    """An application that reads its request only after the client left comes to http.disconnect.

    What had arrived of the body may be given before it, or be dropped.
    """
    client, app = await exchange.dialogue("POST", body=b"content")
    await client.close()
    for _ in range(5):
        waiting = app.begin_receive(beside=True)
        if await waiting.outcome() is not None or (await app.event_of(waiting)).get("type") != "http.request":
            break
    await disconnect(app, waiting)


@case("http.disconnect.on-client-close-while-sending", each=WAYS, circumstances=EVERY_HTTP)
async def a_receive_beside_a_stream_learns_of_the_loss(exchange: Exchange, way: str) -> None:
    """While one task streams the response, a receive() in another one gives http.disconnect when the client leaves."""
    client, app = await streaming(exchange)
    event = {"type": "http.response.body", "body": b"tick", "more_body": True}
    app.begin_flood(event, 100_000, interval=0.01)
    await client.body_until(len(b"begun" + b"tick"))
    waiting = app.begin_receive(beside=True)
    await leave(client, way)
    await disconnect(app, waiting)


@case("http.disconnect.not-before-end", circumstances=EVERY_HTTP)
async def no_disconnect_while_the_response_is_under_way(exchange: Exchange) -> None:
    """With the client connected and the response unfinished, receive() gives nothing."""
    client, app = await streaming(exchange)
    waiting = app.begin_receive(beside=True)
    if not await waiting.pending_after(exchange.patience.quiet):
        raise await _made_up(app, waiting)
    await app.body(b" and ended")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"begun and ended")


@case("http.disconnect.not-before-end", "after-cancelled-receive", circumstances=EVERY_HTTP)
async def a_cancelled_receive_brings_no_disconnect(exchange: Exchange) -> None:
    """After the application cancelled a receive(), the next one gives http.disconnect only when the client left."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    first = app.begin_receive(beside=True)
    await app.ask("loop-works")
    await first.cancel()
    if await first.outcome() is None:
        raise await _made_up(app, first)
    second = app.begin_receive(beside=True)
    if not await second.pending_after(exchange.patience.quiet):
        raise await _made_up(app, second)
    await client.close()
    await disconnect(app, second)


async def _made_up(app: Call, given: Step) -> Broken:
    event = show_event(await app.event_of(given))
    return Broken("receive() gives nothing while the client is there and the response unfinished", f"it gave {event}")
