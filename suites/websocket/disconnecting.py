"""``websocket.disconnect``: when the application is told that the WebSocket is over."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.http2_client import Http2Client
from asgi_conformance.clients.websocket import Frame, Opcode, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show_event
from asgi_conformance.verdict import Broken
from asgi_conformance.websockets import websocket_over

from .conversation import (
    LIMITED,
    LOSSES,
    TOO_MUCH,
    VIOLATIONS,
    WAYS,
    Leave,
    close,
    disconnect,
    leave_when_closed,
    text,
    told,
)
from .handshakes import CLOSE, http_under

#: The codes for what the client did wrong, and those for a connection that is lost.
OF_VIOLATIONS = (1002, 1003, 1007, 1008, 1009, 1006, 1005)
#: With what the application closes.
OWN_CODE = 3001


@case("websocket.disconnect.type", each=WAYS, circumstances=EVERY_WEBSOCKET)
async def the_event_has_its_type(exchange: Exchange, leave: Leave) -> None:
    """The event that tells of the end of a WebSocket is a dict of type "websocket.disconnect"."""
    client, app = await exchange.open_websocket()
    await leave(client)
    event = await told(exchange, app, app.begin_receive())
    expect(event.get("type"), "the type of the event").is_a(str)


@case("websocket.disconnect.on-client-close", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def a_waiting_receive_learns_of_the_close(exchange: Exchange) -> None:
    """A receive() that waits gives websocket.disconnect when the client closes the WebSocket."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await WAYS["close-frame"](client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-client-close", "before-receive", circumstances=EVERY_WEBSOCKET)
async def a_later_receive_learns_of_the_close(exchange: Exchange) -> None:
    """A receive() that begins after the client has closed the WebSocket, and a message before it, tells of both."""
    client, app = await exchange.open_websocket()
    await client.send_text("goodbye")
    await WAYS["close-frame"](client)
    await exchange.still_serves()
    event = await app.receive()
    expect(event.get("text"), "the text of the message").equals("goodbye")
    await disconnect(app)


@case("websocket.disconnect.on-client-close", "while-sending", circumstances=EVERY_WEBSOCKET)
async def a_receive_beside_a_stream_learns_of_the_close(exchange: Exchange) -> None:
    """While one task sends messages, a receive() in another one gives websocket.disconnect when the client closes."""
    await left_while_sending(exchange, WAYS["close-frame"])


@case("websocket.disconnect.on-socket-loss", "while-sending", each=LOSSES, circumstances=EVERY_WEBSOCKET)
async def a_receive_beside_a_stream_learns_of_the_loss(exchange: Exchange, lose: Leave) -> None:
    """While one task sends messages, a receive() in another one gives websocket.disconnect at the connection's loss."""
    await left_while_sending(exchange, lose)


async def left_while_sending(exchange: Exchange, leave: Leave) -> None:
    """Expect the disconnect in one task of an application while another one sends without end."""
    client, app = await exchange.open_websocket()
    app.begin_flood(text("tick"), 100_000, interval=0.01)
    await client.message()
    waiting = app.begin_receive(beside=True)
    await app.ask("loop-works")
    await leave(client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-client-close", "within-a-message", circumstances=EVERY_WEBSOCKET)
async def a_close_within_a_message_is_told(exchange: Exchange) -> None:
    """A receive() gives websocket.disconnect when the client closes between two fragments, and nothing of these."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await client.send_frame(Frame(Opcode.TEXT, b"a part", fin=False))
    await WAYS["close-frame"](client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-socket-loss", each=LOSSES, circumstances=EVERY_WEBSOCKET_AND_TLS)
async def a_waiting_receive_learns_of_the_loss(exchange: Exchange, lose: Leave) -> None:
    """A receive() that waits gives websocket.disconnect when the connection is lost without a close frame."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await lose(client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-socket-loss", "within-a-frame", each=LOSSES, circumstances=EVERY_WEBSOCKET)
async def a_loss_within_a_frame_is_told(exchange: Exchange, lose: Leave) -> None:
    """A receive() gives websocket.disconnect when the connection is lost within a frame, and nothing of the frame."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await client.send_raw(b"\x81\x85\x00\x00\x00\x00cut")
    await lose(client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-socket-loss", "every-stream", circumstances=(HTTP2,))
async def every_stream_of_a_lost_connection_is_told(exchange: Exchange) -> None:
    """When an HTTP/2 connection is lost, the application of each of its WebSockets receives websocket.disconnect."""
    first, app = await exchange.open_websocket()
    carrier = http_under(first)
    assert isinstance(carrier, Http2Client)
    calls = [(app, app.begin_receive())]
    for number in range(2):
        client = websocket_over(carrier.connection.open_stream())
        await client.start_handshake(f"/{number}")
        app = await exchange.websocket_call(client)
        await exchange.accepted(client, app)
        calls.append((app, app.begin_receive()))
    await carrier.connection.wire.reset()
    for app, waiting in calls:
        await disconnect(app, waiting)


async def answer_and_go(client: WebSocketClient) -> None:
    """Have a client answer the close that comes, and leave with that."""
    client.answers_close = False
    await client.close_frame()
    await client.close_and_drop(OWN_CODE)


async def answer_and_wait(client: WebSocketClient) -> None:
    """Have a client answer the close that comes, and leave when the server has closed."""
    await client.close_frame()
    leave_when_closed(client)


#: How a client can take the application's close.
ANSWERS: tuple[Leave, ...] = (answer_and_go, answer_and_wait)


@case("websocket.disconnect.on-server-close", circumstances=EVERY_WEBSOCKET, revision=2)
async def the_application_is_told_of_its_own_close(exchange: Exchange) -> None:
    """After a websocket.close of the application, which the client answers, receive() gives websocket.disconnect."""
    for answer in ANSWERS:
        client, app = await exchange.open_websocket()
        app.begin_send(close(code=OWN_CODE), beside=True)
        waiting = app.begin_receive(beside=True)
        await answer(client)
        await disconnect(app, waiting)


@case("websocket.disconnect.on-server-close", "while-receiving", circumstances=EVERY_WEBSOCKET, revision=2)
async def a_waiting_receive_is_told_of_the_own_close(exchange: Exchange) -> None:
    """A receive() that waits gives websocket.disconnect when another task of the application closes the WebSocket."""
    for answer in ANSWERS:
        client, app = await exchange.open_websocket()
        waiting = app.begin_receive(beside=True)
        await app.ask("loop-works")
        app.begin_send(close(code=OWN_CODE), beside=True)
        await answer(client)
        await disconnect(app, waiting)


@case("websocket.disconnect.on-server-close", "unanswered", each=LOSSES, circumstances=EVERY_WEBSOCKET)
async def an_unanswered_close_is_told_too(exchange: Exchange, lose: Leave) -> None:
    """When the connection is lost before the client answered the application's close, receive() tells of that too."""
    client, app = await exchange.open_websocket()
    client.answers_close = False
    app.begin_send(close(code=OWN_CODE), beside=True)
    waiting = app.begin_receive(beside=True)
    await client.close_frame()
    await lose(client)
    await disconnect(app, waiting)


@case("websocket.disconnect.on-reject", circumstances=EVERY_WEBSOCKET)
async def the_application_is_told_of_its_refusal(exchange: Exchange) -> None:
    """After the application refused a handshake, receive() gives websocket.disconnect, with a code that is an int."""
    _, app = await exchange.knock()
    await app.receive()
    await app.send(CLOSE)
    event = await disconnect(app, deadline=exchange.patience.prompt)
    expect(event.get("code"), "the code").is_a(int)


@case("websocket.disconnect.on-protocol-error", each=VIOLATIONS, circumstances=EVERY_WEBSOCKET)
@case("websocket.disconnect.on-protocol-error", each=TOO_MUCH, launch=LIMITED)
async def a_breach_of_the_protocol_ends_in_a_disconnect(exchange: Exchange, violate: Leave) -> None:
    """When the server closes for what the client did wrong, or too much of, receive() gives websocket.disconnect."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await violate(client)
    event = await disconnect(app, waiting)
    expect(event.get("code"), "the code").is_one_of(OF_VIOLATIONS)


async def close_with_a_text_behind(client: WebSocketClient) -> None:
    """Have the client send a close frame and, in the same bytes, a message."""
    client.close_sent = True
    await client.send_raw(encode(Frame(Opcode.CLOSE, b"\x03\xe8")) + encode(Frame(Opcode.TEXT, b"behind")))
    leave_when_closed(client)


@case(
    "websocket.disconnect.nothing-after",
    each={"close-frame": close_with_a_text_behind, **LOSSES},
    circumstances=EVERY_WEBSOCKET,
)
async def nothing_else_follows_the_disconnect(exchange: Exchange, leave: Leave) -> None:
    """After websocket.disconnect, receive() gives the same event again, waits, or raises: no other event comes.

    Neither does one that was sent behind the close frame.
    """
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive(beside=True)
    await leave(client)
    await told(exchange, app, waiting)
    seen = set()
    for _ in range(2):
        again = app.begin_receive(beside=True)
        if await again.pending_after(exchange.patience.quiet):
            seen.add("waits")
        elif app.ended is not None and app.ended.how == "cancelled":
            seen.add("ends with the call, which the server cancels")
        elif (raised := await again.outcome()) is not None:
            seen.add(f"raises {raised.type_name}")
        else:
            event = await app.event_of(again)
            if event.get("type") != "websocket.disconnect":
                raise Broken("after websocket.disconnect no other event comes", f"this came: {show_event(event)}")
            seen.add("gives the event again")
    exchange.remark("after websocket.disconnect receive() " + ", then ".join(sorted(seen)))
