"""Runs: what is confirmed before it is told, what a dead candidate costs, what an interruption leaves."""

from __future__ import annotations

import asyncio
import itertools
import signal
import sys
from collections import defaultdict

import pytest

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import Suites
from asgi_conformance.exchange import Exchange
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, Progress, run_candidate
from asgi_conformance.schedule import Schedule
from asgi_conformance.verdict import Broken, Inconclusive, Observed, Unsupported
from tests.engine.judging import MAY, MUST, REFERENCE, SHOULD, Function, a_case, breaks, judged, kills, passes


@pytest.mark.parametrize(
    ("requirement", "verdict"), [(MUST, "fail"), (SHOULD, "warn"), (MAY, "observed")], ids=["must", "should", "may"]
)
def test_a_breach_is_as_grave_as_its_requirement(suites: Suites, requirement: str, verdict: str) -> None:
    """A broken must fails, a broken should warns, a broken may is observed."""
    (result,) = judged(suites, [a_case(breaks, requirement=requirement)])["results"]
    assert result["verdict"] == verdict
    assert (result["expected"], result["observed"]) == ("x is 1", "x is 2")


def test_a_failure_is_told_after_a_second_attempt(suites: Suites) -> None:
    """What failed is run again on a fresh candidate before it is told, with its trace."""
    (result,) = judged(suites, [a_case(breaks)])["results"]
    assert result["history"] == ["fail", "fail"]
    assert result["trace"]


def test_a_pass_is_told_after_one_attempt(suites: Suites) -> None:
    """A pass has its evidence, and needs no second attempt and no trace."""
    (result,) = judged(suites, [a_case(passes)])["results"]
    assert result["history"] == ["pass"]
    assert result["trace"] == []


def test_a_verdict_that_flips_is_inconclusive(suites: Suites) -> None:
    """A case that fails once and then passes proves nothing, and says what was seen."""
    times = itertools.count()

    async def flips(exchange: Exchange) -> None:
        await exchange.still_serves()
        if next(times) == 0:
            raise Broken("x is 1", "x is 2")

    (result,) = judged(suites, [a_case(flips)])["results"]
    assert result["verdict"] == "inconclusive"
    assert result["history"] == ["fail", "pass", "pass"]
    assert "x is 2" in str(result["reason"])


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Unsupported("no such thing"), "unsupported"),
        (Inconclusive("who knows"), "inconclusive"),
        (Observed("it does"), "observed"),
    ],
    ids=["unsupported", "inconclusive", "observed"],
)
def test_other_outcomes_are_told_as_they_are(suites: Suites, outcome: Exception, verdict: str) -> None:
    """Outcomes without a judgement become their verdicts, with the reason or what was observed."""

    async def ends(exchange: Exchange) -> None:
        raise outcome

    (result,) = judged(suites, [a_case(ends)])["results"]
    assert result["verdict"] == verdict
    assert str(outcome) in (result["reason"], result["observed"])


def test_a_case_that_crashes_is_an_error_of_the_suite(suites: Suites) -> None:
    """An exception of the case's own is no verdict on the candidate."""

    async def crashes(exchange: Exchange) -> None:
        raise ZeroDivisionError

    (result,) = judged(suites, [a_case(crashes)])["results"]
    assert result["verdict"] == "error"
    assert "ZeroDivisionError" in str(result["reason"])


def test_a_dead_candidate_is_one_failed_case(suites: Suites) -> None:
    """The case that kills the server fails; all others are judged on a new candidate, and the report is whole."""
    others = [a_case(passes, f"other-{number}") for number in range(20)]
    run = judged(suites, [*others[:10], a_case(kills, "killer"), *others[10:]], jobs=8)
    verdicts = {result["case"]: result["verdict"] for result in run["results"]}
    assert verdicts.pop(f"{MUST}/killer") == "fail"
    assert set(verdicts.values()) == {"pass"}
    assert run["complete"]


def test_a_candidate_that_keeps_dying_is_given_up(suites: Suites) -> None:
    """When no case survives, the run ends all the same, and no case passes."""
    run = judged(suites, [a_case(kills, f"killer-{number}") for number in range(20)], jobs=2)
    assert {result["verdict"] for result in run["results"]} <= {"fail", "inconclusive"}
    assert run["complete"]


def test_exclusive_cases_run_alone(suites: Suites) -> None:
    """While an exclusive case runs, no other one uses its candidate."""
    running: dict[object, set[str]] = defaultdict(set)
    together: list[set[str]] = []

    def watched(name: str) -> Function:
        async def watches(exchange: Exchange) -> None:
            here = running[exchange.candidate]
            here.add(name)
            together.append(set(here))
            await exchange.still_serves()
            here.discard(name)

        return watches

    cases = [
        a_case(watched(name), name, exclusive=name.startswith("alone")) for name in ("a", "alone-1", "b", "alone-2")
    ]
    judged(suites, cases)
    assert all(len(group) == 1 for group in together if any(name.startswith("alone") for name in group))


def test_an_impossible_launch_is_not_applicable(suites: Suites) -> None:
    """A launch that the server's command leaves no room for is told with its reason."""
    case = a_case(passes, "rooted", launch=Launch(root_path="/x"))
    server = f"{sys.executable} -m asgi_conformance.reference_server <app> --root-path /y"
    (result,) = judged(suites, [case], server=server)["results"]
    assert result["verdict"] in ("not-applicable", "pass")


def test_an_interrupted_run_gives_what_it_has(suites: Suites) -> None:
    """A run that is cancelled ends its candidates and is marked as incomplete."""

    async def interrupted() -> Run:
        def stop(progress: Progress) -> None:
            task.cancel()

        cases = [a_case(passes, f"{number}") for number in range(50)]
        task = asyncio.ensure_future(run_candidate(Options(REFERENCE, schedule=Schedule(jobs=1)), suites, cases, stop))
        return await task

    run = asyncio.run(interrupted())
    assert not run["complete"]
    assert 1 <= len(run["results"]) < 50


def test_a_users_own_root_path_makes_no_false_failure(suites: Suites) -> None:
    """A case that was not written for a root path is not judged on a server that was told to have one."""
    server = f"{sys.executable} -m asgi_conformance.reference_server <app> --root-path /y"
    (result,) = judged(suites, [a_case(breaks)], server=server)["results"]
    assert result["verdict"] == "not-applicable"
    assert "root path" in str(result["reason"])


def test_what_failed_while_the_server_was_held_up_is_tried_again(suites: Suites) -> None:
    """A wait that was too short because another case held the server up is no failure, and no flip."""
    times = itertools.count()

    async def holds_up(exchange: Exchange) -> None:
        assert exchange.candidate.process is not None
        await asyncio.sleep(1.5)  # the pulse has begun by then
        exchange.candidate.process.signal(signal.SIGSTOP)
        await asyncio.sleep(2.0)
        exchange.candidate.process.signal(signal.SIGCONT)
        await exchange.still_serves()

    async def is_in_a_hurry(exchange: Exchange) -> None:
        if next(times) == 0:
            await asyncio.sleep(1.7)
        await exchange.within(exchange.still_serves(), 1.0, "it serves within 1 s", "it does not")

    cases = [a_case(holds_up, "holds-up"), a_case(is_in_a_hurry, "in-a-hurry")]
    results = {result["case"]: result for result in judged(suites, cases)["results"]}
    assert results[f"{MUST}/in-a-hurry"]["history"] == ["pass"]
    assert next(times) == 2


def test_what_outlives_its_case_leaves_no_connection(suites: Suites) -> None:
    """A part of a case that connects when the case has failed already is refused, and nothing of it stays open."""
    wires: list[object] = []

    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.3)
        wires.append(await exchange.wire())

    async def fails_beside(exchange: Exchange) -> None:
        await asyncio.gather(breaks(exchange), late(exchange))

    async def lasts(exchange: Exchange) -> None:
        await asyncio.sleep(1)
        await exchange.still_serves()

    judged(suites, [a_case(fails_beside, "fails"), a_case(lasts, "lasts")])
    assert wires == []
