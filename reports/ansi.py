"""Colours of a terminal, as few as needed; none where none were asked for."""

from __future__ import annotations

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
#: The colour of each verdict.
TONES = {
    "fail": "red",
    "error": "magenta",
    "inconclusive": "yellow",
    "warn": "yellow",
    "observed": "cyan",
    "unsupported": "dim",
    "not-applicable": "dim",
    "pass": "green",
}


class Paint:
    """Paints text, or leaves it as it is where colours are off."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, text: str, *styles: str) -> str:
        """``text`` in these styles (bold, dim, or a colour)."""
        if not (self.on and styles and text):
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"
