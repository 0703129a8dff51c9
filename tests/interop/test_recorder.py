"""The recorder: what it tells of an application, and how the application's own breaches are told apart."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from asgi_conformance.cases import Case, Suites, load_suites
from asgi_conformance.results import Result
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.suites.interop.applications import _case
from asgi_conformance.suites.interop.pages import a_page_is_shown
from asgi_conformance.suites.interop.visit import Application

REFERENCE = f"{sys.executable} -m asgi_conformance.reference_server <app>"
WRONG = Application("wrong", str(Path(__file__).with_name("wrong_application")))
REQUIREMENT = "interop.request.answered"
EMPTY = ("--fault", "interop.request.answered/empty")


@pytest.fixture(scope="module")
def suites() -> Suites:
    """The catalogue, whose requirements the cases here are about."""
    return load_suites()


def judged(suites: Suites, application: Application, *words: str) -> Result:
    """The result of visiting an application's page."""
    case = Case(f"{REQUIREMENT}/it", REQUIREMENT, _case(application, a_page_is_shown), launch=application.launch)
    run = asyncio.run(run_candidate(Options(" ".join([REFERENCE, *words])), suites, [case]))
    (result,) = run["results"]
    return result


def test_a_breach_of_the_application_is_no_failure_of_the_server(suites: Suites) -> None:
    """The page was shown as it should be, so the server passes; a note names the application and its breach."""
    result = judged(suites, WRONG)
    assert result["verdict"] == "pass"
    (note,) = result["notes"]
    assert "the application, wrong, not the server, breaks the documents" in note
    assert "when it was complete" in note


def test_a_server_that_fails_an_application_that_breaks_the_documents_is_not_blamed(suites: Suites) -> None:
    """Where both went wrong, nobody can tell whose doing it was: what the browser met is in the observation."""
    result = judged(suites, WRONG, *EMPTY)
    assert result["verdict"] == "observed"
    assert "with it, expected: the page is 'hello'" in str(result["observed"])


def test_headers_that_can_be_gone_through_once_reach_the_server(suites: Suites) -> None:
    """The recorder looks at a generator of headers, and the server still gets all of them."""
    notes = [entry["text"] for entry in judged(suites, WRONG, *EMPTY)["trace"] if entry["kind"] == "note"]
    assert [note for note in notes if note.startswith("200") and "text/plain" in note]


def test_what_is_not_installed_does_not_apply(suites: Suites, tmp_path: Path) -> None:
    """An application that needs a module which is not there: the reason says what to install, and where."""
    (tmp_path / "needy.py").write_text("import a_framework_that_nobody_has\n")
    needy = Application("needy", str(tmp_path / "needy"), ("a_framework_that_nobody_has",))
    result = judged(suites, needy)
    assert result["verdict"] == "not-applicable"
    assert "not installed in the server's environment" in str(result["reason"])
    assert "pip install a_framework_that_nobody_has" in str(result["reason"])


def test_an_application_for_asyncio_does_not_apply_to_a_server_on_trio(suites: Suites, tmp_path: Path) -> None:
    """Where the server's loop is not the framework's, there is nothing to judge, and the application is not called."""
    source = Path(str(WRONG.file) + ".py").read_text()
    (tmp_path / "alone.py").write_text(source + 'LOOPS = ("asyncio",)\n')
    alone = Application("alone", str(tmp_path / "alone"))
    assert judged(suites, alone)["verdict"] == "pass"
    result = judged(suites, alone, "--backend", "trio")
    assert (result["verdict"], "event loop, trio" in str(result["reason"])) == ("not-applicable", True)


def test_an_application_that_fails_of_itself_is_no_failure_of_the_server(suites: Suites, tmp_path: Path) -> None:
    """A framework that raises, where neither receive() nor send() did, is told by its name."""
    (tmp_path / "failing.py").write_text(
        "async def application(scope, receive, send):\n"
        "    if scope['type'] == 'http' and scope['path'] == '/':\n"
        "        await send({'type': 'http.response.start', 'status': 200})\n"
        "        await send({'type': 'http.response.body'})\n"
        "        return\n"
        "    scope['a key that is optional']\n"
    )
    result = judged(suites, Application("failing", str(tmp_path / "failing"), ("asyncio",)))
    assert result["verdict"] == "observed"
    assert "the application, failing, failed: KeyError: 'a key that is optional'" in str(result["observed"])


def test_known_modules_spare_a_start(suites: Suites) -> None:
    """A candidate that has told which frameworks it has is not started for one that it does not have."""
    from asgi_conformance.candidate.launch import Launch
    from asgi_conformance.errors import LaunchImpossible
    from asgi_conformance.runner import open_starter

    async def told() -> str:
        async with open_starter(Options(REFERENCE)) as starter:
            starter.facts.importable = {"starlette": False}
            with pytest.raises(LaunchImpossible) as raised:
                starter.prepare(Launch(application="frameworks/starlette", needs=("starlette",)))
            return raised.value.message

    assert asyncio.run(told()).endswith("pip install starlette")


def test_what_the_server_hands_over_is_held_against_the_shapes(suites: Suites) -> None:
    """A scope that is wrong is a breach of the server's, also where an application could live with it."""
    from asgi_conformance.attempt import Attempt, attempt
    from asgi_conformance.runner import open_starter

    async def attempted() -> Attempt:
        async with open_starter(Options(f"{REFERENCE} --fault http.scope.client.shape/port-as-str")) as starter:
            candidate = await starter.start(WRONG.launch)
            try:
                return await attempt(candidate, suites.cases["interop.request.answered/examples"], suites)
            finally:
                await starter.stop(candidate)

    assert {breach.requirement for breach in asyncio.run(attempted()).breaches} == {"http.scope.client.shape"}
