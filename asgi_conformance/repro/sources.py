"""Python source for values: of what travelled as bytes, and of what an application was told to use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from asgi_conformance.errors import UsageError

#: The shortest run of the same few bytes that is written as a product.
_RUN = 40
#: More bytes than this that do not repeat are too much to read.
_MOST = 20000
_RUNS = re.compile(rb"(?s)(.{1,4}?)\1{%d,}" % _RUN)
_ODD = {
    "generator": "(item for item in {})",
    "iterator": "iter({})",
    "dict-items": "dict({}).items()",
    "bytearray": "bytearray({})",
    "memoryview": "memoryview({})",
    "float": "float({})",
    "set": "set({})",
    "complex": "complex({})",
    "object": "object()",
    "str-subclass": 'type("Text", (str,), {{}})({})',
    "payload": "payload({})",
    "lock": "threading.Lock()",
    "http-status": "http.HTTPStatus({})",
}


class TooMuch(UsageError):
    """A value, a step or a launch that has no place in a file for people."""


def quoted(value: object) -> str:
    """The repr of a plain value, a text with the quotes that people use."""
    text = repr(value)
    if isinstance(value, (str, bytes)) and '"' not in text:
        return text.replace("'", '"') if text.count("'") == 2 else text
    return text


def of_bytes(data: bytes) -> str:
    """One expression for bytes; long runs are products, and a new piece begins behind the end of a line."""
    terms = []
    for is_run, piece in _pieces(data):
        if is_run:
            unit = _RUNS.fullmatch(piece)
            size = len(unit[1]) if unit else 1
            terms.append(f"{quoted(piece[:size])} * {len(piece) // size}")
        else:
            terms.append(quoted(piece))
    if sum(map(len, terms)) > 4 * _MOST:
        raise TooMuch(f"the exchange has {len(data)} bytes in it that do not repeat, which is too much for a file")
    return " + ".join(terms) or 'b""'


def _pieces(data: bytes) -> Iterator[tuple[bool, bytes]]:
    place = 0
    for found in _RUNS.finditer(data) if len(data) > _RUN else ():
        if found.start() > place:
            yield False, data[place : found.start()]
        yield True, found[0]
        place = found.end()
    if place < len(data):
        yield False, data[place:]


def lines_of(data: bytes) -> list[str]:
    """The lines of a literal for bytes that a client sends: where there are several, one for each line of the text."""
    whole = of_bytes(data)
    parts = re.findall(rb"(?s)[^\n]*\n|[^\n]+\Z", data)
    if " * " in whole or len(parts) < 2 or b"\r\n" not in data or not data[:200].isascii():
        return [whole]
    return [quoted(part) for part in parts]


def of_told(value: Any) -> str:
    """Source for a value as the control channel describes it (see the probe's ``decode``).

    Raises:
        TooMuch: it is nothing that a file could make.
    """
    if isinstance(value, list):
        return "[" + ", ".join(map(of_told, value)) + "]"
    if not isinstance(value, dict):
        return quoted(value)
    ((kind, content),) = value.items()
    if kind == "b":
        return of_bytes(content.encode("latin-1"))
    if kind == "t":
        inner = ", ".join(map(of_told, content))
        return f"({inner},)" if len(content) == 1 else f"({inner})"
    if kind == "d":
        return "{" + ", ".join(f"{of_told(key)}: {of_told(item)}" for key, item in content) + "}"
    name, arguments = content[0], content[1:]
    if name not in _ODD:
        raise TooMuch(f"the application uses a {name}, which a file for people cannot hold")
    return _ODD[name].format(", ".join(map(of_told, arguments)))
