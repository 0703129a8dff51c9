"""Files for failing cases of released servers; `nox -s repro` installs each and says where it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from asgi_conformance.commands.repro import make
from asgi_conformance.runner import Options
from tests.repro.played import status

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
#: The folder with the programs of the server's own environment, and the server's name.
PROGRAMS, SERVER = os.environ.get("REPRO_PROGRAMS", ""), os.environ.get("REPRO_SERVER", "")
CASES = tomllib.loads((HERE / "failing.toml").read_text(encoding="utf-8"))["servers"]
COMMANDS = tomllib.loads((HERE.parent / "servers" / "real.toml").read_text(encoding="utf-8"))

pytestmark = [pytest.mark.repro, pytest.mark.skipif(not PROGRAMS, reason="nox -s repro names the server")]


@pytest.mark.parametrize("case", CASES.get(SERVER, []))
def test_the_file_shows_the_deviation(case: str, tmp_path: Path) -> None:
    """The file of a case that fails on this server ends with 1 there; that it ends with 0 on a right one was tried."""
    variants = COMMANDS[SERVER]["variants"]
    command = next(iter(variants.values())).replace("<bin>", PROGRAMS)
    assert status(make(case, Options(command)).text, tmp_path) == 1
