"""The lifespan of a candidate that cases share, taken as an ordinary application takes it, and what it showed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.control import decode, encode
from asgi_conformance.step import Raised, Step
from asgi_conformance.verdict import Outcome

#: What an ordinary lifespan puts into its state: a text that no other lifespan has, an empty list, and two texts that
#: requests may replace and delete in their copies.
TOKEN, LIST = "asgi-conformance.token", "asgi-conformance.list"
REPLACED, DELETED = "asgi-conformance.replaced", "asgi-conformance.deleted"
ORIGINAL = "original"

#: What is awaited between the shutdown event and its answer.
Hold = Callable[[Call], Awaitable[None]]

#: A deadline, in seconds, for what ends with the candidate.
_AS_LONG_AS_IT_LIVES = 1e6


class OrdinaryLifespan:
    """One lifespan call, which starts up, waits, and shuts down.

    ``token`` is the text in its state. ``startup`` is the first event, ``completed`` what came of sending
    ``lifespan.startup.complete`` (None: no exception) and ``waiting`` the ``receive()`` after it; they are None before.
    ``shutdown`` is the event that this gave, or None, and ``answered`` whether the answer to it could be sent.
    ``events`` are all that it got. With ``hold`` the answer is sent when that has been awaited.
    """

    def __init__(self, call: Call, hold: Hold | None = None) -> None:
        self.call = call
        self._hold = hold
        self.token = f"lifespan {call.pid}-{call.loop_id}"
        self.startup: object = None
        self.startup_at: float | None = None
        self.completed: Raised | None = None
        self.waiting: Step | None = None
        self.shutdown: object = None
        self.answered = False
        self.events: list[object] = []
        call.observers.append(lambda _, event: self.events.append(event))
        self._task = asyncio.ensure_future(self._follow())

    async def _follow(self) -> None:
        try:
            step = self.call.begin_receive()
            frame = await step.frame(_AS_LONG_AS_IT_LIVES)
            self.startup, self.startup_at = decode(await step.result()), frame["at"]
            await self._fill()
            self.completed = await self.call.try_send({"type": "lifespan.startup.complete"})
            self.waiting = self.call.begin_receive()
            self.shutdown = await self.call.event_of(self.waiting, _AS_LONG_AS_IT_LIVES)
            if self._hold is not None:
                await self._hold(self.call)
            await self.call.send({"type": "lifespan.shutdown.complete"})
            self.answered = True
        except Outcome:
            pass  # whoever judges it sees how far it came
        finally:
            self.call.end_by_return()

    async def _fill(self) -> None:
        for key, value in ((TOKEN, self.token), (LIST, []), (REPLACED, ORIGINAL), (DELETED, ORIGINAL)):
            step = self.call.tell("change", path=["state"], operation="set", key=key, value=encode(value))
            await step.outcome()  # where there is no state there is nothing to fill

    @property
    def has_state(self) -> bool:
        """Whether the scope came with a state."""
        return isinstance(self.call.raw_scope, dict) and "state" in self.call.raw_scope

    async def state_now(self) -> dict[Any, Any]:
        """The state as it is now in the application; empty where it is no dict any more."""
        scope = decode(await self.call.ask("scope", at_once=True))
        state = scope.get("state") if isinstance(scope, dict) else None
        return state if isinstance(state, dict) else {}

    async def identity(self, *path: str) -> int:
        """The identity of an object in the scope, to be compared with another of the same process."""
        return int(await self.call.ask("identity", path=list(path), at_once=True))

    def belongs_to(self, call: Call) -> bool:
        """Whether a call runs in this lifespan's process and event loop."""
        return (call.pid, call.loop_id) == (self.call.pid, self.call.loop_id)
