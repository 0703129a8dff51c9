"""The one JSON format that every report is a function of: its types, reading it, writing it, joining it.

A document holds runs; a run is one candidate (a server as it was configured) with the verdicts on it. Keys may be
added to the format, never renamed; a reader ignores those that it does not know.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from asgi_conformance.errors import UsageError
from asgi_conformance.trace import Entry
from asgi_conformance.verdict import Level, Verdict

#: What stands in ``format`` of every document that this version reads and writes.
FORMAT = "asgi-conformance/1"


class Tool(TypedDict):
    """The suite that made the run."""

    version: str


class Candidate(TypedDict):
    """Who was tested. What could not be found out is None.

    ``declares`` maps a protocol (the scope's type) to the ``spec_version`` that the candidate claims for it;
    ``extensions`` are the names that it listed in scopes; ``event_loop`` is asyncio, uvloop or trio.
    """

    command: str
    name: str
    version: str | None
    variant: str | None
    python: str | None
    event_loop: str | None
    declares: dict[str, str]
    extensions: list[str]


class Requirement(TypedDict):
    """One requirement of the catalogue, as the run was judged by it.

    ``url`` is the whole link to the place in the document. ``untestable`` says why there is no case, or is None.
    """

    suite: str
    document: str
    section: str
    url: str
    level: str
    since: str | None
    subject: str
    text: str
    ambiguity: str | None
    untestable: str | None


class Case(TypedDict):
    """What one case is. ``revision`` grows when its way of judging changes; ``command`` runs just this case."""

    title: str
    revision: int
    requirement: str
    command: str


class Known(TypedDict):
    """What a baseline says of a result.

    ``kind`` is ``failing`` or ``flaky``; ``unexpected`` is true where the verdict is not what the baseline says.
    """

    kind: str
    reason: str
    link: str | None
    until: str | None
    unexpected: bool


class Result(TypedDict):
    """The verdict on one case.

    ``expected`` and ``observed`` are sentences, None where nothing was broken or observed; ``reason`` says why there
    is no judgement. ``history`` holds the verdicts of all attempts in order, ``notes`` are remarks that are no
    verdict. ``trace`` is kept for every case that is not a pass.
    """

    case: str
    requirement: str
    suite: str
    level: str
    title: str
    verdict: str
    expected: str | None
    observed: str | None
    reason: str | None
    duration_s: float
    attempts: int
    history: list[str]
    notes: list[str]
    launch: str
    baseline: Known | None
    trace: list[Entry]


class Sent(TypedDict):
    """What a middleware did on its upper face against a requirement on applications, and in which case."""

    requirement: str
    case: str
    level: str
    expected: str
    observed: str


class Middleware(TypedDict):
    """The middleware behind which the run was made: its factory, and what it sent against the documents.

    ``without`` has, for each case that did not pass, the verdict on the same server without the middleware.
    """

    factory: str
    sent: list[Sent]
    without: dict[str, str]


class _Behind(TypedDict, total=False):
    #: Only where the run was made with ``--middleware``.
    middleware: Middleware


class Run(_Behind):
    """One candidate, judged. ``started`` is a time of ISO 8601 in UTC; ``complete`` is false after an interruption.

    ``timing`` says where the time went, in seconds, each key ending in ``_s``.
    """

    complete: bool
    started: str
    duration_s: float
    tool: Tool
    candidate: Candidate
    summary: dict[str, int]
    requirements: dict[str, Requirement]
    cases: dict[str, Case]
    results: list[Result]
    timing: dict[str, float]


class Document(TypedDict):
    """A whole file."""

    format: str
    runs: list[Run]


def document(runs: Iterable[Run]) -> Document:
    """A document of these runs."""
    return {"format": FORMAT, "runs": list(runs)}


def summarise(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each verdict; every verdict is there, if only with 0."""
    counts = Counter(result["verdict"] for result in results)
    return {verdict.value: counts[verdict.value] for verdict in Verdict}


def dumps(doc: Document) -> str:
    """The document as JSON text of ASCII alone, so that lone surrogates survive the file."""
    return json.dumps(doc, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def dump(doc: Document, path: Path | str) -> None:
    """Write the document to ``path``.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        Path(path).write_text(dumps(doc), encoding="ascii")
    except OSError as error:
        raise UsageError(
            f"The results cannot be written to {path}: {error.strerror or error}.", hint="Name another file."
        ) from None


def load(path: Path | str, *, complete: bool = False) -> Document:
    """Read a document back, from a JSON file or from an HTML report of one candidate.

    ``complete`` refuses a document with an interrupted run.

    Raises:
        UsageError: the file cannot be read, holds no run, or an incomplete one where that matters.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no run of asgi-conformance: it is not UTF-8 text.") from None
    doc = loads(text, str(path))
    if complete:
        require_complete(doc, str(path))
    return doc


def loads(text: str, name: str) -> Document:
    """Read a document from the text of a JSON file or of an HTML report; ``name`` is what messages call it.

    Raises:
        UsageError: the text holds no run.
    """
    from asgi_conformance._embed import extract
    from asgi_conformance._shape import check

    if text.lstrip()[:1] == "<":
        inner = extract(text)
        if inner is None:
            raise UsageError(
                f"{name} is a page without results in it.",
                hint="Only the HTML report of one candidate holds its results; give the JSON file (--json).",
            )
        text = inner
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is no run of asgi-conformance: it is not JSON ({error}).") from None
    return check(value, name)


def require_complete(doc: Document, name: str) -> None:
    """Refuse a document with an interrupted run; ``name`` is what the message calls it.

    Raises:
        UsageError: a run is incomplete.
    """
    for run in doc["runs"]:
        if not run["complete"]:
            raise UsageError(
                f"{name} holds an incomplete run of {label(run)}: it was interrupted after {len(run['results'])} "
                f"of {len(run['cases'])} cases.",
                hint="Run it again to the end.",
            )


def label(run: Run) -> str:
    """How people call the candidate of a run: name, version, variant."""
    candidate = run["candidate"]
    variant = f"({candidate['variant']})" if candidate["variant"] else None
    return " ".join(part for part in (candidate["name"], candidate["version"], variant) if part)


def identity(run: Run) -> tuple[str | None, ...]:
    """What must be the same for two runs to be of one candidate."""
    candidate = run["candidate"]
    return (
        candidate["name"],
        candidate["version"],
        candidate["variant"],
        candidate["command"],
        candidate["python"],
        candidate["event_loop"],
    )


def merge(documents: Mapping[str, Document]) -> Document:
    """Join documents, given by the names of their files: shards of one candidate become one run.

    Raises:
        UsageError: a run is incomplete, versions of the suite differ, or two shards hold the same case.
    """
    from asgi_conformance._merge import join

    versions: dict[str, str] = {}
    for name, doc in documents.items():
        require_complete(doc, name)
        for run in doc["runs"]:
            versions.setdefault(run["tool"]["version"], name)
    if len(versions) > 1:
        listed = ", ".join(f"{version} ({name})" for version, name in sorted(versions.items()))
        raise UsageError(
            f"These runs were made by different versions of the suite: {listed}.",
            hint="Verdicts of different versions cannot be added up; make the runs with one version.",
        )
    groups: dict[tuple[str | None, ...], list[tuple[str, Run]]] = {}
    for name, doc in documents.items():
        for run in doc["runs"]:
            groups.setdefault(identity(run), []).append((name, run))
    return document(join(shards) for shards in groups.values())


#: The values that ``verdict`` and ``level`` may have.
VERDICTS = frozenset(verdict.value for verdict in Verdict)
LEVELS = frozenset(level.value for level in Level)
