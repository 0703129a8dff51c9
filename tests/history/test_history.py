"""The suite finds the bugs that released servers had, and does not find them where they were mended."""

from __future__ import annotations

import pytest

from tests.history import bug
from tests.history.judging import Finding
from tests.history.trying import Tried

pytestmark = pytest.mark.history


@pytest.mark.parametrize("name", [one.id for one in bug.load()])
def test_the_bug_is_caught(name: str, tried: dict[str, Tried]) -> None:
    """The cases that are named for it fail on the release with the bug and pass on the one without."""
    judged = tried[name].judged
    if judged.finding in (Finding.NOT_RUN, Finding.EXPLAINED):
        pytest.skip(judged.reason)
    assert judged.finding is Finding.CAUGHT, judged.reason
