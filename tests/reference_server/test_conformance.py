"""The reference server under the whole suite: it passes, and shorn of all that is optional it fails nothing."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from asgi_conformance import proof
from asgi_conformance.cases import load_suites
from asgi_conformance.results import Result
from asgi_conformance.runner import run_candidate

#: The only reasons for which a case may come to no verdict: what the server does not have, by its own declaration.
DECLARED = [
    # A server should not have it.
    r"the scope does not list (the extension )?http\.response\.debug",
    # It is a feature of HTTP/2, and listed there.
    r"the scope does not list (the extension )?http\.response\.push",
    # What a server does with the events of an extension that it does not have.
    r"the scope lists (http|websocket)\.",
    # Before version 3.13 Python does not tell a server more of what a client sent.
    *([r"client_cert_chain has the client's own certificate alone"] if sys.version_info < (3, 13) else []),
    # It does not read the headers of proxies.
    r"no wrapper is on",
    # Frameworks are no dependencies of this suite.
    r"not installed in the server's environment",
    r"this application does not run in the server's event loop",
]


def results_of(*words: str) -> list[Result]:
    """The results of all cases, against the reference server with further options."""
    suites = load_suites()
    run = asyncio.run(run_candidate(proof.options(*words), suites, list(suites.cases.values())))
    assert run["complete"]
    return run["results"]


def told(results: list[Result]) -> list[str]:
    """The results in words, for a failure's message."""
    return [f"{result['case']}: {result['verdict']}: {result['observed'] or result['reason']}" for result in results]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_passes_every_case(backend: str) -> None:
    """Every case passes or observes, but for what the server declares not to have."""
    other = [result for result in results_of("--backend", backend) if result["verdict"] not in ("pass", "observed")]
    undeclared = [
        result
        for result in other
        if result["verdict"] not in ("unsupported", "not-applicable")
        or not any(re.match(pattern, result["reason"] or "") for pattern in DECLARED)
    ]
    assert told(undeclared) == []


def test_a_server_without_anything_optional_fails_nothing() -> None:
    """Where every optional key, extension and version is left out, nothing is held against the server."""
    results = results_of("--spec-minimal")
    assert told([one for one in results if one["verdict"] in ("fail", "warn", "inconclusive", "error")]) == []
    assert sum(result["verdict"] == "pass" for result in results) > len(results) / 4
