"""The trace: the time-ordered record of what both ends of the candidate saw in one exchange."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, TypedDict

#: How many bytes of one piece of data a trace keeps; the size is kept whole.
KEPT_BYTES = 2048
#: How many characters of one text a trace keeps.
KEPT_TEXT = 4096
#: How many entries one trace keeps: the first ones, and then the newest.
KEPT_ENTRIES = 400


class Entry(TypedDict):
    """One line of a trace, as it stands in the JSON of a run.

    ``t`` is in seconds since the exchange began. ``lane`` is ``client``, ``server`` or ``application``. ``kind`` is,
    for the client: connect, bytes-out, bytes-in, eof, reset, half-close, close, abort, note; for the application:
    call, receive, send, raised, returned, cancelled, step; for the server: output, exit. A client that stops reading
    for a while has the kinds pause and resume.
    ``connection`` and ``call`` number the connection or the call from 1, or are None. ``text`` is for people.
    ``hex`` holds the first bytes of data that travelled, and ``size`` how many bytes there were; both are None where
    no data travelled.
    """

    t: float
    lane: str
    kind: str
    connection: int | None
    call: int | None
    text: str
    hex: str | None
    size: int | None


class Trace:
    """Collects entries on the clock of :func:`time.monotonic`, which the candidate's machine shares."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._entries: list[Entry] = []
        self.dropped = 0

    def record(
        self,
        lane: str,
        kind: str,
        text: str = "",
        *,
        data: bytes | None = None,
        connection: int | None = None,
        call: int | None = None,
        at: float | None = None,
    ) -> None:
        """Add one entry. ``at`` is a reading of :func:`time.monotonic` in seconds, or None for now."""
        when = time.monotonic() if at is None else at
        if len(self._entries) >= KEPT_ENTRIES:
            del self._entries[KEPT_ENTRIES // 2]
            self.dropped += 1
        self._entries.append(
            {
                "t": round(when - self.started, 6),
                "lane": lane,
                "kind": kind,
                "connection": connection,
                "call": call,
                "text": text if len(text) <= KEPT_TEXT else text[:KEPT_TEXT] + f"… ({len(text)} characters)",
                "hex": None if data is None else data[:KEPT_BYTES].hex(),
                "size": None if data is None else len(data),
            }
        )

    def step(self, call: int, frame: Mapping[str, Any]) -> None:
        """A call was told a step, or its probe announced something of it: no line of a trace that people read."""

    def forget(self) -> None:
        """Forget what was recorded so far: what comes now shows it all."""
        self._entries.clear()
        self.dropped = 0

    def entries(self) -> list[Entry]:
        """All entries in the order of time."""
        return sorted(self._entries, key=lambda entry: entry["t"])
