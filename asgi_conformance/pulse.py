"""The pulse of a candidate: how promptly it serves a plain request while cases run on it side by side.

Whether something came in time says nothing of a candidate that was held up meanwhile, by what another case does to it
or by the machine. What failed then is tried again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

#: From the end of one request to the next, in seconds.
_INTERVAL = 1.0


class Pulse:
    """Asks again and again, by ``ask``, which says whether it was served; slow is what took over ``slow`` seconds.

    A candidate that does not serve at all is not held up: what fails on it fails by right.
    """

    def __init__(self, ask: Callable[[], Awaitable[bool]], slow: float) -> None:
        self._ask = ask
        self._slow = slow
        self._rests = asyncio.Event()
        self._held_up: list[tuple[float, float]] = []
        #: When it was last asked and served, by :func:`time.monotonic`; inf before.
        self.served_at = math.inf
        self._task = asyncio.ensure_future(self._beat())

    async def _beat(self) -> None:
        while True:
            asked = time.monotonic()
            try:
                served = await self._ask()
            finally:
                self._rests.set()
            now = time.monotonic()
            if served:
                self.served_at = asked
            if served and now - asked > self._slow:
                # It may have been held up since the answer before.
                self._held_up.append((asked - _INTERVAL, now))
            await asyncio.sleep(_INTERVAL)
            self._rests.clear()

    async def settle(self) -> None:
        """Wait for the answer to what has been asked."""
        await self._rests.wait()

    async def stop(self) -> None:
        """End it at once. Nothing happens the second time."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def was_held_up(self, begun: float, ended: float) -> bool:
        """Whether the candidate was held up at some moment between these readings of :func:`time.monotonic`."""
        return any(since < ended and begun < until for since, until in self._held_up)


class NoPulse:
    """In the place of a pulse that nobody feels."""

    served_at = math.inf

    async def settle(self) -> None:
        """Nothing was asked."""

    async def stop(self) -> None:
        """Nothing goes on."""

    def was_held_up(self, begun: float, ended: float) -> bool:
        """Nobody can tell."""
        return False
