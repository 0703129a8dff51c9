"""Lives: one start and one end of a candidate, of which many cases judge what it showed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import pytest

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import Case, Suites
from asgi_conformance.errors import CandidateError, SuiteError
from asgi_conformance.exchange import Exchange
from asgi_conformance.life import OWN, Life, Record
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.verdict import Broken, Inconclusive, TimedOut, Unsupported

REFERENCE = f"{sys.executable} -m asgi_conformance.reference_server <app>"
REQUIREMENT = "lifespan.startup.first-event"


class Facts(Record):
    """Three facts in a row."""

    first: int
    second: int
    third: int


def known(**facts: int) -> Facts:
    """A record in which these facts are known."""
    record = Facts()
    vars(record).update(facts)
    return record


def test_a_fact_that_is_known_is_given_whatever_came_later() -> None:
    """A fact that the script had set is there though the script came to a bad end."""
    record = known(first=1)
    record.end(Broken("a second", "none"))
    assert record.first == 1


def test_the_fact_at_which_the_script_ended_gives_what_ended_it() -> None:
    """Who asks for the first missing fact gets the outcome itself, so that its case is the one that breaks."""
    record = known(first=1)
    outcome = TimedOut("a second", "none")
    record.end(outcome)
    with pytest.raises(TimedOut) as raised:
        _ = record.second
    assert raised.value is outcome


def test_facts_behind_it_cannot_be_decided() -> None:
    """Who asks for a later fact is told why it is not known: one cause is not counted twice."""
    record = known(first=1)
    record.end(Broken("a second", "none"))
    with pytest.raises(Inconclusive, match="a second"):
        _ = record.third


def test_what_does_not_apply_applies_to_no_fact() -> None:
    """Where the script found that the candidate lacks a feature, that holds for all missing facts."""
    record = Facts()
    record.end(Unsupported("no lifespan"))
    for fact in ("first", "third"):
        with pytest.raises(Unsupported):
            getattr(record, fact)


def test_a_fact_that_the_script_forgot_is_the_suites_fault() -> None:
    """A record of a script that came to its end has every fact; a wrong name is no fact at all."""
    with pytest.raises(AttributeError, match="has not set 'second'"):
        _ = known(first=1).second
    record = known(first=1)
    record.end(Broken("a second", "none"))
    with pytest.raises(AttributeError, match="'fourth'"):
        _ = record.fourth  # type: ignore[attr-defined]


class Seen(Record):
    """What the life here shows."""

    pid: int
    status: int


async def live(exchange: Exchange, seen: Seen, message: str | None) -> None:
    """Start, serve, stop; with a message the startup fails instead."""
    lifespan = await exchange.lifecycle.lifespan()
    await lifespan.receive()
    if message is not None:
        await lifespan.send({"type": "lifespan.startup.failed", "message": message})
    else:
        await lifespan.send({"type": "lifespan.startup.complete"})
        await exchange.lifecycle.serving()
    seen.pid = exchange.lifecycle.process.pid
    if message is None:
        exchange.lifecycle.ask_to_stop()
        await lifespan.receive()
        await lifespan.send({"type": "lifespan.shutdown.complete"})
        await lifespan.finish()
    seen.status = await exchange.lifecycle.gone()


WHOLE = Life(live, Seen, (None,))
FAILED = Life(live, Seen, ("no database",))
pids: list[int] = []


async def ends_well(exchange: Exchange, seen: Seen) -> None:
    """The process ends with status 0."""
    pids.append(seen.pid)
    exchange.remark(f"status {seen.status}")
    if seen.status != 0:
        raise Broken("the status is 0", f"it is {seen.status}")


def judged(suites: Suites, *cases: Case, server: str = REFERENCE) -> Run:
    """Run these cases."""
    return asyncio.run(run_candidate(Options(server), suites, cases))


def a_case(name: str, life: Life[Seen], **options: object) -> Case:
    """A case that judges a life."""
    return Case(f"{REQUIREMENT}/{name}", REQUIREMENT, ends_well, launch=OWN, life=life, **options)  # type: ignore[arg-type]


def test_cases_of_one_life_share_one_process(suites: Suites) -> None:
    """Equal lives are lived once, and each case tells its own verdict and remarks."""
    pids.clear()
    run = judged(suites, a_case("one", WHOLE), a_case("two", Life(live, Seen, (None,))), a_case("other", FAILED))
    assert [result["verdict"] for result in run["results"]] == ["pass", "pass", "fail"]
    assert run["results"][0]["notes"] == ["status 0"]
    assert run["results"][2]["observed"] == "it is 3"
    # Two cases of one life, the failure, and another life that confirmed it.
    assert sorted(Counter(pids).values()) == [1, 1, 2]


def test_a_trace_of_a_life_has_its_lifespan_and_its_end(suites: Suites) -> None:
    """The trace of a failure shows the lifespan call, what the server printed, and its exit."""
    (result,) = judged(suites, a_case("traced", FAILED))["results"]
    kinds = {(entry["lane"], entry["kind"]) for entry in result["trace"]}
    assert {("application", "call"), ("application", "send"), ("server", "output"), ("server", "exit")} <= kinds


def test_a_case_that_binds_from_a_later_version_does_not_apply(suites: Suites) -> None:
    """The version of the lifespan scope decides for the cases of a life, each by its own ``since``."""
    (result,) = judged(suites, a_case("since", WHOLE, since="3.0"))["results"]
    assert result["verdict"] == "not-applicable"


def test_without_lifespan_a_life_is_unsupported(suites: Suites) -> None:
    """A server that makes no lifespan call is no worse for it."""
    (result,) = judged(suites, a_case("off", WHOLE), server=REFERENCE + " --lifespan off")["results"]
    assert result["verdict"] == "unsupported"


def test_a_command_that_cannot_work_is_no_verdict(suites: Suites) -> None:
    """Where the application was never reached, the run fails, not the server."""
    with pytest.raises(CandidateError):
        judged(suites, a_case("broken", WHOLE), server=f"{sys.executable} -c pass <app> <port>")


def test_a_life_needs_a_launch_of_its_own(suites: Suites) -> None:
    """A launch that is its own without a life, or shared with one, is refused."""
    from asgi_conformance.cases import _check

    for launch, life in ((OWN, None), (Launch(), WHOLE)):
        wrong = Case(f"{REQUIREMENT}/wrong", REQUIREMENT, ends_well, launch=launch, life=life)
        with pytest.raises(SuiteError, match="a life and a launch of its own"):
            _check(wrong, suites.catalogue, {})
