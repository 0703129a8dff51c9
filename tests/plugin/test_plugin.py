"""The pytest plugin, in sessions of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SERVER = f"{sys.executable} -m asgi_conformance.reference_server <app>"
SELECT = "http.request.type*"
BROKEN = f"{SERVER} --fault http.request.type/under-another-name"


@pytest.fixture
def conformance(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A session in a process of its own, without the options of the one that runs this."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    return pytester


def run(session: pytest.Pytester, *arguments: str, server: str = SERVER, select: str = SELECT) -> pytest.RunResult:
    """Run a session against a server."""
    return session.runpytest_subprocess("--asgi-server", server, "--asgi-select", select, *arguments)


def test_nothing_is_added_without_a_server(conformance: pytest.Pytester) -> None:
    """Whoever names no server gets no item."""
    conformance.makepyfile("def test_own(): pass")
    conformance.runpytest_subprocess().assert_outcomes(passed=1)


def test_nothing_is_imported_without_a_server(conformance: pytest.Pytester) -> None:
    """Without a server the plugin costs no import of the engine."""
    conformance.makepyfile(
        """
        import sys
        def test_own():
            assert "asgi_conformance.exchange" not in sys.modules
            assert "asyncio" not in vars(sys.modules["asgi_conformance.pytest_plugin"])
        """
    )
    conformance.runpytest_subprocess().assert_outcomes(passed=1)


def test_every_selected_case_is_an_item_by_its_id(conformance: pytest.Pytester) -> None:
    """Items have the ids of their cases."""
    result = run(conformance, "--collect-only", "-q")
    result.stdout.fnmatch_lines(["asgi-conformance::http.request.type"])


def test_a_right_server_passes(conformance: pytest.Pytester) -> None:
    """The reference server gives passes alone."""
    outcomes = run(conformance).parseoutcomes()
    assert set(outcomes) == {"passed"}


def test_a_failure_shows_what_the_command_line_shows(conformance: pytest.Pytester) -> None:
    """Expected, observed, the requirement and its link are in the report of a failure."""
    result = run(conformance, server=BROKEN)
    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.fnmatch_lines(["*expected *", "*observed *", "*must *", "*www.html#request-receive-event*"])


def test_keywords_and_markers_choose(conformance: pytest.Pytester) -> None:
    """-k and -m choose among cases by id, suite, level and launch."""
    everything = run(conformance, "--strict-markers").parseoutcomes()["passed"]
    chosen = run(conformance, "-m", "asgi_http and asgi_must and asgi_launch_plain", "--strict-markers").parseoutcomes()
    assert 1 <= chosen["passed"] < everything
    assert run(conformance, "-k", "kept").parseoutcomes()["passed"] == 1


def test_only_what_is_chosen_is_run(conformance: pytest.Pytester) -> None:
    """Deselected cases are not run in the background either."""
    result = run(conformance, "-k", "kept", "--durations=0", "-vv", select="http.request.*")
    assert result.ret == 0
    assert result.duration < 30


def test_last_failed_runs_what_failed(conformance: pytest.Pytester) -> None:
    """--lf knows the cases that failed."""
    failed = run(conformance, server=BROKEN).parseoutcomes()["failed"]
    again = run(conformance, "--lf", server=BROKEN).parseoutcomes()
    assert again["failed"] == failed
    assert "passed" not in again


def test_what_the_baseline_knows_is_an_expected_failure(conformance: pytest.Pytester) -> None:
    """A known failure is an xfail, and a known failure that passes is red."""
    path = conformance.makefile(".toml", baseline='[[failing]]\ncase = "http.request.type"\nreason = "known"')
    broken = run(conformance, "--asgi-baseline", str(path), server=BROKEN).parseoutcomes()
    assert "failed" not in broken
    assert broken["xfailed"] >= 1
    right = run(conformance, "--asgi-baseline", str(path)).parseoutcomes()
    assert right["failed"] >= 1


def test_a_glob_that_matches_nothing_is_a_usage_error(conformance: pytest.Pytester) -> None:
    """A wrong selection is told in a sentence, as pytest tells usage errors."""
    result = run(conformance, select="no.such.*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no.such.** matches no case*"])


def test_a_server_that_cannot_be_run_is_told(conformance: pytest.Pytester) -> None:
    """A server that does not start fails the items with its own words, without a traceback of the engine."""
    result = run(
        conformance, server=f"{sys.executable} -c 'import sys; sys.exit(\"out of order\")' <app> <host> <port>"
    )
    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.fnmatch_lines(["*out of order*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_xdist_runs_each_case_once(conformance: pytest.Pytester) -> None:
    """With two workers the outcomes are the same, and each worker runs its own share."""
    alone = run(conformance, select="http.request.body.*").parseoutcomes()
    shared = run(conformance, "-n", "2", select="http.request.body.*").parseoutcomes()
    assert {key: count for key, count in shared.items() if key != "warnings"} == alone


OWN_TESTS = '''
import pytest

def test_plain(asgi_exchange):
    """A synchronous test holds both ends."""
    client = asgi_exchange.http1()
    client.request("GET", "/both-ends")
    app = asgi_exchange.call(client)
    assert app.scope["path"] == "/both-ends"
    waiting = app.begin_receive(beside=True)
    app.respond(201, body=b"held")
    response = client.response()
    assert (response.status, response.body) == (201, b"held")
    assert waiting.result() is not None

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_coroutine(asgi_exchange, anyio_backend):
    """A coroutine test holds both ends, on asyncio and on trio."""
    client = await asgi_exchange.http1()
    await client.request("GET", "/both-ends")
    app = await asgi_exchange.call(client)
    assert app.scope["path"] == "/both-ends"
    await app.respond(201, body=b"held")
    response = await client.response()
    assert (response.status, response.body) == (201, b"held")
'''


def test_authors_hold_both_ends_in_their_own_tests(conformance: pytest.Pytester) -> None:
    """The fixtures work in plain tests and, under anyio, in coroutine tests on asyncio and trio."""
    conformance.makepyfile(OWN_TESTS)
    result = run(conformance, "-k", "test_plain or test_coroutine", "-W", "error")
    result.assert_outcomes(passed=3, deselected=None)


def test_the_ini_file_names_the_server(conformance: pytest.Pytester) -> None:
    """asgi_server in the ini file is as good as the option."""
    conformance.makeini(f"[pytest]\nasgi_server = {SERVER}\n")
    outcomes = conformance.runpytest_subprocess("--asgi-select", SELECT).parseoutcomes()
    assert outcomes["passed"] >= 1


def test_a_case_is_located_where_it_is_written() -> None:
    """Reports point to the source of the case."""
    from asgi_conformance.cases import load_suites

    case = next(iter(load_suites().cases.values()))
    assert Path(case.function.__code__.co_filename).exists()


HOOK = """
from asgi_conformance import Candidate

def pytest_asgi_server(config):
    return {given}
"""
SAME_SERVER = """
def test_same(asgi_candidate):
    assert "--fault" in asgi_candidate.server
    assert asgi_candidate.options.timeout_scale == 2
"""


def test_a_hook_gives_the_server_to_items_and_fixtures(conformance: pytest.Pytester) -> None:
    """A Candidate from ``conftest.py`` is what the items and an author's own tests are about."""
    conformance.makeconftest(HOOK.format(given=f"Candidate({BROKEN!r}, timeout_scale=2.0)"))
    conformance.makepyfile(SAME_SERVER)
    outcomes = conformance.runpytest_subprocess("--asgi-select", SELECT).parseoutcomes()
    assert outcomes["passed"] == 1
    assert outcomes["failed"] >= 1


def test_the_command_line_has_the_last_word(conformance: pytest.Pytester) -> None:
    """A server that the command line names takes the place of the hook's."""
    conformance.makeconftest(HOOK.format(given=repr(BROKEN)))
    outcomes = run(conformance).parseoutcomes()
    assert outcomes["passed"] >= 1
    assert "failed" not in outcomes
