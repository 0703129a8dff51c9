"""Ctrl-C: the first one ends the run in order, with what it has so far; the second ends everything at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from types import FrameType, TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


class Interruption:
    """Takes SIGINT and SIGTERM while a command runs; ``came`` says that there was one."""

    def __init__(self) -> None:
        self.came = False
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def __enter__(self) -> Interruption:
        self._before = [(number, signal.signal(number, self._take)) for number in (signal.SIGINT, signal.SIGTERM)]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before:
            signal.signal(number, handler)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            from asgi_conformance.candidate.process import end_all

            end_all()
            os._exit(130)
        self.came = True
        if self._running is not None:
            loop, task = self._running
            loop.call_soon_threadsafe(task.cancel)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T | None:
        """Run a coroutine to its end, or to what it gives when it is cancelled; None when that is nothing."""

        async def guarded() -> T:
            task = asyncio.ensure_future(coroutine)
            self._running = (asyncio.get_running_loop(), task)
            if self.came:
                task.cancel()
            return await task

        try:
            return asyncio.run(guarded())
        except asyncio.CancelledError:
            return None
        finally:
            self._running = None
