"""Cases that share a candidate: what counts of them when one of them ends it, or what the others do."""

from __future__ import annotations

import asyncio
import itertools

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import Suites
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken
from tests.engine.judging import MUST, a_case, judged, passes
from tests.engine.test_alone import listens_no_more


def test_what_passed_last_before_the_candidate_ended_is_questioned(suites: Suites) -> None:
    """A case that ends the server and finds nothing wrong does not pass, also where no other case met the end."""

    async def ends_it(exchange: Exchange) -> None:
        await exchange.still_serves()
        assert exchange.candidate.process is not None
        exchange.candidate.process.kill()
        await exchange.candidate.exited()

    (result,) = judged(suites, [a_case(ends_it, "ends-it")])["results"]
    assert result["history"] == ["fail", "fail"]


def test_what_leaves_the_candidate_deaf_as_the_last_of_all_is_questioned(suites: Suites) -> None:
    """A case after which the server answers nobody does not pass, also where no other case is left to meet that."""

    async def deafens_it(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)

    (result,) = judged(suites, [a_case(deafens_it, "deafens-it")])["results"]
    assert result["history"] == ["fail", "fail"]


def test_a_reference_application_serves_too(suites: Suites) -> None:
    """Where another application stands in the probe's place, whether the server serves is seen by its answer."""
    case = a_case(passes, launch=Launch(application="examples/hello"))
    (result,) = judged(suites, [case])["results"]
    assert (result["verdict"], result["reason"]) == ("pass", None)


def test_what_passed_since_the_server_was_last_seen_to_serve_is_questioned(suites: Suites) -> None:
    """The first sign of an end may come long after it: a case that passed in between may have passed by the end."""
    times, gone = itertools.count(), asyncio.Event()

    async def ends_it_unseen(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)
        gone.set()
        await asyncio.sleep(1.5)  # the next pulse is after a second
        raise Broken("x is 1", "x is 2")

    async def passes_by_the_end(exchange: Exchange) -> None:
        await exchange.still_serves()
        next(times)
        await gone.wait()

    cases = [a_case(passes_by_the_end, "by-the-end"), a_case(ends_it_unseen, "ends-it")]
    results = {result["case"]: result["history"] for result in judged(suites, cases)["results"]}
    assert results == {f"{MUST}/by-the-end": ["pass"], f"{MUST}/ends-it": ["fail", "fail"]}
    assert next(times) == 2


def test_what_the_server_strikes_in_several_cases_is_run_alone(suites: Suites) -> None:
    """Cases whose calls the server cancelled together may have their verdict from that: they are run alone."""
    times = itertools.count()

    async def is_struck(exchange: Exchange) -> None:
        await exchange.still_serves()
        if next(times) < 3:
            exchange.candidate.strokes.note(1.0, exchange.trace)

    async def is_struck_and_fails(exchange: Exchange) -> None:
        await exchange.still_serves()
        if next(times) < 3:
            exchange.candidate.strokes.note(1.0, exchange.trace)
            raise Broken("receive() gives an event", "it raised a cancellation")

    cases = [a_case(is_struck, "one"), a_case(is_struck, "two"), a_case(is_struck_and_fails, "three")]
    results = judged(suites, [*cases, a_case(passes, "untouched")], jobs=4)["results"]
    assert {result["case"]: result["history"] for result in results} == {
        f"{MUST}/{name}": ["pass"] for name in ("one", "two", "three", "untouched")
    }
    assert next(times) == 6
