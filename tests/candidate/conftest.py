"""What the tests of candidates share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asgi_conformance.candidate.address import Workspace
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.process import end_all
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.candidate.start import Setting
from asgi_conformance.candidate.template import Template

APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            event = await receive()
            await send({"type": event["type"] + ".complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def factory():
    return app
"""

#: Makes a setting from a command and, where the command says SCRIPT, from the text of a Python script.
MakeSetting = Callable[..., Setting]


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the tests in this folder."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_survives() -> Iterator[None]:
    """A test that fails half-way leaves no process behind."""
    yield
    end_all()


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """A folder for sockets and files."""
    with Workspace() as made:
        yield made


@pytest.fixture
def make_setting(workspace: Workspace, tmp_path: Path) -> MakeSetting:
    """Settings of candidates that serve a small application."""
    probe = tmp_path / "probe"
    probe.mkdir()
    (probe / "asgi_probe.py").write_text(APPLICATION)

    def make(command: str, script: str = "", *, deadline: float = 10.0, cwd: Path | None = None) -> Setting:
        path = tmp_path / "script.py"
        path.write_text(script)
        text = command.replace("SCRIPT", f"{sys.executable} {path}")
        template = Template.parse(text, load_profiles(tmp_path))
        certificates = Certificates(workspace.path / "tls")
        return Setting(template, probe, workspace, certificates, cwd=cwd, deadline=deadline)

    return make
