"""``python -m tests.history [--write FILE] [-v] [GLOB…]``: whether the suite finds the bugs whose ids match."""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import sys
from pathlib import Path

import click

from asgi_conformance.cases import load_suites
from tests.environments import Environments, cache_folder
from tests.history import bug, page, record
from tests.history.judging import Finding
from tests.history.trying import Trying


def main() -> int:
    """Run it; the exit status is 1 when a bug was missed or a good release was blamed."""
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument("globs", nargs="*", metavar="GLOB", help="ids of bugs (default: all)")
    parser.add_argument("--cache", type=Path, default=cache_folder(), metavar="DIR", help="where environments are kept")
    parser.add_argument(
        "--python", action="append", default=[], metavar="3.X=FILE", help="an interpreter that is not on PATH"
    )
    parser.add_argument(
        "--write", metavar="FILE", help="write the page: of this run, and of the last one of all others"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show also what is as it should be")
    given = parser.parse_args()
    chosen = [
        one for one in bug.load() if not given.globs or any(fnmatch.fnmatchcase(one.id, glob) for glob in given.globs)
    ]
    environments = Environments(given.cache, dict(entry.split("=", 1) for entry in given.python))
    trying = Trying(load_suites(), environments, lambda line: click.echo(line, err=True))
    tried = asyncio.run(trying.all(chosen))
    click.echo(page.as_text(tried, verbose=given.verbose))
    results = given.cache / "results.json"
    record.keep(results, tried)
    if given.write:
        Path(given.write).write_text(page.as_markdown(record.recall(results, bug.load())), encoding="utf-8")
    return any(one.judged.finding in (Finding.MISSED, Finding.FALSE) for one in tried)


if __name__ == "__main__":
    sys.exit(main())
