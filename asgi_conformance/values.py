"""Values that cross the control channel and that plain JSON or plain Python has no words for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Digest:
    """A long byte string, told by its length in bytes, its SHA-256 in hexadecimal and its first bytes."""

    length: int
    sha256: str
    head: bytes = field(default=b"", compare=False)

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """Make the digest of data that is at hand."""
        return cls(len(data), hashlib.sha256(data).hexdigest(), data[:64])

    def __repr__(self) -> str:
        return f"<{self.length} bytes, SHA-256 {self.sha256[:12]}…, beginning {self.head[:16]!r}>"


@dataclass(frozen=True)
class Opaque:
    """An object of the candidate's that is none of the plain types: the name of its type and its repr."""

    type_name: str
    text: str

    def __repr__(self) -> str:
        return f"<{self.type_name} {self.text}>"


@dataclass(frozen=True)
class Iterable:
    """An iterable of the candidate's that is neither list nor tuple, with the items that it gave.

    ``once`` says that it is an iterator: it gives its items no second time.
    """

    type_name: str
    items: tuple[object, ...]
    once: bool = False

    def __iter__(self) -> Iterator[object]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


_FOREIGN: dict[type, type] = {
    base: type(f"subclass of {base.__name__}", (base,), {}) for base in (int, str, bytes, float, list, tuple, dict)
}


def foreign(type_name: str, plain: object) -> object:
    """A value whose class in the candidate was a subclass of a plain type.

    It compares like the plain value; :func:`foreign_type` gives the name of its class.
    """
    made = _FOREIGN.get(type(plain))
    if made is None:
        return plain
    value: object = made(plain)
    vars(value)["type_name"] = type_name
    return value


def foreign_type(value: object) -> str | None:
    """The name of the candidate's own class, or None when the value was of a plain type."""
    return vars(value)["type_name"] if type(value) in _FOREIGN.values() else None


def type_name(value: object) -> str:
    """The name of the type that the value had in the candidate."""
    if isinstance(value, (Opaque, Iterable)):
        return value.type_name
    if isinstance(value, Digest):
        return "bytes"
    return foreign_type(value) or type(value).__name__


@dataclass(frozen=True)
class Odd:
    """Something that the application is to use and that only the probe can make; see the functions below."""

    kind: str
    arguments: tuple[object, ...]

    def __repr__(self) -> str:
        return f"<{self.kind} {', '.join(map(repr, self.arguments))}>"


def odd(kind: str, *arguments: object) -> Odd:
    """An odd value by its kind.

    The kinds: generator, iterator, dict-items, bytearray, memoryview, set, str-subclass, float (of a text such as
    "nan"), complex, http-status, object (nothing can serialise it), stubborn (nothing can copy, compare or serialise
    it), lock, socket, file and raw-file (opened for reading, by path), descriptor (by path), payload.
    """
    return Odd(kind, arguments)


def payload(seed: str, length: int) -> bytes:
    """Bytes that look random; the probe makes the same ones from :func:`payload_there`."""
    return hashlib.shake_128(seed.encode()).digest(length)


def payload_there(seed: str, length: int) -> Odd:
    """The same bytes, made in the candidate, so that they need not travel."""
    return Odd("payload", (seed, length))
