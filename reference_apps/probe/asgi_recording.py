"""Recording a call: what goes in and out between a server and an application is told to the harness, and not changed.

It speaks over the probe's control channel, and like the probe it is standard library only, for CPython 3.8 and later,
asyncio and trio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .asgi_probe import _Call, describe, encode
else:
    from asgi_probe import _Call, describe, encode  # the folder of both is on the server's path

#: How much of a long value is told where it is cut.
BRIEF = 256


class Recorded(_Call):
    """One call: what ``receive()`` gives and what is sent is announced, and how the application ends."""

    sent = 0
    #: Whether long values in events are told by their beginning.
    brief = False

    def take(self, step: Any) -> None:
        """Nobody tells a real application what to do."""

    async def serve(self, serving: Any) -> None:
        """Have the application served; ``serving`` is called with what to receive from and to send to."""
        try:
            await serving(self.recorded_receive, self.recorded_send)
        except BaseException as error:
            self.write(ended="cancelled" if isinstance(error, self.loop.Cancelled) else "raised", error=describe(error))
            raise
        else:
            self.write(ended="returned")
        finally:
            self.control.calls.pop(self.number, None)

    async def recorded_receive(self) -> Any:
        """Receive, and tell what came."""
        self.write(receiving=True)
        try:
            event = await self.receive()
        except BaseException as error:
            self.write(receive_failed=describe(error))
            raise
        self.write(received=encode(_told(event, True) if self.brief else event))
        return event

    async def recorded_send(self, event: Any) -> None:
        """Tell what is sent, and send it."""
        event, number = _repeatable(event), self.sent
        self.sent += 1
        self.write(sent=encode(_told(event, self.brief)))
        try:
            await self.send(event)
        except BaseException as error:
            self.write(refused=number, error=describe(error))
            raise


def _repeatable(event: Any) -> Any:
    """The event, with a list in the place of headers that could be gone through only once."""
    headers = event.get("headers") if isinstance(event, dict) else None
    if headers is None or not hasattr(headers, "__next__"):
        return event
    return dict(event, headers=list(headers))


def _told(event: Any, brief: Any) -> Any:
    """The event as it is told: a file or an iterator, which telling would use up, by the name of its type.

    In a ``brief`` one long values are cut.
    """
    if type(event) is not dict:
        return event
    return {key: _tellable(value, brief) for key, value in event.items()}


def _tellable(value: Any, brief: Any) -> Any:
    if hasattr(value, "__next__"):
        return type(value).__name__
    return value[:BRIEF] if brief and type(value) in (bytes, str) and len(value) > BRIEF else value


async def stand_in(scope: Any, receive: Any, send: Any) -> None:
    """Stand in for an application that is not there: a server can be started and stopped with it."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"unavailable"})
    elif scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": "lifespan.%s.complete" % phase})
