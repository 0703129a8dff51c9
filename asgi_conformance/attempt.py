"""One attempt: a case run once against a running candidate, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from asgi_conformance.ambient import Breach
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.candidate.starting import Starter
from asgi_conformance.case import Case, Suites
from asgi_conformance.errors import ConformanceError, SuiteError
from asgi_conformance.exchange import Exchange
from asgi_conformance.trace import Entry
from asgi_conformance.verdict import Broken, CandidateDied, Level, Observed, Outcome, Undecided, Verdict

#: The longest a case may run, in deadlines: past it something waits that should not.
_LONGEST = 12
_names = itertools.count(1)


@dataclass(frozen=True)
class Attempt:
    """What one run of a case gave. The sentences and the reason are None where the verdict has none.

    ``died`` says that the candidate's process ended meanwhile, whoever caused it.
    """

    case: Case
    verdict: Verdict
    expected: str | None = None
    observed: str | None = None
    reason: str | None = None
    duration: float = 0.0
    trace: list[Entry] = field(default_factory=list)
    breaches: tuple[Breach, ...] = ()
    remarks: tuple[str, ...] = ()
    died: bool = False


async def attempt(candidate: RunningCandidate, case: Case, suites: Suites, starter: Starter | None = None) -> Attempt:
    """Run one case once; with a ``starter`` the case starts and ends the candidate itself.

    Never raises for what the case does; a fault of the case's own is the verdict ``error``.

    Raises:
        LaunchImpossible, CandidateError: the case's own candidate could not be started at all.
    """
    exchange = Exchange(
        candidate,
        _base36(next(_names)),
        circumstance=case.circumstance,
        shapes=suites.shapes,
        since=case.since,
        extension=case.extension,
    )
    if starter is not None:
        exchange.own(starter)
    began = time.monotonic()
    unhook = _trace_output(candidate, exchange)
    try:
        result = await _judge(exchange, case, suites.requirement_of(case).level)
        result = replace(result, duration=time.monotonic() - began)
    finally:
        await exchange.close()
        unhook()
    died = result.died or (starter is None and result.verdict is not Verdict.PASS and await _ends(candidate))
    if died:
        exchange.trace.record("server", "exit", candidate.describe_exit())
    kept = [] if result.verdict is Verdict.PASS and not exchange.watch.breaches else exchange.trace.entries()
    return replace(
        result,
        died=died,
        trace=kept,
        breaches=tuple(exchange.watch.breaches),
        remarks=tuple(exchange.remarks),
    )


async def _judge(exchange: Exchange, case: Case, level: Level) -> Attempt:
    try:
        async with _Limit(exchange.patience.deadline * _LONGEST):
            await case.run(exchange)
    except CandidateDied as died:
        return Attempt(case, level.when_broken, "the server goes on serving", died.what, died=True)
    except Broken as broken:
        return Attempt(case, (broken.level or level).when_broken, broken.expected, broken.observed)
    except Observed as observed:
        return Attempt(case, Verdict.OBSERVED, None, observed.what)
    except Undecided as undecided:
        return Attempt(case, undecided.verdict, reason=undecided.reason)
    except asyncio.TimeoutError:
        seconds = exchange.patience.deadline * _LONGEST
        return Attempt(case, Verdict.INCONCLUSIVE, reason=f"the case did not come to an end within {seconds:.0f} s")
    except SuiteError as error:
        return Attempt(case, Verdict.ERROR, reason=str(error))
    except ConformanceError:
        raise
    except Outcome as outcome:
        raise AssertionError(f"an outcome without a verdict: {outcome!r}") from outcome
    except Exception:
        return Attempt(case, Verdict.ERROR, reason="the case itself failed:\n" + traceback.format_exc())
    return Attempt(case, Verdict.PASS)


class _Limit:
    """``asyncio.timeout`` for Python 3.10: a TimeoutError that only this limit causes."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._struck = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._strike, task)

    def _strike(self, task: asyncio.Task[object]) -> None:
        self._struck = True
        task.cancel()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._struck and kind is asyncio.CancelledError:
            raise asyncio.TimeoutError


async def _ends(candidate: RunningCandidate) -> bool:
    """Whether the candidate's process has ended, or is about to: its connections may have gone first."""
    if candidate.alive and candidate.was_lost:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(candidate.exited(), candidate.patience.quiet)
    return not candidate.alive


def _trace_output(candidate: RunningCandidate, exchange: Exchange) -> Callable[[], None]:
    def record(line: str, at: float) -> None:
        exchange.trace.record("server", "output", line, at=at)

    return candidate.on_output(record)


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text
