"""A run of a few bugs keeps what is known of the others, as long as they stand as they stood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.history import bug, record
from tests.history.judging import Finding, Judged
from tests.history.trying import Tried

FIRST, SECOND = bug.load()[:2]


def test_results_are_kept_until_the_bug_is_told_otherwise(tmp_path: Path) -> None:
    """What came of a bug is recalled after a run of another one, but not for one that has been changed."""
    file = tmp_path / "kept" / "results.json"
    judged = Judged(Finding.CAUGHT, ["a.b"], "")
    record.keep(file, [Tried(FIRST, judged, {}, {})])
    record.keep(file, [Tried(SECOND, Judged(Finding.MISSED, [], "why"), {}, {})])
    assert [one.judged.finding for one in record.recall(file, [FIRST, SECOND])] == [Finding.CAUGHT, Finding.MISSED]
    changed = replace(FIRST, cases=["c.d"])
    assert record.recall(file, [changed])[0].judged.finding is Finding.NOT_RUN


def test_nothing_is_known_before_the_first_run(tmp_path: Path) -> None:
    """Without a record no bug was run."""
    assert record.recall(tmp_path / "results.json", [FIRST])[0].judged.finding is Finding.NOT_RUN
