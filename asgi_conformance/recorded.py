"""RecordedCall: a call of an application that nobody tells what to do; the recorder tells what went in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.control import Frame, decode
from asgi_conformance.expect import show_event
from asgi_conformance.step import Raised

#: The style in which the recorder announces its calls.
RECORDED = "recorded"
#: Those in which calls on both faces of a middleware are announced.
FACES = ("upper", "lower")


@dataclass
class Sent:
    """An event that the application sent; ``refused`` is what ``send()`` raised, or None.

    ``after`` is how many events the application had received before.
    """

    event: object
    after: int
    refused: Raised | None = None


class RecordedCall(Call):
    """One call of a reference application, which ends when the application does.

    ``received`` are the events that the server handed over, ``sent`` what the application sent. ``unimportable`` says
    why the application could not be imported, ``wrong_loop`` is the server's event loop where the application does not
    run in it; both are None where it is served.
    """

    def __init__(self, *arguments: Any) -> None:
        self.received: list[object] = []
        self.sent: list[Sent] = []
        #: Whether an exception came out of ``receive()`` or ``send()``.
        self.was_thwarted = False
        #: Whether it awaits ``receive()``.
        self.receiving = False
        self._news = asyncio.Event()
        super().__init__(*arguments)
        self.unimportable: str | None = self._frame.get("unimportable")
        self.wrong_loop: str | None = self._frame.get("wrong_loop")

    def take(self, frame: Frame) -> None:
        """Take one frame of the recorder about this call."""
        at = frame.get("at")
        if "receiving" in frame:
            self.receiving = True
        elif "received" in frame:
            self.receiving = False
            event = decode(frame["received"])
            self.trace.record("application", "receive", show_event(event), call=self.number, at=at)
            self.received.append(event)
            self._observe(event)
        elif "sent" in frame:
            event = decode(frame["sent"])
            self.trace.record("application", "send", show_event(event), call=self.number, at=at)
            self.sent.append(Sent(event, len(self.received)))
        elif "receive_failed" in frame:
            self.was_thwarted = True
            self.trace.record(
                "application", "raised", f"receive() raised {Raised.read(frame['receive_failed'])}", at=at
            )
        elif "refused" in frame:
            self.was_thwarted = True
            self.sent[frame["refused"]].refused = raised = Raised.read(frame["error"])
            self.trace.record("application", "raised", f"send() raised {raised}", call=self.number, at=at)
        else:
            super().take(frame)
        self._news.set()

    async def until(self, holds: Callable[[RecordedCall], bool]) -> bool:
        """Wait until something holds of this call; False when it does not before the deadline."""

        async def follow() -> None:
            while not holds(self):
                self._news.clear()
                await self._news.wait()

        try:
            await asyncio.wait_for(follow(), self.deadline)
        except asyncio.TimeoutError:
            return False
        return True

    def end_by_return(self) -> None:
        """Nothing: the application ends by itself."""


class Face(RecordedCall):
    """One call on a face of a middleware: of its ``upper`` one, to the server, or of its ``lower`` one.

    ``face`` says which; ``key`` is the same for an upper call and the lower ones that were made inside of it.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.face: str = self._frame["style"]
        number = self._frame["call"] if self.face == "upper" else self._frame["above"]
        self.key = (self._link, number)
