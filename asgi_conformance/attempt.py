"""One attempt: a case run once against a running candidate, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
import traceback
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from asgi_conformance.ambient import Breach
from asgi_conformance.applicable import check_since
from asgi_conformance.candidate.running import RunningCandidate
from asgi_conformance.candidate.starting import Starter
from asgi_conformance.candidate.strokes import Stroke
from asgi_conformance.cases import Case, Suites
from asgi_conformance.errors import ConformanceError, SuiteError
from asgi_conformance.exchange import Exchange
from asgi_conformance.life import Record
from asgi_conformance.middleware import upper_breaches
from asgi_conformance.trace import Entry
from asgi_conformance.verdict import Broken, CandidateDied, Level, Observed, Outcome, Undecided, Verdict

#: The longest a case may run, in deadlines: past it something waits that should not.
_LONGEST = 12
#: After so many seconds a case that goes on in spite of that is ended again.
_AGAIN = 0.5
_names = itertools.count(1)
_GOES_ON = "the server goes on serving"
_SERVED_NO_MORE = "it served no new connection afterwards"


@dataclass(frozen=True)
class Attempt:
    """What one run of a case gave. The sentences and the reason are None where the verdict has none.

    ``sent`` is what a middleware did on its upper face that the documents do not have. ``died`` says that the
    candidate's process ended meanwhile, or took no more connections, whoever caused it; ``came_too_late``, that it had
    before this case had a connection. ``strokes`` are what the server cancelled of it without being asked to.
    """

    case: Case
    verdict: Verdict
    expected: str | None = None
    observed: str | None = None
    reason: str | None = None
    duration: float = 0.0
    trace: list[Entry] = field(default_factory=list)
    breaches: tuple[Breach, ...] = ()
    sent: tuple[Breach, ...] = ()
    remarks: tuple[str, ...] = ()
    died: bool = False
    came_too_late: bool = False
    strokes: tuple[Stroke, ...] = ()

    @property
    def is_struck(self) -> bool:
        """Whether the server cancelled its call together with those of others, as far as is known by now."""
        return any(stroke.is_shared for stroke in self.strokes)


async def attempt(candidate: RunningCandidate, case: Case, suites: Suites, *, questioned: bool = False) -> Attempt:
    """Run one case once on a shared candidate. A case that is ``questioned`` passes only if it left the server serving.

    Never raises for what the case does; a fault of the case's own is the verdict ``error``.
    """
    exchange = _exchange(candidate, case, suites)
    began = time.monotonic()
    unhook = _trace_output(candidate, exchange)
    try:
        level = suites.requirement_of(case).level
        result = await _judge(exchange, case, level, case.run(exchange))
        result = replace(result, duration=time.monotonic() - began)
        if questioned and result.verdict is Verdict.PASS and not await serves(candidate, suites):
            result = Attempt(case, level.when_broken, _GOES_ON, _SERVED_NO_MORE, duration=result.duration, died=True)
    finally:
        await exchange.close()
        unhook()
    ended = result.verdict is not Verdict.PASS and await _ends(candidate)
    if ended:
        exchange.trace.record("server", "exit", candidate.describe_end())
    if ended and result.died and result.observed != _SERVED_NO_MORE:
        result = replace(result, observed=candidate.describe_end())
    result = replace(
        result,
        died=ended or result.died,
        came_too_late=exchange.came_too_late,
        strokes=candidate.strokes.on(exchange.trace),
        remarks=tuple(exchange.remarks),
    )
    return _kept(exchange, result, suites)


async def serves(candidate: RunningCandidate, suites: Suites) -> bool:
    """Whether a candidate answers a plain request and lives on."""
    exchange = Exchange(candidate, _base36(next(_names)), shapes=suites.shapes)
    try:
        await exchange.still_serves()
    except Outcome:
        return False
    finally:
        await exchange.close()
    return not await _ends(candidate)


async def attempt_life(
    candidate: RunningCandidate, cases: Sequence[Case], suites: Suites, starter: Starter
) -> list[Attempt]:
    """Let a candidate live once, from its start to its end, and judge all cases of that life.

    Raises:
        LaunchImpossible, CandidateError: the candidate could not be started at all.
    """
    exchange = _exchange(candidate, cases[0], suites)
    exchange.own(starter)
    began = time.monotonic()
    lived = asyncio.ensure_future(_live(exchange, cases[0]))

    async def judge(case: Case) -> Attempt:
        async def experiment() -> None:
            record = await lived
            if exchange.calls:
                check_since(exchange.calls[0], case.since)
            await case.run(exchange, record)

        told = len(exchange.remarks)
        result = await _judge(exchange, case, suites.requirement_of(case).level, experiment())
        return replace(result, died=False, remarks=tuple(exchange.remarks[told:]))

    try:
        await asyncio.wait({lived})
        seconds = (time.monotonic() - began) / len(cases)
        results = [replace(await judge(case), duration=seconds) for case in cases]
    finally:
        lived.cancel()
        await asyncio.gather(lived, return_exceptions=True)
        await exchange.close()
    return [_kept(exchange, result, suites) for result in results]


async def _live(exchange: Exchange, case: Case) -> Record:
    assert case.life is not None
    async with _Limit(_longest(exchange)):
        record: Record = await case.life.run(exchange)
    return record


def _exchange(candidate: RunningCandidate, case: Case, suites: Suites) -> Exchange:
    return Exchange(
        candidate,
        _base36(next(_names)),
        circumstance=case.circumstance,
        shapes=suites.shapes,
        since=case.since,
        extension=case.extension,
    )


def _kept(exchange: Exchange, result: Attempt, suites: Suites) -> Attempt:
    """The attempt with what the exchange showed beside its verdict."""
    breaches = tuple(exchange.watch.breaches)
    trace = [] if result.verdict is Verdict.PASS and not breaches else exchange.trace.entries()
    sent = tuple(upper_breaches(exchange.faces, suites.found_in))
    return replace(result, trace=trace, breaches=breaches, sent=sent)


async def _judge(exchange: Exchange, case: Case, level: Level, experiment: Coroutine[Any, Any, None]) -> Attempt:
    longest = _longest(exchange)
    try:
        async with _Limit(longest):
            await experiment
    except CandidateDied as died:
        return Attempt(case, level.when_broken, _GOES_ON, died.what, died=True)
    except Broken as broken:
        return Attempt(case, (broken.level or level).when_broken, broken.expected, broken.observed)
    except Observed as observed:
        return Attempt(case, Verdict.OBSERVED, None, observed.what)
    except Undecided as undecided:
        return Attempt(case, undecided.verdict, reason=undecided.reason)
    except asyncio.TimeoutError:
        return Attempt(case, Verdict.INCONCLUSIVE, reason=f"the case did not come to an end within {longest:.0f} s")
    except SuiteError as error:
        return Attempt(case, Verdict.ERROR, reason=str(error))
    except ConformanceError:
        raise
    except Outcome as outcome:
        raise AssertionError(f"an outcome without a verdict: {outcome!r}") from outcome
    except Exception:
        return Attempt(case, Verdict.ERROR, reason="the case itself failed:\n" + traceback.format_exc())
    return Attempt(case, Verdict.PASS)


def _longest(exchange: Exchange) -> float:
    return exchange.patience.deadline * _LONGEST * exchange.sampling.stretch


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
        # asyncio.wait_for, which may be anywhere in the task, can lose a cancellation before Python 3.12.
        self._timer = asyncio.get_running_loop().call_later(_AGAIN, self._strike, task)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._struck and kind is asyncio.CancelledError:
            raise asyncio.TimeoutError


async def _ends(candidate: RunningCandidate) -> bool:
    """Whether the candidate has ended, or is about to: its connections may have gone first."""
    if candidate.alive and (candidate.was_lost or candidate.refused):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(candidate.exited(), candidate.patience.quiet)
    return not candidate.serving


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
