"""The process of a candidate: started in a session of its own, listened to, and ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import TracebackType

from asgi_conformance.candidate.descendants import TOKEN, Family
from asgi_conformance.candidate.guard import guard
from asgi_conformance.candidate.output import Listener, Output

#: How long processes that should have gone with the main one may take to do so, in seconds.
_STRAGGLERS = 1.0


def describe_exit(returncode: int) -> str:
    """How a process ended: ``exit status 3``, or ``signal 9 (SIGKILL)`` for a negative number."""
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        name = Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
    return f"signal {-returncode} ({name})"


@dataclass(frozen=True)
class Stopped:
    """How a candidate ended.

    ``returncode`` is the exit status of its main process, or minus the number of the signal that ended it. ``forced``
    says that it had to be killed; ``leftovers`` is how many other processes of it had to be killed, because they
    outlived it or, where it was killed itself, had left its session. ``seconds`` is how long that took.
    """

    returncode: int
    forced: bool
    leftovers: int
    seconds: float

    @property
    def how(self) -> str:
        """The exit status or the signal, in words."""
        return describe_exit(self.returncode)


class CandidateProcess:
    """A running candidate. Use :meth:`start`, and as an async context manager, which ends it in any case."""

    def __init__(self, token: str) -> None:
        self.output = Output()
        #: Done when the main process has ended; the result is the return code.
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.started = time.monotonic()
        self._token = token
        self._family: Family | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._drained = asyncio.Event()

    @classmethod
    async def start(cls, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None) -> CandidateProcess:
        """Start a process.

        Args:
            argv: The words of the command; the first is a path, or is looked up in ``env["PATH"]``.
            env: Its whole environment, with the unique ``ASGI_PROBE_TOKEN`` by which its descendants are known.
            cwd: Its working directory, or None for this process's.

        Raises:
            OSError: If it cannot be started: not found, not executable, no such directory.
        """
        process = cls(env[TOKEN])
        loop = asyncio.get_running_loop()
        # stderr=STDOUT keeps the order of what the two streams say; a session of its own keeps Ctrl-C from it.
        await loop.subprocess_exec(
            lambda: _Protocol(process),
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        return process

    @property
    def pid(self) -> int:
        """The id of the main process."""
        assert self._family is not None
        return self._family.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, minus the number of a signal, or None while the process runs."""
        return self.exited.result() if self.exited.done() else None

    @property
    def family(self) -> Family:
        """The main process and all that it started."""
        assert self._family is not None
        return self._family

    def on_output(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(line, at)`` for each line from now on; gives a function that ends this."""
        return self.output.listen(listener)

    def tail(self, lines: int = 20) -> str:
        """The last lines of its output."""
        return self.output.tail(lines)

    def signal(self, number: Signals) -> None:
        """Send a signal to the main process; nothing happens if it has ended."""
        if not self.exited.done():
            # The transport would take the exit status first; asyncio's watcher finds none then, and tells of 255.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and all that it started at once, without waiting for anything."""
        self.family.kill()

    async def stop(self, grace: float, *, by: Signals = SIGTERM) -> Stopped:
        """Ask it to stop, wait, and end by force what is left.

        Args:
            grace: How long it may take, in seconds; then it is killed.
            by: The signal that asks.
        """
        began = time.monotonic()
        forced = False
        try:
            if not self.exited.done():
                self.signal(by)
                await asyncio.wait({self.exited}, timeout=grace)
                forced = not self.exited.done()
            if forced:
                leftovers = len(self.family.strays())
                self.kill()
                await self.exited
            seconds = time.monotonic() - began
            if not forced:
                leftovers = 0 if await self.family.gone(min(grace, _STRAGGLERS)) else self.family.kill()
            return Stopped(self.exited.result(), forced, leftovers, seconds)
        finally:
            await self._finish()

    async def wait_output(self) -> None:
        """Wait until its output has ended, which it does not while a descendant holds it open."""
        await self._drained.wait()

    async def _finish(self) -> None:
        """Leave nothing behind, also when a stop is cancelled."""
        self.kill()
        await asyncio.wait({self.exited}, timeout=_STRAGGLERS)
        guard.forget(self.family)
        if self._transport is not None:
            self._transport.close()

    async def __aenter__(self) -> CandidateProcess:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._finish()

    def _made(self, transport: asyncio.SubprocessTransport) -> None:
        self._transport = transport
        self._family = Family(transport.get_pid() or 0, self._token)
        guard.watch(self._family)

    def _ended(self) -> None:
        assert self._transport is not None
        code = self._transport.get_returncode()
        if not self.exited.done():
            self.exited.set_result(-SIGKILL if code is None else code)


class _Protocol(asyncio.SubprocessProtocol):
    """Hands what asyncio tells of a process to the candidate."""

    def __init__(self, process: CandidateProcess) -> None:
        self._process = process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._process._made(transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._process.output.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._process.output.end()
        self._process._drained.set()

    def process_exited(self) -> None:
        self._process._ended()


def end_all() -> None:
    """End every candidate that lives; safe to call at any time."""
    guard.end_all()
