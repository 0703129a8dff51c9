"""What a candidate does with a request instead of calling the application for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from asgi_conformance.clients.http import Response
from asgi_conformance.verdict import Broken, TimedOut


class Tagged(Protocol):
    """A client whose last request carried a tag."""

    @property
    def tag(self) -> str:
        """The tag of the last request."""


@dataclass(frozen=True)
class Refusal:
    """The candidate answered a request by itself, or ended the connection, and did not call the application.

    ``response`` is what it answered, or None when the connection ended without an answer; ``what`` is the sentence.
    """

    response: Response | None
    what: str


async def refusal_by(client: object) -> Refusal:
    """Wait for what the candidate answers by itself on the connection of a client."""
    waiting = getattr(client, "head", None) or getattr(client, "handshake_response")  # noqa: B009
    try:
        response = await waiting()
    except TimedOut:
        raise
    except Broken as broken:
        return Refusal(None, broken.observed)
    status = response.status
    return Refusal(response, f"it answered {status} by itself")
