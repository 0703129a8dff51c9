"""What a stop does to what is open, for the cases of several suites: a WebSocket, and a request that does not end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import CloseSeen, WebSocketClient
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Raised, Step
from asgi_conformance.verdict import Outcome, TimedOut, Unsupported

from .beside import beside


@dataclass(frozen=True)
class Told:
    """How an application that waited in ``receive()`` learnt of the stop: by an ``event``, or by what was ``raised``.

    Both are None where it did not; ``lost`` says that its process had ended then.
    """

    event: dict[str, Any] | None = None
    raised: Raised | None = None
    lost: bool = False

    def __str__(self) -> str:
        if self.event is not None:
            return f"receive() gives {self.event.get('type')}"
        if self.raised is not None:
            return f"receive() raises {self.raised.type_name}"
        return "the process ends under it" if self.lost else "receive() goes on waiting"


async def told(exchange: Exchange, app: Call, waiting: Step) -> Told:
    """Wait for what becomes of a ``receive()`` when the server has been asked to stop."""
    gone = asyncio.ensure_future(exchange.candidate.exited())
    ends: set[asyncio.Future[Any]] = {waiting.answer, gone}
    await asyncio.wait(ends, timeout=exchange.patience.deadline, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not waiting.done:
        return Told(lost=not exchange.candidate.alive)
    try:
        raised = await waiting.outcome()
        return Told(raised=raised) if raised else Told(event=await app.event_of(waiting))
    except Outcome:
        return Told(lost=True)


class OpenWebSocket(Record):
    """What a life shows in which the stop is asked for while a WebSocket is open and its application receives.

    ``told`` is how the application learnt of it. ``lifespan`` tells whether there was a lifespan call, ``shutdown`` is
    the event that it got, or None, and ``open_at_shutdown`` tells whether the WebSocket was still open then. ``close``
    is how the client saw it end, ``status`` the exit status.
    """

    told: Told
    lifespan: bool
    shutdown: dict[str, Any] | None
    open_at_shutdown: bool
    close: CloseSeen
    status: int


async def open_websocket(exchange: Exchange, client: WebSocketClient) -> Call:
    """Open a WebSocket; gives its call. Raises Unsupported when the server speaks no WebSocket."""
    await client.start_handshake()
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.unsupported(f"the candidate refused a WebSocket handshake: {app.what}")
    if app.scope.get("type") != "websocket":
        raise exchange.unsupported("the candidate hands a WebSocket handshake over as a plain request")
    await app.receive()
    await app.send({"type": "websocket.accept"})
    await client.handshake_response()
    return app


async def stop_with_websocket(exchange: Exchange, seen: OpenWebSocket) -> None:
    """Ask for the stop while a WebSocket is open, whose application waits in ``receive()``."""
    lifespan = await exchange.lifecycle.started_anyhow()
    client = await exchange.websocket()
    app = await open_websocket(exchange, client)
    waiting = app.begin_receive()
    await app.ask("progress", step=waiting.number, at_once=True)  # by its answer the receive() is awaited
    exchange.lifecycle.ask_to_stop()
    await _end_websocket(exchange, client, app, waiting, lifespan, seen)


#: A stop has begun after so many seconds at the latest, however patient a case is: half of what servers grant calls.
_BEGUN = 1.5


async def stop_with_busy_websocket(exchange: Exchange, seen: OpenWebSocket) -> None:
    """Ask for the stop while a WebSocket is open, whose application calls ``receive()`` when the stop has begun."""
    lifespan = await exchange.lifecycle.started_anyhow()
    client = await exchange.websocket()
    app = await open_websocket(exchange, client)
    exchange.lifecycle.ask_to_stop()
    await asyncio.sleep(min(2 * exchange.patience.quiet, _BEGUN))
    await _end_websocket(exchange, client, app, app.begin_receive(), lifespan, seen)


async def _end_websocket(
    exchange: Exchange,
    client: WebSocketClient,
    app: Call,
    waiting: Step,
    lifespan: Call | None,
    seen: OpenWebSocket,
) -> None:
    """Follow a stop to its end; the application of the WebSocket returns when it is told."""
    async with beside(client.closed()) as closing:
        seen.told = await told(exchange, app, waiting)
        app.end_by_return()
        seen.lifespan = lifespan is not None
        seen.shutdown = (await told(exchange, lifespan, lifespan.begin_receive())).event if lifespan else None
        # The end of the connection may be seen a moment after the event though it came before it.
        await asyncio.wait({closing}, timeout=exchange.patience.quiet)
        seen.open_at_shutdown = not closing.done() or isinstance(closing.exception(), TimedOut)
        if lifespan is not None:
            with contextlib.suppress(Outcome):
                await lifespan.try_send({"type": "lifespan.shutdown.complete"})
            lifespan.end_by_return()
        seen.close = await closing
    seen.status = await exchange.lifecycle.gone()


#: Servers that look for ended applications by the clock have done so after this time, in seconds.
_LOOKED_AFTER = 1.25


class LongRequest(Record):
    """What a life shows in which a request outlasts the time that the server gives requests at a stop.

    ``cut`` tells whether the client saw the connection end in the midst of the response; ``told`` how the application
    learnt of the stop, ``awaited`` whether it could clean up then. ``shutdown`` is the event that the lifespan call got
    after that, or None; ``status`` the exit status.
    """

    cut: bool
    told: Told
    awaited: bool
    shutdown: dict[str, Any] | None
    status: int


async def stop_with_request(exchange: Exchange, seen: LongRequest) -> None:
    """Ask for the stop in the midst of a response that never ends, and whose application waits in ``receive()``.

    Beside it an application has returned, and left its WebSocket open.
    """
    lifespan = await exchange.lifecycle.started_anyhow()
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    await app.receive_body()
    await app.start(200)
    await app.body(b"begun", more=True)
    await client.body_until(5)
    cleaning = exchange.patience.quiet
    waiting = app.tell("receive-and-clean", what="receive()", seconds=cleaning)
    with contextlib.suppress(Unsupported):
        over = await open_websocket(exchange, await exchange.websocket())
        await over.finish()
        await asyncio.sleep(_LOOKED_AFTER * exchange.patience.scale)
    exchange.lifecycle.ask_to_stop()
    seen.cut = await _is_cut(exchange, client)
    seen.told = await told(exchange, app, waiting)
    if app.ended is None:
        if seen.told.raised is None:
            app.tell("sleep", seconds=cleaning)
        app.end_by_return()
    seen.awaited = (await app.over()).how != "lost"
    if lifespan is None:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    seen.shutdown = (await told(exchange, lifespan, lifespan.begin_receive())).event
    await lifespan.try_send({"type": "lifespan.shutdown.complete"})
    lifespan.end_by_return()
    seen.status = await exchange.lifecycle.gone()


async def _is_cut(exchange: Exchange, client: Http1Client) -> bool:
    try:
        await client.wire.ended(exchange.patience.deadline)
    except TimedOut:
        return False
    return True


#: The time is only waited for by servers that do not close a WebSocket by themselves: less than a case waits for it.
WITH_WEBSOCKET = Life(stop_with_websocket, OpenWebSocket, launch=Launch(own=True, graceful_timeout=3))
WITH_BUSY_WEBSOCKET = Life(stop_with_busy_websocket, OpenWebSocket, launch=Launch(own=True, graceful_timeout=3))
WITH_REQUEST = Life(stop_with_request, LongRequest, launch=Launch(own=True, graceful_timeout=1))
