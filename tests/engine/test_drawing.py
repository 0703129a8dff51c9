"""The process that draws examples: ahead of what is tried, the same ones everywhere, and gone with its candidate."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from asgi_conformance.errors import SuiteError
from asgi_conformance.sampling import Sampling
from asgi_conformance.suites.properties.drawing import Drawer

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def numbers() -> SearchStrategy[int]:
    """Whole numbers."""
    from hypothesis import strategies as st

    return st.integers(0, 1_000_000)


def either() -> SearchStrategy[bool]:
    """Two examples, and no more."""
    from hypothesis import strategies as st

    return st.booleans()


def nothing() -> SearchStrategy[int]:
    """No strategy at all."""
    raise ZeroDivisionError("nothing to draw from")


@asynccontextmanager
async def drawer() -> AsyncIterator[Drawer]:
    """A drawer that is closed in the end."""
    one = Drawer()
    try:
        yield one
    finally:
        await one.close()


async def drawn(one: Drawer, sampling: Sampling) -> list[int]:
    """All examples of a sampling."""
    found: list[int] = []
    async with one.examples(numbers, sampling) as examples:
        while len(found) < sampling.examples and (batch := await examples.batch()):
            found += batch
    return found


def test_a_seed_has_its_examples() -> None:
    """The same ones in every process, and others for another seed; searches do not wait for each other."""

    async def both() -> tuple[list[int], list[int], list[int]]:
        async with drawer() as one, drawer() as other:
            return await asyncio.gather(
                drawn(one, Sampling(60)), drawn(other, Sampling(60)), drawn(one, Sampling(60, seed=1))
            )

    first, again, others = asyncio.run(both())
    assert len(first) == 60
    assert first == again != others


def test_a_failed_example_is_made_smaller() -> None:
    """From the place of the one that failed on, each next try depends on the verdict of the last one."""

    async def smallest() -> int:
        async with drawer() as one, one.examples(numbers, Sampling(200)) as examples:
            found = [*await examples.batch(), *await examples.batch()]
            place, best = next((place, number) for place, number in enumerate(found) if number > 1000)
            tried = await examples.smaller(place)
            while tried is not None:
                best = min(best, tried) if tried > 1000 else best
                tried = await examples.after(failed=tried > 1000)
            return best

    assert asyncio.run(smallest()) == 1001


def test_there_may_be_fewer_than_were_asked_for() -> None:
    """Where a strategy has no more examples, the last batch says so."""

    async def search() -> set[bool]:
        async with drawer() as one, one.examples(either, Sampling(60)) as examples:
            found: set[bool] = set()
            while batch := await examples.batch():
                found |= set(batch)
            return found

    assert asyncio.run(asyncio.wait_for(search(), 20)) == {True, False}


def test_what_cannot_be_drawn_is_the_suites_fault() -> None:
    """The error of a strategy reaches the harness, with its words."""

    async def search() -> None:
        async with drawer() as one, one.examples(nothing, Sampling()) as examples:
            await examples.batch()

    with pytest.raises(SuiteError, match="nothing to draw from"):
        asyncio.run(search())


def test_a_process_that_ends_is_told() -> None:
    """A search whose process is killed does not wait for ever."""

    async def search() -> None:
        async with drawer() as one, one.examples(numbers, Sampling(100_000)) as examples:
            await examples.batch()
            assert one.process is not None
            one.process.kill()
            while await examples.batch():
                pass

    with pytest.raises(SuiteError, match="has ended"):
        asyncio.run(search())


def test_the_process_goes_with_its_candidate() -> None:
    """When the drawer is closed in the midst of a search, its process is gone."""

    async def search() -> int:
        async with drawer() as one:
            async with one.examples(numbers, Sampling(100_000)) as examples:
                await examples.batch()
            assert one.process is not None
            return one.process.pid

    with pytest.raises(ProcessLookupError):
        os.kill(asyncio.run(search()), 0)
