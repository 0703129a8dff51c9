"""Properties: the smallest counterexample is told, the same one every time, and how to see it again."""

from __future__ import annotations

import asyncio
import sys

import pytest

from asgi_conformance import proof
from asgi_conformance.cases import load_suites, select
from asgi_conformance.results import Result
from asgi_conformance.runner import Options, command_for, run_candidate
from asgi_conformance.sampling import Sampling

BODY = "property.request.body"


def result_of(case: str, fault: str, sampling: Sampling) -> Result:
    """What a property comes to on the reference server with a fault."""
    suites = load_suites()
    options = proof.options("--fault", fault)
    unhurried = Options(options.server, sampling=sampling, timeout_scale=5.0)  # also with other things to do
    return asyncio.run(run_candidate(unhurried, suites, select(suites, only=[case])))["results"][0]


@pytest.mark.parametrize("seed", [0, 1])
def test_the_smallest_counterexample_is_told(seed: int) -> None:
    """Whatever it was found with, the one byte that is lost is what is left of it."""
    result = result_of(BODY, f"{BODY}/substitute-lost", Sampling(seed=seed, examples=1000))
    assert result["verdict"] == "fail"
    assert result["expected"] == r"the request body is b'\x1a'"
    assert f"seed {seed}, made as small as it gets: a content of b'\\x1a'" in (result["observed"] or "")


def test_a_run_can_be_repeated() -> None:
    """The same seed finds the same example, the command for a case says which seed it was, and nothing else changes."""
    sampling = Sampling(examples=60, seed=3)
    path = "property.request.path"
    usual_turn = sys.getswitchinterval()
    first, again = [result_of(path, f"{path}/raw-tilde-encoded", sampling)["observed"] for _ in range(2)]
    assert first == again
    assert sys.getswitchinterval() == usual_turn
    case = load_suites().cases[path]
    command = command_for(case, Options("server <app>", sampling=sampling))
    assert command.endswith(f"--select {path} --examples 60 --seed 3")


def test_what_is_refused_is_no_counterexample_and_no_proof() -> None:
    """A server that refuses all examples fails nothing, and passes nothing."""
    suites = load_suites()
    server = f"{sys.executable} -m asgi_conformance.reference_server.control_servers always-400 <app>"
    options = Options(f"{server} --host <host> --port <port>", timeout_scale=0.1, ready="connect")
    run = asyncio.run(run_candidate(options, suites, select(suites, only=[BODY])))
    assert run["results"][0]["verdict"] == "inconclusive"
