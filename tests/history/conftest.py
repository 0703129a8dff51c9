"""Tries the bugs once for the session: those that the selected tests ask for."""

from __future__ import annotations

import asyncio

import pytest

from asgi_conformance.cases import Suites, load_suites
from tests.environments import Environments, cache_folder
from tests.history import bug
from tests.history.trying import Tried, Trying


@pytest.fixture(scope="session")
def suites() -> Suites:
    """All suites."""
    return load_suites()


@pytest.fixture(scope="session")
def tried(request: pytest.FixtureRequest, suites: Suites) -> dict[str, Tried]:
    """What came of the bugs that tests of this session are about, by id."""
    wanted = {
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and "tried" in item.fixturenames
    }
    trying = Trying(suites, Environments(cache_folder()))
    chosen = [one for one in bug.load() if one.id in wanted]
    return {one.bug.id: one for one in asyncio.run(trying.all(chosen))}
