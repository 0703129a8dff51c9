"""How a server fails a WebSocket on which a client breaks a rule (RFC 6455 § 7.1.7), and what it must not do then."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

from asgi_conformance.call import Call
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import CloseSeen, Frame, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Step
from asgi_conformance.verdict import Broken, Level, Outcome, TimedOut

from ..websocket.closing import until_either
from ..websocket.conversation import leave_when_closed, receives

T = TypeVar("T")
_attending: set[asyncio.Future[None]] = set()
#: Longer than any case, in seconds.
_LONG = 3600.0

PROTOCOL_ERROR = (1002,)
NOT_TEXT = (1007,)
TOO_BIG = (1009,)
#: Codes that tell of something wrong with what the client sent.
FAILURES = (1002, 1003, 1007, 1008, 1009, 1010)


def some(table: Mapping[str, T], *names: str) -> dict[str, T]:
    """The entries of a family that are enough in a further circumstance."""
    return {name: table[name] for name in names}


def attends(app: Call) -> None:
    """Have the application receive, and return when it is told of the end, as applications do."""
    task = asyncio.ensure_future(_attend(app))
    _attending.add(task)
    task.add_done_callback(_attending.discard)


async def _attend(app: Call) -> None:
    with suppress(Outcome):
        while (await app.event_of(app.begin_receive(beside=True), _LONG)).get("type") != "websocket.disconnect":
            pass
        app.end_by_return()


async def talking(exchange: Exchange, headers: Iterable[tuple[bytes, bytes]] = ()) -> tuple[WebSocketClient, Call]:
    """An open WebSocket over which a message has come through."""
    client, app = await exchange.open_websocket(headers=headers)
    await client.send_text("before")
    await receives(app, "before")
    return client, app


async def fails(
    exchange: Exchange,
    *frames: Frame,
    codes: Collection[int] | None = PROTOCOL_ERROR,
    what: str = "",
    on: tuple[WebSocketClient, Call] | None = None,
) -> None:
    """Expect that the server fails a WebSocket for the last of these frames; see :func:`failed_by`.

    It is the one that is given by ``on``, or a new one.
    """
    client, app = on or await talking(exchange)
    data = b"".join(encode(frame) for frame in frames)
    await failed_by(exchange, client, app, data, what or str(frames[-1]), codes)


async def failed_by(
    exchange: Exchange,
    client: WebSocketClient,
    app: Call,
    data: bytes,
    what: str,
    codes: Collection[int] | None = PROTOCOL_ERROR,
) -> CloseSeen:
    """Send ``data`` as it is; the server has to end the WebSocket, to deliver nothing, and to go on serving.

    A close frame with a code that is not among ``codes``, or an end without one, is no more than a warning; where
    ``codes`` is None any code that tells of a failure will do, and an end without a close frame too.

    Raises:
        Broken: it delivered a message, or took the frame for a valid one.
        TimedOut: it left the WebSocket open.
    """
    client.transport.note("note", f"sends {what}")
    waiting = app.begin_receive()
    seen = await _end(exchange, client, app, waiting, data, what)
    leave_when_closed(client)
    await _nothing_delivered(exchange, app, waiting, what)
    await exchange.still_serves()
    _judge(seen, what, codes)
    return seen


async def _end(
    exchange: Exchange, client: WebSocketClient, app: Call, waiting: Step, data: bytes, what: str
) -> CloseSeen:
    await client.send_raw(data)
    client.deadline = exchange.patience.prompt
    async with until_either(client.failed(), waiting) as ending:
        if waiting.done and not ending.done():
            _expect_no_message(await app.event_of(waiting), what)
            app.end_by_return()  # as applications do when they are told of the end: now the server waits for nothing
            await asyncio.wait({ending}, timeout=2 * exchange.patience.quiet)
            if not ending.done():
                raise TimedOut(
                    f"the server closes the WebSocket for {what}", "it was left open though the application knew"
                )
        try:
            return await ending
        except TimedOut as late:
            seen = "".join(f"; it sent {frame}" for frame in client.controls)
            raise TimedOut(f"the server closes the WebSocket for {what}", late.observed + seen) from None


async def _nothing_delivered(exchange: Exchange, app: Call, waiting: Step, what: str) -> None:
    try:
        event = await app.event_of(waiting, exchange.patience.prompt)
    except TimedOut:
        exchange.remark("the application was told nothing, which is the matter of websocket.disconnect.on-*")
        return
    except Broken:
        if app.ended is None:
            raise
        exchange.remark(f"the application's call {app.ended.how}")
        return
    _expect_no_message(event, what)


def _expect_no_message(event: dict[str, object], what: str) -> None:
    if event.get("type") == "websocket.receive":
        raise Broken(f"nothing is delivered to the application for {what}", f"receive() gave {show(event)}")


def _judge(seen: CloseSeen, what: str, codes: Collection[int] | None) -> None:
    if not seen.clean:
        if codes is not None:
            code = " or ".join(map(str, codes))
            raise Broken(
                f"the server closes the WebSocket with {code} for {what}",
                f"the connection was {seen.ended} without a close frame",
                level=Level.SHOULD,
            )
    elif seen.code not in (codes or (None, *FAILURES)):
        allowed = " or ".join(map(str, codes or FAILURES))
        observed = f"it is {seen.code}" if seen.code else "it has none"
        raise Broken(f"the code of the close frame for {what} is {allowed}", observed, level=Level.SHOULD)


def expect_clean(seen: CloseSeen) -> None:
    """Expect that a WebSocket ended with a close frame."""
    expect(seen.clean, "the WebSocket").is_true(
        "ends with a close frame", f"the connection was {seen.ended} without a close frame"
    )
