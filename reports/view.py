"""What every report says of a run in the same words: its standing, its counts, its results in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asgi_conformance.reports.text import count
from asgi_conformance.results import Requirement, Result, Run, summarise

#: Verdicts, the gravest first, with the mark and the short word that stand for them.
MARKS = {
    "fail": "✗",
    "error": "‼",
    "inconclusive": "?",
    "warn": "!",
    "observed": "○",
    "unsupported": "–",
    "not-applicable": "∅",
    "pass": "✓",
}
#: The columns of summaries, in the order in which people expect them.
COLUMNS = ("pass", "fail", "warn", "observed", "unsupported", "not-applicable", "inconclusive", "error")
SHORT = {"not-applicable": "n/a"}
LEVELS = ("must", "should", "may")


@dataclass(frozen=True)
class Standing:
    """What may be said of a candidate in one line. ``word`` is conformant, not conformant or undecided."""

    word: str
    sentence: str

    @property
    def tone(self) -> str:
        """The verdict whose colour suits it."""
        return {"conformant": "pass", "not conformant": "fail"}.get(self.word, "inconclusive")


def standing(run: Run) -> Standing:
    """The verdict on the whole: nobody is conformant while a must was broken, not decided or not tried."""
    musts = [result for result in run["results"] if result["level"] == "must"]
    broken = {result["requirement"] for result in run["results"] if result["verdict"] == "fail"}
    judged = {result["requirement"] for result in musts if result["verdict"] in ("pass", "fail", "warn")} | broken
    if broken:
        return Standing("not conformant", f"{len(broken)} of {count(len(judged), 'must')} broken")
    open_ = {result["requirement"] for result in musts if result["verdict"] in ("inconclusive", "error")}
    if not run["complete"]:
        return Standing("undecided", f"the run was interrupted after {count(len(run['results']), 'case')}")
    if open_:
        return Standing("undecided", f"{count(len(open_), 'must')} could not be decided")
    if not judged:
        return Standing("undecided", "no must was judged")
    missing = unjudged_musts(run)
    if missing:
        return Standing("undecided", f"{count(len(judged), 'must')} kept, {len(missing)} did not run")
    return Standing("conformant", f"all {count(len(judged), 'must')} that apply kept")


def unjudged_musts(run: Run) -> list[str]:
    """The musts for servers that can be tested, of which nothing ran: a selection left them out."""
    ran = {result["requirement"] for result in run["results"]}
    return [
        id_
        for id_, entry in run["requirements"].items()
        if entry["level"] == "must" and entry["subject"] != "application" and not entry["untestable"] and id_ not in ran
    ]


def by_suite(run: Run) -> dict[str, dict[str, int]]:
    """The counts of each suite, in the order in which the run lists them."""
    groups: dict[str, list[Result]] = {}
    for entry in run["requirements"].values():
        groups.setdefault(entry["suite"], [])
    for result in run["results"]:
        groups.setdefault(result["suite"], []).append(result)
    return {suite: summarise(results) for suite, results in groups.items() if results}


def used_columns(counts: Iterable[dict[str, int]]) -> list[str]:
    """The verdicts worth a column: pass and fail always, the others where they happened."""
    tables = list(counts)
    return [name for name in COLUMNS if name in ("pass", "fail") or any(table[name] for table in tables)]


def having(run: Run, *verdicts: str) -> list[Result]:
    """The results with these verdicts, in the order of the catalogue."""
    place = {id_: number for number, id_ in enumerate(run["requirements"])}
    found = [result for result in run["results"] if result["verdict"] in verdicts]
    return sorted(found, key=lambda result: (place[result["requirement"]], result["case"]))


def requirement_of(run: Run, result: Result) -> Requirement:
    """The requirement that a result is about."""
    return run["requirements"][result["requirement"]]


def command_of(run: Run, result: Result) -> str:
    """The command that runs just this case."""
    return run["cases"][result["case"]]["command"]


def facts(run: Run) -> list[str]:
    """The circumstances of a run, each in a few words: Python, loop, declared versions."""
    candidate = run["candidate"]
    declared = [f"{protocol} {version}" for protocol, version in candidate["declares"].items()]
    parts: Sequence[str | None] = (
        f"Python {candidate['python']}" if candidate["python"] else None,
        candidate["event_loop"],
        "declares " + ", ".join(declared) if declared else None,
    )
    return [part for part in parts if part]


def is_known(result: Result) -> bool:
    """Whether a baseline accounts for the verdict."""
    known = result["baseline"]
    return known is not None and not known["unexpected"]


def grouped(results: Sequence[Result], *, whole: bool = False) -> list[list[Result]]:
    """The results by requirement, since one mistake often shows in many circumstances; each alone when whole."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result["case"] if whole else result["requirement"], []).append(result)
    return list(groups.values())


def also(result: Result, others: Sequence[Result]) -> str:
    """The circumstances of the others; with what was observed where that is more than other numbers."""

    def words(of: Result) -> str:
        return re.sub(r"[0-9]+", "0", of["observed"] or of["reason"] or "")

    def name(of: Result) -> str:
        return of["case"].removeprefix(of["requirement"]).strip("/") or of["case"]

    alike = ", ".join(name(other) for other in others if words(other) == words(result))
    differing = [
        f"{name(other)}: {other['observed'] or other['reason']}" for other in others if words(other) != words(result)
    ]
    return "\n".join([*([alike] if alike else []), *differing])
