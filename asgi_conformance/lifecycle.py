"""Lifecycle: the hand of a case on a candidate of its own, from before its start to after its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from typing import TYPE_CHECKING

from asgi_conformance.call import Call
from asgi_conformance.candidate.process import describe_exit
from asgi_conformance.clients.wire import Wire
from asgi_conformance.errors import CandidateError
from asgi_conformance.verdict import Broken, TimedOut, Unsupported

if TYPE_CHECKING:
    from asgi_conformance.candidate.starting import Starter
    from asgi_conformance.exchange import Exchange


class Lifecycle:
    """Start, lifespan and end of the candidate of one exchange, for cases whose launch is ``own``."""

    def __init__(self, exchange: Exchange, starter: Starter) -> None:
        self._exchange = exchange
        self._candidate = exchange.candidate
        self._starter = starter
        self._patience = exchange.patience
        self._lifespans: asyncio.Queue[Call] = asyncio.Queue()
        self._candidate.on_lifespan = self._take
        self._candidate.sole = exchange

    def _take(self, call: Call) -> None:
        self._exchange.take_call(call, "lifespan")
        self._lifespans.put_nowait(call)

    # Start

    async def spawn(self) -> None:
        """Start the process and wait for nothing."""
        await self._starter.spawn(self._candidate)
        assert self._candidate.process is not None
        self._candidate.process.on_output(lambda line, at: self._exchange.trace.record("server", "output", line, at=at))

    async def lifespan(self) -> Call:
        """The next lifespan call.

        Raises:
            Unsupported: the candidate serves requests without having made one.
            Broken: it ended, or did neither in time.
        """
        call = asyncio.ensure_future(self._lifespans.get())
        serving = asyncio.ensure_future(self._starter.wait_until_serving(self._candidate))
        try:
            await asyncio.wait({call, serving}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done() and serving.done():
                serving.result()
                raise Unsupported("the candidate serves requests and has made no lifespan call")
            return await call
        except CandidateError as error:
            raise Broken("the server calls the application for its lifespan", error.message) from error
        finally:
            for task in (call, serving):
                task.cancel()
            await asyncio.gather(call, serving, return_exceptions=True)

    async def further_lifespan(self) -> Call | None:
        """A lifespan call that came beside the first, or None when there is none so far."""
        return None if self._lifespans.empty() else self._lifespans.get_nowait()

    async def started(self) -> Call:
        """Start it and take its lifespan as a healthy application does; gives that call, which waits for shutdown."""
        await self.spawn()
        call = await self.lifespan()
        await call.receive()
        await call.send({"type": "lifespan.startup.complete"})
        await self.serving()
        return call

    async def serving(self) -> None:
        """Wait until it has answered a request through the application. Raises Broken when it does not."""
        try:
            await self._starter.wait_until_serving(self._candidate)
        except CandidateError as error:
            raise Broken("the server serves requests", error.message) from error

    async def try_connect(self) -> Wire | None:
        """A connection, or None when the candidate takes none (now)."""
        with contextlib.suppress(Broken):
            return await self._exchange.wire()
        return None

    # End

    def ask_to_stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal that asks for an orderly stop, and do not wait."""
        assert self._candidate.process is not None
        self._exchange.trace.record("server", "signal", f"{by.name} was sent to the server")
        self._candidate.process.signal(by)

    async def gone(self, deadline: float | None = None) -> int:
        """Wait until the main process has ended; its exit status, or minus the number of a signal.

        Raises:
            TimedOut: it has not ended within ``deadline`` seconds (None: two usual ones).
        """
        process = self._candidate.process
        assert process is not None
        seconds = 2 * self._patience.deadline if deadline is None else deadline
        began = time.monotonic()
        await asyncio.wait({process.exited}, timeout=seconds)
        if not process.exited.done():
            waited = time.monotonic() - began
            raise TimedOut("the server process ends", f"it was still running after {waited:.1f} s")
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait_output(), self._patience.quiet)
        self._exchange.trace.record(
            "server", "exit", f"the server process ended with {describe_exit(process.exited.result())}"
        )
        return process.exited.result()

    @property
    def output(self) -> str:
        """What the server has printed so far, as text."""
        process = self._candidate.process
        return "" if process is None else "\n".join(line for _, line in process.output.lines())
