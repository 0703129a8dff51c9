"""Pings and pongs: the server's own business, whatever the application is doing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_WEBSOCKET
from asgi_conformance.clients.websocket import Frame, Opcode, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from .conversation import TEXT, disconnect, receives, text

PINGED = Launch(pings=True)
#: The codes for a peer that is gone.
GONE = (1006, 1011, 1005)

Doing = Callable[[Exchange, WebSocketClient, Call], Awaitable[None]]


async def receives_nothing(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the application wait in receive()."""
    app.begin_receive(beside=True)
    await app.ask("loop-works")


async def is_busy(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the application await something else."""
    app.tell("sleep", seconds=exchange.patience.deadline, beside=True)
    await app.ask("loop-works")


async def leaves_a_message_unread(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the client send a message that the application does not receive yet, and the server take it."""
    await client.send_text("unread")
    await exchange.still_serves()


async def leaves_many_unread(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the client send some messages of which the application has received one."""
    for number in range(8):
        await client.send_text(f"unread {number}")
    await app.receive()
    await exchange.still_serves()


async def has_sent(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the application send a message, and do nothing."""
    await app.send(text())
    await client.message()


DOINGS: dict[str, Doing] = {
    "in-receive": receives_nothing,
    "busy": is_busy,
    "message-unread": leaves_a_message_unread,
    "messages-unread": leaves_many_unread,
    "has-sent": has_sent,
}


@case("websocket.ping.answered", each=DOINGS, circumstances=EVERY_WEBSOCKET)
async def a_ping_is_answered(exchange: Exchange, does: Doing) -> None:
    """A ping is answered with its payload, without the application's doing anything for it."""
    client, app = await exchange.open_websocket()
    await does(exchange, client, app)
    await client.ping(b"a payload")
    seconds = exchange.patience.prompt
    pong = await exchange.within(
        client.pong(), seconds, "a ping is answered at once", f"for {seconds:.1f} s no pong came"
    )
    expect(pong, "the payload of the pong").equals(b"a payload")


@case("websocket.ping.hidden", circumstances=EVERY_WEBSOCKET)
async def pings_are_no_events(exchange: Exchange) -> None:
    """A ping and a pong before a message do not reach the application: the next event is the message."""
    client, app = await exchange.open_websocket()
    await client.ping(b"ping")
    await client.send_frame(Frame(Opcode.PONG, b"pong"))
    await client.send_text(TEXT)
    await receives(app, TEXT)


@case("websocket.ping.hidden", "waiting", circumstances=EVERY_WEBSOCKET)
async def pings_do_not_end_a_receive(exchange: Exchange) -> None:
    """A receive() that waits goes on waiting while pings are answered and pongs come, and gives the message then."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await client.send_frame(Frame(Opcode.PONG))
    await client.ping(b"1")
    await client.pong()
    await client.send_text(TEXT)
    await receives(app, TEXT, waiting)


@case("websocket.ping.sent-for-liveness", launch=PINGED)
async def an_idle_client_is_pinged(exchange: Exchange) -> None:
    """A server that is told to ping sends pings to an idle client, again and again as long as it answers."""
    client, app = await exchange.open_websocket()
    for _ in range(2):
        ping = await client.frame("a ping")
        expect(ping.opcode, "the opcode of the frame").equals(Opcode.PING)
        await client.send_frame(Frame(Opcode.PONG, ping.payload))
    await client.send_text(TEXT)
    await receives(app, TEXT)


@case("websocket.ping.dead-peer-detected", launch=PINGED, slow=True)
async def a_silent_client_is_given_up(exchange: Exchange) -> None:
    """The application of a client that answers no pings receives websocket.disconnect, with 1006 or 1011."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    client.answers_pings = client.answers_close = False
    ping = await client.frame("a ping")
    expect(ping.opcode, "the opcode of the frame").equals(Opcode.PING)
    event = await disconnect(app, waiting)
    expect(event.get("code"), "the code").is_one_of(GONE)
