"""Every command that the documentation shows: it works, as it stands there, but for the server that it names."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
#: Pages that are about servers and tell no reader what to run.
ABOUT_SERVERS = ("findings.md", "history.md", "discrimination.md", "agreement.md")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in ABOUT_SERVERS),
]
BLOCK = re.compile(r"^```\w*\n(.*?)^```|((?:^    .+\n)+)", re.DOTALL | re.MULTILINE)
#: What is said behind a command, with two spaces between.
REMARK = re.compile(r"\s{2,}.*$")
#: A server that breaks one requirement, in the place of the server that a page names.
SERVER = shlex.join([sys.executable, "-m", "asgi_conformance.reference_server", "<app>", "--fault"])
FAULT = "http.scope.client.shape/port-as-str"
CASE = "http.scope.client.shape"
COMMANDS = ("compare", "doctor", "explain", "list", "merge", "report", "repro", "serve")


def shown() -> Iterator[str]:
    """The lines of the pages' code blocks."""
    for page in PAGES:
        for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
            yield from (REMARK.sub("", line.strip()) for line in (match[1] or match[2]).splitlines())


def of_the_suite() -> list[str]:
    """The calls of ``asgi-conformance``, each once."""
    return sorted({line for line in shown() if line.startswith("asgi-conformance ")})


def of_the_project() -> list[str]:
    """The calls of the project's own modules and tests, each once."""
    return sorted({line for line in shown() if re.match(r"python -m (pytest|tests)\b", line)})


def on_one_case(line: str) -> list[str]:
    """The words behind ``asgi-conformance``, with a server that is here, one case and few examples."""
    words = shlex.split(re.sub(r"--examples \d+", "--examples 20", line))[1:]
    words = [f"{SERVER} {FAULT}" if "<app>" in word or word == "…" else word for word in words]
    if words[0] in COMMANDS:
        return words
    chosen = {"--select", "--suite"} & set(words)
    return words if "--select" in chosen else [*words, "--select", "property.request.query" if chosen else CASE]


@pytest.mark.parametrize("line", of_the_suite())
def test_a_command_of_the_suite_works(line: str, command: Command, tmp_path: Path) -> None:
    """What a page shows runs, with the files that it names, and ends with a status that is no complaint about it."""
    needed = [name for name in ("run.json", "before.json", "after.json") if re.search(rf"\b(?<!--json ){name}", line)]
    for name in needed:
        command("--server", f"{SERVER} {FAULT}", "--select", CASE, "--json", name)
    (tmp_path / "conformance.toml").touch()
    (tmp_path / "mymiddlewares.py").write_text("def gzip(application):\n    return application\n")
    result = command(*on_one_case(line))
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


@pytest.mark.parametrize("line", of_the_project())
def test_a_command_of_the_project_is_there(line: str) -> None:
    """A module and the files that a page has a contributor run exist, and the module takes the options."""
    _, _, module, *words = shlex.split(line, comments=True)
    assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
    if module != "pytest":
        told = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert [word for word in words if word.startswith("--") and word not in told.stdout] == []


def test_every_session_is_there() -> None:
    """Each session of nox that a page names is in the noxfile."""
    sessions = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        name
        for page in PAGES
        for names in re.findall(r"nox -s ([a-z ]+)", page.read_text(encoding="utf-8"))
        for name in names.split()[:1]
    }
    assert named
    assert named - sessions == set()
