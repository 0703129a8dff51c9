"""``doctor``, as a user runs it."""

from __future__ import annotations

import pytest

from asgi_conformance import proof
from asgi_conformance.commands import doctor
from tests.cli.conftest import Command


def test_a_machine_is_found_fit(command: Command) -> None:
    """The reference server passes, control servers pass nothing, faults are caught; and the machine gets a verdict."""
    result = command("doctor")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Verdicts from this machine can be trusted" in result.stdout
    assert "BAD" not in result.stdout
    assert result.stdout.count("passes 0 of") == 3


def test_what_cannot_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the reference server starts, the machine is not to be trusted, and the status says so."""
    lines: list[str] = []
    monkeypatch.setattr(proof, "REFERENCE", "no-such-program <app> <host> <port>")
    assert doctor.examine(lines.append) == 1
    assert any(line.startswith("BAD") and "no-such-program" in line for line in lines)
    assert any("Do not trust" in line for line in lines)
