"""Call: the harness's hand on one application call in the candidate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from asgi_conformance.control import Frame, ProbeLink, decode, encode
from asgi_conformance.expect import show, show_event
from asgi_conformance.handed_over import HandedOver
from asgi_conformance.step import Body, Ended, Raised, Step
from asgi_conformance.trace import Trace
from asgi_conformance.values import Digest
from asgi_conformance.verdict import Broken, CandidateDied, TimedOut

Headers = Iterable[tuple[bytes, bytes]]
#: The steps that end the call, and so its child tasks.
_ENDINGS = ("return", "raise")


class Call(HandedOver):
    """One call of the probe. What it is told to do runs inside the candidate, in the application's own task.

    Steps begun with ``beside=True`` run in a child task of the application. ``deadline`` is how long, in seconds, a
    step may take that has to end.
    """

    def __init__(self, link: ProbeLink, frame: Frame, number: int, trace: Trace, deadline: float) -> None:
        super().__init__(frame)
        self._link = link
        self._id: int = frame["call"]
        self._steps: dict[int, Step] = {}
        self._next = 1
        self.number = number
        self.trace = trace
        self.deadline = deadline
        self.pid: int = link.hello.get("pid", 0)
        self.ended: Ended | None = None
        self._is_ending = False
        self._over = asyncio.Event()
        self.observers: list[Any] = []
        trace.record("application", "call", show_event(self._scope), call=number, at=frame["at"])
        trace.step(number, frame)

    def state(self) -> str:
        """A part of a sentence about a call that is over, or nothing."""
        if self.ended is None:
            return ""
        return f" (the application call had {self.ended.how})"

    # Telling it what to do

    def tell(self, do: str, *, what: str | None = None, beside: bool = False, **arguments: Any) -> Step:
        """Begin a step by its name; ``what`` names it in sentences."""
        number, self._next = self._next, self._next + 1
        step = Step(self, number, what or f"the step {do!r}", asyncio.get_running_loop().create_future())
        if self.ended is not None:
            self._lose(step)
            return step
        self._steps[number] = step
        self._is_ending = self._is_ending or do in _ENDINGS or bool(arguments.get("last") or arguments.get("propagate"))
        frame: Frame = {"call": self._id, "n": number, "do": do, **arguments}
        if beside:
            frame["beside"] = True
        self.trace.step(self.number, frame)
        self._link.write(frame)
        return step

    def begin_receive(self, *, beside: bool = False) -> Step:
        """Have the application await ``receive()``; the step gives the described event."""
        return self.tell("receive", what="receive()", beside=beside)

    async def receive(self, deadline: float | None = None) -> dict[str, Any]:
        """The next event.

        Raises:
            Broken: receive() raised, or gave something that is no dict.
            TimedOut: it gave nothing in time.
        """
        return await self.event_of(self.begin_receive(), deadline)

    async def event_of(self, step: Step, deadline: float | None = None) -> dict[str, Any]:
        """The event that a begun ``receive()`` gives; see :meth:`receive`."""
        event = decode(await step.result(deadline))
        if not isinstance(event, dict):
            raise Broken("receive() gives a dict", f"it gave {show(event)}")
        return event

    async def receive_body(self, *, limit: int | None = None, deadline: float | None = None) -> Body:
        """Receive until the body is complete, or something else than a body event comes, or ``limit`` bytes came."""
        step = self.tell("receive-body", what="receive(), until the body is complete,", limit=limit)
        given = await step.result(deadline)
        content = decode(given["body"])
        assert isinstance(content, (bytes, Digest))
        return Body(tuple(decode(event) for event in given["events"]), content)

    def begin_send(self, *events: object, beside: bool = False, propagate: bool = False, last: bool = False) -> Step:
        """Have the application send events in one go.

        With ``propagate`` what is raised ends the application; with ``last`` it returns behind them, in the same turn
        of the event loop.
        """
        for event in events:
            self.trace.record("application", "send", show_event(event), call=self.number)
        what = (
            f"send() of {_kind(events[0]) if events else 'nothing'}" if len(events) == 1 else "send() of these events"
        )
        return self.tell("send", what=what, beside=beside, propagate=propagate, last=last, events=encode(list(events)))

    def begin_flood(self, event: object, count: int, *, interval: float = 0) -> Step:
        """Have a child task send one event again and again; the step gives how often.

        ``interval`` are the seconds from one to the next; with 0 it is one turn of the event loop.
        """
        what = f"send() of {count} times {_kind(event)}"
        return self.tell("flood", what=what, beside=True, event=encode(event), count=count, interval=interval)

    async def progress(self, step: Step) -> int:
        """How many events of a begun step have been sent so far."""
        return int(await self.ask("progress", step=step.number))

    async def send(self, *events: object, deadline: float | None = None) -> None:
        """Send valid events. Raises Broken when one of them makes ``send()`` raise, TimedOut when it does not end."""
        await self.begin_send(*events).result(deadline)

    async def try_send(self, *events: object, deadline: float | None = None) -> Raised | None:
        """Send events that may be refused: the exception that came out of ``send()``, or None."""
        return await self.begin_send(*events).outcome(deadline)

    async def start(self, status: int = 200, headers: Headers = ()) -> None:
        """Send ``http.response.start``."""
        await self.send({"type": "http.response.start", "status": status, "headers": _pairs(headers)})

    async def body(self, body: bytes = b"", *, more: bool = False) -> None:
        """Send ``http.response.body``."""
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def respond(self, status: int = 200, headers: Headers = (), body: bytes = b"") -> None:
        """Send a whole response with its length, start and body in one go."""
        given = _pairs(headers)
        if body and not any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in given):
            given.append((b"content-length", str(len(body)).encode()))
        await self.send(
            {"type": "http.response.start", "status": status, "headers": given},
            {"type": "http.response.body", "body": body},
        )

    def end_by_return(self) -> None:
        """Have the application return, and do not wait for it."""
        if self.ended is None:
            self.tell("return")

    async def finish(self) -> Ended:
        """Have the application return, unless the call is over already; tells how it ended."""
        self.end_by_return()
        return await self.over()

    async def fail(self, text: str = "the application was told to fail", *, error: str = "exception") -> Ended:
        """Have the application raise.

        ``error`` is exception, base (no Exception), cancelled, last (raise again), or the name of a builtin class.
        """
        self.tell("raise", error=error, text=text)
        return await self.over()

    async def over(self, deadline: float | None = None) -> Ended:
        """Wait until the call has ended. Raises TimedOut."""
        seconds = self.deadline if deadline is None else deadline
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except asyncio.TimeoutError:
            raise TimedOut("the application call ends", f"it was still there after {seconds:.1f} s") from None
        assert self.ended is not None
        return self.ended

    async def ask(self, do: str, **arguments: Any) -> Any:
        """Take one of the probe's small steps and give its plain answer (see ``reference_apps/probe``)."""
        return await self.tell(do, **arguments).result()

    async def scope_now(self) -> object:
        """The scope object as it is now."""
        return decode(await self.ask("scope"))

    async def change(self, path: Sequence[object], operation: str, key: object = None, value: object = None) -> None:
        """Change the scope in the application: ``set``, ``delete``, ``append`` or ``clear`` at a path of keys."""
        await self.ask("change", path=encode(list(path)), operation=operation, key=key, value=encode(value))

    # What the control channel brings

    def is_struck_by(self, frame: Frame) -> bool:
        """Whether a frame, before it is taken, tells of a cancellation that nobody on this side asked for."""
        if "ended" in frame:
            return bool(frame["ended"] == "cancelled")
        step = self._steps.get(frame.get("n", 0))
        if step is None or step.is_given_up or self._is_ending or "raised" not in frame:
            return False
        return Raised.read(frame["raised"]).is_cancellation

    def take(self, frame: Frame) -> None:
        """Take one frame of the probe about this call."""
        self.trace.step(self.number, frame)
        if "ended" in frame:
            error = Raised.read(frame["error"]) if "error" in frame else None
            self.end(Ended(frame["ended"], error), frame["at"])
            return
        step = self._steps.pop(frame["n"], None)
        if step is None:
            return
        self._trace_answer(step, frame)
        if not step.answer.done():
            step.answer.set_result(frame)

    def _trace_answer(self, step: Step, frame: Frame) -> None:
        at = frame["at"]
        if "raised" in frame:
            raised = Raised.read(frame["raised"])
            self.trace.record("application", "raised", f"{step.what} raised {raised}", call=self.number, at=at)
        elif step.what == "receive()":
            event = decode(frame["ok"])
            self.trace.record("application", "receive", show_event(event), call=self.number, at=at)
            self._observe(event)
        elif isinstance(frame["ok"], dict) and "events" in frame["ok"]:
            for described in frame["ok"]["events"]:
                event = decode(described)
                self.trace.record("application", "receive", show_event(event), call=self.number, at=at)
                self._observe(event)

    def _observe(self, event: object) -> None:
        for observer in self.observers:
            observer(self, event)

    def end(self, ended: Ended, at: float | None = None) -> None:
        """Note that the call is over; steps under way have no answer any more."""
        if self.ended is not None:
            return
        self.ended = ended
        because = f": {ended.error}" if ended.error else ""
        self.trace.record(
            "application", ended.how, f"the application call {ended.how}{because}", call=self.number, at=at
        )
        self._over.set()
        for step in self._steps.values():
            self._lose(step)
        self._steps.clear()

    def _lose(self, step: Step) -> None:
        assert self.ended is not None
        if step.answer.done():
            return
        if self.ended.how == "lost":
            step.answer.set_exception(CandidateDied("the server process of this call went away"))
        else:
            step.answer.set_exception(
                Broken(f"{step.what} ends", f"the server had ended the application call: it {self.ended.how}")
            )
        step.answer.exception()  # nobody may be waiting for it


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers]


def _kind(event: object) -> str:
    return str(event.get("type", event)) if isinstance(event, dict) else show(event)
