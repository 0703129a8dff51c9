"""The pulse of a candidate: what failed while it was held up is tried again, what fails on one that is not is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

import pytest

from asgi_conformance import pulse
from asgi_conformance.pulse import Pulse

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the runs."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_INTERVAL", 0.02)


def served_after(seconds: float, *, served: bool = True) -> Pulse:
    """A pulse of a candidate that takes so long, with 0.05 s for the longest that is not slow."""

    async def ask() -> bool:
        await asyncio.sleep(seconds)
        return served

    return Pulse(ask, 0.05)


async def held_up(beating: Pulse, seconds: float) -> bool:
    """Whether it says of the next seconds that the candidate was held up."""
    began = time.monotonic()
    await asyncio.sleep(seconds)
    await beating.settle()
    await beating.stop()
    return beating.was_held_up(began, time.monotonic())


async def test_a_slow_answer_is_a_hold_up() -> None:
    """An answer that takes longer than the limit says that the candidate was held up meanwhile, and not later."""
    beating = served_after(0.1)
    assert await held_up(beating, 0.05)
    assert not beating.was_held_up(time.monotonic(), time.monotonic() + 1)


async def test_prompt_answers_are_none() -> None:
    """Answers in time say that it was not."""
    assert not await held_up(served_after(0.0), 0.1)


async def test_no_answer_is_none() -> None:
    """A candidate that does not serve is not held up."""
    assert not await held_up(served_after(0.1, served=False), 0.05)


async def test_what_is_under_way_can_be_stopped() -> None:
    """It is stopped at once, in the midst of a request too."""
    waiting: Awaitable[bool] = asyncio.get_running_loop().create_future()

    async def ask() -> bool:
        return await waiting

    beating = Pulse(ask, 0.05)
    await asyncio.sleep(0.05)
    await beating.stop()
