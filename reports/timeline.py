"""The trace of an exchange as a sequence diagram: who did what to whom, and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asgi_conformance.reports.text import of_bytes, one_line
from asgi_conformance.trace import Entry

LANES = ("client", "server", "application")


@dataclass(frozen=True)
class Step:
    """One row of the diagram.

    An arrow goes from lane ``start`` to lane ``end``, numbered 0 to 2; where both are the same, something happened on
    that lane alone. ``ms`` counts from the beginning of the exchange. ``label`` says what it was, ``payload`` what
    travelled, in one visible line; ``size`` is the whole number of bytes, or None. ``kept`` says how many bytes of
    them ``payload`` shows. ``tone`` is wire, event, trouble or note.
    """

    ms: float
    start: int
    end: int
    label: str
    payload: str
    size: int | None
    kept: int
    tone: str
    number: int | None


# What each kind of entry is: from lane, to lane, label, tone.
_KINDS: dict[tuple[str, str], tuple[int, int, str, str]] = {
    ("client", "connect"): (0, 1, "connect", "note"),
    ("client", "bytes-out"): (0, 1, "", "wire"),
    ("client", "bytes-in"): (1, 0, "", "wire"),
    ("client", "eof"): (1, 0, "end of stream", "note"),
    ("client", "reset"): (1, 0, "reset", "trouble"),
    ("client", "half-close"): (0, 1, "half-close", "note"),
    ("client", "close"): (0, 1, "close", "note"),
    ("client", "abort"): (0, 1, "abort", "trouble"),
    ("client", "note"): (0, 0, "", "note"),
    ("application", "call"): (1, 2, "call", "event"),
    ("application", "receive"): (1, 2, "receive", "event"),
    ("application", "send"): (2, 1, "send", "event"),
    ("application", "raised"): (2, 2, "", "trouble"),
    ("application", "returned"): (2, 1, "", "note"),
    ("application", "cancelled"): (1, 2, "", "trouble"),
    ("application", "step"): (2, 2, "", "note"),
    ("server", "output"): (1, 1, "output", "note"),
    ("server", "signal"): (1, 1, "", "note"),
    ("server", "exit"): (1, 1, "", "trouble"),
}


def steps(trace: Sequence[Entry], *, kept_bytes: int = 2048) -> list[Step]:
    """The rows of a trace, of which each shows at most ``kept_bytes`` bytes of what travelled."""
    return [_step(entry, kept_bytes) for entry in trace]


def _step(entry: Entry, kept_bytes: int) -> Step:
    lane = LANES.index(entry["lane"]) if entry["lane"] in LANES else 1
    unknown = (lane, lane, one_line(entry["kind"]), "note")
    start, end, label, tone = _KINDS.get((entry["lane"], entry["kind"]), unknown)
    data = _bytes(entry["hex"])[:kept_bytes]
    words = one_line(_told(entry))
    if entry["hex"] is not None:
        label, payload = " ".join(part for part in (label, words) if part), of_bytes(data)
    else:
        label, payload = label or ("" if words else one_line(entry["kind"])), words
    return Step(
        ms=entry["t"] * 1000,
        start=start,
        end=end,
        label=label,
        payload=payload,
        size=entry["size"],
        kept=len(data),
        tone=tone,
        number=entry["connection"] if entry["lane"] == "client" else entry["call"],
    )


# An event or a scope in the text of an entry, as Python writes it.
_EVENT = re.compile(r"\{'type': '([\w.]+)'(?:, )?(.*)\}", re.DOTALL)
_SCOPE_KEYS = ("type", "method", "path")


def _told(entry: Entry) -> str:
    """The text of an entry with what people look for first: an event's type, a scope's type, method and path."""
    text = entry["text"]
    if entry["lane"] != "application":
        return text
    if entry["kind"] == "call":
        values = (re.search(rf"'{key}': '([^']*)'", text) for key in _SCOPE_KEYS)
        return " ".join([*(value[1] for value in values if value), text])
    event = _EVENT.fullmatch(text)
    return f"{event[1]} {event[2]}".rstrip() if event else text


def _bytes(hex_: str | None) -> bytes:
    try:
        return bytes.fromhex(hex_ or "")
    except ValueError:
        return b""


def has_several(rows: Sequence[Step]) -> bool:
    """Whether more than one connection or call appears, so that the rows must say which."""
    return any((row.number or 1) > 1 for row in rows)
