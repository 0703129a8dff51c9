"""The suite by its command and as items of pytest: the same verdicts, and about the same time.

``python tests/benchmarks/in_pytest.py "uvicorn <app>"`` needs nothing of this checkout but itself, so that it measures
what is installed: ``nox -s wheel`` runs it where only the wheel, pytest and a server are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

#: What a verdict is in pytest.
IN_PYTEST = {
    **dict.fromkeys(("pass", "observed", "warn"), "passed"),
    **dict.fromkeys(("unsupported", "not-applicable"), "skipped"),
    **dict.fromkeys(("fail", "inconclusive", "error"), "failed"),
}
#: How many times longer pytest may take.
MOST = 1.5


def main() -> int:
    """Run both and compare; the exit status is 1 when an outcome differs or pytest takes too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("server", help="the server's command, with <app>")
    parser.add_argument("--runs", type=int, default=2, help="how many runs of each the best one is of")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        by_command, verdicts = min((command(given.server, Path(folder)) for _ in range(given.runs)), key=first)
        by_pytest, outcomes = min((pytest(given.server, Path(folder)) for _ in range(given.runs)), key=first)
    ratio = by_pytest / by_command
    print(f"{given.server}: {len(verdicts)} cases, best of {given.runs}: command {by_command:.1f} s,", end=" ")
    print(f"pytest {by_pytest:.1f} s, {ratio:.2f} times as long")
    different = sorted(
        name for name in {*verdicts, *outcomes} if outcomes.get(name) != IN_PYTEST.get(verdicts.get(name, ""))
    )
    for name in different:
        print(f"{name}: {verdicts.get(name)} by the command, {outcomes.get(name)} in pytest")
    return 1 if different or ratio > MOST else 0


def first(measured: tuple[float, dict[str, str]]) -> float:
    """The time of what was measured."""
    return measured[0]


def command(server: str, folder: Path) -> tuple[float, dict[str, str]]:
    """How long the command takes in seconds, and the verdicts by case."""
    words = [str(Path(sys.executable).with_name("asgi-conformance")), "--server", server, "--json", "run.json", "-q"]
    seconds = timed(words, folder)
    results = json.loads((folder / "run.json").read_text(encoding="utf-8"))["runs"][0]["results"]
    return seconds, {result["case"]: result["verdict"] for result in results}


def pytest(server: str, folder: Path) -> tuple[float, dict[str, str]]:
    """How long pytest takes in seconds, and the outcomes by item."""
    words = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--asgi-server", server, "--junitxml", "run.xml"]
    seconds = timed(words, folder)
    outcomes = {}
    for item in ElementTree.parse(folder / "run.xml").iter("testcase"):
        inside = {child.tag for child in item}
        outcome = "failed" if inside & {"failure", "error"} else "skipped" if "skipped" in inside else "passed"
        outcomes[item.attrib["name"]] = outcome
    return seconds, outcomes


def timed(words: list[str], folder: Path) -> float:
    """Run a command in a folder. Raises RuntimeError when it could not do its work."""
    began = time.monotonic()
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{words[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
