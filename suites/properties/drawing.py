"""The harness's end of the process that draws examples; see :mod:`.drawer`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from asgi_conformance.errors import SuiteError
from asgi_conformance.sampling import Sampling

from .drawer import LENGTH, packed

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import main; main()"


class Examples(Generic[T]):
    """The examples of one search, as they are drawn."""

    def __init__(self, say: Callable[[str, object], None]) -> None:
        self.inbox: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._say = say

    async def batch(self) -> list[T]:
        """The next examples to be tried, which are taken for good ones; none when there are enough."""
        what, content = await self._hear()
        if what != "drawn":
            return []
        self._say("more", None)
        return list(content)

    async def smaller(self, place: int) -> T | None:
        """A first try to make the example at this place, which failed, smaller; None: it cannot be."""
        self._say("smaller", place)
        return await self._to_try()

    async def after(self, *, failed: bool) -> T | None:
        """The next try, when the last one failed too or did not; None: there is none."""
        self._say("failed", failed)
        return await self._to_try()

    async def _to_try(self) -> T | None:
        while True:
            what, content = await self._hear()
            if what == "try":
                example: T = content
                return example
            if what == "over":
                return None

    async def _hear(self) -> tuple[str, Any]:
        what, content = await self.inbox.get()
        if what == "error":
            raise SuiteError(f"the examples of a property cannot be drawn:\n{content}")
        return what, content


class Drawer:
    """The process, which is started when the first examples are wanted; it belongs to one candidate."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._searches: dict[int, Examples[Any]] = {}
        #: The process, or None before it was started.
        self.process: Process | None = None
        self._started: asyncio.Future[Process] | None = None
        self._reading: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def examples(
        self, strategy: Callable[[], SearchStrategy[T]], sampling: Sampling
    ) -> AsyncIterator[Examples[T]]:
        """The examples that are drawn from a strategy, which a function of a module gives."""
        if self._started is None:
            self._started = asyncio.ensure_future(self._start())
        process = await asyncio.shield(self._started)
        number = next(self._numbers)

        def say(what: str, content: object) -> None:
            if process.stdin is not None and not process.stdin.is_closing():
                process.stdin.write(packed((number, what, content)))

        search = self._searches[number] = Examples[T](say)
        say("draw", (strategy, sampling))
        try:
            yield search
        finally:
            del self._searches[number]
            say("stop", None)

    async def _start(self) -> Process:
        module = __name__.rpartition(".")[0] + ".drawer"
        program = _PROGRAM.format(path=sys.path, module=module)
        words = [sys.executable, "-c", program]
        environment = {**os.environ, "HYPOTHESIS_NO_PLUGINS": "1"}  # they load what is not needed to draw
        process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, env=environment)
        self._reading = asyncio.ensure_future(self._read(process))
        self.process = process
        return process

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
                number, what, content = pickle.loads(await process.stdout.readexactly(length))
                if number in self._searches:
                    self._searches[number].inbox.put_nowait((what, content))
        for search in self._searches.values():
            search.inbox.put_nowait(("error", "the process that draws has ended"))

    async def close(self) -> None:
        """End the process."""
        if self._started is None:
            return
        await asyncio.wait({self._started})
        process = self.process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            await self._reading
