"""When a candidate is ready, and what is told when it never is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.process import CandidateProcess, describe_exit
from asgi_conformance.errors import CandidateError

#: How long a candidate may take until it is ready, in seconds.
DEADLINE = 20.0

#: The first and the longest pause between two attempts to connect, in seconds.
_SHORTEST, _LONGEST = 0.005, 0.05
#: How long the last words of a process that ended may take to arrive, in seconds.
_LAST_WORDS = 0.5
#: How much of a line of a server's output an error shows, in characters.
_LONGEST_LINE = 300

_IN_USE = re.compile(
    r"address (is )?already in use|address in use|connection in use|EADDRINUSE|errno:? (98|48)\b|os error (98|48)\b",
    re.IGNORECASE,
)

#: Shows that a candidate does its work; see :func:`wait_until_ready`.
Confirm = Callable[[Endpoint], Awaitable[None]]


class AddressInUseError(CandidateError):
    """The candidate said that the address it was given is taken."""


class ExitedEarlyError(CandidateError):
    """The candidate ended before it was ready."""


async def wait_until_ready(
    process: CandidateProcess, endpoint: Endpoint, confirm: Confirm | None = None, *, deadline: float = DEADLINE
) -> None:
    """Wait until the candidate accepts a connection at ``endpoint`` and ``confirm(endpoint)`` came to its end.

    Args:
        process: The candidate's process, just started.
        endpoint: Where it should listen.
        confirm: Sends a request and awaits the application's call. It may raise OSError while the candidate is not
            quite ready, and is called again then.
        deadline: How long all that may take, in seconds.

    Raises:
        AddressInUseError: If it printed that the address is taken.
        ExitedEarlyError: If it ended.
        CandidateError: If it does not listen, or does not confirm, before the deadline.
    """
    taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def watch(line: str, at: float) -> None:
        if _IN_USE.search(line) and not taken.done():
            taken.set_result(None)

    forget = process.on_output(watch)
    attempt = _Attempt(endpoint, confirm)
    task = asyncio.ensure_future(attempt.run())
    try:
        ends: set[asyncio.Future[Any]] = {task, process.exited, taken}
        await asyncio.wait(ends, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if process.exited.done():
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(process.wait_output(), _LAST_WORDS)
        if taken.done():
            raise _address_in_use(process, endpoint)
        if process.exited.done():
            raise _exited(process)
        raise _too_late(process, attempt, deadline)
    finally:
        forget()
        while not task.done():  # asyncio.wait_for, which may be anywhere in it, can lose a cancellation before 3.12
            task.cancel()
            await asyncio.wait({task}, timeout=_LONGEST)


class _Attempt:
    """Connects until it works, then confirms."""

    def __init__(self, endpoint: Endpoint, confirm: Confirm | None) -> None:
        self.endpoint = endpoint
        self.confirm = confirm
        self.connected = False
        self.last_error: OSError | None = None

    async def run(self) -> None:
        pause = _SHORTEST
        while True:
            try:
                if not self.connected:
                    await _connect(self.endpoint)
                    self.connected = True
                if self.confirm is not None:
                    await self.confirm(self.endpoint)
                return
            except OSError as error:
                self.last_error = error
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, _LONGEST)


async def _connect(endpoint: Endpoint) -> None:
    if endpoint.uds is not None:
        _, writer = await asyncio.open_unix_connection(endpoint.uds)
    else:
        _, writer = await asyncio.open_connection(endpoint.reachable_host, endpoint.port)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _last_words(process: CandidateProcess) -> str:
    return "\n".join(_shorten(line) for line in process.tail().splitlines())


def _shorten(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + "…"


def _exited(process: CandidateProcess) -> ExitedEarlyError:
    how = describe_exit(process.returncode or 0)
    return ExitedEarlyError(
        f"The candidate ended with {how} before it was ready.",
        detail=_last_words(process),
        hint="Run the command by hand to see what it lacks." + ("" if process.tail() else " It printed nothing here."),
    )


def _address_in_use(process: CandidateProcess, endpoint: Endpoint) -> AddressInUseError:
    return AddressInUseError(
        f"The candidate cannot listen at {endpoint}: the address is in use.",
        detail=_last_words(process),
        hint="End what listens there, or leave the address out of the command: the suite chooses a free one.",
    )


def _too_late(process: CandidateProcess, attempt: _Attempt, deadline: float) -> CandidateError:
    endpoint, within = attempt.endpoint, f"within {deadline:g} s"
    if attempt.connected:
        last = attempt.last_error
        why = "" if last is None else f" (last: {str(last) or type(last).__name__})"
        return CandidateError(
            f"The candidate accepts connections at {endpoint}, but no request reached the application {within}{why}.",
            detail=_last_words(process),
            hint="Does it serve the application that stands in the place of <app>?",
        )
    elsewhere = process.family.listening()
    if elsewhere:
        return CandidateError(
            f"The candidate did not listen at {endpoint} {within}: it listens at {' and '.join(elsewhere)} instead.",
            detail=_last_words(process),
            hint="The command must pass the address on: see the placeholders <host> and <port>, or <uds>.",
        )
    return CandidateError(
        f"The candidate did not listen at {endpoint} {within}; its process still runs.",
        detail=_last_words(process) or "(it printed nothing)",
        hint="Is the address passed on to it? If it only takes long to start, raise --timeout-scale.",
    )
