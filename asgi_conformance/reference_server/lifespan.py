"""The lifespan call: startup before the first connection, shutdown after the last one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from . import events, scope
from .application import Event
from .checks import InvalidEvent
from .log import logger
from .transport import Signal

if TYPE_CHECKING:
    from .server import Server

#: How long a lifespan call may go on after it completed the shutdown, in seconds.
FAREWELL = 1.0


class Phase(Enum):
    """How far the lifespan has come."""

    STARTING = auto()
    UP = auto()
    STOPPING = auto()
    DOWN = auto()


ALLOWED: Mapping[Phase, frozenset[str]] = {
    Phase.STARTING: frozenset(["lifespan.startup.complete", "lifespan.startup.failed"]),
    Phase.UP: frozenset(),  # lifespan.error.complete-twice, lifespan.error.shutdown-message-early
    Phase.STOPPING: frozenset(["lifespan.shutdown.complete", "lifespan.shutdown.failed"]),
    Phase.DOWN: frozenset(),
}


class Lifespan:
    """The one lifespan call of an event loop (lifespan.loop.once-per-loop, lifespan.scope.lasts).

    Attributes:
        failed: The application sent ``lifespan.startup.failed``, or failed where lifespan is required.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.failed = False
        self.phase = Phase.STARTING
        self._changed = Signal()
        self._told_startup = False
        self._told_shutdown = False
        self._ended = False

    async def run(self) -> None:
        """Call the application with the lifespan scope; its exceptions say that it does not take part.

        lifespan.exception.at-call, lifespan.exception.at-startup-event, lifespan.exception.kinds,
        lifespan.exception.state-afterwards, lifespan.startup.failed.then-raises
        """
        error = await self.server.guard(scope.lifespan_scope(self.server), self.receive, self.send)
        self._ended = True
        if error is not None and self.phase is not Phase.STARTING:
            logger.error("the lifespan call failed", exc_info=error)  # lifespan.exception.after-complete
        if self.phase is Phase.STARTING and self.server.config.lifespan == "on" and not self.failed:
            logger.error("the application does not take part in lifespan, which --lifespan on asks for", exc_info=error)
            self.failed = True
        self._changed.fire()

    async def receive(self) -> Event:
        """Give ``lifespan.startup``, then ``lifespan.shutdown`` when it is time, and nothing else."""
        await anyio.lowlevel.checkpoint()
        while True:
            if not self._told_startup:  # lifespan.startup.first-event, lifespan.startup.once
                self._told_startup = True
                return {"type": "lifespan.startup"}
            if self.phase is Phase.STOPPING and not self._told_shutdown:  # lifespan.shutdown.sent, .once
                self._told_shutdown = True
                return {"type": "lifespan.shutdown"}
            await self._changed.wait()  # lifespan.receive.waits-between

    async def send(self, event: Any) -> None:
        """Take one event of the application.

        Raises:
            InvalidEvent: The event is not valid, or not in this phase.
        """
        await anyio.lowlevel.checkpoint()
        message = events.read(event, events.LIFESPAN)
        kind = message["type"]
        if kind not in ALLOWED[self.phase] or self.failed:
            raise InvalidEvent(f"{kind} cannot be sent in the phase {self.phase.name.lower()}")
        match kind:
            case "lifespan.startup.complete":
                self.phase = Phase.UP  # lifespan.startup.complete.send-returns
            case "lifespan.startup.failed":
                # lifespan.startup.failed.message-logged
                logger.error("the application failed to start: %s", message["message"])
                self.failed = True  # lifespan.startup.failed.exits
            case "lifespan.shutdown.complete":
                self.phase = Phase.DOWN
            case "lifespan.shutdown.failed":
                # lifespan.shutdown.failed.message-logged
                logger.error("the application failed to shut down: %s", message["message"])
                self.phase = Phase.DOWN  # lifespan.shutdown.failed.ends
        self._changed.fire()

    async def started(self) -> bool:
        """Wait until the application is up, or has shown that it does not take part.

        Returns:
            Whether the server may serve.
        """
        # lifespan.startup.complete.waited-for, lifespan.return.without-events
        while self.phase is Phase.STARTING and not self.failed and not self._ended:
            await self._changed.wait()
        return not self.failed

    async def shut_down(self) -> None:
        """Tell the application that the end has come, and wait until it is ready for it."""
        # lifespan.exception.no-more-events, lifespan.return.after-complete
        if self.phase is not Phase.UP or self._ended:
            return
        self.phase = Phase.STOPPING
        self._changed.fire()
        # lifespan.shutdown.complete.waited-for, lifespan.shutdown.app-raises
        while self.phase is Phase.STOPPING and not self._ended:
            await self._changed.wait()
        with anyio.move_on_after(FAREWELL):  # lifespan.shutdown.complete.then-ends
            while not self._ended:
                await self._changed.wait()
