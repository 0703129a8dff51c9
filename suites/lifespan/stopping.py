"""Servers that are asked to stop while something is under way: a startup, a request, a connection, a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.wire import Wire
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Step
from asgi_conformance.suites.stops import (
    WITH_REQUEST,
    WITH_WEBSOCKET,
    LongRequest,
    OpenWebSocket,
    Told,
)
from asgi_conformance.verdict import Broken, Outcome, TimedOut

from .ordinary import came_of, shutdown_event


class Starting(Record):
    """What a life shows in which the stop is asked for while the application starts up.

    ``early`` is the type of an event that came before startup was complete, or None. ``completed`` says whether
    startup.complete could be sent without an exception, ``shutdown`` the type of the event that came then, or None;
    ``told`` whether the call was cancelled or otherwise ended by the server. ``status`` is the exit status.
    """

    early: str | None
    completed: bool
    shutdown: str | None
    told: bool
    status: int


async def stop_while_starting(exchange: Exchange, seen: Starting) -> None:
    """Ask for the stop when startup was received, complete the startup a while later, and shut down when told."""
    app = await exchange.lifecycle.lifespan()
    await app.receive()
    waiting = app.begin_receive(beside=True)
    exchange.lifecycle.ask_to_stop()
    pending = await waiting.pending_after(exchange.patience.quiet) and app.ended is None
    seen.early = None if pending or app.ended is not None else await came_of(app, waiting)
    seen.completed = app.ended is None and await _completes(app)
    seen.shutdown = await _event(exchange, app, waiting) if seen.completed and pending else None
    seen.told = app.ended is not None and app.ended.how in ("cancelled", "raised")
    if app.ended is None:
        await app.try_send({"type": "lifespan.shutdown.complete"})
        app.end_by_return()
    seen.status = await exchange.lifecycle.gone()


async def _completes(app: Call) -> bool:
    with contextlib.suppress(Outcome):
        return await app.try_send({"type": "lifespan.startup.complete"}) is None
    return False


async def _event(exchange: Exchange, app: Call, waiting: Step) -> str | None:
    """The type of the event that comes before the process or the call ends, or None."""
    gone = asyncio.ensure_future(exchange.candidate.exited())
    ends: set[asyncio.Future[Any]] = {waiting.answer, gone}
    await asyncio.wait(ends, timeout=exchange.patience.deadline, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    with contextlib.suppress(Outcome):
        return await came_of(app, waiting) if waiting.done else None
    return None


STARTING = Life(stop_while_starting, Starting)


@case("lifespan.shutdown.only-after-startup", life=STARTING)
async def shutdown_is_no_answer_to_a_startup(exchange: Exchange, seen: Starting) -> None:
    """Asked to stop while the application starts up, the server gives no shutdown event in place of that, and ends."""
    expect(seen.early, "the event that came before startup was complete").is_none()
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.shutdown.sent", "while-starting", life=STARTING)
async def a_startup_that_completes_late_gets_its_shutdown(exchange: Exchange, seen: Starting) -> None:
    """Asked to stop while the application starts up, the server gives shutdown when startup is complete.

    It may also cancel the lifespan call, or end at once.
    """
    status = seen.status
    if seen.early is not None:
        raise exchange.inconclusive(f"{seen.early} came before startup was complete")
    if not seen.completed:
        how = "cancels the lifespan call" if seen.told else "ends"
        raise exchange.observed(f"asked to stop during the startup it {how}; its status was {status}")
    expect(seen.shutdown, "the event after startup was complete").equals("'lifespan.shutdown'")


class Busy(Record):
    """What a life shows in which the stop is asked for while a request runs and another connection is idle.

    ``early`` is whether the shutdown event came while the request ran and its connection was open. ``whole`` tells
    whether its response was finished. ``shutdown`` is the event; ``idle`` and ``running`` say whether the two
    connections had been closed by then. ``status`` is the exit status.
    """

    early: bool
    whole: bool
    shutdown: dict[str, Any]
    idle: bool
    running: bool
    status: int


async def stop_busy(exchange: Exchange, seen: Busy) -> None:
    """Ask for the stop in the midst of a response, finish it a while later, and look at the connections."""
    lifespan = await exchange.lifecycle.started_anyhow()
    idle = await exchange.http1()
    await idle.request()
    done = await exchange.call(idle)
    await exchange.answered(idle, done)
    await done.finish()
    running = await exchange.http1()
    await running.request()
    app = await exchange.call(running)
    await app.start(200)
    await app.body(b"begun", more=True)
    await running.body_until(5)
    waiting = lifespan.begin_receive() if lifespan else None
    exchange.lifecycle.ask_to_stop()
    pending = await (waiting or app.begin_receive(beside=True)).pending_after(exchange.patience.quiet)
    seen.early = waiting is not None and not pending and not await _is_closed(exchange, running.wire)
    seen.whole = await _finishes(running, app)
    if lifespan is None:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    seen.shutdown = await shutdown_event(lifespan, waiting)
    seen.idle, seen.running = await _is_closed(exchange, idle.wire), await _is_closed(exchange, running.wire)
    await lifespan.try_send({"type": "lifespan.shutdown.complete"})
    lifespan.end_by_return()
    seen.status = await exchange.lifecycle.gone()


async def _finishes(client: Http1Client, app: Call) -> bool:
    """Send the rest of a response; tells whether the client got the whole of it."""
    if app.ended is None:
        with contextlib.suppress(Outcome):
            await app.body(b"ended")
            await app.finish()
    try:
        response = await client.response()
    except Broken:
        return False
    return response.complete and response.body == b"begunended"


async def _is_closed(exchange: Exchange, wire: Wire) -> bool:
    """Whether the server has closed a connection, which may be seen a moment after it was done."""
    try:
        await wire.ended(exchange.patience.quiet)
    except TimedOut:
        return False
    return True


BUSY = Life(stop_busy, Busy)


@case("lifespan.shutdown.after-connections-closed", "idle", life=BUSY)
async def idle_connections_are_closed_before_shutdown(exchange: Exchange, seen: Busy) -> None:
    """When the lifespan call receives shutdown, an idle connection has been closed."""
    expect(seen.idle, "the idle connection").is_true("is closed", "it was open while the application shut down")
    expect(seen.shutdown.get("type"), "the type of the event").equals("lifespan.shutdown")


@case("lifespan.shutdown.after-connections-closed", "request", life=BUSY)
async def requests_are_over_before_shutdown(exchange: Exchange, seen: Busy) -> None:
    """When the lifespan call receives shutdown, a request that ran has been finished or cut off.

    An application call that goes on after that is not looked at.
    """
    observed = "it was open while the application shut down"
    expect(not seen.early, "the connection of a running request").is_true("is closed", observed)
    expect(seen.running, "the connection of a running request").is_true("is closed", observed)
    expect(seen.shutdown.get("type"), "the type of the event").equals("lifespan.shutdown")


@case("lifespan.shutdown.sent", "busy", life=BUSY)
async def shutdown_comes_though_the_server_is_busy(exchange: Exchange, seen: Busy) -> None:
    """Asked to stop while a request runs and a connection is idle, the server gives shutdown in the end."""
    expect(seen.shutdown.get("type"), "the type of the event at the stop").equals("lifespan.shutdown")


@case("lifespan.shutdown.finishes-requests", life=BUSY)
async def a_running_request_is_finished(exchange: Exchange, seen: Busy) -> None:
    """A response that the application finishes soon after the server was asked to stop reaches the client whole."""
    expect(seen.whole, "the response").is_true("reaches the client whole", "it was cut off")


@case("lifespan.shutdown.after-connections-closed", "websocket", life=WITH_WEBSOCKET)
async def websockets_are_closed_before_shutdown(exchange: Exchange, seen: OpenWebSocket) -> None:
    """When the lifespan call receives shutdown, a WebSocket that was open has been closed."""
    if not seen.lifespan:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    if seen.shutdown is None:
        raise exchange.not_applicable("no shutdown event came at all")
    expect(not seen.open_at_shutdown, "the WebSocket").is_true(
        "is closed", "it was open while the application shut down"
    )
    exchange.remark(f"The server ended with status {seen.status}.")


@case("lifespan.shutdown.sent", "open-websocket", life=WITH_WEBSOCKET)
async def shutdown_comes_though_a_websocket_was_open(exchange: Exchange, seen: OpenWebSocket) -> None:
    """Asked to stop while a WebSocket is open, the server closes it and gives shutdown.

    A server that is ended by its own time limit has not stopped in order; that it comes to that is a warning.
    """
    if not seen.lifespan:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    expect(seen.shutdown, "the lifespan call").weakly().is_true(
        "receives lifespan.shutdown", f"it got no event; in the call of the WebSocket, {seen.told}"
    )
    expect((seen.shutdown or {}).get("type"), "the type of the event").equals("lifespan.shutdown")


@case("lifespan.shutdown.running-calls", life=WITH_REQUEST, revision=2)
async def running_calls_are_told_and_awaited(exchange: Exchange, seen: LongRequest) -> None:
    """A call that outlasts the server's time for requests is told of the stop, and gets a moment to clean up.

    It is told by ``http.disconnect`` or by a cancellation. Beside it an application has returned, and left its
    WebSocket open.
    """
    if not seen.cut and seen.told == Told():
        raise exchange.observed("it waits for the request for longer than its own time for requests at a stop")
    expect(seen.told, "the application").satisfies(
        "learns of the stop while receive() waits", lambda told: bool(told.event or told.raised), str(seen.told)
    )
    expect(seen.awaited, "the application").is_true("can clean up", f"{seen.told}, and its process ends a moment later")


@case("lifespan.shutdown.sent", "after-cut-request", life=WITH_REQUEST)
async def shutdown_comes_though_a_request_was_cut_off(exchange: Exchange, seen: LongRequest) -> None:
    """Asked to stop while a request runs that does not end, the server cuts it off and gives shutdown all the same.

    A server may say that such a stop is not orderly any more.
    """
    if seen.shutdown is None:
        raise exchange.observed(f"no shutdown event comes when a request had to be cut off; {seen.told} in its call")
    expect(seen.shutdown.get("type"), "the type of the event").equals("lifespan.shutdown")
    exchange.remark(f"The server ended with status {seen.status}.")
