"""Strokes: what a server cancels at once. Where the calls of several cases are in one, one case may strike others."""

from __future__ import annotations

from collections import deque

from asgi_conformance.trace import Trace

#: Calls are cancelled together when no more than so many seconds are between one and the next.
_AT_ONCE = 0.05
_REMEMBERED = 64


class Stroke:
    """Calls that were cancelled together. More may come for as long as the server goes on."""

    def __init__(self) -> None:
        self.latest = -_AT_ONCE
        # By identity only, so that it keeps no trace alive: those in one stroke live at the same time.
        self._traces: set[int] = set()

    def add(self, at: float, trace: Trace) -> None:
        """Take a cancellation, by :func:`time.monotonic`, and the trace of the exchange that met it."""
        self.latest = max(self.latest, at)
        self._traces.add(id(trace))

    def has(self, trace: Trace) -> bool:
        """Whether a call of the exchange with this trace is among them."""
        return id(trace) in self._traces

    @property
    def is_shared(self) -> bool:
        """Whether it struck several exchanges."""
        return len(self._traces) > 1


class Strokes:
    """The latest strokes of one candidate."""

    def __init__(self) -> None:
        self._strokes: deque[Stroke] = deque(maxlen=_REMEMBERED)

    def note(self, at: float, trace: Trace) -> None:
        """Take a cancellation that nobody had asked for; see :meth:`Stroke.add`."""
        if not self._strokes or abs(at - self._strokes[-1].latest) >= _AT_ONCE:
            self._strokes.append(Stroke())
        self._strokes[-1].add(at, trace)

    def on(self, trace: Trace) -> tuple[Stroke, ...]:
        """Those that struck the exchange with this trace."""
        return tuple(stroke for stroke in self._strokes if stroke.has(trace))
