"""Strokes: what a server cancels together."""

from __future__ import annotations

from asgi_conformance.candidate.strokes import Strokes
from asgi_conformance.trace import Trace


def test_calls_that_are_cancelled_together_are_struck_by_one_cause() -> None:
    """What a server cancels together in several exchanges may be one's doing; what it cancels in one is its own."""
    strokes, traces = Strokes(), [Trace(), Trace(), Trace(), Trace()]
    for number, at in ((0, 1.0), (1, 1.01), (2, 2.0), (2, 2.01)):
        strokes.note(at, traces[number])
    found = [strokes.on(trace) for trace in traces]
    assert [[stroke.is_shared for stroke in struck] for struck in found] == [[True], [True], [False], []]


def test_a_stroke_that_hits_others_later_is_shared_then() -> None:
    """Whether a stroke hit others can be asked when more of it is known."""
    strokes, first, second = Strokes(), Trace(), Trace()
    strokes.note(1.0, first)
    (stroke,) = strokes.on(first)
    assert not stroke.is_shared
    strokes.note(1.02, second)
    assert stroke.is_shared
