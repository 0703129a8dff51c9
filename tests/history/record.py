"""What came of bugs in runs before, kept beside the environments: a run of a few does not lose the others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tests.history.bug import Bug
from tests.history.judging import Finding, Judged
from tests.history.trying import Tried


def keep(file: Path, tried: Iterable[Tried]) -> None:
    """Put what came of these bugs into the record."""
    known = _read(file)
    for one in tried:
        said = one.judged
        known[one.bug.id] = {
            "of": repr(one.bug),
            "finding": said.finding.value,
            "caught_by": list(said.caught_by),
            "reason": said.reason,
        }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(known, indent=1), encoding="utf-8")


def recall(file: Path, bugs: Iterable[Bug]) -> list[Tried]:
    """What came of these bugs at their last run, or that they were not run as they stand."""
    known = _read(file)
    return [Tried(bug, _judged(bug, known.get(bug.id, {})), {}, {}) for bug in bugs]


def _judged(bug: Bug, entry: dict[str, object]) -> Judged:
    if entry.get("of") != repr(bug):
        return Judged(Finding.NOT_RUN, reason="it has not been tried as it stands")
    caught = entry["caught_by"]
    assert isinstance(caught, list)
    return Judged(Finding(entry["finding"]), caught, str(entry["reason"]))


def _read(file: Path) -> dict[str, dict[str, object]]:
    known: dict[str, dict[str, object]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return known
