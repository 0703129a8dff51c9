"""The baseline: what is known of a candidate, so that only news turns a run red.

A TOML file with two kinds of entries::

    [[failing]]
    case = "http.scope.client.*"       # a glob over case ids, or a requirement's id
    variant = "h11"                    # optional: only for this variant
    reason = "the port is a str"
    link = "https://example.org/issues/1"
    until = 2027-01-31                 # optional: red from the day after

    [[flaky]]
    case = "…"

A failing entry expects ``fail``; anything else on a case that it names is unexpected and red. A flaky one expects
``pass``, ``fail`` or ``inconclusive``. Entries that have expired or that match no case are red as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asgi_conformance.errors import UsageError
from asgi_conformance.results import Known, Result, Run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_KINDS = ("failing", "flaky")
_KEYS = {"case", "variant", "reason", "link", "until"}
_EXPECTED = {"failing": ("fail",), "flaky": ("pass", "fail", "inconclusive")}
#: What a verdict has to be for a case to be written into a new baseline.
_RED = "fail"


@dataclass(frozen=True)
class Entry:
    """One entry; ``variant``, ``link`` and ``until`` are None where there are none."""

    kind: str
    case: str
    reason: str
    variant: str | None = None
    link: str | None = None
    until: date | None = None

    def names(self, result: Result, variant: str | None) -> bool:
        """Whether the entry is about this result of a candidate's variant."""
        if self.variant is not None and self.variant != variant:
            return False
        return self.matches(result["case"], result["requirement"])

    def matches(self, case: str, requirement: str) -> bool:
        """Whether the entry names a case of a requirement."""
        return self.case == requirement or fnmatchcase(case, self.case)

    def judge(self, result: Result) -> Known:
        """What the result's place in the JSON says of the entry."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "link": self.link,
            "until": self.until.isoformat() if self.until else None,
            "unexpected": result["verdict"] not in _EXPECTED[self.kind],
        }


class Baseline:
    """The entries of one file."""

    def __init__(self, path: Path, entries: Sequence[Entry]) -> None:
        self.path = path
        self.entries = entries

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a baseline.

        Raises:
            UsageError: it cannot be read, or an entry is not of the form above.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"the baseline {path} cannot be read: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"the baseline {path} is not TOML: {error}") from None
        unknown = set(content) - set(_KINDS)
        if unknown:
            raise UsageError(
                f"the baseline {path} has {', '.join(sorted(unknown))}", hint="Entries are [[failing]] or [[flaky]]."
            )
        return cls(path, [_entry(path, kind, table) for kind in _KINDS for table in content.get(kind, [])])

    def apply(self, runs: Iterable[Run], today: date) -> list[str]:
        """Mark the results that the baseline knows; gives a sentence for each entry that is itself wrong.

        Entries that expired are wrong, and those that match no result of any run.
        """
        matched: set[Entry] = set()
        for run in runs:
            for result in run["results"]:
                for entry in self.entries:
                    if entry.names(result, run["candidate"]["variant"]):
                        matched.add(entry)
                        result["baseline"] = result["baseline"] or entry.judge(result)
        wrong = [
            f"{self.path}: the entry {one.case!r} expired on {one.until}"
            for one in self.entries
            if _expired(one, today)
        ]
        return wrong + [
            f"{self.path}: the entry {one.case!r} matches no case" for one in self.entries if one not in matched
        ]


def _expired(entry: Entry, today: date) -> bool:
    return entry.until is not None and entry.until < today


def _entry(path: Path, kind: str, table: Any) -> Entry:
    if (
        not isinstance(table, dict)
        or not isinstance(table.get("case"), str)
        or not isinstance(table.get("reason"), str)
    ):
        raise UsageError(f"an entry of [[{kind}]] in {path} lacks its case or its reason: {table!r}")
    unknown = set(table) - _KEYS
    until = table.get("until")
    if unknown or (until is not None and not isinstance(until, date)):
        what = f"the key {sorted(unknown)[0]!r}" if unknown else f"until = {until!r}, which is no date"
        raise UsageError(
            f"the entry {table['case']!r} in {path} has {what}", hint=f"The keys are: {', '.join(sorted(_KEYS))}."
        )
    return Entry(kind, table["case"], table["reason"], table.get("variant"), table.get("link"), until)


def update(path: Path, runs: Iterable[Run]) -> None:
    """Write a baseline that knows every failure of the runs: entries that still fail stay as they are, comments too.

    Raises:
        UsageError: the file that is there cannot be read, or cannot be written.
    """
    import tomlkit

    old = Baseline.read(path) if path.exists() else Baseline(path, [])
    try:
        content = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else _head()
        _rewrite(content, old, list(runs))
        path.write_text(tomlkit.dumps(content), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the baseline {path} cannot be written: {error.strerror}") from None


def _head() -> TOMLDocument:
    import tomlkit

    content = tomlkit.document()
    content.add(
        tomlkit.comment("What is known to fail; see the documentation of baselines. Give each its reason and link.")
    )
    return content


def _rewrite(content: TOMLDocument, old: Baseline, runs: Sequence[Run]) -> None:
    import tomlkit

    failing = [
        (result, run["candidate"]["variant"]) for run in runs for result in run["results"] if result["verdict"] == _RED
    ]
    kept = [
        table
        for table, entry in zip(
            content.get("failing", []), (one for one in old.entries if one.kind == "failing"), strict=True
        )
        if any(entry.names(result, variant) for result, variant in failing)
    ]
    for result, variant in failing:
        if not any(entry.names(result, variant) for entry in old.entries):
            table = tomlkit.table()
            table.update({"case": result["case"], "reason": result["observed"] or ""})
            if variant is not None:
                table["variant"] = variant
            kept.append(table)
    content.pop("failing", None)
    tables = tomlkit.aot()
    for table in sorted(kept, key=lambda one: (str(one["case"]), str(one.get("variant", "")))):
        tables.append(table)
    if kept:
        content["failing"] = tables


def today() -> date:
    """The date by which entries expire, in UTC."""
    return datetime.now(timezone.utc).date()
