"""The event websocket.connect: the first one, given while the handshake waits for the application's answer."""

from __future__ import annotations

import asyncio
import base64

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.frames import Frame, Opcode, encode
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.clients.websocket import Http1Carrier, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Step
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..beside import beside
from ..leaving import WAYS
from .handshakes import ACCEPT, call_unless_refused, gives_up, not_accepted

EARLY = "sent too early"


async def connected(app: Call) -> None:
    """Have the application receive ``websocket.connect``."""
    event = await app.receive()
    expect(event.get("type"), "the type of the first event").equals("websocket.connect")


@case("websocket.connect.first-event", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def the_first_event_is_connect(exchange: Exchange) -> None:
    """The first event that the application receives is websocket.connect."""
    client, app = await exchange.knock()
    await connected(app)
    await app.send(ACCEPT)
    await client.handshake_response()


@case("websocket.connect.once", circumstances=EVERY_WEBSOCKET)
async def there_is_one_connect_event(exchange: Exchange) -> None:
    """A second receive() before the answer waits, and goes on waiting until the client has sent a message."""
    client, app = await exchange.knock()
    await connected(app)
    waiting = app.begin_receive(beside=True)
    await app.begin_send(ACCEPT, beside=True).result()
    await client.handshake_response()
    await client.send_text("a message")
    event = await app.event_of(waiting)
    expect(event.get("type"), "the type of the second event").equals("websocket.receive")
    expect(event.get("text"), "its text").equals("a message")


@case("websocket.connect.during-handshake", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def nothing_is_sent_before_the_answer(exchange: Exchange) -> None:
    """The client gets no response to the handshake until the application has answered, and then gets it."""
    client, app = await exchange.knock()
    await connected(app)
    async with beside(client.handshake_response()) as answering:
        await exchange.still_serves()
        # Nothing else can show that nothing comes.
        await asyncio.wait({answering}, timeout=exchange.patience.quiet)
        expect(not answering.done(), "the handshake").is_true(
            "is answered when the application has answered", "the client got an answer before"
        )
        await app.send(ACCEPT)
        response = await answering
    expect(response.accepted, "the handshake").is_true("is accepted", f"the answer to it is {response.status}")


@case("websocket.connect.no-data-before-accept", "one-segment")
async def data_behind_the_handshake_waits(exchange: Exchange) -> None:
    """A message that comes in one segment with the handshake is not received before the application has accepted.

    The WebSocket protocol does not let a client send it so early: the server may refuse such a client. That it loses
    the message is a warning.
    """
    http = await exchange.http1()
    carrier = Http1Carrier(http)
    carrier.key = base64.b64encode(bytes(range(16)))
    head = (
        b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: %s\r\nX-Exchange: %s\r\n\r\n"
    )
    tag = http.new_tag().encode()
    message = encode(Frame(Opcode.TEXT, EARLY.encode()))
    await http.send(head % (http.wire.address.authority, carrier.key, tag) + message, method="GET")
    client = WebSocketClient(carrier)
    app = await call_unless_refused(exchange, client, "a WebSocket handshake with a message in the same segment")
    if app is not None:
        await connected(app)
        await data_waits(exchange, client, app)


@case("websocket.connect.no-data-before-accept", "during-handshake", circumstances=EVERY_WEBSOCKET)
async def data_before_the_answer_waits(exchange: Exchange) -> None:
    """A message that comes while the application thinks about the handshake is not received before it has accepted.

    The WebSocket protocol does not let a client send it so early: the server may refuse such a client. That it loses
    the message is a warning.
    """
    client, app = await exchange.knock()
    await connected(app)
    await client.send_text(EARLY)
    await data_waits(exchange, client, app)


async def data_waits(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """See that an early message is received after the acceptance only, or that the server refuses the client."""
    waiting = app.begin_receive(beside=True)
    if not await waiting.pending_after(exchange.patience.quiet):
        event = await app.event_of(waiting)
        if event.get("type") != "websocket.disconnect":
            raise Broken("no message is received before the application has accepted", f"receive() gave {show(event)}")
    elif await app.begin_send(ACCEPT, beside=True).outcome() is None:
        response = await client.handshake_response()
        if response.accepted:
            await delivered_or_closed(client, app, waiting)
            return
    app.end_by_return()
    await not_accepted(exchange, client)
    await exchange.still_serves()


async def delivered_or_closed(client: WebSocketClient, app: Call, waiting: Step) -> None:
    """See that the early message is received now, or that the server has closed because of it."""
    await client.send_text("in time")
    event = await app.event_of(waiting)
    if event.get("type") == "websocket.disconnect":
        await client.closed()
        return
    expect(event.get("type"), "the type of the event after the acceptance").equals("websocket.receive")
    expect(event.get("text"), "the text of the first message").weakly(Level.SHOULD).equals(EARLY)


async def leave(client: WebSocketClient, way: str) -> None:
    """Have a client leave that has no answer to its handshake yet: its connection ends, or its stream is reset."""
    if way == "reset":
        await client.reset()
    elif isinstance(client.carrier, Http2Carrier):
        await client.carrier.client.connection.close()
    else:
        await client.drop()


@case("websocket.connect.client-gone", each=WAYS, circumstances=EVERY_WEBSOCKET)
async def a_client_that_leaves_is_reported(exchange: Exchange, way: str) -> None:
    """When the client goes away before the application has answered, receive() gives websocket.disconnect.

    The call may be cancelled instead, and the server may learn of it only when it tries to answer.
    """
    client, app = await exchange.knock()
    await connected(app)
    waiting = app.begin_receive(beside=True)
    await leave(client, way)
    if await waiting.pending_after(exchange.patience.prompt):
        exchange.remark("receive() ends only when the application has answered")
        app.begin_send(ACCEPT, beside=True)
    try:
        raised = await waiting.outcome()
    except TimedOut:
        raise
    except Broken:
        if app.ended is not None and app.ended.how == "cancelled":
            return
        raise
    if raised is not None:
        if raised.is_cancellation:
            return
        raise Broken("receive() gives websocket.disconnect, or the call is cancelled", f"it raised {raised}")
    event = await app.event_of(waiting)
    expect(event.get("type"), "the type of the event").equals("websocket.disconnect")
    expect(event.get("code"), "its code").weakly(Level.SHOULD).is_a(int)


@case("websocket.connect.accept-before-receive", circumstances=(DEFAULT, HTTP2))
async def accepting_without_receiving(exchange: Exchange) -> None:
    """What becomes of websocket.accept before websocket.connect was received: the handshake completes, or it raises."""
    client, app = await exchange.knock()
    raised = await app.try_send(ACCEPT)
    if raised is not None:
        await gives_up(exchange, client, app)
        raise exchange.observed(f"for websocket.accept before websocket.connect was received, send() raised {raised}")
    response = await client.handshake_response()
    expect(response.accepted, "the handshake").is_true("is accepted", f"the answer to it is {response.status}")
    event = await app.receive()
    raise exchange.observed(
        f"it completes the handshake though websocket.connect was not received, and receive() then gives {show(event)}"
    )
