"""How a connection ends under an application, for the cases of several suites."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.step import Raised, Step
from asgi_conformance.verdict import Broken, Level, TimedOut

#: How clients leave, by the name of a variation: with FIN, or with RST or RST_STREAM.
WAYS: Mapping[str, str] = {"closed": "close", "reset": "reset"}
#: The first part of the response that :func:`streaming` begins.
BEGUN = b"begun"
#: Where it counts that a send() does not end.
HANG = "that is the matter of core.error.send-after-close.does-not-hang"


async def leave(client: HttpClient, way: str) -> None:
    """Have the client leave in one of the :data:`WAYS`."""
    await (client.reset() if way == "reset" else client.close())


async def streaming(exchange: Exchange) -> tuple[HttpClient, Call]:
    """A call whose request has been read and whose response has begun and reached the client with :data:`BEGUN`."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await app.start(200)
    await app.body(BEGUN, more=True)
    await client.body_until(len(BEGUN))
    return client, app


async def left_midway(exchange: Exchange, way: str = "close") -> Call:
    """A call whose client has left in the midst of the response, and that has received ``http.disconnect``."""
    client, app = await streaming(exchange)
    await leave(client, way)
    await disconnect(app, app.begin_receive(beside=True))
    return app


async def disconnect(
    app: Call, waiting: Step, deadline: float | None = None, kind: str = "http.disconnect"
) -> Mapping[str, Any]:
    """The event that a begun ``receive()`` gives when the connection is over; it has to be of this ``kind``.

    Raises:
        Broken: it is another event, or ``receive()`` raised; of the level should when the server cancelled the call.
        TimedOut: nothing came within ``deadline`` seconds (None: the usual ones).
    """
    raised = await waiting.outcome(deadline)
    if raised is not None:
        level = Level.SHOULD if raised.is_cancellation else None
        raise Broken(f"receive() gives {kind}", f"it raised {raised}", level=level)
    event = await app.event_of(waiting)
    expect(event.get("type"), "the type of the event").equals(kind)
    return event


async def send_to_nobody(exchange: Exchange, app: Call, event: object) -> Raised | None:
    """Have the application send to a client that has left; gives the OSError that came out of it, or None.

    Raises:
        Broken: another exception came out of it.
        Inconclusive: it did not end, which counts on a requirement of its own.
    """
    sending = app.begin_send(event, beside=True)
    if await sending.pending_after(exchange.patience.prompt):
        raise exchange.inconclusive(f"a send() on the closed connection did not end: {HANG}")
    raised = await sending.outcome()
    if raised is not None and not raised.is_os_error and not raised.is_cancellation:
        raise Broken("send() on the closed connection returns, or raises an OSError", f"it raised {raised}")
    return raised


def raised_by(exchange: Exchange, raised: Raised | None) -> Raised:
    """The exception of a send(). Raises NotApplicable when there was none."""
    if raised is None:
        raise exchange.not_applicable("send() on the closed connection raised nothing")
    return raised


def expect_oserror(raised: Raised | None) -> None:
    """Expect that an OSError came out of send()."""
    expected = "send() on the closed connection raises a subclass of OSError"
    if raised is None:
        raise Broken(expected, "it returned without an exception")
    if raised.is_cancellation:
        raise Broken(expected, "the server cancelled the call instead")
    if not raised.is_os_error:
        raise Broken(expected, f"it raised {raised}, which is none")


def goes_on(exchange: Exchange, app: Call) -> None:
    """See that an application whose client has left can still send: servers may cancel it some time after that.

    Raises:
        Inconclusive: its call has ended.
    """
    if app.ended is not None:
        raise exchange.inconclusive(f"before the application could send, its call {app.ended.how}")


async def propagated(exchange: Exchange, app: Call, *events: object) -> Raised:
    """Have the application send to its lost client and let what is raised pass; gives that.

    Raises:
        NotApplicable: nothing was raised.
        Inconclusive: the server has cancelled the call already.
    """
    goes_on(exchange, app)
    raised = raised_by(exchange, await app.begin_send(*events, propagate=True).outcome())
    await app.over()
    return raised


async def ending(exchange: Exchange, client: HttpClient, within: float | None = None) -> Response | None:
    """Wait for what ends a request whose application has ended: a response, whole or cut off, or None.

    None: the connection or the stream ended without a response. It has to come ``within`` these seconds (None:
    promptly).

    Raises:
        TimedOut: the client was left waiting.
    """
    seconds = exchange.patience.prompt if within is None else within
    try:
        return await asyncio.wait_for(_answer_or_end(client), seconds)
    except asyncio.TimeoutError:
        raise TimedOut(
            "the response or the connection comes to an end, as the application has ended",
            f"after {seconds:.1f} s the client was still waiting, and the connection open",
        ) from None


async def _answer_or_end(client: HttpClient) -> Response | None:
    if isinstance(client, Http1Client):
        return await client.next_response_or_end()
    try:
        return await client.response()
    except TimedOut:
        raise
    except Broken:
        await client.ended()
        return None
