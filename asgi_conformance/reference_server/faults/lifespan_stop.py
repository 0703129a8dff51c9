"""Violations of the lifespan protocol: the shutdown."""

from __future__ import annotations

import os
import signal
from typing import Any

import anyio

from ..application import Event, Scope
from ..lifespan import Phase
from . import around, on_received

#: What depends on a shutdown that comes, and is answered.
_STOP = ["lifespan.*", "websocket.disconnect.on-shutdown", "rfc.websocket.close.going-away"]

# the event


@around("lifespan.Lifespan.shut_down", name="lifespan.shutdown.sent/never", follows=_STOP)
async def shutdown_is_not_sent(original: Any, self: Any) -> None:
    """The application is not told of the shutdown."""


@on_received(
    "lifespan.shutdown.sent/other-name",
    kind="lifespan",
    also=[f"lifespan.shutdown.sent/{name}" for name in ("open-websocket", "after-cut-request", "interrupt")],
    follows=["lifespan.*"],
)
def shutdown_is_another_event(event: Event, scope: Scope) -> Event:
    """The event at the stop is called "lifespan.stop"."""
    return {"type": "lifespan.stop"} if event["type"] == "lifespan.shutdown" else event


@around(
    "server.anyio.open_signal_receiver",
    name="lifespan.shutdown.sent/deaf",
    breaks="lifespan.shutdown.sent/interrupt",
    follows=["lifespan.state.any-values"],
)
def interrupts_are_ignored(original: Any, *signals: signal.Signals) -> Any:
    """SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return original(*(one for one in signals if one is not signal.SIGINT))


@around(
    "server.Server.unless_stopped",
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.sent/not-after-a-late-startup",
    breaks="lifespan.shutdown.sent/while-starting",
)
async def late_startup_gets_no_shutdown(original: Any, self: Any, wait: Any = None) -> Any:
    """An application that completes its startup after the stop was asked for is told nothing."""
    if wait is not None:
        started = await wait()
        self.late = self.stop_asked.is_set()
        return started
    return None if self.server.late else await original(self)


@around(
    "server.Server.close_connections",
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.sent/not-when-busy",
    breaks="lifespan.shutdown.sent/open-websocket",
    also=["lifespan.shutdown.sent/busy"],
    follows=["lifespan.*"],
)
async def busy_server_gives_no_shutdown(original: Any, self: Any) -> None:
    """Where a connection was open at the stop, the application is not told of the shutdown."""
    if hasattr(self, "close_connections"):
        self.busy = bool(self._connections)
        await original(self)
    elif not self.server.busy:
        await original(self)


@around("lifespan.Lifespan.receive", name="lifespan.shutdown.once/twice", follows=["lifespan.*"])
async def shutdown_comes_twice(original: Any, self: Any) -> Event:
    """The shutdown event is given twice."""
    if self._told_shutdown and self.phase is Phase.STOPPING:
        self._told_shutdown = False
    event: Event = await original(self)
    return event


@around(
    "server.Server.unless_stopped",
    "lifespan.Lifespan.receive",
    name="lifespan.shutdown.only-after-startup/instead",
    follows=["lifespan.*"],
)
async def shutdown_comes_in_place_of_a_startup(original: Any, self: Any, wait: Any = None) -> Any:
    """An application that is still starting up when the stop is asked for gets the shutdown event."""
    if wait is not None:
        return await wait()
    if self._told_startup and self.phase is Phase.STARTING:
        await self.server.stop_asked.wait()
        return {"type": "lifespan.shutdown"}
    return await original(self)


# its time


@around("server.Server.accept_until_stopped", name="lifespan.shutdown.after-accepting-stopped/not", follows=_STOP)
async def connections_are_accepted_to_the_end(original: Any, self: Any, ready: Any) -> None:
    """Connections are accepted while the application shuts down."""
    for sock in self.sockets:
        sock.listen(1024)
        self.tasks.start_soon(self.accept, sock)
    if ready is not None:
        ready()
    await self.stop_asked.wait()


@around(
    "server.Server.close_connections",
    name="lifespan.shutdown.after-connections-closed/before",
    also=[f"lifespan.shutdown.after-connections-closed/{name}" for name in ("idle", "request", "websocket")],
    follows=_STOP,
)
async def connections_outlive_the_shutdown(original: Any, self: Any) -> None:
    """Connections are left open until the application has shut down."""


@around("server.Server.close_connections", name="lifespan.shutdown.finishes-requests/cuts", follows=_STOP)
async def requests_are_cut_off(original: Any, self: Any) -> None:
    """All connections are torn down when the stop is asked for."""
    for connection in list(self._connections):
        connection.abort()
    await original(self)


@around(
    "server.Server.close_connections",
    name="lifespan.shutdown.running-calls/not-told",
    follows=["lifespan.*", "http.disconnect.on-server-close"],
)
async def running_calls_are_not_told(original: Any, self: Any) -> None:
    """Where calls run when the time for them is over, the process ends at once."""
    for connection in list(self._connections):
        connection.stop()
    with anyio.move_on_after(self.config.graceful_timeout):
        await self.quiet()
        return
    os._exit(0)


# its answer


@around(
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.complete.waited-for/not",
    also=["lifespan.shutdown.complete.waited-for/workers"],
    follows=_STOP,
)
async def shutdown_is_not_waited_for(original: Any, self: Any) -> None:
    """The application is told of the shutdown, and the process ends without an answer."""
    with anyio.move_on_after(0.02):
        await original(self)


@around(
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.complete.then-ends/stays",
    also=["lifespan.shutdown.failed.ends"],
    follows=_STOP,
)
async def process_stays_after_the_shutdown(original: Any, self: Any) -> None:
    """The process goes on when the application has shut down."""
    await original(self)
    if self.phase is Phase.DOWN:
        await anyio.sleep_forever()


@around(
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.complete.then-ends/waits-for-the-call",
    breaks="lifespan.shutdown.complete.then-ends/waits",
)
async def end_of_the_call_is_waited_for(original: Any, self: Any) -> None:
    """The process does not end before the lifespan call does."""
    await original(self)
    while self.phase is Phase.DOWN and not self._ended:
        await self._changed.wait()


@around(
    "lifespan.Lifespan.shut_down",
    name="lifespan.shutdown.app-raises/waits",
    also=["lifespan.shutdown.app-raises/raises", "lifespan.shutdown.app-raises/returns"],
    follows=["lifespan.*"],
)
async def answer_is_waited_for_for_ever(original: Any, self: Any) -> None:
    """An answer to the shutdown that cannot come any more is waited for for ever."""
    await original(self)
    if self.phase is Phase.STOPPING:
        await anyio.sleep_forever()


@around(
    "lifespan.Lifespan.shut_down",
    name="lifespan.loop.per-process/no-shutdown",
    breaks="lifespan.loop.per-process/shutdown",
)
async def workers_get_no_shutdown(original: Any, self: Any) -> None:
    """Where there are several workers, none of them is told of the shutdown."""
    if self.server.config.workers == 1:
        await original(self)
