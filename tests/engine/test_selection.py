"""Which cases are chosen, and what is refused."""

from __future__ import annotations

import pytest

from asgi_conformance.cases import Suites, select
from asgi_conformance.errors import UsageError

ID = "http.request.chunked.decoded"


def test_a_requirement_means_all_its_cases(suites: Suites) -> None:
    """A pattern that is a requirement's id chooses every variation of it."""
    chosen = select(suites, only=[ID])
    assert {case.requirement for case in chosen} == {ID}
    assert len(chosen) == sum(case.requirement == ID for case in suites.cases.values())


def test_globs_choose_and_exclude(suites: Suites) -> None:
    """--select and --deselect are globs over ids."""
    chosen = select(suites, only=["http.request.*"], without=[ID])
    assert chosen
    assert all(case.id.startswith("http.request.") and case.requirement != ID for case in chosen)


def test_levels_and_suites_choose(suites: Suites) -> None:
    """--level and --suite choose by the requirement."""
    chosen = select(suites, suite=["http"], level=["must"])
    assert chosen
    assert all(suites.suite_of(case) == "http" for case in chosen)


@pytest.mark.parametrize(
    "options", [{"only": ["x.*"]}, {"without": ["x.*"]}, {"suite": ["x"]}, {"only": [ID], "without": [ID]}]
)
def test_what_matches_nothing_is_refused(suites: Suites, options: dict[str, list[str]]) -> None:
    """A selection is never silently empty, nor a pattern silently idle."""
    with pytest.raises(UsageError):
        select(suites, **options)


def test_cases_stand_in_the_order_of_the_documents(suites: Suites) -> None:
    """The order of the cases is that of the requirements in the catalogue."""
    order = {requirement: number for number, requirement in enumerate(suites.catalogue)}
    places = [order[case.requirement] for case in suites.cases.values()]
    assert places == sorted(places)
