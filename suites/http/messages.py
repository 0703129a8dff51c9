"""What the cases about messages share: the messages, how one is refused, and what the client then saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import chain, repeat

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Body
from asgi_conformance.values import Digest
from asgi_conformance.verdict import Broken

from ..beside import beside

Message = dict[str, object]


def start(**keys: object) -> Message:
    """A response start message: status 200 and no headers unless ``keys`` say otherwise."""
    return {"type": "http.response.start", "status": 200, "headers": [], **keys}


def body(content: object = b"", *, more: bool = False) -> Message:
    """A response body message."""
    return {"type": "http.response.body", "body": content, "more_body": more}


async def whole(client: HttpClient, app: Call | None, status: int, content: bytes) -> Response:
    """Wait for the response; it has to be complete, with this status and this content.

    The application returns first, where it is given: a server that completes no response while the call goes on
    breaks the requirement about that, and not all others.

    Raises:
        Broken: it is not.
    """
    if app is not None:
        app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(status)
    expect(response.body, "the response's body").equals(content)
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
    return response


async def seen(exchange: Exchange, client: HttpClient) -> str:
    """What has come to the client, as a sentence; does not wait long for a response that is not there."""
    try:
        response = await asyncio.wait_for(client.response(), exchange.patience.quiet)
    except asyncio.TimeoutError:
        return "no complete response came to the client"
    except Broken as broken:
        return f"the client saw this: {broken.observed}"
    return (
        f"the client got {response.status} with the headers {show(response.headers)} and the body {show(response.body)}"
    )


async def refused(exchange: Exchange, client: HttpClient, app: Call, what: str, event: object, *more: object) -> None:
    """Have the application send an invalid event, and ``more`` in case it is looked at only later; one send() raises.

    The server has to go on serving after it. ``what`` names the event in the verdict.

    Raises:
        Broken: every send() returned as if nothing were wrong.
    """
    for message in (event, *more):
        if await app.try_send(message) is not None:
            await exchange.still_serves()
            return
    raise Broken(
        f"send() raises an exception for {what}", f"send() returned without one, and {await seen(exchange, client)}"
    )


async def early_call(exchange: Exchange, client: HttpClient) -> Call | None:
    """The call of a request whose body is incomplete; None where the server collects the body before it calls.

    Raises:
        Broken: the candidate answered by itself, or ended the connection.
    """
    got = await early_call_or_refusal(exchange, client)
    if isinstance(got, Refusal):
        raise Broken("the server calls the application for this request", got.what)
    return got


async def early_call_or_refusal(exchange: Exchange, client: HttpClient) -> Call | Refusal | None:
    """The call of a request whose body is incomplete, or what the candidate did instead; None where it waits."""
    async with beside(exchange.call_or_refusal(client)) as calling:
        await asyncio.wait({calling}, timeout=exchange.patience.quiet)
        if not calling.done():
            # A server that is merely slow has called for this request when it serves one that came later.
            await exchange.still_serves()
            await asyncio.wait({calling}, timeout=exchange.patience.quiet)
        return await calling if calling.done() else None


async def gets_body(app: Call, content: bytes) -> Body:
    """Have the application receive until the body is complete; it has to be ``content``.

    Raises:
        Broken: it is not, or something else ended it.
    """
    body = await app.receive_body()
    told = Digest.of(content) if isinstance(body.content, Digest) else content
    expect(body.content, "the request body").equals(told)
    expect(body.complete, "the last event").is_true("ends the body", f"the last event is {show(body.last)}")
    return body


def requests(body: Body) -> list[dict[str, object]]:
    """The http.request events that brought a body.

    Raises:
        Broken: something else came, or there is none.
    """
    found = [event for event in body.events if isinstance(event, dict) and event.get("type") == "http.request"]
    if len(found) < len(body.events):
        raise Broken("receive() gives http.request events until the body is complete", f"it gave {show(body.events)}")
    return found


def pieces(content: bytes) -> Iterator[bytes]:
    """Cut a body into parts of odd sizes, small ones first."""
    sizes = chain((1, 2, 1021, 4099), repeat(65521))
    at = 0
    while at < len(content):
        size = next(sizes)
        yield content[at : at + size]
        at += size


@asynccontextmanager
async def while_sending(client: HttpClient, parts: Iterable[bytes], *, end: bool = True) -> AsyncIterator[None]:
    """Send the parts of a request body, and with ``end`` its end, beside what the block does."""

    async def send() -> None:
        for part in parts:
            await client.send_body(part)
        if end:
            await client.end_body()

    async with beside(send()) as sending:
        yield
        await sending
