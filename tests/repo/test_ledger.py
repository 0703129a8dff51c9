"""The ledger: no requirement is forgotten, no id is lost, and every link leads to a document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asgi_conformance.cases import Suites, load_suites

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def suites() -> Suites:
    """Everything that is installed."""
    return load_suites()


def listed(name: str) -> set[str]:
    """The ids in a file of this folder."""
    return set((HERE / name).read_text().split())


def test_every_requirement_on_servers_has_a_case_or_a_reason(suites: Suites) -> None:
    """A requirement that binds servers is tried by a case, or says why no case can show it."""
    tried = {case.requirement for case in suites.cases.values()}
    forgotten = [
        requirement.id
        for requirement in suites.catalogue.values()
        if requirement.binds_servers and requirement.id not in tried and not requirement.untestable
    ]
    assert forgotten == []


def test_no_requirement_has_a_case_and_a_reason_for_none(suites: Suites) -> None:
    """What is called untestable has no case."""
    tried = {case.requirement for case in suites.cases.values()}
    assert [one.id for one in suites.catalogue.values() if one.untestable and one.id in tried] == []


def test_ids_are_words(suites: Suites) -> None:
    """Ids are lower-case words joined by dots and dashes; variations add slashes."""
    words = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
    assert [one for one in suites.catalogue if not words.fullmatch(one)] == []
    variation = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*")
    assert [
        case.id
        for case in suites.cases.values()
        if not all(variation.fullmatch(part) for part in case.id.removeprefix(case.requirement).split("/")[1:])
    ] == []


def test_no_id_disappears(suites: Suites) -> None:
    """An id that was once published is there, or is listed as retired; a new one is written down."""
    known, retired = listed("ids.txt"), listed("retired.txt")
    assert set(suites.catalogue) - known == set(), "new ids: add them to tests/repo/ids.txt"
    assert known - set(suites.catalogue) - retired == set(), "lost ids: list them in tests/repo/retired.txt"
    assert retired & set(suites.catalogue) == set(), "a retired id is not used again"


def test_every_requirement_is_cited(suites: Suites) -> None:
    """Every requirement has words, a section and a link to a public document."""
    for requirement in suites.catalogue.values():
        assert requirement.text
        assert requirement.section
        assert requirement.url.startswith(("https://asgi.readthedocs.io/", "https://www.rfc-editor.org/rfc/rfc"))


def test_every_case_says_what_it_shows(suites: Suites) -> None:
    """The first line of a case's docstring is one sentence."""
    assert [case.id for case in suites.cases.values() if not case.title.endswith(".")] == []
