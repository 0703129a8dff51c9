"""The baseline: what is known is quiet, what is new is red."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from asgi_conformance.baseline import Baseline, update
from asgi_conformance.errors import UsageError
from asgi_conformance.results import Run

TODAY = date(2026, 11, 27)


def a_run(*verdicts: tuple[str, str], variant: str | None = None) -> Run:
    """A run with these verdicts by case."""
    results = [
        {
            "case": case,
            "requirement": case.partition("/")[0],
            "verdict": verdict,
            "observed": f"{case} is off",
            "baseline": None,
        }
        for case, verdict in verdicts
    ]
    run: Any = {"candidate": {"variant": variant}, "results": results}
    return cast(Run, run)


def baseline(tmp_path: Path, text: str) -> Baseline:
    """The baseline of a file with this text."""
    path = tmp_path / "baseline.toml"
    path.write_text(text)
    return Baseline.read(path)


def known(run: Run) -> list[tuple[str, bool] | None]:
    """For each result the kind of entry that knows it, and whether its verdict is unexpected."""
    found = (result["baseline"] for result in run["results"])
    return [None if one is None else (one["kind"], one["unexpected"]) for one in found]


def test_a_known_failure_is_expected(tmp_path: Path) -> None:
    """A failing entry knows the failures that its glob names, and nothing else."""
    run = a_run(("a.b/x", "fail"), ("a.c", "fail"))
    entries = baseline(tmp_path, '[[failing]]\ncase = "a.b/*"\nreason = "r"\nlink = "https://example.org"')
    assert entries.apply([run], TODAY) == []
    assert known(run) == [("failing", False), None]


def test_an_unexpected_pass_is_red(tmp_path: Path) -> None:
    """A case that passes although it is known to fail is unexpected."""
    run = a_run(("a.b", "pass"))
    baseline(tmp_path, '[[failing]]\ncase = "a.b"\nreason = "r"').apply([run], TODAY)
    assert known(run) == [("failing", True)]


@pytest.mark.parametrize(
    ("verdict", "unexpected"), [("pass", False), ("fail", False), ("inconclusive", False), ("error", True)]
)
def test_a_flaky_case_may_pass_or_fail(tmp_path: Path, verdict: str, unexpected: bool) -> None:
    """A flaky entry expects either, but no error of the suite."""
    run = a_run(("a.b", verdict))
    baseline(tmp_path, '[[flaky]]\ncase = "a.b"\nreason = "r"').apply([run], TODAY)
    assert known(run) == [("flaky", unexpected)]


def test_an_entry_may_be_of_one_variant(tmp_path: Path) -> None:
    """An entry with a variant is about that variant alone."""
    runs = [a_run(("a.b", "fail"), variant="h11"), a_run(("a.b", "fail"), variant="httptools")]
    baseline(tmp_path, '[[failing]]\ncase = "a.b"\nvariant = "h11"\nreason = "r"').apply(runs, TODAY)
    assert [known(run) for run in runs] == [[("failing", False)], [None]]


def test_expired_and_idle_entries_are_told(tmp_path: Path) -> None:
    """An entry past its date, and one that matches nothing, are wrong themselves."""
    text = '[[failing]]\ncase = "a.b"\nreason = "r"\nuntil = 2026-11-26\n[[failing]]\ncase = "z.*"\nreason = "r"'
    told = baseline(tmp_path, text).apply([a_run(("a.b", "fail"))], TODAY)
    assert len(told) == 2
    assert "expired on 2026-11-26" in told[0]
    assert "'z.*' matches no case" in told[1]


@pytest.mark.parametrize(
    "text",
    [
        "[[failing]]\ncase = 1",
        '[[failing]]\ncase = "a"',
        '[[x]]\ncase = "a"',
        "=",
        '[[flaky]]\ncase = "a"\nreason = "r"\nfoo = 1',
    ],
)
def test_a_wrong_baseline_is_refused(tmp_path: Path, text: str) -> None:
    """What is no baseline is a usage error that says why."""
    with pytest.raises(UsageError):
        baseline(tmp_path, text)


def test_an_update_knows_what_fails_and_forgets_what_does_not(tmp_path: Path) -> None:
    """New failures are added sorted, entries that still fail keep their words and comments, others go."""
    path = tmp_path / "baseline.toml"
    path.write_text(
        '# why\n[[failing]]\ncase = "b"\nreason = "known"  # see the tracker\n\n'
        '[[failing]]\ncase = "gone"\nreason = "r"\n'
    )
    update(path, [a_run(("a", "fail"), ("b", "fail"), ("gone", "pass"), ("w", "warn"))])
    text = path.read_text()
    assert [entry.case for entry in Baseline.read(path).entries] == ["a", "b"]
    assert "# why" in text
    assert "# see the tracker" in text
    run = a_run(("a", "fail"), ("b", "fail"))
    assert Baseline.read(path).apply([run], TODAY) == []
    assert known(run) == [("failing", False), ("failing", False)]


def test_an_update_makes_a_file(tmp_path: Path) -> None:
    """Where there is no baseline yet, one is written."""
    path = tmp_path / "new.toml"
    update(path, [a_run(("a", "fail"), variant="v")])
    (entry,) = Baseline.read(path).entries
    assert (entry.case, entry.variant) == ("a", "v")
