"""What a candidate prints while a case runs, for the cases about what is to be logged and what is not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken

#: How servers mark what they take for an error: the names of the levels, a traceback, a panic.
_ERROR = re.compile(
    r"\b(?:ERROR|CRITICAL|FATAL)\b|\[(?:error|critical)\]|Traceback \(most recent|panicked at|^\w*Error: "
)


class ServerLog:
    """The lines that came out of the candidate since the listening began, or since :meth:`forget`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.lines: list[str] = []

    async def settle(self) -> None:
        """Wait until what has happened so far would have been printed: another request served, then a quiet period."""
        await self._exchange.still_serves()
        await asyncio.sleep(self._exchange.patience.quiet)

    async def forget(self) -> None:
        """Forget what was printed so far. It is at hand when another request has been served."""
        await self._exchange.still_serves()
        self.lines.clear()

    def errors(self) -> list[str]:
        """The lines that look like an error or like a part of a traceback."""
        return [line.strip() for line in self.lines if _ERROR.search(line)]

    async def expect_no_error(self, what: str) -> None:
        """Expect that nothing was printed at the level of an error about ``what``.

        Raises:
            Broken: a line looks like an error or like a part of a traceback.
        """
        await self.settle()
        if errors := self.errors():
            told = " / ".join(errors[:3])
            raise Broken(f"the server logs no error for {what}", f"it printed {len(errors)} such lines: {told[:300]}")


@asynccontextmanager
async def listening(exchange: Exchange) -> AsyncIterator[ServerLog]:
    """Listen to what the candidate prints; for exclusive cases, as every request of a candidate shares its output.

    What earlier requests leave to be printed is waited for first. Begin to listen before the client leaves, and forget
    what that makes the server print: it may cancel, some time later, an application whose client has left.
    """
    log = ServerLog(exchange)
    await log.settle()
    unhook = exchange.candidate.on_output(lambda line, at: log.lines.append(line))
    try:
        yield log
    finally:
        unhook()
