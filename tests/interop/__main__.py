"""``python -m tests.interop PAGE RUN…``: writes the table of these runs, JSON of ``--suite interop``, into a page.

A file of packages (``pip list --format json``) beside a run, with the name of the run and ``.packages.json``, tells the
versions of the frameworks.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from asgi_conformance.results import load
from tests.interop.table import page


def versions(runs: list[Path]) -> dict[str, str]:
    """The versions of all packages that lie beside the runs, by name."""
    found: dict[str, str] = {}
    for run in runs:
        packages = run.with_suffix(".packages.json")
        if packages.is_file():
            found |= {one["name"].lower(): one["version"] for one in json.loads(packages.read_text(encoding="utf-8"))}
    return found


def main() -> int:
    """Write it; the exit status is 2 when the page is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.interop", description=__doc__)
    parser.add_argument("page", type=Path, help="the page in Markdown, with the marks of the table in it")
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="the JSON of a run of the suite interop")
    given = parser.parse_args()
    runs = [run for path in given.runs for run in load(path)["runs"]]
    try:
        text = page(given.page.read_text(encoding="utf-8"), runs, versions(given.runs))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    given.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
