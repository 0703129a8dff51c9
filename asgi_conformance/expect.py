"""Expectations: each states a fact in words, and a failed one tells what was expected and what was observed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from asgi_conformance.values import type_name
from asgi_conformance.verdict import Broken, Judged, Level

T = TypeVar("T")
_LONGEST = 300


def show(value: object) -> str:
    """A value as people see it in a verdict: its repr, shortened in the middle when it is long."""
    text = repr(value)
    if len(text) > _LONGEST:
        size = f" ({len(value)} bytes)" if isinstance(value, bytes) else f" ({len(text)} characters)"
        text = text[: _LONGEST // 2] + " … " + text[-_LONGEST // 4 :] + size
    return text


def show_event(event: object) -> str:
    """One line for people of a scope or an event."""
    if not isinstance(event, Mapping):
        return repr(event)
    return "{" + ", ".join(f"{key!r}: {show(item)}" for key, item in event.items()) + "}"


class Expectation(Generic[T]):
    """A value and what it is called; every method returns when the fact holds and raises :class:`Broken` when not."""

    def __init__(self, value: T, what: str, level: Level | None = None) -> None:
        self.value = value
        self._what = what
        self._level = level

    def weakly(self, level: Level = Level.SHOULD) -> Expectation[T]:
        """The same expectation, with a breach of no more than this level (an ambiguity that the catalogue grades)."""
        return Expectation(self.value, self._what, level)

    def fails(self, expected: str, observed: str | None = None, *, relation: str = "", other: object = None) -> Broken:
        """The outcome to raise: ``expected`` completes the sentence that begins with what the value is called."""
        seen = observed if observed is not None else f"{self._what} is {show(self.value)}"
        judged = Judged(self.value, relation, other)
        return Broken(f"{self._what} {expected}", seen, level=self._level, judged=judged)

    def equals(self, other: object) -> None:
        """The value equals another and is of a type that compares with it."""
        if self.value != other:
            raise self.fails(f"is {show(other)}", relation="==", other=other)

    def differs(self, other: object) -> None:
        """The value is not equal to another."""
        if self.value == other:
            raise self.fails(f"is anything but {show(other)}", relation="!=", other=other)

    def is_one_of(self, allowed: Collection[object]) -> None:
        """The value equals one of several."""
        if not any(self.value == item for item in allowed):
            words = "is one of " + ", ".join(show(item) for item in allowed)
            raise self.fails(words, relation="in", other=tuple(allowed))

    def is_a(self, *kinds: type) -> None:
        """The value is an instance of one of the types; a bool is no int here."""
        unwanted_bool = isinstance(self.value, bool) and bool not in kinds
        if unwanted_bool or not isinstance(self.value, kinds):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise self.fails(
                f"is of type {names}", f"{self._what} is {show(self.value)}, of type {type_name(self.value)}"
            )

    def is_none(self) -> None:
        """The value is None."""
        if self.value is not None:
            raise self.fails("is None or missing", relation="==", other=None)

    def is_present(self) -> None:
        """The value is not None."""
        if self.value is None:
            raise self.fails("is there", f"{self._what} is missing", relation="!=", other=None)

    def is_true(self, fact: str, observed: str | None = None) -> None:
        """The value is true; ``fact`` completes the sentence, ``observed`` is the whole one of what was seen."""
        if not self.value:
            raise self.fails(fact, observed)

    def satisfies(self, fact: str, test: Callable[[T], bool], observed: str | None = None) -> None:
        """A test of the value holds; ``fact`` says which."""
        if not test(self.value):
            raise self.fails(fact, observed)

    def contains(self, item: object) -> None:
        """The item is in the value."""
        if item not in self.value:  # type: ignore[operator]
            raise self.fails(f"contains {show(item)}", relation="has", other=item)

    def lacks(self, item: object) -> None:
        """The item is not in the value."""
        if item in self.value:  # type: ignore[operator]
            raise self.fails(f"does not contain {show(item)}", relation="lacks", other=item)


def expect(value: T, what: str) -> Expectation[T]:
    """Begin an expectation of ``value``, which is called ``what`` in the sentences ("the status")."""
    return Expectation(value, what)
