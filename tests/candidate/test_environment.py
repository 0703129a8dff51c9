"""Unit tests of the environment that a candidate is started with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from asgi_conformance.candidate.environment import candidate_environment


def made(base: dict[str, str], *, program: str = "/other/venv/bin/uvicorn", **extra: str) -> dict[str, str]:
    """The environment of a candidate."""
    folder = Path("/suite/probe")
    return candidate_environment(base, probe_folder=folder, control="unix:/c", token="t", program=program, extra=extra)


def test_the_users_environment_is_kept() -> None:
    """What the user has set reaches the server."""
    environment = made({"PATH": "/bin", "DJANGO_SETTINGS_MODULE": "site.settings"})
    assert environment == {
        "PATH": "/bin",
        "DJANGO_SETTINGS_MODULE": "site.settings",
        "PYTHONPATH": "/suite/probe",
        "PYTHONUNBUFFERED": "1",
        "ASGI_PROBE_CONTROL": "unix:/c",
        "ASGI_PROBE_TOKEN": "t",
    }


def test_the_probe_comes_before_the_users_own_path() -> None:
    """A PYTHONPATH of the user's is kept behind the probe's folder."""
    assert made({"PYTHONPATH": "/a:/b"})["PYTHONPATH"] == os.pathsep.join(["/suite/probe", "/a:/b"])


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONHOME",
        "PYTHONEXECUTABLE",
        "__PYVENV_LAUNCHER__",
        "COV_CORE_SOURCE",
        "COVERAGE_PROCESS_START",
        "PYTEST_CURRENT_TEST",
    ],
)
def test_what_belongs_to_this_interpreter_stays_here(name: str) -> None:
    """Variables that would change another interpreter, or measure it, are left out."""
    assert name not in made({name: "x"})


def test_the_suites_own_virtual_environment_is_not_advertised_elsewhere() -> None:
    """VIRTUAL_ENV of this interpreter is left out for a program of another environment, and only then."""
    assert "VIRTUAL_ENV" not in made({"VIRTUAL_ENV": sys.prefix})
    assert "VIRTUAL_ENV" in made({"VIRTUAL_ENV": sys.prefix}, program=f"{sys.prefix}/bin/uvicorn")
    assert "VIRTUAL_ENV" in made({"VIRTUAL_ENV": "/other/venv"})


def test_variables_that_were_asked_for_win() -> None:
    """``--env`` wins over the user's environment, and may bring a PYTHONPATH too."""
    assert made({"A": "1"}, A="2")["A"] == "2"
    assert made({}, PYTHONPATH="/mine")["PYTHONPATH"] == "/suite/probe:/mine"
