"""``python -m tests.faults [--collateral] [-v] [GLOB…]``: the table of the faults whose names match."""

from __future__ import annotations

import argparse
import fnmatch
import sys

import click

from asgi_conformance.cases import load_suites
from asgi_conformance.reference_server.faults import REGISTRY
from tests.faults import matrix, record, table


def main() -> int:
    """Run it; the exit status is 1 when something was missed, failed without cause, or cannot fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("globs", nargs="*", metavar="GLOB", help="names of faults (default: all)")
    parser.add_argument("--collateral", action="store_true", help="look at the rest of the suites too")
    parser.add_argument("--write", metavar="FILE", help="write the table as a page in Markdown")
    parser.add_argument("--record", action="store_true", help=f"note in {record.FILE.name} what turned each case red")
    parser.add_argument("-v", "--verbose", action="store_true", help="show also what is as it should be")
    given = parser.parse_args()
    chosen = [
        fault
        for fault in matrix.all_faults()
        if not given.globs or any(fnmatch.fnmatchcase(fault.name, glob) for glob in given.globs)
    ]
    suites = load_suites()
    done = matrix.run(chosen, suites, collateral=given.collateral, tell=lambda line: click.echo(line, err=True))
    click.echo(table.as_text(done, verbose=given.verbose))
    if given.write:
        with open(given.write, "w", encoding="utf-8") as file:
            file.write(table.as_markdown(done))
    if given.record:
        record.write(record.updated(record.read(), done, suites.cases, REGISTRY))
    return 0 if table.is_whole(done) else 1


if __name__ == "__main__":
    sys.exit(main())
