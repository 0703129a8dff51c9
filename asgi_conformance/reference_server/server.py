"""The server: listeners, signals, calls, and the orderly stop."""

from __future__ import annotations

import math
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.abc

from . import application, listeners, scope
from .application import Application, Receive, Scope, Send
from .config import Config
from .connection import Connection, Served
from .handshake import Handshake
from .http_call import HttpCall
from .lifespan import Lifespan
from .log import logger
from .streams import Stream
from .transport import ClientDisconnected, Signal

#: How long calls may take to end once their connections were given up, in seconds; then they are cancelled.
LAST_GRACE = 1.0

#: Signals that arrive within this time, in seconds, are one: to a process and to its group.
SAME_SIGNAL = 0.5


class Server:
    """One process, one event loop in its main thread, one lifespan.

    core.app.awaited-in-event-loop, core.app.main-thread, lifespan.loop.same-as-requests, lifespan.state.per-loop

    Attributes:
        state: The namespace of the lifespan; requests get copies of it.
        tls: The TLS settings, or None.
        endpoint: Where HTTP/3 is spoken, or None.
        tasks: The task group in which connections and calls live.
    """

    tasks: anyio.abc.TaskGroup

    def __init__(self, config: Config, app: Application, sockets: list[socket.socket]) -> None:
        self.config = config
        self.app = app
        self.state: dict[str, Any] = {}
        self.tls = listeners.tls_settings(config)
        self.sockets = [sock for sock in sockets if sock.type == socket.SOCK_STREAM]
        self.endpoint = listeners.quic_endpoint(self, sockets)
        self.stop_asked = anyio.Event()
        self._connections: set[Served] = set()
        self._calls = 0
        self._changed = Signal()

    async def serve(self, ready: Callable[[], None] | None = None) -> int:
        """Serve until :attr:`stop_asked` is set.

        Args:
            ready: Called without arguments once connections are accepted, or None.

        Returns:
            0 after an orderly stop, 3 when the application could not start.
        """
        lifespan = Lifespan(self)
        async with anyio.create_task_group() as self.tasks:
            if self.config.lifespan == "off":
                started = True
            else:
                self.tasks.start_soon(lifespan.run)
                started = await self.unless_stopped(lifespan.started)
            if started and not self.stop_asked.is_set():
                await self.accept_until_stopped(ready)
                await self.close_connections()
            if self.endpoint is not None:
                self.endpoint.close()
            if started:
                await lifespan.shut_down()  # lifespan.shutdown.after-connections-closed, .only-after-startup
            self.cancel_all()
        # lifespan.startup.failed.exit-status, lifespan.startup.failed.serves-nothing
        return 0 if started or self.stop_asked.is_set() else 3

    async def unless_stopped(self, wait: Callable[[], Awaitable[bool]]) -> bool:
        """Wait for ``wait()``, which answers with a bool; False when a stop is asked for before."""
        result = False
        async with anyio.create_task_group() as tasks:

            async def watch() -> None:
                await self.stop_asked.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(watch)
            result = await wait()
            tasks.cancel_scope.cancel()
        return result

    async def accept_until_stopped(self, ready: Callable[[], None] | None) -> None:
        """Accept connections; the sockets are closed when this returns (lifespan.shutdown.after-accepting-stopped)."""
        async with anyio.create_task_group() as accepting:
            for sock in self.sockets:
                sock.listen(1024)  # lifespan.startup.before-connections
                accepting.start_soon(self.accept, sock)
            if self.endpoint is not None:
                self.tasks.start_soon(self.endpoint.run)  # connections in progress need it while the server stops
            if ready is not None:
                ready()  # lifespan.startup.complete.then-serves
            await self.stop_asked.wait()
            accepting.cancel_scope.cancel()
        for sock in self.sockets:
            sock.close()

    async def accept(self, listener: socket.socket) -> None:
        """Accept connections on one socket for ever; each is served in a task (core.app.concurrent-connections)."""
        while True:
            await anyio.wait_readable(listener)
            try:
                sock, _ = listener.accept()
            except OSError:  # another process took it, or the client has gone
                continue
            self.tasks.start_soon(self.serve_connection, Connection(self, sock))

    async def serve_connection(self, connection: Served) -> None:
        """Serve one connection; whatever happens to it stays with it, and nothing of it stays.

        core.house.descriptors, core.house.tasks, core.house.log
        """
        self._connections.add(connection)
        try:
            await connection.run()
        except Exception:
            logger.exception("a connection failed inside the server")
        finally:
            self._connections.discard(connection)
            self._changed.fire()

    def begin(self, stream: Stream, handshake: Handshake | None) -> None:
        """Call the application for a request, in a task of its own (core.app.called-once-per-connection)."""
        if handshake is not None:
            from .websocket import WebSocketCall

            websocket_scope = scope.websocket_scope(self, stream.transport, stream.request, handshake.subprotocols)
            self.tasks.start_soon(self.run_call, WebSocketCall(self, stream, websocket_scope, handshake).run, stream)
        else:
            http_scope = scope.http_scope(self, stream.transport, stream.request)
            self.tasks.start_soon(self.run_call, HttpCall(self, stream, http_scope).run, stream)

    async def run_call(self, run: Callable[[], Awaitable[None]], stream: Stream) -> None:
        """Run one call to its end; whatever happens to it stays with it."""
        self._calls += 1
        try:
            await run()
        except Exception:
            logger.exception("a call failed inside the server")
            stream.cut()
        finally:
            self._calls -= 1
            self._changed.fire()

    async def call(self, scope_: Scope, receive: Receive, send: Send) -> bool:
        """Call the application for a request or a WebSocket, and log what it raises.

        Returns:
            Whether it raised.
        """
        error = await self.guard(scope_, receive, send)
        # http.send-closed.caught, .chained-caught, .not-logged; websocket.send-closed.caught, .not-logged
        # core.error.send-error.ignored-when-reraised, core.error.send-after-close.not-logged
        # extension.websocket-denial.not-logged
        if error is not None and not isinstance(error, ClientDisconnected):
            logger.error("the application failed on %s %s", scope_["type"], scope_["path"], exc_info=error)
        return error is not None

    async def guard(self, scope_: Scope, receive: Receive, send: Send) -> BaseException | None:
        """Call the application and keep its exceptions from the server.

        core.error.app-exception.server-survives, core.error.app-exception.base-exceptions

        Returns:
            What it raised, or None.
        """
        try:
            await self.app(scope_, receive, send)  # core.app.single-callable
        except BaseException as error:
            if isinstance(error, anyio.get_cancelled_exc_class()) and is_cancelled():
                raise
            return error
        return None

    async def close_connections(self) -> None:
        """Let calls in progress come to an end, and insist when they do not.

        core.app.cleanup-after-disconnect, lifespan.shutdown.finishes-requests, lifespan.shutdown.running-calls
        """
        for connection in list(self._connections):
            connection.stop()
        with anyio.move_on_after(self.config.graceful_timeout):
            await self.quiet()
        for connection in list(self._connections):
            connection.abort()  # http.disconnect.on-server-close
        with anyio.move_on_after(LAST_GRACE):
            await self.quiet()

    async def quiet(self) -> None:
        """Wait until no connection is open and no call of one is running."""
        while self._connections or self._calls:
            await self._changed.wait()

    def cancel_all(self) -> None:
        """End every task that is left."""
        self.tasks.cancel_scope.cancel()

    async def watch_signals(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Turn the first SIGTERM or SIGINT into an orderly stop, and the second into a hard one."""
        # the process that watches over workers passes an interrupt of the terminal on to them
        wanted = [signal.SIGTERM] if self.config.workers > 1 else [signal.SIGTERM, signal.SIGINT]
        with anyio.open_signal_receiver(*wanted) as signals:
            task_status.started()
            asked = 0.0
            async for _ in signals:
                if self.stop_asked.is_set() and anyio.current_time() - asked > SAME_SIGNAL:
                    self.cancel_all()
                elif not self.stop_asked.is_set():
                    asked = anyio.current_time()
                    self.stop_asked.set()

    async def watch_lifeline(self, lifeline: int) -> None:
        """Stop when nobody watches over this process any more."""
        await anyio.wait_readable(lifeline)
        self.stop_asked.set()


def is_cancelled() -> bool:
    """Whether the server has cancelled the task that asks; an application may raise the same exception by itself."""
    return anyio.current_effective_deadline() == -math.inf


def run(config: Config) -> int:
    """Serve as ``config`` says. See :func:`asgi_conformance.reference_server.run`."""
    config.check()
    if config.speaks_http3:
        listeners.need_aioquic()
    sockets = listeners.bind(config)
    try:
        if config.workers > 1:
            from . import workers

            return workers.run(config, sockets)
        return run_process(config, sockets, lambda: announce(config, sockets))
    finally:
        listeners.remove(config)


def run_process(
    config: Config, sockets: list[socket.socket], ready: Callable[[], None], lifeline: int | None = None
) -> int:
    """Serve bound sockets in this process.

    Args:
        config: The settings.
        sockets: Bound and not yet listening.
        ready: Called once connections are accepted.
        lifeline: A descriptor that becomes readable when the process that watches over this one has died, or None.

    Returns:
        The exit status.
    """
    app = application.load(config.application, factory=config.factory, interface=config.interface)

    async def main() -> int:
        server = Server(config, app, sockets)
        async with anyio.create_task_group() as tasks:
            await tasks.start(server.watch_signals)
            if lifeline is not None:
                tasks.start_soon(server.watch_lifeline, lifeline)
            status = await server.serve(ready)
            tasks.cancel_scope.cancel()
        return status

    return anyio.run(main, backend=config.backend)


def announce(config: Config, sockets: list[socket.socket]) -> None:
    """Print where the server listens: a line for each socket on standard output."""
    for sock in sockets:
        if sock.family == socket.AF_UNIX:
            where = f"unix:{sock.getsockname()}"
        else:
            host, port = sock.getsockname()[:2]
            where = f"{'https' if config.certfile else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
            where += " over QUIC" if sock.type == socket.SOCK_DGRAM else ""
        sys.stdout.write(f"Listening on {where}\n")
    sys.stdout.flush()
