"""What connections of HTTP/2 and HTTP/3 share: many streams, on one carrier."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from asgi_conformance.clients.address import Address
from asgi_conformance.clients.waiting import Bell
from asgi_conformance.verdict import Broken


class Carrier(Protocol):
    """What a connection with streams lies on: bytes over TCP, or QUIC. ``bell`` rings at every change."""

    address: Address
    bell: Bell
    ending: str | None
    deadline: float

    @property
    def local(self) -> tuple[str, int] | None:
        """The address of the client's own end; None on a unix socket."""


C = TypeVar("C", bound=Carrier)


class Multiplexed(ABC, Generic[C]):
    """A connection with streams. ``clients`` are those that use it.

    ``tags`` makes the tags of requests, or is None for none; ``deadline`` is the longest wait of one call in seconds.
    """

    def __init__(self, wire: C, tags: Callable[[], str] | None, deadline: float | None) -> None:
        self.wire = wire
        self.tags = tags
        self.deadline = wire.deadline if deadline is None else deadline
        self.clients: list[Any] = []

    @property
    def address(self) -> Address:
        """Where it leads."""
        return self.wire.address

    @property
    def local(self) -> tuple[str, int] | None:
        """The address of the client's own end; None on a unix socket."""
        return self.wire.local

    @property
    def bell(self) -> Bell:
        """What wakes those that wait."""
        return self.wire.bell

    @property
    def ending(self) -> str | None:
        """How the server ended it: ``"closed"`` or ``"reset"``; None while it is open."""
        return self.wire.ending

    @property
    @abstractmethod
    def wrong(self) -> str | None:
        """The sentence on a breach of the protocol that concerns the whole connection, or None."""

    @property
    @abstractmethod
    def is_over(self) -> bool:
        """Whether no stream can go on."""

    @abstractmethod
    def failure(self, expected: str) -> Broken:
        """Why ``expected`` did not come."""

    @abstractmethod
    def how_it_ended(self) -> str:
        """A sentence about the end of the connection."""

    @abstractmethod
    def send_reset(self, stream: int) -> None:
        """Give a stream up."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection."""
