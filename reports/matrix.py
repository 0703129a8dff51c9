"""Many runs held against each other: the verdict of every candidate on every requirement."""

from __future__ import annotations

from dataclasses import dataclass, field

from asgi_conformance.reports.badge import slugs
from asgi_conformance.reports.sections import Section, outline
from asgi_conformance.reports.view import MARKS, Standing, standing
from asgi_conformance.results import Document, Requirement, Result, Run, label

_GRAVITY = {verdict: number for number, verdict in enumerate(MARKS)}
#: Verdicts by which candidates can be said to agree or to differ: the others judge nothing.
_JUDGING = ("pass", "fail", "warn", "observed", "unsupported")


@dataclass(frozen=True)
class Column:
    """One candidate of the matrix; ``slug`` is its name in addresses."""

    slug: str
    run: Run
    name: str
    standing: Standing


@dataclass(frozen=True)
class Row:
    """One requirement of the matrix: for each column its results, and the gravest verdict of them or ``none``."""

    id: str
    entry: Requirement
    results: list[list[Result]]
    verdicts: list[str]

    @property
    def binds_servers(self) -> bool:
        """Whether it says something of servers: it obliges them, or a case of it ran."""
        return self.entry["subject"] != "application" or self.is_judged

    @property
    def is_judged(self) -> bool:
        """Whether any candidate ran a case of it."""
        return any(self.results)

    @property
    def disagree(self) -> bool:
        """Whether candidates that were judged differ."""
        return len({verdict for verdict in self.verdicts if verdict in _JUDGING}) > 1

    @property
    def failed_by_all(self) -> bool:
        """Whether everybody who was judged failed, and somebody was."""
        judged = {verdict for verdict in self.verdicts if verdict in _JUDGING}
        return bool(judged) and judged <= {"fail", "warn"}


@dataclass(frozen=True)
class Matrix:
    """All columns, and the rows by document and section."""

    columns: list[Column]
    chapters: list[tuple[str, list[tuple[Section, list[Row]]]]] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows in the order of the documents."""
        return [row for _, sections in self.chapters for _, rows in sections for row in rows]


def matrix(document: Document) -> Matrix:
    """The matrix of a document. A requirement is told as the first run that has it tells it."""
    columns = [Column(slug, run, label(run), standing(run)) for slug, run in slugs(document).items()]
    requirements: dict[str, Requirement] = {}
    for column in columns:
        for id_, entry in column.run["requirements"].items():
            requirements.setdefault(id_, entry)
    by_column = [_by_requirement(column.run) for column in columns]
    rows = {id_: _row(id_, entry, by_column) for id_, entry in requirements.items()}
    chapters = [
        (chapter.title, [(section, [rows[id_] for id_ in section.requirements]) for section in chapter.sections])
        for chapter in outline(requirements)
    ]
    return Matrix(columns, chapters)


def _by_requirement(run: Run) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in run["results"]:
        found.setdefault(result["requirement"], []).append(result)
    return found


def _row(id_: str, entry: Requirement, by_column: list[dict[str, list[Result]]]) -> Row:
    results = [found.get(id_, []) for found in by_column]
    return Row(id_, entry, results, [gravest(found) for found in results])


def gravest(results: list[Result]) -> str:
    """The gravest verdict of some results, or ``none``."""
    return min((result["verdict"] for result in results), key=_GRAVITY.__getitem__, default="none")
