"""The applications of frameworks on the reference server, each where its framework is installed."""

from __future__ import annotations

import asyncio

import pytest

from asgi_conformance import proof
from asgi_conformance.cases import load_suites
from asgi_conformance.runner import run_candidate
from asgi_conformance.suites.interop.applications import APPLICATIONS
from asgi_conformance.suites.interop.visit import Application


@pytest.mark.parametrize("application", [one for one in APPLICATIONS if one.needs], ids=lambda one: one.name)
def test_a_framework_is_served(application: Application) -> None:
    """A right server passes every case of the application, whatever the framework does of itself."""
    for name in application.needs:
        pytest.importorskip(name)
    suites = load_suites()
    cases = [case for case in suites.cases.values() if case.launch.application == application.file]
    run = asyncio.run(run_candidate(proof.options(), suites, cases))
    assert {result["case"]: result["verdict"] for result in run["results"]} == {case.id: "pass" for case in cases}
