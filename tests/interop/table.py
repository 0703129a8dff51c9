"""The table of applications by servers, and what was no pass, out of the JSON of runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from asgi_conformance.results import Result, Run

BEGIN, END = "<!-- the table begins -->", "<!-- the table ends -->"
#: How a verdict stands in a cell; passes are a plain number.
_WORDS = {"fail": "failed", "warn": "warned", "observed": "observed", "inconclusive": "undecided", "error": "in error"}
#: What an observation of the application's own doing begins with.
_OWN = re.compile(r"the application, [\w-]+, (not the server, breaks the documents: |)")


def page(text: str, runs: Sequence[Run], versions: Mapping[str, str]) -> str:
    """The page with the part between its marks made anew. Raises ValueError when it has no marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} and {END}")
    return "\n".join([before + BEGIN, "", *table(runs, versions), "", *remarks(runs), "", END + after])


def table(runs: Sequence[Run], versions: Mapping[str, str]) -> list[str]:
    """The lines of the table: a row for each application, a column for each server."""
    heads = [f"{run['candidate']['name']} {run['candidate']['version'] or ''}".strip() for run in runs]
    lines = [f"| application | {' | '.join(heads)} |", "| --- " * (len(runs) + 1) + "|"]
    for application in dict.fromkeys(_application(result) for run in runs for result in run["results"]):
        cells = [_cell(one for one in run["results"] if _application(one) == application) for run in runs]
        name = f"{application} {versions.get(application, '')}".strip()
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def remarks(runs: Sequence[Run]) -> list[str]:
    """A line for everything that was no pass, with the servers on which it was seen."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for run in runs:
        for result in run["results"]:
            told = [("of itself", escaped(_alike(note))) for note in result["notes"]]
            if result["verdict"] not in ("pass", "not-applicable"):
                told.append((result["verdict"], _said(result)))
            for what in told:
                servers = seen.setdefault((_application(result), *what), [])
                if run["candidate"]["name"] not in servers:
                    servers.append(run["candidate"]["name"])
    lines: list[str] = []
    for application in dict.fromkeys(name for name, _, _ in seen):
        lines += [f"### {application}", ""]
        of_it = [(key, servers) for key, servers in seen.items() if key[0] == application]
        lines += [f"- {verdict}: {said} ({', '.join(servers)})" for (_, verdict, said), servers in of_it]
        lines.append("")
    return lines[:-1]


def _application(result: Result) -> str:
    return result["case"].partition("/")[2] or "legacy class"


def _cell(results: Iterable[Result]) -> str:
    of_it = list(results)
    counts = Counter(result["verdict"] for result in of_it)
    told = [f"{counts[verdict]} {word}" for verdict, word in _WORDS.items() if counts[verdict]]
    told += [f"{counts['unsupported']} without"] if counts["unsupported"] else []
    if set(counts) == {"not-applicable"}:
        return "not tried"
    mark = "*" if any(result["notes"] for result in of_it) else ""
    return ", ".join([f"{counts['pass']}{mark}", *told])


def _said(result: Result) -> str:
    """What was seen, in one line, the same for all cases in which the application does the same."""
    requirement = f"`{result['requirement']}`: "
    if result["verdict"] == "observed" and _OWN.match(result["observed"] or ""):
        # What followed from it for the browser differs from case to case.
        return escaped((result["observed"] or "").partition("; with it, ")[0])
    if result["verdict"] in ("fail", "warn"):
        return requirement + escaped(f"expected: {result['expected']}; observed: {result['observed']}")
    return requirement + escaped(result["observed"] or result["reason"] or "")


def _alike(note: str) -> str:
    """A note without what differs from case to case: the number of the header, and what is expected of it."""
    return re.sub(r", where [^;]* \(([\w.-]+)\)", r" (\1)", re.sub(r"(?<=headers'\]\[)\d+", "…", note))


def escaped(text: str) -> str:
    """A text in which Markdown finds nothing of its own, in one line."""
    return re.sub(r"([\\`*_\[\]<>{}$])", r"\\\1", text.replace("\n", " "))
