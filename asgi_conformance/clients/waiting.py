"""Waiting with a deadline until something about a connection has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Bell:
    """Wakes every coroutine that waits for a change; each then looks for itself whether the change is its own."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []

    def ring(self) -> None:
        """Wake all that wait."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(True)

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until ``condition()`` holds; False when it does not hold after ``seconds``."""
        if condition():
            return True
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            future: asyncio.Future[bool] = loop.create_future()
            self._waiting.append(future)
            timer = loop.call_at(end, _give_up, future)
            try:
                rung = await future
            finally:
                timer.cancel()
            if condition():
                return True
            if not rung:
                return False


def _give_up(future: asyncio.Future[bool]) -> None:
    if not future.done():
        future.set_result(False)
