"""Text of candidates, made harmless for people and for formats: it may hold anything that a server can send."""

from __future__ import annotations

import re
import unicodedata

# Controls of terminals (C0, C1), characters that XML 1.0 and UTF-8 cannot hold (surrogates, U+FFFE, U+FFFF), and
# those that make text look like other text: directional controls, separators and characters of no width.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ESCAPED = {ord("\r"): "\\r", ord("\n"): "\\n", ord("\t"): "\\t", 0x1B: "\\x1b"}


def _escape(code: int) -> str:
    if code in _ESCAPED:
        return _ESCAPED[code]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """``text`` with every character that acts or hides as an escape; line ends and tabs stay."""
    return _HIDDEN.sub(lambda found: _escape(ord(found[0])), text)


def one_line(text: str) -> str:
    """``text`` as :func:`visible` has it, with line ends and tabs escaped too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def of_bytes(data: bytes) -> str:
    """Bytes as text that loses nothing: printable ASCII as it is, the rest (and the backslash) as escapes."""
    return "".join("\\\\" if byte == 0x5C else chr(byte) if 0x20 <= byte < 0x7F else _escape(byte) for byte in data)


def web_link(url: str) -> str | None:
    """``url`` if it is safe to follow and to print (http or https, no blanks), otherwise None."""
    return url if re.fullmatch(r"https?://[!#-;=?-Z\[\]_a-z~%]+", url) else None


def cells(text: str) -> int:
    """How many columns of a terminal visible text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def clip(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, with an ellipsis where something was cut off."""
    if cells(text) <= width:
        return text
    kept = text[: max(width - 1, 0)]
    while kept and cells(kept) > width - 1:
        kept = kept[:-1]
    return kept + "…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns: clipped, or with blanks behind it."""
    text = clip(text, width)
    return text + " " * (width - cells(text))


def chop(text: str, width: int) -> list[str]:
    """One line of visible text in pieces of at most ``width`` columns, broken behind a blank where one is near.

    Joined, the pieces are the text again.
    """
    pieces: list[str] = []
    while cells(text) > width:
        end = min(width, len(text))
        while end > 1 and cells(text[:end]) > width:
            end -= 1
        blank = text.rfind(" ", end // 2, end)
        end = blank + 1 if blank >= 0 else end
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text]


def wrap(text: str, width: int) -> list[str]:
    """The lines of ``text``, made visible, each of at most ``width`` columns; at least one line."""
    lines = visible(text).replace("\t", "\\t").split("\n")
    return [piece.rstrip(" ") for line in lines for piece in chop(line, max(width, 10))]


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun in the right form: ``1 case``, ``3 cases``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
