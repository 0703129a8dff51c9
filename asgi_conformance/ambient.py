"""Ambient checks: every scope and event that a candidate hands over is held against the shapes of the documents.

The shapes are data of the suites (``shapes.toml``); this module only knows the small language in which they are
written. Each row says for one key of a scope or an event, of one protocol, whether it has to be there, of which type
it is, and which requirement is broken when it is not.

A type is ``str``, ``bytes``, ``int``, ``float``, ``bool``, ``dict``, ``None``, ``any``, alternatives joined by ``|``,
``pair[A, B]`` (an iterable of two), or ``iterable[T]``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgi_conformance.errors import SuiteError
from asgi_conformance.expect import show
from asgi_conformance.values import Digest, Iterable, Opaque, foreign_type, type_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Breach:
    """A shape that was not kept: of which requirement, and the two sentences of the verdict."""

    requirement: str
    expected: str
    observed: str


@dataclass(frozen=True)
class Shape:
    """One row: where it applies, and what has to hold there.

    ``of`` is ``scope`` or ``event``; ``protocol`` the scope's type, ``event`` the event's type (None: all of them);
    ``path`` the keys that lead to the value (empty: the scope or event itself). With ``required`` the value has to be
    there; ``kind`` is its type, ``values`` and ``pattern`` what it may be, ``walk`` a check of all that is in it.
    """

    of: str
    requirement: str
    protocol: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    required: bool = False
    kind: str | None = None
    values: tuple[object, ...] = ()
    pattern: str | None = None
    walk: str | None = None

    @property
    def name(self) -> str:
        """What the value is called in sentences."""
        begin = "scope" if self.of == "scope" else f"the event {' or '.join(self.event)}".strip()
        return begin + "".join(f"[{key!r}]" for key in self.path)

    def applies(self, of: str, protocol: object, value: object) -> bool:
        """Whether a scope or event is one that this row is about."""
        if of != self.of or (self.protocol and protocol not in self.protocol):
            return False
        return not self.event or (isinstance(value, dict) and value.get("type") in self.event)

    def check(self, whole: object) -> tuple[bool, str | None, str]:
        """Whether there was something to check, and the sentences of a breach (None: it was kept)."""
        present, value = self._find(whole)
        if not present:
            if self.required:
                return True, f"{self.name} is there", f"the key is missing in {show(whole)}"
            return False, None, ""
        wrong = self._wrong(value)
        return (True, None, "") if wrong is None else (True, *wrong)

    def _find(self, whole: object) -> tuple[bool, object]:
        value = whole
        for key in self.path:
            if not isinstance(value, dict) or key not in value:
                return False, None
            value = value[key]
        return True, value

    def _wrong(self, value: object) -> tuple[str, str] | None:
        seen = f"{self.name} is {show(value)}, of type {type_name(value)}"
        if self.kind is not None and not fits(value, self.kind):
            return f"{self.name} is of type {self.kind}", seen
        if self.values and value not in self.values:
            return f"{self.name} is one of {', '.join(map(show, self.values))}", seen
        if self.pattern is not None and not (isinstance(value, str) and re.fullmatch(self.pattern, value)):
            return f"{self.name} is a string of the form {self.pattern}", seen
        if self.walk is not None:
            found = next(WALKS[self.walk](value, self.name), None)
            if found is not None:
                return f"everything in {self.name} {_WALK_WORDS[self.walk]}", found
        return None


def fits(value: object, kind: str) -> bool:
    """Whether a value is of a type of the small language; subclasses of the plain types are."""
    return any(_fits_one(value, one) for one in _alternatives(kind))


def _alternatives(kind: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for character in kind:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()]


_PLAIN: dict[str, Callable[[object], bool]] = {
    "any": lambda value: True,
    "None": lambda value: value is None,
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, (bytes, Digest)),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "dict": lambda value: isinstance(value, dict),
}


def _fits_one(value: object, kind: str) -> bool:
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    outer, _, inner = kind.rstrip("]").partition("[")
    if not isinstance(value, (list, tuple, Iterable)):
        return False
    items = list(value)
    if outer == "pair":
        kinds = [part.strip() for part in inner.split(",")]
        return len(items) == 2 and all(fits(item, one) for item, one in zip(items, kinds, strict=True))
    return not inner or all(fits(item, kind[len(outer) + 1 : -1]) for item in items)


def _string_keys(value: object, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"{where} has the key {show(key)}, of type {type_name(key)}"
            yield from _string_keys(item, f"{where}[{key!r}]")


def _serialisable(value: object, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"{where} has the key {show(key)}, of type {type_name(key)}"
            yield from _serialisable(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _serialisable(item, f"{where}[{number}]")
    elif isinstance(value, (Opaque, Iterable)):
        yield f"{where} is {show(value)}, of type {type_name(value)}"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield f"{where} is {value}, which is no signed integer of 64 bits"
    elif isinstance(value, float) and value - value != 0:
        yield f"{where} is {value}"


def _plain_types(value: object, where: str) -> Iterator[str]:
    name = foreign_type(value)
    if name is not None:
        yield f"{where} is {show(value)}, of type {name}"
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _plain_types(key, f"the key {key!r} of {where}")
            yield from _plain_types(item, f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _plain_types(item, f"{where}[{number}]")


WALKS: dict[str, Callable[[object, str], Iterator[str]]] = {
    "string-keys": _string_keys,
    "serialisable": _serialisable,
    "plain-types": _plain_types,
}
_WALK_WORDS = {
    "string-keys": "that is a dict has only str as keys",
    "serialisable": "is of the types that events may be made of",
    "plain-types": "is of the plain types, not of subclasses",
}


class Shapes:
    """The shapes of one suite."""

    def __init__(self, shapes: list[Shape]) -> None:
        self.shapes = shapes

    @classmethod
    def read(cls, source: Path) -> Shapes:
        """Read a ``shapes.toml``. Raises SuiteError when it cannot be understood."""
        try:
            rows: list[Mapping[str, Any]] = tomllib.loads(source.read_text(encoding="utf-8"))["shape"]
            return cls([_shape(row) for row in rows])
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise SuiteError(f"the shapes {source} cannot be read: {error!r}") from error


def _shape(row: Mapping[str, Any]) -> Shape:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    if fields.get("walk") is not None and fields["walk"] not in WALKS:
        raise KeyError(fields["walk"])
    return Shape(**fields)


class Watch:
    """Holds what one exchange sees against all shapes; keeps the breaches and which requirements were looked at."""

    def __init__(self, shapes: list[Shapes]) -> None:
        self._shapes = [shape for group in shapes for shape in group.shapes]
        self.breaches: list[Breach] = []
        self.checked: set[str] = set()

    def look(self, of: str, protocol: object, value: object) -> None:
        """Look at a scope or an event of a call of the given protocol."""
        for shape in self._shapes:
            if shape.applies(of, protocol, value):
                checked, expected, observed = shape.check(value)
                if checked:
                    self.checked.add(shape.requirement)
                if expected is not None:
                    self.breaches.append(Breach(shape.requirement, expected, observed))
