"""Where lifespans run: in which process and event loop, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.lifespan import TOKEN, OrdinaryLifespan
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.clients.waiting import Bell
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.suites.stops import open_websocket
from asgi_conformance.verdict import Broken, TimedOut

from .shared import lifespan_of

#: How many requests are served while a lifespan waits.
SERVED = 20
#: How many requests run at the same time, so that a server may spread them over its threads.
AT_ONCE = 12
WORKERS = 2


@case("lifespan.scope.lasts")
async def the_lifespan_call_lasts_while_requests_are_served(exchange: Exchange) -> None:
    """While requests are served, the lifespan call is neither ended nor cancelled, and its receive() waits."""
    client = await exchange.http1()
    for _ in range(SERVED):
        await client.request()
        app = await exchange.call(client)
        await exchange.answered(client, app)
        await app.finish()
    lifespan = await lifespan_of(exchange, app)
    ended = lifespan.call.ended
    expect(ended is None, "the lifespan call").is_true("goes on", f"it had {ended.how if ended else 'gone on'}")
    waiting = lifespan.waiting
    expect(waiting is not None and not waiting.done, "receive() in the lifespan call").is_true(
        f"waits while {SERVED} requests are served", f"the events of the lifespan call are {lifespan.events}"
    )


@case("lifespan.loop.same-as-requests", circumstances=EVERY_HTTP)
async def requests_run_in_the_loop_of_the_lifespan(exchange: Exchange) -> None:
    """A request runs in the process and the event loop of a lifespan."""
    client, app = await exchange.dialogue()
    await lifespan_of(exchange, app)
    await exchange.answered(client, app)


@case("lifespan.loop.same-as-requests", "websocket")
async def websockets_run_in_the_loop_of_the_lifespan(exchange: Exchange) -> None:
    """A WebSocket runs in the process and the event loop of a lifespan."""
    await lifespan_of(exchange, await open_websocket(exchange, await exchange.websocket()))


async def _at_once(exchange: Exchange) -> list[Call]:
    """The calls of several requests that run at the same time, each answered and ended."""
    dialogues = [await exchange.dialogue() for _ in range(AT_ONCE)]
    for client, app in dialogues:
        await exchange.answered(client, app)
        await app.finish()
        await client.close()
    return [app for _, app in dialogues]


@case("lifespan.loop.once-per-loop")
async def each_loop_has_one_lifespan(exchange: Exchange) -> None:
    """Each event loop that serves requests has had one lifespan call."""
    loops = {(app.pid, app.loop_id): app for app in await _at_once(exchange)}
    for app in loops.values():
        await lifespan_of(exchange, app)
        calls = [one for one in exchange.candidate.lifespans if one.belongs_to(app)]
        expect(len(calls), "the number of lifespan calls in the loop that serves").equals(1)


@case("lifespan.loop.per-thread")
async def each_thread_with_a_loop_has_a_lifespan(exchange: Exchange) -> None:
    """Each event loop in which requests run has had a lifespan, where they run in several threads, too."""
    calls = await _at_once(exchange)
    for app in calls:
        await lifespan_of(exchange, app)
    if len({(app.pid, app.thread_id) for app in calls}) == 1:
        raise exchange.observed(f"{AT_ONCE} requests at the same time ran in one thread, whose loop had a lifespan")


@dataclass
class Worker:
    """A process that has answered requests: the calls, and its lifespan, or None where it had none."""

    lifespan: OrdinaryLifespan | None = None
    calls: list[Call] = field(default_factory=list)


class Workers(Record):
    """What a life with several workers shows: the processes that answered, by their ids, and the exit status."""

    served: dict[int, Worker]
    status: int


async def work(exchange: Exchange, seen: Workers) -> None:
    """Send requests until every worker has answered one, and stop the server.

    When all have been told to shut down, the first one does, and the others only after a while.
    """
    lifecycle = exchange.lifecycle
    stopping: list[Call] = []
    told = Bell()

    async def hold(call: Call) -> None:
        stopping.append(call)
        told.ring()
        if call is stopping[0]:
            await told.until(lambda: len(stopping) == len(exchange.candidate.lifespans), exchange.patience.deadline)
        else:
            await stopping[0].over()
            with contextlib.suppress(TimedOut):
                await call.over(4 * exchange.patience.quiet)

    lifecycle.needs_lifespan()
    lifecycle.take_lifespans_as_usual(hold)
    await lifecycle.spawn()
    await lifecycle.serving()
    loop = asyncio.get_running_loop()
    served: dict[int, Worker] = {}
    ends = loop.time() + exchange.patience.deadline
    while len(served) < WORKERS and loop.time() < ends:
        for app in await _at_once(exchange):
            served.setdefault(app.pid, Worker()).calls.append(app)
    for worker in served.values():
        of_it = [one for one in exchange.candidate.lifespans if one.belongs_to(worker.calls[0])]
        worker.lifespan = of_it[0] if of_it else None
    seen.served = served
    if not exchange.candidate.lifespans:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    lifecycle.ask_to_stop()
    seen.status = await lifecycle.gone()


WORK = Life(work, Workers, launch=Launch(own=True, workers=WORKERS))


@case("lifespan.loop.per-process", life=WORK)
async def each_process_has_a_lifespan(exchange: Exchange, seen: Workers) -> None:
    """Each of several processes that answered a request had completed a lifespan startup before."""
    for pid, worker in seen.served.items():
        if worker.lifespan is None or worker.lifespan.startup_at is None:
            raise Broken("each process that serves has a lifespan", f"the process {pid} served and had none")
        earliest = min(call.began for call in worker.calls)
        expect(worker.lifespan.startup_at < earliest, "the startup of a process").is_true(
            "comes before its first request", f"a request had come before it in the process {pid}"
        )
    exchange.remark(f"Of {WORKERS} workers {len(seen.served)} were seen to serve.")


@case("lifespan.loop.per-process", "shutdown", life=WORK)
async def each_process_gets_its_shutdown(exchange: Exchange, seen: Workers) -> None:
    """Each of several processes that answered a request receives lifespan.shutdown when the server is stopped."""
    status = seen.status
    missed = [pid for pid, worker in seen.served.items() if worker.lifespan and not worker.lifespan.shutdown]
    if missed:
        raise Broken(
            "each process that served gets lifespan.shutdown",
            f"of {len(seen.served)} processes that had served {len(missed)} got none; the server ended with {status}",
        )


@case("lifespan.shutdown.complete.waited-for", "workers", life=WORK)
async def the_server_waits_for_each_worker(exchange: Exchange, seen: Workers) -> None:
    """When one worker has ended, the server waits until the other has sent shutdown.complete, too."""
    status = seen.status
    lifespans = [worker.lifespan for worker in seen.served.values() if worker.lifespan and worker.lifespan.shutdown]
    if len(lifespans) < WORKERS:
        raise exchange.inconclusive(f"{len(lifespans)} of {WORKERS} workers had served and got lifespan.shutdown")
    cut = sum(not lifespan.answered for lifespan in lifespans)
    expect(cut, "the number of workers that ended before they had sent shutdown.complete").equals(0)
    exchange.remark(f"It ended with status {status}.")


@case("lifespan.state.per-loop", life=WORK)
async def each_process_hands_over_its_own_state(exchange: Exchange, seen: Workers) -> None:
    """The state of a request is that of the lifespan of its own process."""
    for worker in seen.served.values():
        lifespan = worker.lifespan
        if lifespan is None or not lifespan.has_state:
            raise exchange.unsupported("the lifespan scope has no state")
        for call in worker.calls:
            state = call.scope.get("state") or {}
            expect(state.get(TOKEN), f"{TOKEN!r} in the state of a request").equals(lifespan.token)
