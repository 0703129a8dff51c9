"""Checks of all that is in a scope or an event, however deep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asgi_conformance.expect import show
from asgi_conformance.values import Iterable, Opaque, foreign_type, type_name

#: The keys that lead to a value.
Where = tuple[object, ...]
#: The places at which something is wrong, each with the end of a sentence that begins with the name of the place.
Findings = Iterator[tuple[Where, str]]


@dataclass(frozen=True)
class Walk:
    """``find`` gives what is wrong in a value that is at the given place; ``fact`` ends "everything in it …"."""

    find: Callable[[object, Where], Findings]
    fact: str


#: Values of these very types hold nothing and are all right in every walk; most of what is walked over is such.
_PLAIN = frozenset({str, bytes, bool, type(None)})


def _items(value: object) -> Iterator[tuple[object, object]]:
    """What is in a dict or an iterable and may have something wrong in it, each by its key or number."""
    if isinstance(value, dict):
        pairs: Iterator[tuple[object, object]] = iter(value.items())
    elif isinstance(value, (list, tuple, Iterable)):
        pairs = enumerate(value)
    else:
        return
    for key, item in pairs:
        if type(item) not in _PLAIN:
            yield key, item


def _string_keys(value: object, at: Where) -> Findings:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                yield at, f" has the key {show(key)}, of type {type_name(key)}"
    for key, item in _items(value):
        yield from _string_keys(item, (*at, key))


def _serialisable(value: object, at: Where) -> Findings:
    if isinstance(value, (Opaque, Iterable)):
        yield at, f" is {show(value)}, of type {type_name(value)}"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield at, f" is {value}, which is no signed integer of 64 bits"
    elif isinstance(value, float) and value - value != 0:
        yield at, f" is {value}"
    else:
        for key, item in _items(value):
            yield from _serialisable(item, (*at, key))


def _plain_types(value: object, at: Where) -> Findings:
    name = foreign_type(value)
    if name is not None:
        yield at, f" is {show(value)}, of type {name}"
        return
    for key, item in _items(value):
        yield from _plain_types(item, (*at, key))


WALKS = {
    "string-keys": Walk(_string_keys, "that is a dict has keys of type str only"),
    "serialisable": Walk(_serialisable, "is of the types that events may be made of"),
    "plain-types": Walk(_plain_types, "is of these types themselves, not of subclasses"),
}
