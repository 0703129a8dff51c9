"""``python -m asgi_conformance``, and where the command ``asgi-conformance`` begins."""

from __future__ import annotations

import os
import signal
from types import FrameType


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(130)


def begin() -> None:
    """Run the command line; an interruption before there is anything to interrupt ends it without a word.

    When all is said, an interruption changes nothing: it is ignored, because the interpreter, as it ends, puts back
    the default action for every handler that is not one of the system's own, and would be killed by it.
    """
    signal.signal(signal.SIGINT, _leave)
    from asgi_conformance.cli import main

    try:
        main()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    begin()
