"""Cases made of functions, and the run that judges them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

from asgi_conformance.cases import Case, Suites
from asgi_conformance.exchange import Exchange
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.schedule import Schedule
from asgi_conformance.verdict import Broken

MUST = "http.request.type"
SHOULD = "http.request.streamed"
MAY = "http.response.start.early-flush-allowed"
REFERENCE = f"{sys.executable} -m asgi_conformance.reference_server <app>"

Function = Callable[[Exchange], Awaitable[None]]


def a_case(function: Function, name: str = "one", *, requirement: str = MUST, **options: object) -> Case:
    """A case of a requirement made of a function."""
    return Case(f"{requirement}/{name}", requirement, function, **options)  # type: ignore[arg-type]


def judged(suites: Suites, cases: Sequence[Case], *, jobs: int = 16, server: str = REFERENCE) -> Run:
    """Run these cases against a server."""
    return asyncio.run(run_candidate(Options(server, schedule=Schedule(jobs=jobs)), suites, cases))


async def passes(exchange: Exchange) -> None:
    """A case that passes with evidence."""
    await exchange.still_serves()


async def breaks(exchange: Exchange) -> None:
    """A case that finds a breach."""
    await exchange.still_serves()
    raise Broken("x is 1", "x is 2")


async def kills(exchange: Exchange) -> None:
    """A case during which the server dies."""
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    exchange.candidate.process.kill()  # type: ignore[union-attr]
    await app.receive()
