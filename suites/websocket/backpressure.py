"""A client that does not read what is sent to its WebSocket, and an application that does not receive."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.step import Step
from asgi_conformance.values import payload_there
from asgi_conformance.verdict import Broken, TimedOut

from ..core.sending import MOST, SIZE, blocked, expect_end, read_on, stop_reading
from .conversation import WAYS, Leave, data
from .handshakes import http_under

CHUNK = data(payload_there("chunk", SIZE))


async def flooded(exchange: Exchange) -> tuple[WebSocketClient, Call, Step, int | None]:
    """A client that reads nothing, the call that floods it, the flood, and how much was sent before send() waited."""
    client, app = await exchange.open_websocket()
    stop_reading(http_under(client))
    flood = app.begin_flood(CHUNK, MOST)
    return client, app, flood, await blocked(exchange, app, flood)


@case("core.send.backpressure", "websocket", circumstances=(DEFAULT, HTTP2))
async def messages_wait_for_a_client_that_does_not_read(exchange: Exchange) -> None:
    """An application that sends messages to a client that does not read is made to wait, and goes on when it reads."""
    client, app, flood, sent = await flooded(exchange)
    if sent is None:
        raise Broken(
            "send() waits when much of what was sent has not been read",
            f"the application could send {MOST * SIZE // 2**20} MiB although the client read nothing",
        )
    read_on(http_under(client))
    for _ in range(100):
        if flood.done or await app.progress(flood) > sent:
            return
        await asyncio.wait({flood.answer}, timeout=exchange.patience.deadline / 100)
    raise TimedOut("the messages go on when the client reads", f"they stood still after {sent} of {SIZE} bytes")


@case("core.send.returns-when-closed", "websocket", each=WAYS)
@case("core.send.returns-when-closed", "websocket", each={"reset": WAYS["reset"]}, circumstances=(HTTP2,))
async def a_blocked_send_ends_when_the_client_leaves(exchange: Exchange, leave: Leave) -> None:
    """A send() of a message that waits because the client does not read ends once the client has left."""
    client, _, flood, sent = await flooded(exchange)
    if sent is None:
        raise exchange.not_applicable(
            f"send() never waited: {MOST * SIZE // 2**20} MiB were taken from the application"
        )
    await (client.close() if leave is WAYS["close-frame"] else leave(client))
    await client.drop()
    await expect_end(exchange, flood)
