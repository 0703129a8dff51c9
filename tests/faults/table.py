"""The table of faults: detected, missed, collateral; as text for a terminal, and as the page in the documentation."""

from __future__ import annotations

from tests.faults.matrix import Matrix


def is_whole(matrix: Matrix) -> bool:
    """Whether every fault was noticed, nothing else failed, and every case that was run can fail."""
    return not matrix.never_red() and not any(
        matrix.missed(fault) or matrix.collateral(fault) or matrix.outcomes[fault.name].error for fault in matrix.faults
    )


def as_text(matrix: Matrix, *, verbose: bool = False) -> str:
    """What is not as it should be (with ``verbose`` all of it), and the sums."""
    lines = []
    for fault in matrix.faults:
        outcome = matrix.outcomes[fault.name]
        missed, collateral = matrix.missed(fault), matrix.collateral(fault)
        if not (missed or collateral or outcome.error or outcome.undecided or verbose):
            continue
        lines.append(f"{fault.name}: {fault.summary} {len(outcome.red)} cases noticed it.")
        lines += [f"    could not be run: {outcome.error}"] if outcome.error else []
        lines += [f"    missed by {name}" for name in missed]
        lines += [f"    collateral: {name}" for name in collateral]
        lines += [f"    undecided: {name}: {reason.splitlines()[0]}" for name, reason in outcome.undecided.items()]
    unnoticing = matrix.never_red()
    if unnoticing:
        lines.append(f"{len(unnoticing)} of {len(matrix.cases)} cases were turned red by no fault:")
        lines += [f"    {name}" for name in unnoticing]
    return "\n".join([*lines, sums(matrix)])


def sums(matrix: Matrix) -> str:
    """The last line: how many faults, how many detected, how many cases."""
    missed = sum(bool(matrix.missed(fault)) for fault in matrix.faults)
    collateral = sum(len(matrix.collateral(fault)) for fault in matrix.faults)
    able, cases = len(matrix.cases) - len(matrix.never_red()), len(matrix.cases)
    return (
        f"{len(matrix.faults)} faults: {len(matrix.faults) - missed} detected, {missed} missed, collateral {collateral};"
        f" {able} of {cases} cases can fail; {matrix.seconds:.0f} s"
    )
