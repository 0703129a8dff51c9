"""Runs the command as a user would, and finds out what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SERVERS = Path(__file__).parents[1] / "servers"


def misbehaving(kind: str) -> str:
    """The command of a server that misbehaves."""
    return f"{sys.executable} {SERVERS / 'misbehaving.py'} {kind} <app> <host> <port>"


@pytest.fixture
def marked_environment() -> Iterator[dict[str, str]]:
    """An environment whose processes and temporary files can be told from all others; none may be left at the end."""
    mark = f"CONFORMANCE_TEST_{uuid.uuid4().hex}"
    # Its path is short, as in a long one there are no unix sockets, and another place is taken.
    with tempfile.TemporaryDirectory(prefix="cli-", dir="/tmp") as temporary:
        yield {**os.environ, mark: "1", "TMPDIR": temporary}
        assert processes_with(mark) == []
        assert os.listdir(temporary) == []


def processes_with(mark: str) -> list[str]:
    """The command lines of living processes that have a variable in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z":
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(marked_environment: dict[str, str], tmp_path: Path) -> Command:
    """Run ``asgi-conformance`` with arguments; gives the finished process."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "asgi_conformance", *arguments],
            env=marked_environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
