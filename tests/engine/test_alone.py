"""Cases that have a candidate to themselves: those that want to, and those that it did not survive."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace

from asgi_conformance.alone import Alone, Single
from asgi_conformance.attempt import Attempt
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.running import Facts, RunningCandidate
from asgi_conformance.cases import Case, Suites
from asgi_conformance.control import Session
from asgi_conformance.errors import CandidateError
from asgi_conformance.exchange import Exchange
from asgi_conformance.patience import Patience
from asgi_conformance.sampling import Sampling
from asgi_conformance.schedule import Judgement
from asgi_conformance.verdict import Broken, Verdict
from tests.engine.judging import MUST, a_case, judged, kills, passes


def test_a_candidate_that_died_is_told_by_its_exit(suites: Suites) -> None:
    """The verdict on a killer says how the server's process ended."""
    (result,) = judged(suites, [a_case(kills)])["results"]
    assert "SIGKILL" in str(result["observed"])


def listens_no_more(exchange: Exchange) -> Awaitable[None]:
    """Let the candidate, alive, be found at an address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        exchange.candidate.address = replace(exchange.candidate.address, port=free.getsockname()[1])
    return asyncio.sleep(0)


def test_a_candidate_that_listens_no_more_fails_one_case(suites: Suites) -> None:
    """A case that finds nothing wrong, but after which the server takes no connections, fails, and no other does."""

    async def closes(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)

    cases = [a_case(passes, f"pass-{number}") for number in range(40)]
    cases.insert(20, a_case(closes, "closes"))
    results = judged(suites, cases, jobs=4)["results"]
    (failed,) = (result for result in results if result["verdict"] != "pass")
    assert failed["case"] == f"{MUST}/closes"
    assert failed["history"] == ["fail", "fail"]
    assert failed["observed"] == "it served no new connection afterwards"
    assert failed["trace"]


def test_a_case_after_which_nobody_listens_fails_alone(suites: Suites) -> None:
    """What fails, and leaves a server that takes no connections, has its verdict; those beside it have theirs."""

    async def breaks_it(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)
        raise Broken("x is 1", "x is 2")

    cases = [a_case(passes, f"pass-{number}") for number in range(20)]
    cases += [a_case(breaks_it, f"breaks-{number}") for number in range(3)]
    cases += [a_case(passes, f"late-{number}") for number in range(20)]
    results = judged(suites, cases, jobs=4)["results"]
    assert {r["case"]: r["verdict"] for r in results if "breaks" in r["case"]} == {
        f"{MUST}/breaks-{number}": "fail" for number in range(3)
    }
    assert {r["verdict"] for r in results if "breaks" not in r["case"]} == {"pass"}


def process_of(exchange: Exchange) -> int:
    """The id of the process of an exchange's candidate."""
    assert exchange.candidate.process is not None
    return exchange.candidate.process.pid


def test_exclusive_cases_run_side_by_side(suites: Suites) -> None:
    """Each has a candidate that no other one uses at that time, and none waits for all others."""
    using: Counter[int] = Counter()
    most: list[tuple[int, int]] = []

    async def uses(exchange: Exchange) -> None:
        using[process_of(exchange)] += 1
        await asyncio.sleep(0.5)
        most.append((max(using.values()), sum(using.values())))
        using[process_of(exchange)] -= 1
        await exchange.still_serves()

    cases = [a_case(uses, f"uses-{number}", exclusive=True) for number in range(12)]
    assert {result["verdict"] for result in judged(suites, cases)["results"]} == {"pass"}
    assert max(alone for alone, _ in most) == 1
    assert max(together for _, together in most) > 1


def test_a_candidate_serves_the_next_case_when_the_last_one_passed(suites: Suites) -> None:
    """What found something wrong may have harmed its candidate; what passed leaves it to another one."""
    served: list[int] = []

    async def uses(exchange: Exchange) -> None:
        await exchange.still_serves()
        served.append(process_of(exchange))

    async def uses_and_breaks(exchange: Exchange) -> None:
        await uses(exchange)
        raise Broken("x is 1", "x is 2")

    judged(suites, [a_case(uses, f"uses-{number}", exclusive=True) for number in range(20)])
    assert len(set(served)) < len(served)
    served.clear()
    judged(suites, [a_case(uses_and_breaks, f"breaks-{number}", exclusive=True) for number in range(10)])
    assert len(set(served)) == len(served)


def test_what_a_case_before_left_behind_counts_for_nobody(suites: Suites) -> None:
    """A case that does not pass on a candidate that others have used is tried on a new one, and that is its verdict."""
    served: Counter[int] = Counter()

    async def wants_a_new_one(exchange: Exchange) -> None:
        await exchange.still_serves()
        served[process_of(exchange)] += 1
        if served[process_of(exchange)] > 1:
            raise Broken("nobody was here before", "somebody was")

    cases = [a_case(wants_a_new_one, f"wants-{number}", exclusive=True) for number in range(20)]
    results = judged(suites, cases)["results"]
    assert {tuple(result["history"]) for result in results} == {("pass",)}
    assert max(served.values()) == 2


def test_who_had_a_candidate_that_is_gone_is_asked_again(suites: Suites) -> None:
    """A case that passed, and after which the server takes no connections, passes no more; who came next does."""

    async def closes(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)

    cases = [a_case(closes, "closes", exclusive=True)]
    cases += [a_case(passes, f"pass-{number}", exclusive=True) for number in range(9)]
    results = {result["case"]: result for result in judged(suites, cases)["results"]}
    closed = results.pop(f"{MUST}/closes")
    assert closed["history"][:2] == ["pass", "fail"]
    assert {result["verdict"] for result in results.values()} == {"pass"}


def test_who_ends_a_candidate_that_it_had_alone_does_not_pass(suites: Suites) -> None:
    """An exclusive case that ends the server, or leaves it deaf, fails though it found nothing, as the last one too."""

    async def ends_it(exchange: Exchange) -> None:
        await exchange.still_serves()
        assert exchange.candidate.process is not None
        exchange.candidate.process.kill()
        await exchange.candidate.exited()

    async def deafens_it(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)

    cases = [a_case(ends_it, "ends-it", exclusive=True), a_case(deafens_it, "deafens-it", exclusive=True)]
    results = {result["case"]: result for result in judged(suites, cases)["results"]}
    assert results[f"{MUST}/ends-it"]["history"] == ["fail", "fail"]
    assert results[f"{MUST}/deafens-it"]["history"][:2] == ["pass", "fail"]


def test_what_waits_for_a_server_that_is_deaf_is_cut_short(suites: Suites) -> None:
    """A case under way does not learn that the server takes no connections any more; it is run again, alone."""
    times = itertools.count()

    async def closes(exchange: Exchange) -> None:
        await exchange.still_serves()
        await listens_no_more(exchange)
        raise Broken("x is 1", "x is 2")

    async def waits(exchange: Exchange) -> None:
        await exchange.still_serves()
        if next(times) == 0:
            await asyncio.Event().wait()

    cases = [a_case(waits, "waits"), a_case(closes, "closes"), *(a_case(passes, f"{one}") for one in range(9))]
    results = {result["case"]: result for result in judged(suites, cases, jobs=4)["results"]}
    assert results[f"{MUST}/waits"]["history"] == ["pass"]
    assert results[f"{MUST}/waits"]["duration_s"] < 5
    assert results[f"{MUST}/closes"]["history"] == ["fail", "fail"]


class Deadly:
    """Runs of cases on candidates that each die of the first one, and serve nothing."""

    def __init__(self) -> None:
        self.told: list[Attempt] = []
        self.judgements: dict[str, Judgement] = {}

    async def start(self, launch: Launch) -> RunningCandidate:
        """A candidate that has not begun."""
        return RunningCandidate(Session(""), launch, Patience(), Facts(), Sampling())

    async def stop(self, candidate: RunningCandidate, grace: float | None = None) -> None:
        """Nothing to stop."""

    async def attempt(self, candidate: RunningCandidate, case: Case, *, questioned: bool = False) -> Attempt:
        """The end of the candidate."""
        return Attempt(case, Verdict.FAIL, died=True)

    async def serves(self, candidate: RunningCandidate) -> bool:
        """It does not."""
        return False

    def tell(self, result: Attempt) -> None:
        """Keep it for the test."""
        self.told.append(result)

    keep = show = tell


def test_a_server_that_serves_nothing_is_given_up() -> None:
    """After a dozen deaths in a row it has to serve a plain request; where it does not, the rest is inconclusive."""
    runs, launch = Deadly(), Launch()
    singles = [Single(a_case(passes, f"{number}")) for number in range(30)]
    asyncio.run(Alone(runs, launch, singles, asyncio.Semaphore(2)).run(2))
    assert len(runs.told) == 30
    assert [one.verdict for one in runs.told[:12]] == [Verdict.FAIL] * 12
    assert {one.verdict for one in runs.told[14:]} == {Verdict.INCONCLUSIVE}
    assert "serves no plain request" in str(runs.told[-1].reason)


class Refusing(Deadly):
    """Runs of cases on candidates that take no connection from the first one on."""

    async def attempt(self, candidate: RunningCandidate, case: Case, *, questioned: bool = False) -> Attempt:
        """A connection that is refused."""
        candidate.refuses()
        return Attempt(case, Verdict.FAIL, died=True, came_too_late=True)


def test_a_server_that_refuses_every_connection_is_given_up() -> None:
    """A case that came too late each time is not tried for ever: after a dozen times all are inconclusive."""
    runs = Refusing()
    singles = [Single(a_case(passes, f"{number}")) for number in range(5)]
    asyncio.run(asyncio.wait_for(Alone(runs, Launch(), singles, asyncio.Semaphore(2)).run(2), 10))
    assert [one.verdict for one in runs.told] == [Verdict.INCONCLUSIVE] * 5
    assert "serves no plain request" in str(runs.told[0].reason)


class Stubborn(Deadly):
    """Runs of cases on candidates that are harmed by each, and of which every third one does not start."""

    def __init__(self) -> None:
        super().__init__()
        self._starts = itertools.count(1)

    async def start(self, launch: Launch) -> RunningCandidate:
        """A candidate that has not begun. Raises CandidateError."""
        if next(self._starts) % 3 == 0:
            raise CandidateError("It did not listen.")
        return await super().start(launch)

    async def attempt(self, candidate: RunningCandidate, case: Case, *, questioned: bool = False) -> Attempt:
        """A breach."""
        return Attempt(case, Verdict.FAIL)


def test_a_start_that_fails_once_costs_one_case() -> None:
    """When a candidate has started so before, one that does not leaves its case inconclusive, and the others go on."""
    runs = Stubborn()
    singles = [Single(a_case(passes, f"{number}")) for number in range(9)]
    asyncio.run(Alone(runs, Launch(), singles, asyncio.Semaphore(2)).run(2))
    assert Counter(one.verdict for one in runs.told) == {Verdict.FAIL: 6, Verdict.INCONCLUSIVE: 3}
    assert {one.reason for one in runs.told if one.reason} == {"the launch plain: It did not listen."}
