"""A property holds when it is true of every example that is drawn; else it has a smallest counterexample.

The search for it is :mod:`hypothesis`'s own. It knows no coroutines, so it has a thread for itself, from which each
example is sent to the event loop of the exchange; while one property waits for the server, others draw.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken, TimedOut

from .line import Line, Refused

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
#: Of so many examples one at least must reach the application, so that a property says something.
_SHARE = 4
#: After so many refusals and nothing else, no more is tried.
_IN_VAIN = 25
#: For how many deadlines a property draws at most: a slow server is tried with fewer examples, but not with too few.
_LONGEST, _FEW = 8, 0.1
#: How much shorter waits are while a counterexample that makes the server hang is made smaller.
_HASTE = 0.1
#: How long a thread may go on while another one waits for its turn, in seconds. With the usual ten times of that the
#: event loop would wait so long behind one that draws, at each of its calls into the system.
_TURN = 0.0005
#: Held by the one thread that draws, while the others wait for the server: side by side they only hold each other up.
_drawing = threading.Lock()


class _Turns:
    """Short turns for all threads of the process, as long as a property is looked for in one of them."""

    def __init__(self) -> None:
        self._searches = 0
        self._usual = 0.0

    def enter(self) -> None:
        """A search begins."""
        if not self._searches:
            self._usual = sys.getswitchinterval()
            sys.setswitchinterval(min(_TURN, self._usual))
        self._searches += 1

    def leave(self) -> None:
        """A search has ended."""
        self._searches -= 1
        if not self._searches:
            sys.setswitchinterval(self._usual)


_turns = _Turns()


class _Drawn(Generic[T]):
    """An example in a wrapping, so that hypothesis describes that and not a megabyte of messages."""

    def __init__(self, example: T) -> None:
        self.example = example


class _Counterexample(Exception):
    """The property is not true of an example: what hypothesis makes smaller."""


class _Enough(BaseException):
    """No further example is wanted; hypothesis does not hold it for a failure."""


async def holds(
    exchange: Exchange, examples: SearchStrategy[T], experiment: Callable[[Line, T], Awaitable[None]]
) -> None:
    """See that an experiment goes well with every example; it may raise Refused, by :meth:`Line.call`.

    Raises:
        Broken: with the smallest example of which the property is not true.
        Inconclusive: the server refused nearly all examples, or a counterexample was none when it was tried again.
    """
    trial = Trial(exchange, experiment)
    await trial.search(examples)
    await trial.judge()


class Trial(Generic[T]):
    """The search for a counterexample."""

    def __init__(self, exchange: Exchange, experiment: Callable[[Line, T], Awaitable[None]]) -> None:
        self.exchange = exchange
        self.reached = self.refused = 0
        self._experiment = experiment
        self._line = Line(exchange)
        self._patience = exchange.patience
        self._loop = asyncio.get_running_loop()
        self._running: concurrent.futures.Future[Broken | None] | None = None
        self._smallest: tuple[T, Broken] | None = None
        self._number = 0
        self._found_at = 0.0
        self._until = time.monotonic() + _LONGEST * exchange.patience.deadline * exchange.sampling.stretch
        self._ended_by: BaseException | None = None

    async def search(self, examples: SearchStrategy[T]) -> None:
        """Try examples until there are enough, or one that was made as small as it gets."""
        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="property")
        _turns.enter()
        try:
            await self._loop.run_in_executor(pool, self._draw, examples)
        finally:
            if self._running is not None:
                self._running.cancel()
            pool.shutdown(wait=False)
            _turns.leave()
        if self._ended_by is not None:
            raise self._ended_by

    def _draw(self, examples: SearchStrategy[T]) -> None:
        """Have hypothesis draw (in a thread of its own)."""
        import hypothesis

        settings = hypothesis.settings(
            max_examples=self.exchange.sampling.examples,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            suppress_health_check=list(hypothesis.HealthCheck),
            report_multiple_bugs=False,
        )

        @hypothesis.seed(self.exchange.sampling.seed)
        @settings
        @hypothesis.given(examples.map(_Drawn))
        def every(drawn: _Drawn[T]) -> None:
            self._examine(drawn.example)

        with _drawing, contextlib.suppress(_Counterexample, _Enough, hypothesis.errors.Flaky):
            every()

    def _examine(self, example: T) -> None:
        if self._is_enough():
            raise _Enough
        self._running = asyncio.run_coroutine_threadsafe(self._try(example), self._loop)
        _drawing.release()
        try:
            broken = self._running.result()
        except BaseException as other:
            self._ended_by = other
            raise _Enough from None
        finally:
            _drawing.acquire()
        if broken is not None:
            self._remember(example, broken)
            raise _Counterexample

    def _is_enough(self) -> bool:
        if self._smallest is not None:
            return time.monotonic() - self._found_at > self._patience.deadline
        in_vain = self.refused >= _IN_VAIN and not self.reached
        return in_vain or time.monotonic() > self._until

    def _remember(self, example: T, broken: Broken) -> None:
        if self._smallest is None:
            self._number, self._found_at = self.reached + self.refused + 1, time.monotonic()
            if isinstance(broken, TimedOut):
                self.exchange.patience = replace(self._patience, scale=_HASTE * self._patience.scale)
        self._smallest = example, broken

    async def _try(self, example: T) -> Broken | None:
        """How an example breaks the property, or None. A connection that is old may have been closed meanwhile."""
        if self._smallest is not None:
            await self._line.leave()
        try:
            try:
                await self._experiment(self._line, example)
            except Refused as refused:
                if not (refused.ended and self._line.used):
                    raise
                await self._line.leave()
                await self._experiment(self._line, example)
        except Refused:
            self.refused += 1
            await self._line.leave()
        except Broken as broken:
            await self._line.leave()
            return broken
        else:
            self.reached += 1
        return None

    async def judge(self) -> None:
        """Tell what was found; see :func:`holds`."""
        count = self.reached + self.refused
        tried = f"{count} examples were tried, and {self.refused} of them refused"
        if self._smallest is not None:
            raise await self._confirmed(*self._smallest)
        self.exchange.remark(tried)
        if self.reached * _SHARE < count or count < self.exchange.sampling.examples * _FEW:
            raise self.exchange.inconclusive(f"{tried}: too little to say something of all")

    async def _confirmed(self, example: T, found: Broken) -> BaseException:
        """The outcome for the smallest example, which is tried once more, on a new connection and with a new trace."""
        self.exchange.patience = self._patience
        self.exchange.trace.forget()
        broken = await self._try(example)
        if broken is None:
            return self.exchange.inconclusive(f"of {example} {found.observed}, but not when it was tried again")
        sampling = self.exchange.sampling
        again = f"example {self._number} of seed {sampling.seed}, made as small as it gets: {example}"
        return Broken(broken.expected, f"{broken.observed} ({again})", level=broken.level, judged=broken.judged)
