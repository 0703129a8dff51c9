"""Steps that an application was told to take, and what comes of them: events, bodies, exceptions, an end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgi_conformance.control import Frame
from asgi_conformance.values import Digest
from asgi_conformance.verdict import Broken, TimedOut

if TYPE_CHECKING:
    from asgi_conformance.call import Call


@dataclass(frozen=True)
class Raised:
    """An exception that came out of the candidate: its class, all base classes by name, and its text."""

    type_name: str
    bases: tuple[str, ...]
    text: str

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> Raised:
        """Take what the probe told of an exception."""
        return cls(described["type"], tuple(described["bases"]), described["text"])

    def __str__(self) -> str:
        return f"{self.type_name}: {self.text}" if self.text else self.type_name

    @property
    def is_os_error(self) -> bool:
        """Whether its class is OSError or derived from it."""
        return "OSError" in self.bases

    @property
    def is_cancellation(self) -> bool:
        """Whether it is the loop's cancellation."""
        return any(base in ("asyncio.exceptions.CancelledError", "trio.Cancelled") for base in self.bases)


@dataclass(frozen=True)
class Ended:
    """How a call ended: ``returned``, ``raised``, ``cancelled`` or ``lost`` (its process went away)."""

    how: str
    error: Raised | None = None


@dataclass(frozen=True)
class Body:
    """What ``receive()`` gave from the first event to the last: the events, and the joined body."""

    events: tuple[object, ...]
    content: bytes | Digest

    @property
    def last(self) -> object:
        """The last event."""
        return self.events[-1]

    @property
    def complete(self) -> bool:
        """Whether the last event was a request event that ended the body."""
        return (
            isinstance(self.last, dict)
            and self.last.get("type") == "http.request"
            and not self.last.get("more_body", False)
        )


class Step:
    """One step that the application was told to take and that may still be under way."""

    def __init__(self, call: Call, number: int, what: str, answer: asyncio.Future[Frame]) -> None:
        self._call = call
        self.number = number
        self.what = what
        self.answer = answer
        self.told = False
        self.is_given_up = False

    @property
    def done(self) -> bool:
        """Whether it has come to an end."""
        return self.answer.done()

    async def frame(self, deadline: float | None = None) -> Frame:
        """The probe's answer, whether something was raised or not.

        Raises:
            TimedOut: the step did not end within ``deadline`` seconds (None: the usual ones).
        """
        seconds = self._call.deadline if deadline is None else deadline
        await asyncio.wait({self.answer}, timeout=seconds)
        if not self.answer.done():
            state = self._call.state()
            raise TimedOut(f"{self.what} ends", f"it was still waiting after {seconds:.1f} s{state}")
        return self.answer.result()

    async def outcome(self, deadline: float | None = None) -> Raised | None:
        """What was raised out of the step, or None."""
        frame = await self.frame(deadline)
        return Raised.read(frame["raised"]) if "raised" in frame else None

    async def result(self, deadline: float | None = None) -> Any:
        """What the step gave.

        Raises:
            Broken: an exception came out of it.
            TimedOut: it did not end in time.
        """
        frame = await self.frame(deadline)
        if "raised" in frame:
            raise Broken(f"{self.what} ends without an exception", f"it raised {Raised.read(frame['raised'])}")
        return frame["ok"]

    async def pending_after(self, seconds: float) -> bool:
        """Whether it is still under way after a quiet period of so many seconds."""
        await asyncio.wait({self.answer}, timeout=seconds)
        return not self.answer.done()

    async def cancel(self) -> None:
        """Cancel the child task that takes this step, as an application would."""
        self.is_given_up = True
        await self._call.tell("cancel", step=self.number).result()
