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


def test_what_could_not_be_tried_stays_on_record(suites: Suites) -> None:
    """A case whose framework is not installed is neither lost from the record nor told to be one that cannot fail."""
    fault = next(one for one in all_faults() if one.breaks.startswith("interop."))
    needy = next(one for one in suites.cases.values() if one.launch.needs and one.requirement == fault.breaks)
    here, missing = (frozenset({(verdict, "")}) for verdict in ("pass", "not-applicable"))
    before = {needy.id: fault.name}
    for clean, kept in (({needy.id: missing}, before), ({needy.id: here}, {})):
        done = Matrix({needy.id: needy}, {fault.name: Outcome(fault.name)}, clean=clean)
        assert record.updated(before, done, suites.cases, [fault.name]) == kept
        assert done.never_red() == ([] if kept else [needy.id])
