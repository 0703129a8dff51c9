"""An ordinary life: an application that starts up, waits, and shuts down, and a server that is asked to stop once."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Raised, Step
from asgi_conformance.verdict import Broken, TimedOut


class Ordinary(Record):
    """What an ordinary life shows, in the order of time.

    ``startup`` is the first event, ``first`` whether no other call had come before it. ``second`` is the type of an
    event that a second ``receive()`` gave before startup was complete, ``held`` whether no other call came by then.
    ``completed`` is what ``send()`` of startup.complete raised. ``http`` is the scope of a request after that,
    ``between`` the type of an event that came while the server served, ``added`` the scope of a request after the
    lifespan had added a key to its state. ``shutdown`` is the event at the stop, ``state`` the lifespan's state then.
    Before the answer to it: ``closed`` is whether no other call came, ``again`` the type of a further event,
    ``waited`` whether process and call lived on. ``status`` is the exit status after the answer.
    None: there was no such thing.
    """

    startup: dict[str, Any]
    first: bool
    second: str | None
    held: bool
    completed: Raised | None
    http: dict[str, Any]
    between: str | None
    added: dict[str, Any]
    shutdown: dict[str, Any]
    state: object
    closed: bool
    again: str | None
    waited: bool
    status: int


async def live(exchange: Exchange, seen: Ordinary) -> None:
    """Live it."""
    app = await exchange.lifecycle.lifespan()
    waiting = await _start(exchange, app, seen)
    await _serve(exchange, app, seen, waiting)
    exchange.lifecycle.ask_to_stop()
    seen.shutdown = await shutdown_event(app, waiting)
    await _stop(exchange, app, seen)


async def _start(exchange: Exchange, app: Call, seen: Ordinary) -> Step:
    """Receive startup, keep the server waiting, complete; gives the ``receive()`` that waits for shutdown."""
    candidate = exchange.candidate
    seen.startup = await app.receive()
    seen.first = candidate.first_call_at is None
    waiting = app.begin_receive(beside=True)
    pending = await waiting.pending_after(exchange.patience.quiet)
    seen.second = None if pending else await came_of(app, waiting)
    seen.held = candidate.first_call_at is None
    seen.completed = await app.try_send({"type": "lifespan.startup.complete"})
    return waiting if pending else app.begin_receive(beside=True)


async def _serve(exchange: Exchange, app: Call, seen: Ordinary, waiting: Step) -> None:
    """Serve requests while ``receive()`` waits, and have the lifespan add to its state late."""
    await exchange.lifecycle.serving()
    seen.http = await answered_scope(exchange)
    seen.between = await came_of(app, waiting) if waiting.done else None
    if "state" in app.scope:
        await app.change(["state"], "set", "asgi-conformance.late", "late")
    seen.added = await answered_scope(exchange)


async def shutdown_event(app: Call, waiting: Step | None = None) -> dict[str, Any]:
    """The event that a ``receive()`` gives when the server has been asked to stop.

    Raises:
        Broken, TimedOut: it gave none.
    """
    try:
        return await app.event_of(waiting or app.begin_receive())
    except Broken as broken:
        expected = "the application gets lifespan.shutdown when the server is asked to stop"
        raise type(broken)(expected, broken.observed) from broken


async def _stop(exchange: Exchange, app: Call, seen: Ordinary) -> None:
    """Keep the server waiting for the answer to shutdown, then give it and return."""
    state = await app.scope_now()
    seen.state = state.get("state") if isinstance(state, dict) else None
    waiting = app.begin_receive(beside=True)
    seen.closed, _ = await asyncio.gather(asks_in_vain(exchange), waiting.pending_after(exchange.patience.quiet))
    seen.again = await came_of(app, waiting) if waiting.done else None
    seen.waited = exchange.candidate.alive and app.ended is None
    if seen.waited:
        await app.send({"type": "lifespan.shutdown.complete"})
        await app.finish()
    seen.status = await exchange.lifecycle.gone()


async def answered_scope(exchange: Exchange) -> dict[str, Any]:
    """The scope of a request that was answered, after which the server closes the connection."""
    client = await exchange.http1()
    await client.request("GET", "/", [(b"connection", b"close")])
    call = await exchange.call(client)
    await exchange.answered(client, call)
    await call.finish()
    await client.close()
    return call.scope


async def asks_in_vain(exchange: Exchange) -> bool:
    """Whether a request that is sent now does not reach the application within a quiet period."""
    before = len(exchange.unclaimed_calls())
    wire = await exchange.lifecycle.try_connect()
    if wire is not None:
        await wire.send(b"GET /late HTTP/1.1\r\nhost: late\r\n\r\n")
        with contextlib.suppress(TimedOut):
            await wire.ended(exchange.patience.quiet)
        await wire.close()
    return len(exchange.unclaimed_calls()) == before


async def came_of(app: Call, step: Step) -> str | None:
    """The type of the event that a ``receive()`` gave, or None when it raised."""
    if await step.outcome() is not None:
        return None
    return show((await app.event_of(step)).get("type"))


ORDINARY = Life(live, Ordinary)
