"""What a candidate prints: lines with the time of their arrival, and a bounded memory of the last of them."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

#: How many bytes of output are kept.
KEPT_BYTES = 256 * 1024
#: How long a line may be; a longer one is broken.
LONGEST_LINE = 16 * 1024

#: Takes a line without its end, and the reading of :func:`time.monotonic` when it came.
Listener = Callable[[str, float], None]

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Output:
    """Collects what comes out of a process, and tells listeners of each line."""

    def __init__(self) -> None:
        self._lines: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._rest = b""
        self._listeners: list[Listener] = []
        #: How many bytes came in all.
        self.total = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` for each line from now on; gives a function that ends this."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def feed(self, data: bytes) -> None:
        """Take what came."""
        now = time.monotonic()
        self.total += len(data)
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            for start in range(0, max(len(line), 1), LONGEST_LINE):
                self._take(line[start : start + LONGEST_LINE], now)
        while len(rest) > LONGEST_LINE:
            self._take(rest[:LONGEST_LINE], now)
            rest = rest[LONGEST_LINE:]
        self._rest = rest

    def end(self) -> None:
        """There is no more to come: the rest without a line's end is a line."""
        if self._rest:
            self._take(self._rest, time.monotonic())
            self._rest = b""

    def _take(self, line: bytes, at: float) -> None:
        self._lines.append((at, line))
        self._size += len(line) + 1
        while self._size > KEPT_BYTES:
            self._size -= len(self._lines.popleft()[1]) + 1
        if self._listeners:
            text = readable(line)
            for listener in tuple(self._listeners):
                listener(text, at)

    def lines(self) -> list[tuple[float, str]]:
        """The lines that are kept, oldest first, each with its time."""
        return [(at, readable(line)) for at, line in self._lines]

    def tail(self, lines: int = 20) -> str:
        """The last lines, also one that has not ended yet, as one text without a trailing line's end."""
        kept = list(self._lines)[-lines:] + ([(0.0, self._rest)] if self._rest else [])
        return "\n".join(readable(line) for _, line in kept[-lines:])


def readable(line: bytes) -> str:
    """A line as text, without what could upset a terminal: colours, control characters, bytes that are no UTF-8."""
    return _ESCAPES.sub("", line.decode("utf-8", "backslashreplace")).rstrip()
