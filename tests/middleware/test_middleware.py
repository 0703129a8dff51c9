"""A middleware as the candidate: both faces are judged, apart from the server and from what is wrapped."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from asgi_conformance.commands.run import REFERENCE
from tests.cli.conftest import Command, command, marked_environment
from tests.cli.test_bad_input import assert_told

__all__ = ["command", "marked_environment"]

HERE = str(Path(__file__).parent)
SHAPE = "http.scope.query-string.type"
CASE = "http.response.body.sent"
LOWER_CASE = "http.response.start.headers.lower-case"


def words(name: str, *more: str) -> list[str]:
    """The options for a middleware of this folder."""
    return ["--middleware", f"middlewares:{name}", "--env", f"PYTHONPATH={HERE}", *more]


def result_of(path: Path, case: str) -> dict[str, Any]:
    """The result of a case in the one run of a file."""
    (run,) = json.loads(path.read_text())["runs"]
    return next(result for result in run["results"] if result["case"] == case)


def test_a_transparent_middleware_passes(command: Command, tmp_path: Path) -> None:
    """What changes nothing breaks nothing, and it is named in the report and in the results."""
    path = tmp_path / "run.json"
    result = command(*words("transparent", "--select", "http.scope.*", "--json", str(path)))
    assert_told(result, 0, "behind middlewares:transparent", "keeps the documents")
    (run,) = json.loads(path.read_text())["runs"]
    assert run["middleware"] == {"factory": "middlewares:transparent", "sent": [], "without": {}}
    assert "--middleware middlewares:transparent" in next(iter(run["cases"].values()))["command"]
    assert_told(command("report", str(path), "--junit", "junit.xml"), 0)
    assert "behind middlewares:transparent" in (tmp_path / "junit.xml").read_text()


def test_a_wrong_scope_is_the_middlewares_doing(command: Command, tmp_path: Path) -> None:
    """A case that fails behind the middleware, and passes without it on the same server, is the middleware's."""
    path = tmp_path / "run.json"
    assert_told(command(*words("text_query", "--select", SHAPE, "--json", str(path))), 1)
    found = result_of(path, SHAPE)
    assert found["verdict"] == "fail"
    assert "without the middleware: pass; so this is the middleware's doing" in found["notes"]


def test_what_the_server_does_is_not_the_middlewares(command: Command, tmp_path: Path) -> None:
    """A case that the server fails without the middleware, too, is no failure of the middleware."""
    server = f"{REFERENCE} --fault http.scope.client.shape/port-as-str"
    path = tmp_path / "run.json"
    options = ["--server", server, "--select", "http.scope.client.shape", "--json", str(path)]
    assert_told(command(*words("transparent", *options)), 0)
    assert "the server's doing" in result_of(path, "http.scope.client.shape")["notes"][-1]


def test_what_a_middleware_sends_is_judged(command: Command, tmp_path: Path) -> None:
    """A breach on the upper face is told with the requirement on applications, and the status is 1."""
    path = tmp_path / "run.json"
    result = command(*words("capital_header", "--select", CASE, "--json", str(path)))
    assert_told(result, 1, "breaks the documents", LOWER_CASE, "X-Added")
    (run,) = json.loads(path.read_text())["runs"]
    (sent,) = run["middleware"]["sent"]
    assert sent["requirement"] == LOWER_CASE
    assert f"what the middleware sent breaks {LOWER_CASE}" in result_of(path, sent["case"])["notes"][-1]


def test_what_is_wrapped_is_not_blamed_on_the_middleware(command: Command) -> None:
    """Where a case has the wrapped application send what is wrong, the middleware that hands it on is excused."""
    cases = ["--select", "http.response.start.status.wrong-type", "--select", "core.error.send.*"]
    assert_told(command(*words("transparent", *cases)), 0, "keeps the documents")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no_such_package.module:factory", "there is no module 'no_such_package' in the server's environment"),
        ("middlewares:no_such", "the module 'middlewares' has no attribute 'no_such'"),
        ("middlewares:not_callable", "is no callable, but of type int"),
        ("middlewares:raises", "raised ValueError: a setting is missing"),
        ("middlewares:gives_nothing", "gave no application, but None"),
        ("middlewares", "is not of the form package.module:factory"),
    ],
)
def test_what_is_no_middleware_is_a_usage_error(command: Command, name: str, told: str) -> None:
    """Each thing that can be wrong with the factory is told in a sentence, with status 2 and no traceback."""
    options = ["--middleware", name, "--env", f"PYTHONPATH={HERE}", "--select", SHAPE]
    assert_told(command(*options), 2, told, "--middleware takes package.module:factory")


def test_a_middleware_is_looked_for_where_the_server_runs(command: Command) -> None:
    """The suite's own path does not matter: without the variable for the server, its module is not found."""
    server = shlex.join([sys.executable, "-m", "asgi_conformance.reference_server", "<app>"])
    result = command("--server", server, "--middleware", "middlewares:transparent", "--select", SHAPE)
    assert_told(result, 2, "there is no module 'middlewares'")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import a_module_that_nobody_has", "cannot be imported: No module named 'a_module_that_nobody_has'"),
        ("raise RuntimeError('not today')", "cannot be imported: RuntimeError: not today"),
        ("def factory(:", "cannot be imported: SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told(command: Command, tmp_path: Path, source: str, told: str) -> None:
    """The module is there, and fails: what it says is told, and the module that it lacks by name."""
    (tmp_path / "failing.py").write_text(source)
    options = ["--middleware", "failing:factory", "--env", f"PYTHONPATH={tmp_path}", "--select", SHAPE]
    assert_told(command(*options), 2, "the module 'failing'", told)
