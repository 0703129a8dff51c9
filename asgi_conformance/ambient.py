"""Ambient checks: every scope and event that a candidate hands over is held against the shapes of the documents.

The shapes are data of the suites (``shapes.toml``); this module knows the language in which they are written, not what
they say. Each row tells for one value in a scope or an event whether it has to be there, of which kind it is (see
``kinds``), and which requirement is broken when it is not.

One cause is one breach: of the rows that a value breaks, the outermost value counts, then the row of a network, then
that of a protocol or an event, before a general one, then the order in the files. What lies inside of a broken value
is not looked at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgi_conformance.errors import SuiteError
from asgi_conformance.expect import show
from asgi_conformance.kinds import checker, described, items_of, words
from asgi_conformance.verdict import Broken, Inconclusive, Level, Unsupported
from asgi_conformance.walks import WALKS, Where

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: In a path: each item of an iterable, each value of a dict.
EACH = "*"


@dataclass(frozen=True)
class Breach:
    """A shape that was not kept: of which requirement, the two sentences of the verdict, and the level if weaker."""

    requirement: str
    expected: str
    observed: str
    level: Level | None = None


@dataclass(frozen=True)
class Shape:
    """One row: where it applies, and what has to hold there.

    ``of`` is ``scope`` or ``event``; ``protocol`` the scope's type, ``event`` the event's type (empty: all of them);
    ``network`` is ``unix`` or ``ipv6`` for what the candidate listens on (None: on whatever);
    ``path`` the keys that lead to the value, ``*`` for each item (empty: the scope or event itself). With ``required``
    the value has to be there; ``kind`` is its kind, ``pattern`` a regular expression for all of its text, ``values``
    what it may be, ``one_of`` keys of which exactly one is not None. ``walk`` is a check of all that is in it,
    ``without`` what lies below these keys. ``level`` is the level of a breach where it is weaker than the requirement.
    """

    of: str
    requirement: str
    network: str | None = None
    protocol: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    path: Where = ()
    required: bool = False
    kind: str | None = None
    pattern: str | None = None
    values: tuple[object, ...] = ()
    one_of: tuple[str, ...] = ()
    walk: str | None = None
    without: tuple[str, ...] = ()
    level: str | None = None

    @property
    def rank(self) -> tuple[bool, int, bool, bool]:
        """By what rows are ordered: walks last, outer values first, general rows after special ones."""
        return self.walk is not None, len(self.path), self.network is None, not (self.protocol or self.event)

    def applies(self, of: str, protocol: str | None, event: str | None, network: str | None) -> bool:
        """Whether scopes or events of these types, on such a network, are what this row is about."""
        if of != self.of or (self.protocol and protocol not in self.protocol):
            return False
        return (not self.event or event in self.event) and self.network in (None, network)

    def name(self, where: Where | None = None) -> str:
        """What the value is called in sentences; with ``where`` one of those that the path leads to."""
        begin = "scope" if self.of == "scope" else ("/".join(self.event) or "the event")
        return begin + "".join(f"[{key!r}]" for key in (self.path if where is None else where))

    def look(self, whole: object, broken: Sequence[Where]) -> tuple[bool, Where, Breach | None]:
        """Whether there was something to look at, where a breach is, and the breach.

        What lies at or below a place in ``broken`` is passed over.
        """
        seen = False
        for where, value in _values_at(whole, self.path):
            seen = True
            if self.walk is not None:
                place, wrong = self._walk(value, where, broken)
            else:
                place, wrong = self.path, self._wrong(value, where)
            if wrong is not None:
                return True, place, self._breach(*wrong)
        if not seen and self.required and _leads_to_a_dict(whole, self.path[:-1]):
            return True, self.path, self._breach(f"{self.name()} is there", f"it is missing in {show(whole)}")
        return seen, self.path, None

    def _walk(self, value: object, at: Where, broken: Sequence[Where]) -> tuple[Where, tuple[str, str] | None]:
        assert self.walk is not None
        for place, observed in WALKS[self.walk].find(value, at):
            left_out = bool(place) and place[0] in self.without
            if not left_out and not any(below(place, other) for other in broken):
                expected = f"everything in {self.name()} {WALKS[self.walk].fact}"
                return place, (expected, self.name(place) + observed)
        return self.path, None

    def _breach(self, expected: str, observed: str) -> Breach:
        return Breach(self.requirement, expected, observed, Level(self.level) if self.level else None)

    def _wrong(self, value: object, where: Where) -> tuple[str, str] | None:
        """What is expected and what was observed, if it is not so."""
        name, more = self.name, ""
        if self.kind is not None and not checker(self.kind)(value):
            expected, more = f"{name(where)} is {words(self.kind)}", f", of type {described(value)}"
        elif self.values and value not in self.values:
            expected = f"{name(where)} is one of {', '.join(map(show, self.values))}"
        elif self.pattern is not None and not _matches(self.pattern, value):
            expected = f"{name(where)} is of the form {self.pattern}"
        elif self.one_of and isinstance(value, dict) and sum(value.get(key) is not None for key in self.one_of) != 1:
            expected = f"exactly one of {' and '.join(map(repr, self.one_of))} of {name(where)} is not None"
        else:
            return None
        return expected, f"{name(where)} is {show(value)}{more}"


def _matches(pattern: str, value: object) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return not isinstance(text, str) or re.fullmatch(pattern, text, re.DOTALL) is not None


def _values_at(whole: object, path: Where, at: Where = ()) -> Iterator[tuple[Where, object]]:
    """The values that a path leads to, each with its own path; none where a key is missing."""
    for number, key in enumerate(path):
        if key == EACH:
            for found, item in whole.items() if isinstance(whole, dict) else enumerate(items_of(whole) or ()):
                yield from _values_at(item, path[number + 1 :], (*at, found))
            return
        if isinstance(whole, dict):
            if key not in whole:
                return
            whole = whole[key]
        else:
            items = items_of(whole) or ()
            if not isinstance(key, int) or key >= len(items):
                return
            whole = items[key]
        at = (*at, key)
    yield at, whole


def _leads_to_a_dict(whole: object, path: Where) -> bool:
    return any(isinstance(value, dict) for _, value in _values_at(whole, path))


def below(path: Where, place: Where) -> bool:
    """Whether a path is that of a place, or leads to something inside of it."""
    if len(path) < len(place):
        return False
    return all(one == other or EACH in (one, other) for one, other in zip(path, place, strict=False))


class Shapes:
    """All shapes of a run, each found by what it is about."""

    def __init__(self, shapes: Iterable[Shape] = ()) -> None:
        self.all = sorted(shapes, key=lambda shape: shape.rank)
        self._index: dict[tuple[str, str | None, str | None, str | None], list[Shape]] = {}

    def about(self, of: str, protocol: str | None, event: str | None, network: str | None) -> list[Shape]:
        """The rows for scopes or events of these types, in the order in which they count."""
        key = of, protocol, event, network
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = [shape for shape in self.all if shape.applies(*key)]
        return found

    def named(self, requirement: str) -> list[Shape]:
        """The rows whose breach is one of this requirement."""
        return [shape for shape in self.all if shape.requirement == requirement]


def read_shapes(source: Path) -> list[Shape]:
    """Read a ``shapes.toml``. Raises SuiteError when it cannot be understood."""
    try:
        rows: list[Mapping[str, Any]] = tomllib.loads(source.read_text(encoding="utf-8"))["shape"]
        return [_shape(row) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as error:
        raise SuiteError(f"the shapes {source} cannot be read: {error!r}") from error


def _shape(row: Mapping[str, Any]) -> Shape:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    shape = Shape(**given)
    if shape.of not in ("scope", "event"):
        raise ValueError(f"not a row: {dict(row)!r}")
    if shape.kind is not None:
        checker(shape.kind)
    if shape.walk is not None and shape.walk not in WALKS:
        raise ValueError(f"there is no walk {shape.walk!r}")
    if shape.pattern is not None:
        re.compile(shape.pattern)
    return shape


class Watch:
    """Holds what one exchange sees against all shapes; keeps the breaches and which requirements were looked at.

    ``network`` is what the candidate listens on where that is no IPv4: ``unix`` or ``ipv6``.
    """

    def __init__(self, shapes: Shapes, network: str | None = None) -> None:
        self._shapes = shapes
        self._network = network
        self._hidden: dict[str, Breach] = {}
        self.breaches: list[Breach] = []
        self.looked_at: set[str] = set()

    def look(self, of: str, protocol: object, value: object) -> None:
        """Look at a scope or an event of a call of the given protocol."""
        event = value.get("type") if of == "event" and isinstance(value, dict) else None
        broken: dict[Where, Breach] = {}
        for shape in self._shapes.about(of, _text(protocol), _text(event), self._network):
            hiding = [place for place in broken if below(shape.path, place)]
            if hiding:
                self._hidden[shape.requirement] = broken[hiding[0]]
                continue
            looked, place, breach = shape.look(value, list(broken))
            if looked:
                self.looked_at.add(shape.requirement)
            if breach is not None:
                broken[place] = breach
                self.breaches.append(breach)

    def breach_of(self, requirement: str) -> Breach | None:
        """The first breach of a requirement that was seen, or None."""
        return next((breach for breach in self.breaches if breach.requirement == requirement), None)

    def disown(self, *requirements: str) -> None:
        """Forget breaches of these requirements: the case counts their cause on its own."""
        self.breaches = [breach for breach in self.breaches if breach.requirement not in requirements]

    def judge(self, requirement: str) -> None:
        """Let the case pass that is about the shapes of this requirement.

        Raises:
            Broken: one of them was not kept.
            Inconclusive: the values that they are about lie in something that is wrong itself.
            Unsupported: none of the values that they are about was there.
        """
        breach = self.breach_of(requirement)
        if breach is not None:
            raise Broken(breach.expected, breach.observed, level=breach.level)
        if requirement in self.looked_at:
            return
        if requirement in self._hidden:
            hiding = self._hidden[requirement]
            raise Inconclusive(f"{hiding.requirement} is broken, so this could not be looked at: {hiding.observed}")
        names = sorted({shape.name() for shape in self._shapes.named(requirement)})
        raise Unsupported(f"this is optional and was not there: {', '.join(names)}")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
