"""The bugs as data: what is said of each is whole, and what is named is there."""

from __future__ import annotations

from collections import Counter

import pytest

from asgi_conformance.cases import Suites
from tests.history import bug, page
from tests.history.bug import Bug
from tests.history.judging import Finding, Judged
from tests.history.trying import Tried

BUGS = {one.id: one for one in bug.load()}


@pytest.fixture(params=BUGS)
def one(request: pytest.FixtureRequest) -> Bug:
    """Each bug."""
    return BUGS[request.param]


def test_ids_are_given_once() -> None:
    """No two bugs have the same id."""
    assert [name for name, times in Counter(one.id for one in bug.load()).items() if times > 1] == []


def test_a_bug_is_found_by_cases_or_explained(one: Bug, suites: Suites) -> None:
    """Cases are named for a bug, or it is said why there are none; each glob is of cases or of a requirement."""
    assert bool(one.cases) != bool(one.explained)
    for glob, cases in one.finding(suites).items():
        assert cases or glob in suites.catalogue, glob


def test_a_bug_is_told_unless_it_is_private(one: Bug) -> None:
    """Every bug is told in a sentence, but for the private ones, which are open and have no link either."""
    if one.private:
        assert (one.shows, one.link, one.good) == ("", "", None)
    else:
        assert one.shows.endswith(".")


def test_a_command_has_its_places(one: Bug) -> None:
    """The command starts a program of the environment and has a place for the application."""
    assert one.command.startswith("<bin>/")
    assert "<app>" in one.command


def test_the_page_has_a_row_for_every_bug() -> None:
    """The page names each bug, and counts them all."""
    tried = [Tried(one, Judged(Finding.CAUGHT, one.cases), {}, {}) for one in BUGS.values()]
    rows = page.as_markdown(tried).splitlines()
    assert all(any(row.startswith((f"| {name} |", f"| [{name}](")) for row in rows) for name in BUGS)
    assert any(row.startswith(f"| all | {len(BUGS)} |") for row in rows)
