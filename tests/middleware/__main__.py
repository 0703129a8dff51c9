"""``python -m tests.middleware PAGE``: runs the cases behind every middleware of ``shown.py`` and writes the table.

It runs on the reference server, in whose environment the middlewares have to be installed. With ``--runs FOLDER`` the
JSON of each run is kept there, and what is there already is not run again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from asgi_conformance.results import load
from tests.middleware import shown
from tests.middleware.table import page

#: A middleware is told apart by the plain circumstances, and has no part in the rest of what a server does.
CHOICE = [
    *("--suite", "core", "--suite", "http", "--suite", "websocket", "--suite", "extensions"),
    *("--deselect", "*/kept", "--deselect", "*/http-2", "--deselect", "*/http-3", "--deselect", "*/pipelined"),
]


def run_behind(name: str, path: Path) -> str | None:
    """Run the cases behind a middleware, into a file; why it could not be, or None."""
    behind = ["--middleware", f"shown:{name}", "--env", f"PYTHONPATH={Path(__file__).parent}"]
    command = [sys.executable, "-m", "asgi_conformance", "-q", *behind, *CHOICE, "--json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (0, 1):
        return None
    return next(line for line in done.stderr.splitlines() if line.startswith("asgi-conformance: "))


def main() -> int:
    """Write it; the exit status is 2 when the page is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.middleware", description=__doc__)
    parser.add_argument("page", type=Path, help="the page in Markdown, with the marks of the table in it")
    parser.add_argument("--runs", type=Path, help="a folder for the JSON of the runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.runs or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        refused: dict[str, str] = {}
        for name in shown.NAMES:
            path = folder / f"{name}.json"
            why = None if path.is_file() else run_behind(name, path)
            if why is not None:
                refused[name] = why.partition(": ")[2]
        runs = [run for name in shown.NAMES if name not in refused for run in load(folder / f"{name}.json")["runs"]]
    try:
        text = page(given.page.read_text(encoding="utf-8"), runs, refused)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    given.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
