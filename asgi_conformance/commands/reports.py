"""``report``, ``compare`` and ``merge``: what is made of results that are there already."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from asgi_conformance.commands.outputs import Outputs
from asgi_conformance.reporting import load_report
from asgi_conformance.results import Document, document, dump, load, merge


def make_reports(paths: Sequence[Path], options: Mapping[str, Any]) -> int:
    """Write reports of finished runs, or show them when no file is asked for; the exit status."""
    outputs = Outputs.of(options)
    doc = document(run for path in paths for run in load(path, complete=True)["runs"])
    if outputs.files:
        outputs.check()
        outputs.write(doc)
    else:
        show(doc)
    return 0


def show(doc: Document, verbosity: int = 0) -> None:
    """Write results to the terminal."""
    render = load_report("terminal")
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((100, 24)).columns
    click.echo(render(doc, color=color, width=width, verbosity=verbosity), nl=False, color=color)


def compare(earlier: Path, later: Path) -> int:
    """Show what changed from one run to another; the exit status, 1 when something did."""
    render = load_report("compare")
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size((100, 24)).columns
    before, after = load(earlier, complete=True), load(later, complete=True)
    click.echo(render(after, against=before, color=color, width=width), nl=False, color=color)
    return int(_verdicts(before) != _verdicts(after))


def _verdicts(doc: Document) -> list[dict[str, str]]:
    return [{result["case"]: result["verdict"] for result in run["results"]} for run in doc["runs"]]


def join(paths: Sequence[Path], output: Path) -> int:
    """Merge runs of shards or machines into one file; the exit status."""
    dump(merge({str(path): load(path) for path in paths}), output)
    return 0
