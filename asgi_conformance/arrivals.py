"""Arrivals: the calls that came for an exchange, until its case asks for them."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.waiting import Bell


class Arrivals:
    """Calls in the order in which they came, each with the tag of its request, or None where that has none.

    Wherever a tag is asked for, None means any call.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Call, str | None]] = []
        self._bell = Bell()

    @property
    def calls(self) -> list[Call]:
        """All that are here."""
        return [call for call, _ in self._waiting]

    def add(self, call: Call, tag: str | None) -> None:
        """Take a call in."""
        self._waiting.append((call, tag))
        self._bell.ring()

    def has(self, tag: str | None) -> bool:
        """Whether a call with this tag is here."""
        return any(tag in (None, found) for _, found in self._waiting)

    async def until(self, tag: str | None, seconds: float) -> None:
        """Wait until a call with this tag is here, for so many seconds at most."""
        await self._bell.until(lambda: self.has(tag), seconds)

    def claim(self, tag: str | None) -> Call:
        """Give the first call with this tag away. Raises LookupError when none is here."""
        for number, (call, found) in enumerate(self._waiting):
            if tag in (None, found):
                del self._waiting[number]
                return call
        raise LookupError(f"no call with the tag {tag} is waiting")
