"""What the cases about open WebSockets share: the messages, the ways in which a client leaves, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.clients.websocket import CloseSeen, Frame, Opcode, WebSocketClient
from asgi_conformance.errors import SuiteError
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Step
from asgi_conformance.values import Digest
from asgi_conformance.verdict import Broken, Outcome, TimedOut

from .. import leaving

Message = dict[str, object]
Leave = Callable[[WebSocketClient], Awaitable[None]]

#: A text with characters of one, two and four bytes in UTF-8, and bytes that are no text.
TEXT = "héllo 😀"
DATA = b"\x00\xff\xfe\x80"

#: The ends of connections that clients wait for beside what their cases do.
_leaving: set[asyncio.Future[None]] = set()


async def until_closed(client: WebSocketClient) -> CloseSeen:
    """Wait until the server has closed the WebSocket, and close the client's side then, as clients do.

    There are servers whose work on a WebSocket ends only with that.
    """
    seen = await client.closed()
    await client.drop()
    return seen


def leave_when_closed(client: WebSocketClient) -> None:
    """Let the client do the same beside what the case does."""
    task = asyncio.ensure_future(_leave(client))
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)


async def _leave(client: WebSocketClient) -> None:
    with suppress(Outcome, SuiteError):  # the latter where the case has ended and closed the connection meanwhile
        await until_closed(client)


def closing_with(code: int | None, reason: str = "") -> Leave:
    """How a client closes with a code and a reason, or with an empty frame for None."""

    async def leave(client: WebSocketClient) -> None:
        await client.close(code, reason)
        leave_when_closed(client)

    return leave


def violating(frame: Frame) -> Leave:
    """How a client sends a frame that it must not send, so that the server closes the WebSocket."""

    async def violate(client: WebSocketClient) -> None:
        await client.send_frame(frame)
        leave_when_closed(client)

    return violate


#: How a connection is lost without a close frame: with FIN or END_STREAM, with RST or RST_STREAM.
LOSSES: Mapping[str, Leave] = {"fin": WebSocketClient.drop, "reset": WebSocketClient.reset}
#: The ways in which a client leaves.
WAYS: Mapping[str, Leave] = {"close-frame": closing_with(1000), **LOSSES}
#: What a client must not send.
VIOLATIONS: Mapping[str, Leave] = {
    "unmasked-frame": violating(Frame(Opcode.TEXT, b"unmasked", masked=False)),
    "invalid-utf-8": violating(Frame(Opcode.TEXT, b"\xff\xfe")),
    "reserved-opcode": violating(Frame(0x3, b"reserved")),
}
#: A server that takes messages of :data:`LIMIT` bytes at most, and what a client must not send to it.
LIMITED = Launch(message_limit=True)
LIMIT = 65536
TOO_MUCH: Mapping[str, Leave] = {"too-large": violating(Frame(Opcode.BINARY, bytes(LIMIT + 1)))}


def text(content: object = TEXT, **keys: object) -> Message:
    """A ``websocket.send`` of a text."""
    return {"type": "websocket.send", "text": content, **keys}


def data(content: object = DATA, **keys: object) -> Message:
    """A ``websocket.send`` of bytes."""
    return {"type": "websocket.send", "bytes": content, **keys}


def close(**keys: object) -> Message:
    """A ``websocket.close``."""
    return {"type": "websocket.close", **keys}


def numbered(count: int) -> list[str | bytes]:
    """So many different messages, texts and bytes in turn."""
    return [f"message {number}" if number % 2 else b"message %d" % number for number in range(count)]


def sent(message: str | bytes) -> Message:
    """The ``websocket.send`` of a message."""
    return text(message) if isinstance(message, str) else data(message)


async def send(client: WebSocketClient, message: str | bytes) -> None:
    """Have the client send a message."""
    await (client.send_text(message) if isinstance(message, str) else client.send_bytes(message))


async def receives(app: Call, message: str | bytes, waiting: Step | None = None) -> Mapping[str, Any]:
    """The event that ``receive()`` gives next, or that a begun one gives; it has to bring this message.

    Raises:
        Broken: it is another event, or brings something else.
    """
    event = await (app.event_of(waiting) if waiting else app.receive())
    expect(event.get("type"), "the type of the event").equals("websocket.receive")
    key, other = ("text", "bytes") if isinstance(message, str) else ("bytes", "text")
    content = event.get(key)
    whole = Digest.of(message) if isinstance(message, bytes) and isinstance(content, Digest) else message
    expect(content, f"{key} in the event").equals(whole)
    expect(event.get(other), f"{other} in the event").is_none()
    return event


async def disconnect(app: Call, waiting: Step | None = None, deadline: float | None = None) -> Mapping[str, Any]:
    """The event that ``receive()`` gives next, or that a begun one gives; it has to be ``websocket.disconnect``."""
    return await leaving.disconnect(app, waiting or app.begin_receive(), deadline, "websocket.disconnect")


async def told(exchange: Exchange, app: Call, waiting: Step) -> Mapping[str, Any]:
    """The ``websocket.disconnect`` that a begun ``receive()`` gives, where something else is judged than that it comes.

    Raises:
        Inconclusive: it does not come, which counts on the requirements about that.
        Broken: something else comes.
    """
    try:
        return await disconnect(app, waiting)
    except TimedOut as late:
        raise exchange.inconclusive(
            f"the application was not told of the end, the matter of websocket.disconnect.on-*: {late.observed}"
        ) from None


async def messages(exchange: Exchange, client: WebSocketClient) -> list[str | bytes]:
    """All messages that come to the client until the WebSocket is closed, or for as long as its end may take.

    Raises:
        Broken: something came that a server must not send.
    """
    try:
        await asyncio.wait_for(until_closed(client), exchange.patience.prompt)
    except asyncio.TimeoutError:
        exchange.remark("the WebSocket was left open")
    return list(client.messages)


async def refused(exchange: Exchange, client: WebSocketClient, app: Call, what: str, event: object) -> None:
    """Have the application send an invalid event on an open WebSocket: send() has to raise, and nothing may come of it.

    The application then closes, and the server has to go on serving. ``what`` names the event in the verdict.

    Raises:
        Broken: it did not raise, or a message came to the client.
    """
    raised = await app.try_send(event)
    app.begin_send(close())
    app.end_by_return()
    came = await messages(exchange, client)
    told = f"the client got {show(came)}" if came else "no message came to the client"
    expected = f"send() raises an exception for {what}, and no message comes of it"
    if raised is None:
        raise Broken(expected, f"send() returned without one, and {told}")
    if came:
        raise Broken(expected, f"it raised {raised}, but {told}")
    await exchange.still_serves()
