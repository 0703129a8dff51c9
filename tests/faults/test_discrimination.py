"""Each violation is noticed, and each case can fail: a case that nothing turns red is found here.

What else a fault may disturb is looked at by ``nox -s faults``, which takes longer.
"""

from __future__ import annotations

import pytest

from asgi_conformance.cases import Suites
from asgi_conformance.reference_server import faults
from tests.faults import matrix
from tests.faults.matrix import Matrix

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("name", [fault.name for fault in matrix.all_faults()])
def test_the_fault_is_noticed(name: str, tried: Matrix) -> None:
    """At least one case of each requirement that the fault says to break turns red."""
    outcome = tried.outcomes[name]
    assert not outcome.error
    assert tried.missed(faults.REGISTRY[name]) == []
    # However wrong a server is, no case fails for its own sake.
    assert [reason for reason in outcome.undecided.values() if reason.startswith("error")] == []


def test_every_case_can_fail(tried: Matrix, suites: Suites) -> None:
    """Each case is turned red by at least one fault of its requirement, where what it needs is installed."""
    red = tried.red()
    assert [name for name in suites.cases if not red.get(name) and name not in tried.untried()] == []
