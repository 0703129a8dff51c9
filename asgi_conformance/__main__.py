"""``python -m asgi_conformance``, and where the command ``asgi-conformance`` begins."""

from __future__ import annotations

import os
import signal
from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(130)


def begin() -> None:
    """Run the command line; an interruption before there is anything to interrupt ends it without a word."""
    signal.signal(signal.SIGINT, _leave)
    from asgi_conformance.cli import main

    main()


if __name__ == "__main__":
    begin()
