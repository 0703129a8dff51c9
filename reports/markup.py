"""Text of candidates inside Markdown, where it must neither format, link, mention nor end anything."""

from __future__ import annotations

import re

from asgi_conformance.reports.text import one_line, visible

# What structures Markdown, or makes a mention, an issue number or an emoji of plain words.
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>#+!|~&@$:]")


def plain(text: str) -> str:
    """``text`` in one line, in which every character with a meaning is a character reference."""
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", one_line(text))


def code(text: str) -> str:
    """``text`` in one line of code. An element, since backticks would let a pipe end a table's cell."""
    return f"<code>{plain(text)}</code>"


def fenced(text: str, kind: str = "") -> str:
    """``text`` as a block of code, between more backticks than it holds itself."""
    text = visible(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def link(words: str, url: str | None) -> str:
    """A link to an address that :func:`~.text.web_link` let through, or the words alone."""
    return f"[{plain(words)}](<{url}>)" if url else plain(words)
