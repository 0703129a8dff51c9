"""Unit tests of profiles: the known servers as data, and where more of them come from."""

from __future__ import annotations

import signal
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from asgi_conformance.candidate import sources
from asgi_conformance.candidate.options import Option
from asgi_conformance.candidate.profile import parse_profile, recognise
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.errors import UsageError

KNOWN = {
    "uvicorn",
    "hypercorn",
    "anycorn",
    "daphne",
    "granian",
    "gunicorn",
    "fastpysgi",
    "socketify",
    "tremolo",
    "pyvoy",
    "caddysnake",
    "aiohttp-asgi",
}


def declare(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Let an installed distribution declare an entry point of profiles."""
    entry = EntryPoint("other", value, sources.GROUP)
    monkeypatch.setattr(sources, "entry_points", lambda group: [entry] if group == sources.GROUP else [])


def test_each_known_server_can_be_told_its_address(tmp_path: Path) -> None:
    """Every profile that comes with the suite has a way to give host and port."""
    profiles = load_profiles(tmp_path)
    assert profiles.keys() >= KNOWN
    for profile in profiles.values():
        values = " ".join(str(option) for option in profile.options["listen"])
        assert "<netloc>" in values or ("<host>" in values and "<port>" in values), profile.name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("uvicorn <app>", "uvicorn"),
        ("/other/venv/bin/uvicorn <app>", "uvicorn"),
        ("python -m uvicorn <app>", "uvicorn"),
        ("/usr/bin/python3.13t -X dev -m uvicorn <app>", "uvicorn"),
        ("pypy3 -m hypercorn <app>", "hypercorn"),
        ("python /venv/bin/daphne <app>", "daphne"),
        ("env A=1 nice -n 5 granian <app>", "granian"),
        ("uv run --python 3.12 gunicorn <app>", "gunicorn"),
        ("python -m aiohttp_asgi <app>", "aiohttp-asgi"),
        ("coverage run -m anycorn <app>", "anycorn"),
        ("myserver <app> uvicorn", None),
        ("myserver uvicorn <app>", None),
        ("python -m myserver uvicorn <app>", None),
        ("python serve.py uvicorn <app>", None),
        ("myuvicorn <app>", None),
    ],
)
def test_a_server_is_known_by_its_program_or_module(command: str, name: str | None, tmp_path: Path) -> None:
    """The program's last path component counts, or the module after ``-m``, also behind programs that run others."""
    found = recognise(command.split(), load_profiles(tmp_path))
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (3, "it must be a table, and is 3"),
        ({"program": ["x"]}, "it has the unknown key 'program'"),
        ({"programs": "x"}, "programs must be a list, and is 'x'"),
        ({"programs": [1]}, "programs must be a list of strings"),
        ({"options": {"lisen": []}}, "options has the unknown key 'lisen'"),
        ({"options": {"listen": ["host"]}}, "options.listen: 'host' is not an option and follows none"),
        ({"options": {"listen": ["--port", "<prot>"]}}, "options.listen has the unknown placeholder <prot>"),
        ({"impossible": {"tls": 1}}, "impossible must be a table of strings"),
        ({"refusals": [{"output": "x"}]}, "each of refusals must have output and reason"),
        ({"stop": "SIGNOTHING"}, "stop must be the name of a signal such as 'SIGTERM', and is 'SIGNOTHING'"),
        ({"place": "above"}, "place must be 'before' or 'after', and is 'above'"),
        ({"factory": "call"}, "factory must be a text with <app> in it"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(table: object, message: str) -> None:
    """The error names the profile, its source, the key and the value."""
    with pytest.raises(UsageError) as caught:
        parse_profile("mine", table, "pyproject.toml")
    assert "the profile 'mine' in pyproject.toml: " + message in str(caught.value)


def test_a_project_has_profiles_of_its_own(tmp_path: Path) -> None:
    """``[tool.asgi-conformance.profiles.NAME]`` of pyproject.toml adds a server, and replaces a known one."""
    (tmp_path / "pyproject.toml").write_text(
        """
        [tool.asgi-conformance.profiles.mine]
        programs = ["mine", "mine-dev"]
        always = [["--quiet"]]
        stop = "SIGINT"
        [tool.asgi-conformance.profiles.mine.options]
        listen = ["--at", "<netloc>"]
        [tool.asgi-conformance.profiles.uvicorn.options]
        listen = ["--here", "<netloc>"]
        """
    )
    profiles = load_profiles(tmp_path)
    assert profiles["mine"].options == {"listen": (Option("--at", "<netloc>"),)}
    assert profiles["mine"].always == (Option("--quiet"),)
    assert profiles["mine"].stop is signal.SIGINT
    assert profiles["uvicorn"].options == {"listen": (Option("--here", "<netloc>"),)}
    assert recognise(["mine-dev", "<app>"], profiles) is profiles["mine"]


def test_a_broken_project_file_is_the_users_error(tmp_path: Path) -> None:
    """A pyproject.toml that is no TOML is told with its path."""
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(UsageError, match=r"pyproject\.toml cannot be read as TOML"):
        load_profiles(tmp_path)


def test_a_project_without_the_table_adds_nothing(tmp_path: Path) -> None:
    """Other tools' tables in pyproject.toml are of no interest."""
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nprofiles = 3\n")
    assert load_profiles(tmp_path).keys() >= KNOWN


TABLE = {"elsewhere": {"options": {"listen": ["--at", "<netloc>"]}}}
NOT_A_TABLE = 3
FILE = ""


def test_a_distribution_gives_profiles_by_an_entry_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An entry point of the group is a mapping of profiles."""
    declare(monkeypatch, f"{__name__}:TABLE")
    assert load_profiles(tmp_path)["elsewhere"].options["listen"] == (Option("--at", "<netloc>"),)


def test_an_entry_point_may_be_the_path_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An entry point may name a TOML file of profiles instead."""
    path = tmp_path / "more.toml"
    path.write_text('[elsewhere.options]\nlisten = ["--at", "<netloc>"]\n')
    declare(monkeypatch, f"{__name__}:FILE")
    monkeypatch.setitem(globals(), "FILE", str(path))
    assert load_profiles(tmp_path)["elsewhere"].options["listen"] == (Option("--at", "<netloc>"),)


@pytest.mark.parametrize("value", [f"{__name__}:NOT_A_TABLE", "no_such_module:TABLE", f"{__name__}:MISSING"])
def test_a_broken_entry_point_is_told_by_name(value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What another distribution got wrong is told with the entry point that is at fault."""
    declare(monkeypatch, value)
    with pytest.raises(UsageError, match=r"the entry point 'other' \(.*\)"):
        load_profiles(tmp_path)
