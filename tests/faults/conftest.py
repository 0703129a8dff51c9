"""Tries the faults once for the session: those that the selected tests ask for."""

from __future__ import annotations

import pytest

from asgi_conformance.cases import Suites, load_suites
from tests.faults import matrix
from tests.faults.matrix import Matrix


@pytest.fixture(scope="session")
def suites() -> Suites:
    """All suites."""
    return load_suites()


@pytest.fixture(scope="session")
def tried(request: pytest.FixtureRequest, suites: Suites) -> Matrix:
    """What came of the faults: of those that tests of this session are about, or of all for a test about all."""
    wanted: set[str] = set()
    chosen = matrix.all_faults()
    for item in request.session.items:
        if isinstance(item, pytest.Function) and "tried" in item.fixturenames:
            name = item.callspec.params.get("name") if hasattr(item, "callspec") else None
            wanted |= {str(name)} if name else {fault.name for fault in chosen}
    return matrix.run([fault for fault in chosen if fault.name in wanted], suites)
