"""Nothing outlives this process: not when it ends in order, and not when it is killed.

What must go is remembered here and told to a watchman, a small process of its own that does nothing until this one is
gone; then it ends the candidates and deletes the folders that are still on its list.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from asgi_conformance.candidate import descendants
from asgi_conformance.candidate.descendants import Family

#: How long the watchman may take to see that there is nothing left to do, in seconds.
_PATIENCE = 5.0


class Guard:
    """Remembers what must not outlive this process."""

    def __init__(self) -> None:
        self._families: set[Family] = set()
        self._watchman: subprocess.Popen[bytes] | None = None
        # A fork of this process must not end what is not its own.
        self._owner = os.getpid()

    @property
    def watchman(self) -> int | None:
        """The id of the watchman's process, or None before there was anything to watch."""
        return None if self._watchman is None else self._watchman.pid

    def watch(self, family: Family) -> None:
        """End these processes when this one ends."""
        self._families.add(family)
        self._tell(f"watch {family.pid} {family.token}")

    def forget(self, family: Family) -> None:
        """These processes have ended."""
        self._families.discard(family)
        self._tell(f"forget {family.pid} {family.token}")

    def watch_folder(self, path: Path) -> None:
        """Delete this folder when this process ends."""
        self._tell(f"watch-folder {path}")

    def forget_folder(self, path: Path) -> None:
        """This folder is gone."""
        self._tell(f"forget-folder {path}")

    def end_all(self) -> None:
        """End all processes that are watched; safe to call at any time."""
        if os.getpid() != self._owner:
            return
        for family in tuple(self._families):
            family.kill()
            self.forget(family)

    def close(self) -> None:
        """End all, and send the watchman home."""
        self.end_all()
        if self._watchman is not None and os.getpid() == self._owner:
            # What it has not been told to forget it deals with.
            self._watchman.communicate(timeout=_PATIENCE)
            self._watchman = None

    def _tell(self, line: str) -> None:
        if self._watchman is None:
            self._watchman = subprocess.Popen(
                [sys.executable, "-I", "-S", descendants.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        assert self._watchman.stdin is not None
        # Somebody may have killed it: then there is one safety less.
        with suppress(OSError):
            self._watchman.stdin.write(line.encode() + b"\n")
            self._watchman.stdin.flush()


guard = Guard()
atexit.register(guard.close)
