"""The library: what the command and the pytest plugin are made of, for programs of one's own.

::

    from asgi_conformance import run

    report = run(server="uvicorn <app>", select=["http.scope.*"])
    print(report["summary"])

and, for an experiment with both ends of a server in one hand::

    from asgi_conformance import Candidate

    async with Candidate("uvicorn <app>") as candidate, candidate.exchange() as exchange:
        client = await exchange.http1()
        await client.request("GET", "/")
        app = await exchange.call(client)
        await app.respond(200, body=b"hello")
        response = await client.response()
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.cases import load_suites, select
from asgi_conformance.exchange import Exchange
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, Progress, open_starter, run_behind
from asgi_conformance.sampling import Sampling
from asgi_conformance.schedule import Schedule

_names = itertools.count(1)


def run(
    *,
    server: str,
    select: Iterable[str] = (),
    deselect: Iterable[str] = (),
    suite: Iterable[str] = (),
    level: Iterable[str] = (),
    variant: str | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_scale: float = 1.0,
    jobs: int = 16,
    examples: int = Sampling.examples,
    seed: int = Sampling.seed,
    middleware: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Run the selected cases against a server.

    Args:
        server: The server's own command line, with ``<app>`` where the application goes.
        select: Globs over case ids, or ids of requirements; none selects all.
        deselect: The same, for what is left out.
        suite: Names of suites; none selects all.
        level: ``must``, ``should``, ``may``; none selects all.
        variant: A name for how the server is configured.
        environment: Variables to add to the server's environment.
        cwd: The server's working directory, or None for this one.
        timeout_scale: Stretches every wait.
        jobs: How many cases use one server process at a time.
        examples: How many examples each property is tried with.
        seed: What these are drawn from.
        middleware: A factory, ``package.module:factory``, of what the probe is wrapped with; None: nothing.
        progress: Called after every attempt at a case.

    Raises:
        UsageError: The command or the selection is none that can be used.
        CandidateError: The server could not be run.
    """
    suites = load_suites()
    cases = _select(suites, only=select, without=deselect, suite=suite, level=level)
    schedule, sampling = Schedule(jobs=jobs), Sampling(examples, seed)
    options = Options(
        server, variant, environment or {}, cwd, timeout_scale, schedule, sampling=sampling, middleware=middleware
    )
    return asyncio.run(run_behind(options, suites, cases, progress))


_select = select


class Candidate:
    """A server that runs for as long as the asynchronous context lasts, with the probe as its application.

    It belongs to the asyncio loop in which it was entered. ``launch`` says how it is started, ``environment``, ``cwd``
    and ``timeout_scale`` are those of :func:`run`.

    Raises, when it is entered:
        UsageError: The command is none that can be used.
        CandidateError: The server could not be run.
        LaunchImpossible: It has no known way to be started so.
    """

    def __init__(
        self,
        server: str,
        *,
        launch: Launch | None = None,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_scale: float = 1.0,
    ) -> None:
        self.server = server
        self.launch = launch or Launch()
        #: How the suite is run on it.
        self.options = Options(server, None, environment or {}, cwd, timeout_scale)
        self._stack = AsyncExitStack()
        self._running: RunningCandidate | None = None

    async def __aenter__(self) -> Candidate:
        try:
            starter = await self._stack.enter_async_context(open_starter(self.options))
            self._running = await starter.start(self.launch)
            self._stack.push_async_callback(starter.stop, self._running)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def running(self) -> RunningCandidate:
        """The running server: its address, its process, what became known of it."""
        if self._running is None:
            raise RuntimeError("the candidate runs within its context only: async with Candidate(...) as candidate")
        return self._running

    @asynccontextmanager
    async def exchange(self) -> AsyncIterator[Exchange]:
        """Both ends of the server, until the context ends; then its calls return and its connections close."""
        exchange = Exchange(self.running, f"x{next(_names)}")
        try:
            yield exchange
        finally:
            await exchange.close()
