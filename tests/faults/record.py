"""The record of which fault turned which case red: what a whole run found out, for the tests of every change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tests.faults.matrix import Matrix

#: A line for each fault, and below it, set in, the cases that it turned red; each case stands once.
FILE = Path(__file__).with_name("noticed.txt")


def read() -> dict[str, str]:
    """The fault that turned each case red, by the case's id."""
    found: dict[str, str] = {}
    fault = ""
    for line in FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else ():
        if line.startswith(" "):
            found[line.strip()] = fault
        else:
            fault = line
    return found


def write(noticed: Mapping[str, str]) -> None:
    """Write the record anew."""
    by_fault: dict[str, list[str]] = {}
    for case, fault in noticed.items():
        by_fault.setdefault(fault, []).append(case)
    lines = [line for fault in sorted(by_fault) for line in (fault, *(f"  {case}" for case in sorted(by_fault[fault])))]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def updated(
    before: Mapping[str, str], matrix: Matrix, cases: Collection[str], faults: Collection[str]
) -> dict[str, str]:
    """The record after a run: what it tried counts as it was seen now, and what is no longer there is left out.

    What the run could not try, because a framework is not installed, stays on record.

    Args:
        before: The record so far.
        matrix: The run.
        cases: The ids of all cases that there are.
        faults: The names of all faults that there are.
    """
    tried, untried = {fault.name for fault in matrix.faults}, matrix.untried()
    there = {case: fault for case, fault in before.items() if case in cases and fault in faults}
    kept = {case: fault for case, fault in there.items() if fault not in tried or case in untried}
    return {case: names[0] for case, names in matrix.red().items() if names} | kept
