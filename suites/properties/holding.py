"""A property holds when it is true of every example that is drawn; else it has a smallest counterexample.

The search for it is :mod:`hypothesis`'s own, in a process that draws ahead of what is tried; see :mod:`.drawer`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken, TimedOut

from .drawing import Drawer, Examples
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


async def holds(
    exchange: Exchange, examples: Callable[[], SearchStrategy[T]], experiment: Callable[[Line, T], Awaitable[None]]
) -> None:
    """See that an experiment goes well with every example; it may raise Refused, by :meth:`Line.call`.

    ``examples`` is a function of a module, as it is called in another process.

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
        self._smallest: tuple[T, Broken] | None = None
        self._number = 0
        self._found_at = 0.0
        self._until = time.monotonic() + _LONGEST * exchange.patience.deadline * exchange.sampling.stretch

    async def search(self, strategy: Callable[[], SearchStrategy[T]]) -> None:
        """Try examples until there are enough, or one that was made as small as it gets."""
        drawer = self.exchange.candidate.companion(Drawer)
        async with drawer.examples(strategy, self.exchange.sampling) as examples:
            place = 0
            while batch := await examples.batch():
                for example in batch:
                    if self._is_enough():
                        return
                    broken = await self._try(example)
                    if broken is not None:
                        self._remember(example, broken)
                        await self._make_smaller(examples, place)
                        return
                    place += 1
                if place >= self.exchange.sampling.examples:
                    return

    async def _make_smaller(self, examples: Examples[T], place: int) -> None:
        example = await examples.smaller(place)
        while example is not None and not self._is_enough():
            broken = await self._try(example)
            if broken is not None:
                self._remember(example, broken)
            example = await examples.after(failed=broken is not None)

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
