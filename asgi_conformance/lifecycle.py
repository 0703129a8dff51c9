"""Lifecycle: the hand of a script on the candidate of its life, from before its start to after its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from asgi_conformance.call import Call
from asgi_conformance.candidate.lifespan import Hold
from asgi_conformance.candidate.process import CandidateProcess, describe_exit
from asgi_conformance.clients.wire import Wire
from asgi_conformance.errors import CandidateError
from asgi_conformance.verdict import Broken, CandidateDied, Outcome, TimedOut, Unsupported

if TYPE_CHECKING:
    from asgi_conformance.candidate.starting import Starter
    from asgi_conformance.exchange import Exchange


class Lifecycle:
    """Start, lifespan and end of the candidate of one exchange, for scripts of lives.

    From the start on a client knocks: it connects, sends a request and answers the call of it as soon as it can.
    """

    def __init__(self, exchange: Exchange, starter: Starter) -> None:
        self._exchange = exchange
        self._candidate = exchange.candidate
        self._starter = starter
        self._patience = exchange.patience
        self._lifespans: asyncio.Queue[Call] = asyncio.Queue()
        self._knocking: asyncio.Task[None] | None = None
        self._followers: list[asyncio.Task[None]] = []
        self._candidate.on_lifespan = self._take
        self._candidate.driver = self._candidate.sole = exchange

    def _take(self, call: Call) -> None:
        self._exchange.take_lifespan(call)
        self._lifespans.put_nowait(call)

    @property
    def process(self) -> CandidateProcess:
        """The main process, once it was started."""
        assert self._candidate.process is not None
        return self._candidate.process

    # Start

    async def spawn(self, *, knocks: bool = True) -> None:
        """Start the process, have a client knock (unless ``knocks`` is False), and wait for nothing."""
        await self._starter.spawn(self._candidate)
        self.process.on_output(lambda line, at: self._exchange.trace.record("server", "output", line, at=at))
        if knocks:
            self._knocking = asyncio.ensure_future(self._starter.wait_until_serving(self._candidate))

    async def listening(self) -> None:
        """Start the process, with its lifespans taken as usual, and wait until it takes a connection.

        No client knocks: the first request is the script's own. Raises CandidateError when it does not come up.
        """
        self.take_lifespans_as_usual()
        await self.spawn(knocks=False)
        await self._starter.wait_until_listening(self._candidate)

    def has_option(self, name: str) -> bool:
        """Whether the server is known to have an option for a launch ("single", "legacy"; see profiles.toml)."""
        return name in self._starter.setting.template.profile.options

    def take_lifespans(self, follow: Callable[[Call], Awaitable[None]]) -> None:
        """Have every lifespan call followed by a script of its own, in place of handing it to :meth:`lifespan`."""

        def take(call: Call) -> None:
            self._exchange.take_lifespan(call)
            self._followers.append(asyncio.create_task(_follow(follow, call)))

        self._candidate.on_lifespan = take

    def take_lifespans_as_usual(self, hold: Hold | None = None) -> None:
        """Have every lifespan call taken as an ordinary application does; they are in ``candidate.lifespans``.

        ``hold`` is awaited between the shutdown event of each and its answer.
        """
        self._candidate.on_lifespan = lambda call: self._candidate.take_lifespan(call, hold)

    async def lifespan(self) -> Call:
        """Start the process and take its first lifespan call, of which nothing has been received yet.

        Raises:
            Unsupported: the candidate serves requests without having made one.
            CandidateError: it did not come to call the application at all.
        """
        self.needs_lifespan()
        await self.spawn()
        assert self._knocking is not None
        call = asyncio.ensure_future(self._lifespans.get())
        try:
            await asyncio.wait({call, self._knocking}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                await self._answered("the server calls the application for its lifespan")
            if not call.done() and not await self._candidate.makes_lifespan():
                raise Unsupported("the candidate serves requests and has made no lifespan call")
            return await call
        finally:
            call.cancel()

    def needs_lifespan(self) -> None:
        """Raise Unsupported where the candidate is known to make no lifespan calls, which spares a start."""
        if self._starter.facts.without_lifespan:
            raise Unsupported("the candidate serves requests and has made no lifespan call")

    async def started(self) -> Call:
        """Start it, and take its lifespan as a healthy application does; gives that call, which waits for nothing."""
        call = await self.lifespan()
        await call.receive()
        await call.send({"type": "lifespan.startup.complete"})
        await self.serving()
        return call

    async def started_anyhow(self) -> Call | None:
        """As :meth:`started`, but None where the candidate serves requests without a lifespan."""
        try:
            return await self.started()
        except Unsupported:
            if self._knocking is None:
                await self.spawn()
            await self.serving()
            return None

    async def serving(self) -> None:
        """Wait until it has answered a request through the application, as long as a start may take.

        Raises Broken when it does not.
        """
        assert self._knocking is not None
        seconds = 4 * self._patience.deadline
        await asyncio.wait({self._knocking}, timeout=seconds)
        if not self._knocking.done():
            raise TimedOut("the server serves requests", f"no request was answered within {seconds:.1f} s")
        await self._answered("the server serves requests")

    async def serving_or_gone(self) -> int | None:
        """Wait until it serves (None) or has ended (the exit status). Raises Broken when it does neither in time."""
        try:
            await self.serving()
        except Broken:
            if not self.process.exited.done():
                raise
            return await self.gone()
        return None

    async def _answered(self, expected: str) -> None:
        assert self._knocking is not None
        try:
            await self._knocking
        except CandidateError as error:
            if not self._candidate.pids:
                raise  # the application was never reached: that need not be the server's doing
            raise Broken(expected, error.message) from error

    @property
    def lifespan_calls(self) -> int:
        """How many lifespan calls came that were not asked for."""
        return self._lifespans.qsize()

    async def try_connect(self) -> Wire | None:
        """A connection, or None when the candidate takes none (now)."""
        with contextlib.suppress(Broken, CandidateDied):
            return await self._exchange.wire()
        return None

    # End

    def ask_to_stop(self, by: signal.Signals | None = None) -> None:
        """Send the signal that asks for an orderly stop (None: the one of the server's profile), and do not wait."""
        number = by or self._starter.setting.template.profile.stop
        self._exchange.trace.record("server", "signal", f"{number.name} was sent to the server")
        self.process.signal(number)

    async def gone(self, deadline: float | None = None) -> int:
        """Wait until the main process has ended; its exit status, or minus the number of a signal.

        Raises:
            TimedOut: it has not ended within ``deadline`` seconds (None: the usual ones).
        """
        process = self.process
        seconds = self._patience.deadline if deadline is None else deadline
        await asyncio.wait({process.exited}, timeout=seconds)
        if not process.exited.done():
            raise TimedOut("the server process ends", f"it was still running after {seconds:.1f} s")
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait_output(), self._patience.quiet)
        status = process.exited.result()
        self._exchange.trace.record("server", "exit", f"the server process ended with {describe_exit(status)}")
        return status

    @property
    def output(self) -> str:
        """What the server has printed so far, as text."""
        return "\n".join(line for _, line in self.process.output.lines())

    async def close(self) -> None:
        """Have the client knock no longer, and follow lifespans no longer."""
        tasks = [*self._followers, *([self._knocking] if self._knocking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(script: Callable[[Call], Awaitable[None]], call: Call) -> None:
    with contextlib.suppress(Outcome):
        await script(call)
