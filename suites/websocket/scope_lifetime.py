"""How long the scope of a WebSocket lasts: one call for one socket, and both end together."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.clients.websocket import CloseSeen, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, TimedOut

from .conversation import told

ENDINGS: dict[str, Callable[[Call], Awaitable[object]]] = {"returns": Call.finish, "raises": Call.fail}


async def close_and_leave(client: WebSocketClient) -> None:
    """Close as clients do: a close frame, the server's answer to it, and the end of the connection."""
    await client.close()
    with contextlib.suppress(Broken):
        await client.close_frame()
    await client.drop()


LEAVES: dict[str, Callable[[WebSocketClient], Awaitable[None]]] = {
    "close-frame": close_and_leave,
    "fin": WebSocketClient.drop,
    "reset": WebSocketClient.reset,
}


async def echoed(client: WebSocketClient, app: Call, text: str) -> None:
    """Have a message go to the application and another one back."""
    await client.send_text(text)
    event = await app.receive()
    expect(event.get("text"), "the text of the message").equals(text)
    await app.send({"type": "websocket.send", "text": f"{text} back"})
    expect(await client.message(), "the message that came back").equals(f"{text} back")


async def closes(exchange: Exchange, client: WebSocketClient) -> CloseSeen:
    """Wait until the server closes a socket whose application has ended; it has to do so soon."""
    seconds = exchange.patience.prompt
    closed = await exchange.within(
        client.closed(),
        seconds,
        "the server closes the socket, as the application has ended",
        f"after {seconds:.1f} s it was still open",
    )
    assert isinstance(closed, CloseSeen)
    if closed.clean:
        exchange.remark(f"it closed with the code {closed.code} and the reason {closed.reason!r}")
    else:
        exchange.remark("it closed without a close frame")
    return closed


@case("websocket.scope.lifetime.one-call", circumstances=EVERY_WEBSOCKET)
async def one_call_serves_one_socket(exchange: Exchange) -> None:
    """All messages of a WebSocket go through one call, and a second WebSocket has a call and a scope of its own."""
    client, app = await exchange.open_websocket("/first")
    calls = len(exchange.calls)
    for number in range(5):
        await echoed(client, app, f"message {number}")
    expect(len(exchange.calls), "the number of calls after five messages").equals(calls)
    other_client, other = await exchange.knock("/second")
    await exchange.accepted(other_client, other)
    expect(other.scope.get("path"), "scope['path'] of the second WebSocket").equals("/second")
    if app.pid == other.pid and await app.ask("identity", path=[]) == await other.ask("identity", path=[]):
        raise Broken("two WebSockets have scopes of their own", "both calls got the very same dict")
    await echoed(client, app, "the first again")
    await echoed(other_client, other, "the second")


@case("websocket.scope.lifetime.app-return-closes", circumstances=EVERY_WEBSOCKET)
async def the_socket_ends_when_the_application_returns(exchange: Exchange) -> None:
    """When the application returns after accepting, the server closes the socket, with any code or none."""
    client, app = await exchange.open_websocket()
    await app.finish()
    await closes(exchange, client)
    await exchange.still_serves()


@case("websocket.scope.lifetime.app-return-closes", "after-messages", circumstances=(DEFAULT, HTTP2))
async def messages_arrive_before_the_end(exchange: Exchange) -> None:
    """What the application sent before it returned reaches the client before the socket is closed."""
    client, app = await exchange.open_websocket()
    await echoed(client, app, "a message")
    await app.begin_send({"type": "websocket.send", "text": "the last"}).result()
    await app.finish()
    expect(await client.message(), "the last message").equals("the last")
    await closes(exchange, client)


@case("websocket.scope.lifetime.app-raise-closes", circumstances=EVERY_WEBSOCKET)
async def the_socket_ends_when_the_application_raises(exchange: Exchange) -> None:
    """When the application raises after accepting, the server closes the socket and goes on serving others."""
    client, app = await exchange.open_websocket()
    await app.fail()
    await closes(exchange, client)
    await exchange.still_serves()


@case("websocket.scope.lifetime.own-stream-only", each=ENDINGS, circumstances=(HTTP2,))
async def only_the_stream_ends(exchange: Exchange, end: Callable[[Call], Awaitable[object]]) -> None:
    """When the application of a WebSocket over HTTP/2 ends, its stream is closed, and the connection goes on."""
    client, app = await exchange.open_websocket()
    await end(app)
    try:
        await closes(exchange, client)
    except TimedOut as waited:
        raise exchange.inconclusive(f"the WebSocket itself stayed open: {waited.observed}") from None
    await serves_a_neighbour(exchange, client)


async def close_with_the_stream(client: WebSocketClient) -> None:
    """Close, and end the stream with that."""
    await client.close_and_drop(1000)


#: The ways in which a client closes over HTTP/2: its close frame is the last of its stream, or it ends that after it.
CLOSES: dict[str, Callable[[WebSocketClient], Awaitable[None]]] = {
    "at-once": close_with_the_stream,
    "when-answered": close_and_leave,
}


@case("websocket.scope.lifetime.own-stream-only", "client-closes", each=CLOSES, circumstances=(HTTP2,))
async def only_the_stream_of_a_client_that_closes_ends(
    exchange: Exchange, leave: Callable[[WebSocketClient], Awaitable[None]]
) -> None:
    """When a client has closed its WebSocket over HTTP/2 and ended the stream, the connection goes on."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await leave(client)
    await told(exchange, app, waiting)
    await serves_a_neighbour(exchange, client)


async def serves_a_neighbour(exchange: Exchange, client: WebSocketClient) -> None:
    """Expect that another stream of the HTTP/2 connection under a WebSocket is served."""
    assert isinstance(client.carrier, Http2Carrier)
    neighbour = client.carrier.client.connection.open_stream()
    await neighbour.request("GET", "/neighbour")
    await exchange.answered(neighbour, await exchange.call(neighbour))


@case("websocket.scope.lifetime.socket-end-informs-app", each=LEAVES, circumstances=EVERY_WEBSOCKET, revision=2)
async def the_application_learns_of_the_end(
    exchange: Exchange, leave: Callable[[WebSocketClient], Awaitable[None]]
) -> None:
    """When the socket has ended, the application receives websocket.disconnect, or its call is cancelled."""
    client, app = await exchange.open_websocket()
    await echoed(client, app, "a message")
    waiting = app.begin_receive()
    await leave(client)
    try:
        raised = await waiting.outcome()
    except TimedOut:
        raise
    except Broken as broken:
        if app.ended is not None and app.ended.how == "cancelled":
            exchange.remark("it cancels the call when the socket has ended")
            return
        raise broken
    if raised is not None:
        expect(raised.is_cancellation, "what receive() raised").is_true("is a cancellation", f"it raised {raised}")
        return
    event = await app.event_of(waiting)
    expect(event.get("type"), "the type of the event").equals("websocket.disconnect")
    if app.ended is not None and app.ended.how == "raised":
        raise Broken("the call goes on until the application ends it", f"it ended: {show(app.ended.error)}")
