"""A suite of somebody else's, as a distribution of its own, works in the command and in the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = f"{sys.executable} -m asgi_conformance.reference_server <app>"

FILES = {
    "pyproject.toml": """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "house-rules"
version = "1"

[project.entry-points."asgi_conformance.suites"]
house = "house_rules"

[tool.setuptools]
packages = ["house_rules"]

[tool.setuptools.package-data]
house_rules = ["*.toml"]
""",
    "house_rules/__init__.py": '"""The rules of a house."""\n',
    "house_rules/requirements.toml": """
[meta]
document = "House rules"
url = "https://example.org/house-rules"

[[requirement]]
id = "house.path.kept"
section = "Rule 1"
level = "must"
subject = "server"
text = "The path of our shop reaches the application."
observe = "One request."
""",
    "house_rules/paths.py": '''
from asgi_conformance import Exchange, case
from asgi_conformance.expect import expect


@case("house.path.kept")
async def the_path_of_the_shop_arrives(exchange: Exchange) -> None:
    """The path of the shop arrives as it was asked for."""
    client, app = await exchange.dialogue(target="/shop")
    expect(app.scope["path"], "scope['path']").equals("/shop")
    await exchange.answered(client, app)
''',
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the built distribution is installed."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name, text in FILES.items():
        path = source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.lstrip())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(source)]
    subprocess.run(pip, check=True, capture_output=True)
    return target


def environment(installed: Path) -> dict[str, str]:
    """An environment in which the distribution can be found."""
    return {**os.environ, "PYTHONPATH": str(installed)}


def test_the_command_runs_a_third_partys_suite(installed: Path) -> None:
    """Its cases are listed, selected and judged like any other."""
    words = [sys.executable, "-m", "asgi_conformance", "--server", SERVER, "--suite", "house"]
    result = subprocess.run(words, env=environment(installed), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "house" in result.stdout


def test_the_plugin_runs_a_third_partys_suite(
    installed: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cases are items like any other."""
    monkeypatch.setenv("PYTHONPATH", str(installed))
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    result = pytester.runpytest_subprocess("--asgi-server", SERVER, "--asgi-suite", "house", "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*house.path.kept*"])
