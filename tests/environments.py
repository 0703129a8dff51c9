"""Environments with released servers: made once for each interpreter and set of packages, and kept."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

#: How many are made at a time: the rest of the wait is for downloads.
_AT_A_TIME = 3
#: The probe, which has to run beside the server, needs so much at least.
_LOWEST = (3, 8)


class CannotInstall(Exception):
    """There is no environment for a release: the reason, in one line."""


def cache_folder() -> Path:
    """Where environments are kept unless one says otherwise."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "asgi-conformance" / "history"


class Environments:
    """The environments in a folder; ``interpreters`` are the paths of some versions, others are looked for on PATH."""

    def __init__(self, folder: Path, interpreters: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._interpreters = dict(interpreters or {})
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self._making: dict[Path, asyncio.Task[None]] = {}

    async def make(self, python: str, packages: Sequence[str]) -> Path:
        """The folder of programs of an environment with these packages, which is made when it is not there yet.

        Raises:
            CannotInstall: it cannot be made here.
        """
        name = hashlib.sha256("\n".join([python, *sorted(packages)]).encode()).hexdigest()[:16]
        home = self._folder / name
        if home not in self._making:
            self._making[home] = asyncio.create_task(self._made(home, python, packages))
        await asyncio.shield(self._making[home])
        return home / "bin"

    async def _made(self, home: Path, python: str, packages: Sequence[str]) -> None:
        complete = home / "complete.txt"
        if complete.exists():
            return
        interpreter = await self._interpreter(python)
        async with self._places:
            shutil.rmtree(home, ignore_errors=True)
            inside = str(home / "bin" / "python")
            uv = shutil.which("uv")
            if uv:
                await _run(uv, "venv", "--quiet", "--python", interpreter, str(home))
                await _run(uv, "pip", "install", "--quiet", "--python", inside, *packages)
            else:
                await _run(interpreter, "-m", "venv", str(home))
                await _run(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
        complete.write_text("\n".join(packages) + "\n", encoding="utf-8")

    async def _interpreter(self, python: str) -> str:
        if tuple(map(int, python.split("."))) < _LOWEST:
            raise CannotInstall(f"the probe does not run on Python {python}")
        found = self._interpreters.get(python) or shutil.which(f"python{python}")
        if not found:
            raise CannotInstall(f"there is no Python {python} on this machine")
        try:
            await _run(found, "-c", "import sys")
        except CannotInstall:
            raise CannotInstall(f"there is no Python {python} on this machine") from None
        return found


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        said = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
        raise CannotInstall(said[-1] if said else f"{command[0]} ended with {process.returncode}")
