"""What counts as noticing a fault, and what as collateral."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest

from asgi_conformance import proof
from asgi_conformance.cases import Case
from asgi_conformance.proof import Outcome
from asgi_conformance.reference_server.faults import Fault
from asgi_conformance.results import Result


def result(verdict: str, level: str = "must", observed: str | None = None) -> Result:
    """A result of the case ``a.b``, as far as it matters here."""
    return cast(Result, {"case": "a.b", "verdict": verdict, "level": level, "observed": observed})


CLEAN = proof.clean([cast(Any, {"results": [result("pass")]})])
OBSERVED = proof.clean([cast(Any, {"results": [result("observed", observed="it took 3.5 ms and raised")]})])


@pytest.mark.parametrize(
    ("one", "usual", "red"),
    [
        (result("fail"), CLEAN, True),
        (result("warn"), CLEAN, True),
        (result("pass"), CLEAN, False),
        (result("inconclusive"), CLEAN, False),
        (result("error"), CLEAN, False),
        # An optional feature that a must hangs on is gone: that is no breach.
        (result("unsupported"), CLEAN, False),
        # A may that is otherwise than it was is noticed.
        (result("observed", "may", "it raised"), CLEAN, True),
        # Numbers differ from run to run.
        (result("observed", observed="it took 17 ms and raised"), OBSERVED, False),
        (result("observed", observed="it took 17 ms and returned"), OBSERVED, True),
        (result("pass"), OBSERVED, True),
        (result("inconclusive", "may"), OBSERVED, False),
    ],
)
def test_what_is_red(one: Result, usual: proof.Clean, red: bool) -> None:
    """A breach is red, and so is an observation that differs from what is observed without the fault."""
    assert proof.is_red(one, usual) is red


def _case(name: str) -> Case:
    async def function() -> None:
        """Nothing."""

    return Case(name, name.partition("/")[0], function)


FAULT = Fault("a.b/wrong", "a.b", ("a.c/*",), ("a.d*",), "It is wrong.", (), lambda original: original)
CASES = [_case(name) for name in ("a.b", "a.b/one", "a.c/one", "a.d.e", "x.y")]


def test_what_is_missed() -> None:
    """Of each requirement that must notice, one case is enough, and each for which there is none is told."""
    assert proof.missed(FAULT, Outcome("", frozenset({"a.b/one", "a.c/one"})), CASES) == []
    assert proof.missed(FAULT, Outcome("", frozenset({"a.b/one", "x.y"})), CASES) == ["a.c/*"]
    assert proof.missed(FAULT, Outcome(""), CASES) == ["a.b", "a.c/*"]


def test_what_is_collateral() -> None:
    """Whatever is neither of the broken requirements nor declared to follow has nothing to do with it."""
    everything = Outcome("", frozenset(case.id for case in CASES))
    assert proof.collateral(FAULT, everything, CASES) == ["x.y"]
    narrower = dataclasses.replace(FAULT, breaks="a.b/one", follows=())
    assert proof.collateral(narrower, everything, CASES) == ["a.d.e", "x.y"]
