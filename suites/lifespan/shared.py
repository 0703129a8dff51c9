"""What the cases on shared candidates have in common: lifespans that are led in the ordinary way."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.candidate.lifespan import OrdinaryLifespan
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken


async def lifespan_of(exchange: Exchange, call: Call) -> OrdinaryLifespan:
    """The lifespan of the process and the event loop in which a call runs.

    Raises:
        Unsupported: the candidate serves requests and has made no lifespan call.
        Broken: it made some, but not there.
    """
    exchange.look_at_lifespan()
    lifespans = exchange.candidate.lifespans
    for lifespan in lifespans:
        if lifespan.belongs_to(call):
            return lifespan
    lived = ", ".join(f"process {one.call.pid} and loop {one.call.loop_id:#x}" for one in lifespans)
    raise Broken(
        "each request is served in a process and an event loop that had a lifespan",
        f"one was served in process {call.pid} and loop {call.loop_id:#x}; lifespans were in {lived}",
    )
