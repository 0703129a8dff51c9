"""A file shows a fault of the reference server, and shows nothing when the fault is gone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from asgi_conformance import proof
from asgi_conformance.commands.repro import make
from tests.repro.played import status

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = tomllib.loads((Path(__file__).parent / "failing.toml").read_text(encoding="utf-8"))
PARAMETERS = [
    pytest.param(fault, case, id=fault, marks=() if key == "quick" else pytest.mark.repro)
    for key in ("quick", "faults")
    for fault, case in TABLE[key].items()
]


@pytest.mark.parametrize(("fault", "case"), PARAMETERS)
def test_the_status_tells_whether_the_fault_is_there(fault: str, case: str, tmp_path: Path) -> None:
    """1 with the fault, 0 with the same command without it."""
    text = make(case, proof.options("--fault", fault)).text
    assert f"--fault {fault}" in text
    assert status(text, tmp_path) == 1
    assert status(text.replace(f" --fault {fault}", ""), tmp_path) == 0
