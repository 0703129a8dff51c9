"""A new case does not land before a fault has turned it red: the record says which did."""

from __future__ import annotations

from asgi_conformance.cases import Suites
from asgi_conformance.proof import Outcome
from asgi_conformance.reference_server import faults
from tests.faults import record
from tests.faults.matrix import Matrix, all_faults

HOW = "write its fault, and note what it turns red: python -m tests.faults --record 'GLOB OF THE FAULT'"


def test_every_case_has_been_turned_red(suites: Suites) -> None:
    """Each case of the suites is on record with a fault that turned it red, and nothing else is."""
    noticed = record.read()
    assert set(suites.cases) - set(noticed) == set(), HOW
    assert set(noticed) - set(suites.cases) == set(), HOW


def test_the_faults_on_record_are_there() -> None:
    """Each fault that stands in the record still exists."""
    all_faults()
    assert set(record.read().values()) - set(faults.REGISTRY) == set(), HOW


def test_a_run_counts_for_what_it_tried(suites: Suites) -> None:
    """A run of some faults renews what stands under them, keeps the others, and drops what is gone."""
    first, second = (fault.name for fault in all_faults()[:2])
    red, green, kept, orphan = list(suites.cases)[:4]
    done = Matrix({name: suites.cases[name] for name in (red, green)}, {first: Outcome(first, frozenset({red}))})
    before = {green: first, kept: second, "gone.case": second, orphan: "gone/fault"}
    assert record.updated(before, done, suites.cases, [first, second]) == {red: first, kept: second}
