"""The habits of the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = {".py", ".md", ".toml", ".yml", ".html", ".css", ".js", ".txt"}


def tracked() -> list[Path]:
    """The text files that are part of the project."""
    try:
        names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
            "\n"
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout")
    return [path for name in names if name and (path := ROOT / name).suffix in TEXT and path.exists()]


def test_modules_stay_short() -> None:
    """No module of the engine, the suites or the reports has grown past what can be read at once."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("asgi_conformance", "suites", "reports")
        if (lines := len(path.read_text().splitlines())) > 320
    }
    assert long == {}


def test_nothing_is_left_for_later() -> None:
    """No mark of unfinished work stands in the code."""
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|NotImplemented" + r"Error")
    code = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"]
    assert [str(path) for path in code if marks.search(path.read_text())] == []


def test_links_inside_the_documentation_lead_somewhere() -> None:
    """A relative link in a page is the path of a file."""
    broken = []
    for page in [path for path in tracked() if path.suffix == ".md"]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith(("http", "mailto:")) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_begins_with_its_two_commands() -> None:
    """The first two fenced shell blocks are one line each: the main job, then the tests."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    first, second = blocks[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert "uvicorn <app>" in first
    assert "pytest" in second
