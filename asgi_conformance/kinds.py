"""The small language in which the types of scopes and events are written.

A kind is ``str``, ``bytes``, ``int``, ``float``, ``bool``, ``dict``, ``None`` or ``any``; ``dict[str]`` (all keys are
of that kind), ``pair`` or ``pair[str, int]`` (an iterable of two), ``iterable`` or ``iterable[str]``; or alternatives
joined by ``|``. A bool is no int, subclasses of the plain types are of their kind, and a mapping is no iterable.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from asgi_conformance.values import Digest, Iterable, type_name

Check = Callable[[object], bool]

_PLAIN: dict[str, Check] = {
    "any": lambda value: True,
    "None": lambda value: value is None,
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, (bytes, Digest)),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "dict": lambda value: isinstance(value, dict),
    "pair": lambda value: (items := items_of(value)) is not None and len(items) == 2,
    "iterable": lambda value: items_of(value) is not None,
}
#: The longest sequence whose types are all told.
_TOLD = 4


def items_of(value: object) -> Sequence[object] | None:
    """The items of an iterable, or None for what is none here: also a mapping, a str and bytes are none."""
    if isinstance(value, (list, tuple)):
        return value
    return value.items if isinstance(value, Iterable) else None


@functools.cache
def checker(kind: str) -> Check:
    """The test whether a value is of a kind. Raises ValueError when the kind cannot be understood."""
    alternatives = [_checker_of_one(one) for one in _split(kind, "|")]
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda value: any(check(value) for check in alternatives)


def _checker_of_one(kind: str) -> Check:
    outer, bracket, rest = kind.partition("[")
    if outer not in _PLAIN or bool(bracket) is not rest.endswith("]"):
        raise ValueError(f"{kind!r} is no kind of value")
    plain = _PLAIN[outer]
    if not bracket:
        return plain
    inner = tuple(checker(part) for part in _split(rest[:-1], ","))
    if len(inner) != (2 if outer == "pair" else 1) or outer not in ("pair", "dict", "iterable"):
        raise ValueError(f"{kind!r} is no kind of value")

    def check(value: object) -> bool:
        items = list(value) if isinstance(value, dict) else items_of(value) or ()
        checks = inner if outer == "pair" else inner * len(items)
        return plain(value) and all(of_kind(item) for of_kind, item in zip(checks, items, strict=True))

    return check


def _split(text: str, separator: str) -> list[str]:
    """Split at the separators that stand outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def words(kind: str) -> str:
    """A kind for a sentence: ``pair[str, int] | None`` is "a pair of str and int, or None"."""
    told = [_words_of_one(one) for one in _split(kind, "|")]
    return told[0] if len(told) == 1 else ", ".join(told[:-1]) + ", or " + told[-1]


def _words_of_one(kind: str) -> str:
    outer, _, rest = kind.partition("[")
    article = "an" if outer[0] in "aeio" else "a"
    if outer in ("None", "any"):
        return {"None": "None", "any": "any value"}[outer]
    if outer == "bytes":
        return "bytes"
    if not rest:
        return f"{article} {outer}"
    parts = [words(part).removeprefix("a ").removeprefix("an ") for part in _split(rest[:-1], ",")]
    inner = " and ".join(f"({part})" if " " in part else part for part in parts)
    return f"{article} {outer} with keys of type {inner}" if outer == "dict" else f"{article} {outer} of {inner}"


def described(value: object) -> str:
    """The type of a value for a sentence, with those of its items where there are few: "list of str, str"."""
    items = items_of(value)
    if items is None:
        return type_name(value)
    inner = [type_name(item) for item in items]
    if len(inner) > _TOLD:
        inner = sorted(set(inner))
    return f"{type_name(value)} of {', '.join(inner)}" if inner else f"{type_name(value)}, empty"
