"""``asgi-conformance repro``: what it writes, and what it says where it writes nothing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asgi_conformance import proof, run
from asgi_conformance.cli import cli
from asgi_conformance.errors import ConformanceError
from asgi_conformance.results import document, dump
from tests.repro.played import status

CASE = "http.scope.method.uppercase"
FAULT = f"{proof.REFERENCE} --fault http.scope.method.uppercase/as-sent"


def repro(*words: str) -> Result:
    """The command, run in this process."""
    return CliRunner().invoke(cli, ["repro", *words])


def refusal(*words: str) -> str:
    """What the command says when it writes nothing."""
    error = repro(*words).exception
    assert isinstance(error, ConformanceError), error
    return str(error)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The JSON of a run in which the case failed."""
    path = tmp_path_factory.mktemp("report") / "run.json"
    dump(document([run(server=FAULT, select=[CASE])]), path)
    return path


def test_a_report_and_a_case_give_a_file(report: Path, tmp_path: Path) -> None:
    """The command is that of the run; the file cites the requirement and imports the standard library only."""
    path = tmp_path / "shown.py"
    done = repro(str(report), CASE, "-o", str(path))
    assert done.exit_code == 0, done.output
    assert str(path) in done.output
    text = path.read_text()
    for part in ("breaks http.scope.method.uppercase", "Expected: ", "Observed: ", "https://asgi.readthedocs.io/"):
        assert part in text
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= set(sys.stdlib_module_names)
    assert max(map(len, text.partition("# The rest is plumbing")[2].splitlines())) <= 120
    assert status(text, tmp_path) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no.such.case"], "there is no case 'no.such.case'"),
        ([CASE], "does not fail on"),
        (["missing.json", CASE], "missing.json is no file"),
        (["lifespan.startup.failed.serves-nothing/waits"], "it starts, signals and ends the server itself"),
        ([CASE, "--server", "uvicorn"], "has no <app>"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(words: list[str], said: str) -> None:
    """No file, no traceback."""
    assert said in refusal(*words)


def test_a_report_knows_its_server(report: Path) -> None:
    """A report together with --server, or without the case, is a mistake."""
    assert "which server" in refusal(str(report), CASE, "--server", "uvicorn <app>")
    assert "has no run of" in refusal(str(report), "http.scope.type.value/nothing")


def test_three_arguments_are_a_mistake() -> None:
    """One case, or a report and one case."""
    assert repro("a", "b", "c").exit_code == 2
