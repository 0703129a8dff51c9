"""Events that an application cannot send before it has accepted a handshake, and valid ones that it can."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, TimedOut

from .handshake_connect import connected
from .handshakes import ACCEPT, CLOSE, gives_up, http_under

Message = dict[str, object]

#: The statuses of an accepted handshake, over HTTP/1.1 and HTTP/2.
OPEN = (101, 200)
UNTYPED: dict[str, object] = {
    "empty": {},
    "keys-only": {"subprotocol": None, "headers": []},
    "none-type": {"type": None},
    "none": None,
    "list": [["type", "websocket.accept"]],
    "str": "websocket.accept",
}
WRONG_DIRECTION: dict[str, Message] = {
    "connect": {"type": "websocket.connect"},
    "receive": {"type": "websocket.receive", "text": "wrong"},
    "disconnect": {"type": "websocket.disconnect", "code": 1000},
}
#: What an application may send in answer to a handshake; none of these events raises anything.
VALID: dict[str, Sequence[Message]] = {
    "accept": (ACCEPT,),
    "accept-all-keys": ({**ACCEPT, "subprotocol": None, "headers": []},),
    "accept-and-send": (ACCEPT, {"type": "websocket.send", "text": "x"}, {"type": "websocket.send", "bytes": b"x"}),
    "accept-and-close": (ACCEPT, {**CLOSE, "code": 1000, "reason": ""}),
    "close": (CLOSE,),
    "close-all-keys": ({**CLOSE, "code": 1008, "reason": None},),
}


async def refused(exchange: Exchange, what: str, event: object) -> None:
    """Have the application answer a handshake with an invalid event; send() has to raise, and the server to go on.

    Raises:
        Broken: send() returned as if nothing were wrong.
    """
    client, app = await exchange.knock()
    await connected(app)
    if await app.try_send(event) is None:
        raise Broken(
            f"send() raises an exception for {what} before websocket.accept",
            f"send() returned without one, and {await seen(exchange, client)}",
        )
    await gives_up(exchange, client, app)


async def seen(exchange: Exchange, client: WebSocketClient) -> str:
    """What has come to the client, as a sentence; does not wait long."""
    try:
        response = await asyncio.wait_for(http_under(client).head(), exchange.patience.quiet)
    except (asyncio.TimeoutError, TimedOut):
        return "no answer came to the client"
    except Broken as broken:
        return f"the client saw this: {broken.observed}"
    return f"the client got {response.status}"


@case("websocket.error.missing-type", "before-accept", each=UNTYPED, circumstances=(DEFAULT, HTTP2))
async def an_event_without_type_is_refused(exchange: Exchange, event: object) -> None:
    """An event without a type, or that is no dict, makes send() raise before the handshake is accepted."""
    await refused(exchange, f"the event {show(event)}", event)


@case("websocket.error.wrong-direction", "before-accept", each=WRONG_DIRECTION, circumstances=(DEFAULT, HTTP2))
async def an_event_for_the_application_is_refused(exchange: Exchange, event: Message) -> None:
    """An event that only the server sends makes send() raise before the handshake is accepted."""
    await refused(exchange, show(event), event)


@case("websocket.error.valid-events", each=VALID, circumstances=(DEFAULT, HTTP2))
async def valid_events_raise_nothing(exchange: Exchange, events: Sequence[Message]) -> None:
    """No send() raises for events that are valid in form and in order, and the client gets an answer."""
    client, app = await exchange.knock()
    await connected(app)
    for event in events:
        sending = app.begin_send(event)
        if event["type"] == ACCEPT["type"]:
            await client.handshake_response()
        elif event["type"] == CLOSE["type"] and len(events) > 1:
            await client.close_frame()
            await client.drop()
        if (raised := await sending.outcome()) is not None:
            raise Broken(f"send() of {show(event)} raises nothing", f"it raised {raised}")
    app.end_by_return()
    response = await client.handshake_response()
    expect(response.status, "the status of the answer").is_one_of([403] if events[0]["type"] == CLOSE["type"] else OPEN)
