"""The trace drawn for a terminal: three lifelines, an arrow for everything that went from one to another."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.reports.ansi import Paint
from asgi_conformance.reports.text import cells, chop, clip, pad
from asgi_conformance.reports.timeline import LANES, Step, has_several, steps
from asgi_conformance.trace import Entry

#: How wide the column of times is; how many rows a drawing has, and how many lines a row, unless it is wanted whole.
_TIMES, _ROWS, _LINES = 11, 24, 3
_TONES = {"wire": "cyan", "event": "magenta", "trouble": "red", "note": "dim"}


def draw(trace: Sequence[Entry], paint: Paint, width: int, *, whole: bool = False) -> list[str]:
    """The lines of the drawing, at most ``width`` columns wide; ``whole`` keeps every row and all of its text."""
    rows = steps(trace)
    drawing = _Drawing(paint, width, has_several(rows))
    lines = [drawing.header()]
    if whole or len(rows) <= _ROWS:
        shown: Sequence[Step | None] = rows
    else:
        shown = [*rows[: _ROWS // 2], None, *rows[-_ROWS // 2 :]]
    for row in shown:
        lines += [drawing.gap(len(rows) - _ROWS)] if row is None else drawing.row(row, whole)
    return lines


class _Drawing:
    """Knows where the lifelines stand."""

    def __init__(self, paint: Paint, width: int, numbered: bool) -> None:
        self.paint, self.numbered = paint, numbered
        self.room = (width - _TIMES - len(LANES[2]) // 2 - 4) // 2
        self.width = width

    def header(self) -> str:
        """The names of the lanes, above their lines."""
        ends = [pad(LANES[0], self.room + 1 - 2), pad(LANES[1], self.room + 1 - 4), LANES[2]]
        return self.paint(f"{'ms':>{_TIMES - 3}}  " + " ".join(ends), "dim")

    def gap(self, left_out: int) -> str:
        """The row that says that rows were left out."""
        return self.paint(f"{'⋮':>{_TIMES - 3}}   ⋮ {left_out} more, shown by -vv", "dim")

    def row(self, step: Step, whole: bool) -> list[str]:
        """One step: as many lines as its text takes, but no more than a few unless it is wanted whole."""
        time = self.paint(f"{step.ms:>{_TIMES - 3}.1f}", "dim") + "   "
        first, *rest = self._split(self._words(step), self._room(step), None if whole else _LINES)
        return [time + self._line(step, first)] + [" " * _TIMES + self._line(step, part, bare=True) for part in rest]

    def _split(self, words: str, room: int, most: int | None) -> list[str]:
        """``words`` in pieces of ``room`` columns, broken after line ends on the wire; ``most`` cuts off the rest."""
        pieces: list[str] = []
        for line in words.replace("\\r\\n", "\\r\\n\n").split("\n"):
            if pieces and cells(pieces[-1]) + cells(line) <= room:
                pieces[-1] += line
            else:
                pieces += chop(line, room)
        if most is not None and len(pieces) > most:
            pieces[most - 1 :] = [clip("".join(pieces[most - 1 :]), room)]
        return pieces

    def _words(self, step: Step) -> str:
        number = f"#{step.number}" if self.numbered and step.number is not None else ""
        size = f"({step.size} bytes)" if step.size is not None and step.size > step.kept else ""
        return " ".join(part for part in (number, step.label, size, step.payload) if part) or "(nothing)"

    def _room(self, step: Step) -> int:
        """How many columns there are for the words of a step."""
        if step.start != step.end:
            return self.room - 6
        return self.width - _TIMES - step.start * (self.room + 1) - 3 if step.start < 2 else self.room - 4

    def _line(self, step: Step, words: str, bare: bool = False) -> str:
        """The lifelines with the step drawn over them; ``bare`` goes on with its words alone."""
        if step.start == step.end:
            return self._note(step, words, bare)
        to_right = step.start < step.end
        between = min(step.start, step.end)
        ends = ["│", "│", "│"]
        if not bare:
            ends[step.start] = "├" if to_right else "┤"
        spans = [" " * self.room, " " * self.room]
        spans[between] = self.paint(self._arrow(words, to_right, bare), _TONES[step.tone])
        left, middle, right = (self.paint(end, "dim") for end in ends)
        return f"{left}{spans[0]}{middle}{spans[1]}{right}"

    def _arrow(self, words: str, to_right: bool, bare: bool) -> str:
        if bare:
            return "   " + pad(words, self.room - 6) + "   "
        shaft = "─" * (self.room - cells(words) - 6)
        return f"── {words} {shaft}─▶" if to_right else f"◀─ {words} {shaft}──"

    def _note(self, step: Step, words: str, bare: bool) -> str:
        """Something on one lane alone: its words stand beside the lifeline, for the last lane to the left of it."""
        line, blank = self.paint("│", "dim"), " " * self.room
        tone = _TONES[step.tone]
        dot = line if bare else self.paint("●" if step.tone == "trouble" else "○", tone)
        text = self.paint(words, tone)
        if step.start == 0:
            return f"{dot} {text}"
        if step.start == 1:
            return f"{line}{blank}{dot} {text}"
        return f"{line}{blank}{line}{' ' * (self.room - cells(words) - 1)}{text} {dot}"
