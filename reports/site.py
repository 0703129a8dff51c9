"""Many candidates as a folder of static files: the matrix, a page for each candidate and requirement, badges, feeds."""

from __future__ import annotations

import json
import re

from asgi_conformance.errors import UsageError
from asgi_conformance.reports import badge
from asgi_conformance.reports.html import render as render_page
from asgi_conformance.reports.matrix import Column, Matrix, Row, matrix
from asgi_conformance.reports.pages import absence, asset, environment, policy
from asgi_conformance.reports.text import visible
from asgi_conformance.results import Document, dumps
from asgi_conformance.results import document as document_of

#: What stands in ``format`` of the feed.
FEED = "asgi-conformance-clauses/1"
#: What the feed calls verdicts: who keeps a clause, who breaks it, and who is neither.
_WORDS = {"pass": "kept", "fail": "broken", "warn": "broken", "observed": "observed", "unsupported": "unsupported"}


def render(document: Document) -> dict[str, str]:
    """The files of the site by their paths; the site works from a disk and from any static server.

    Raises:
        UsageError: the document holds no run.
    """
    if not document["runs"]:
        raise UsageError("A site needs at least one run.", hint="Give the JSON files of the runs that it is to show.")
    table = matrix(document)
    files = {"index.html": _index(table), "site.css": str(asset("report.css")) + str(asset("site.css"))}
    for column in table.columns:
        alone = document_of([column.run])
        files[f"candidates/{column.slug}.html"] = render_page(
            alone, home="../index.html", requirement_page=lambda id_: f"../{page_of(id_)}"
        )
        # Each by itself: hosts of static files refuse those that are too large.
        files[_results_of(column)] = dumps(alone)
    for row in table.rows:
        files[page_of(row.id)] = _requirement(table, row)
    files.update({f"badges/{name}": text for name, text in badge.render(document).items()})
    files["clauses.json"] = clauses(table)
    return files


def page_of(id_: str) -> str:
    """The path of a requirement's page. Ids are plain words; whatever else is in one is written as its number."""
    return "requirements/" + re.sub(r"[^a-z0-9.-]", lambda found: f"_{ord(found[0]):x}", id_.lstrip(".")) + ".html"


def _index(table: Matrix) -> str:
    script = asset("matrix.js")
    return (
        environment()
        .get_template("matrix.html")
        .render(
            matrix=table,
            suites=list(dict.fromkeys(row.entry["suite"] for row in table.rows)),
            page_of=page_of,
            case_link=_case_link,
            css=asset("report.css") + asset("site.css"),
            script=script,
            policy=policy(script),
        )
    )


def _requirement(table: Matrix, row: Row) -> str:
    template = environment().get_template("requirement.html")
    return template.render(matrix=table, row=row, absence=absence(row.entry), case_link=_case_link)


def _results_of(column: Column) -> str:
    """The path of the JSON of one candidate's run."""
    return f"results/{column.slug}.json"


def _case_link(column: Column, row: Row, place: int) -> str:
    """Where the gravest case of a cell is told in full, from the root of the site."""
    verdict = row.verdicts[place]
    worst = next(result for result in row.results[place] if result["verdict"] == verdict)
    return f"candidates/{column.slug}.html#{worst['case']}"


def clauses(table: Matrix) -> str:
    """The feed: each requirement with who keeps it and who does not, for the tools of editors and frameworks."""
    feed = {
        "format": FEED,
        "candidates": {
            column.slug: {
                "name": visible(column.run["candidate"]["name"]),
                "version": _visible(column.run["candidate"]["version"]),
                "variant": _visible(column.run["candidate"]["variant"]),
                "started": visible(column.run["started"]),
                "results": _results_of(column),
            }
            for column in table.columns
        },
        "clauses": {visible(row.id): _clause(table, row) for row in table.rows},
    }
    return json.dumps(feed, indent=1) + "\n"


def _clause(table: Matrix, row: Row) -> dict[str, object]:
    entry = row.entry
    said = dict(zip((column.slug for column in table.columns), row.verdicts, strict=True))
    groups: dict[str, list[str]] = {word: [] for word in ("kept", "broken", "observed", "unsupported", "undecided")}
    for slug, verdict in said.items():
        if verdict not in ("none", "not-applicable"):
            groups[_WORDS.get(verdict, "undecided")].append(slug)
    return {
        "text": visible(entry["text"]),
        "section": visible(entry["section"]),
        "url": visible(entry["url"]),
        "level": entry["level"],
        "since": entry["since"],
        "suite": visible(entry["suite"]),
        **groups,
    }


def _visible(text: str | None) -> str | None:
    return None if text is None else visible(text)
