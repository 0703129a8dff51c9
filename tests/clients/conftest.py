"""The client tests run on asyncio, as the clients do."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the tests in this folder."""
    return "asyncio"
