"""What a person sees while a run is under way: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from asgi_conformance.runner import Progress

_WIDTH = 30
#: How often the bar is drawn at most, in seconds; and how often a plain line is written.
_REDRAWN = 0.05
_PLAIN = 5.0


class Display:
    """Shows progress on a stream. With ``quiet`` it shows nothing."""

    def __init__(self, stream: TextIO, planned: int, *, quiet: bool) -> None:
        self._stream = stream
        self._planned = planned
        self._quiet = quiet
        self._bar = stream.isatty()
        self._shown = time.monotonic()
        self._drawn = False

    def __enter__(self) -> Display:
        if not self._quiet and not self._bar:
            self._stream.write(f"running {self._planned} cases\n")
            self._stream.flush()
        return self

    def show(self, progress: Progress) -> None:
        """Tell how far the run is."""
        now = time.monotonic()
        if self._quiet or now - self._shown < (_REDRAWN if self._bar else _PLAIN):
            return
        self._shown = now
        if self._bar:
            self._draw(progress)
        else:
            self._stream.write(_words(progress) + "\n")
        self._stream.flush()

    def _draw(self, progress: Progress) -> None:
        filled = _WIDTH * min(progress.done, progress.planned) // max(1, progress.planned)
        bar = "━" * filled + "╌" * (_WIDTH - filled)
        self._stream.write(f"\r\x1b[K{bar} {_words(progress)}")
        self._drawn = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def progress_for(stream: TextIO, planned: int, *, quiet: bool) -> Display:
    """A display for a run of so many cases."""
    return Display(stream, planned, quiet=quiet)


def _words(progress: Progress) -> str:
    if progress.done <= progress.planned:
        return f"{progress.done} of {progress.planned} cases"
    return f"confirming: {progress.done - progress.planned} attempts more"
