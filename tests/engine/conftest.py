"""What tests of the engine share."""

from __future__ import annotations

import pytest

from asgi_conformance.cases import Suites, load_suites


@pytest.fixture(scope="session")
def suites() -> Suites:
    """The suites that come with the package: requirements for cases to be about."""
    return load_suites()
