"""What the events of a request body say about what is still to come, and when they come."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import Digest, payload, type_name
from asgi_conformance.verdict import Broken, Level, TimedOut

from .messages import early_call, pieces, requests, while_sending

#: Requests after whose body nothing may follow: the body, and whether its length is declared beforehand.
FINISHED: dict[str, bool | None] = {"no-body": None, "length": True, "chunked": False}

DISCONNECT = "a body of which the rest is lost ends in http.disconnect"


@case("http.request.more-body.bool", circumstances=EVERY_HTTP)
async def more_body_is_a_bool(exchange: Exchange) -> None:
    """more_body is True or False wherever it is given, in the parts of a body and at its end."""
    content = payload("bool", 100_000)
    client = await exchange.connect()
    await client.start_request(length=len(content))
    async with while_sending(client, pieces(content)):
        app = await exchange.call(client)
        body = await app.receive_body()
    for event in requests(body):
        expect(type_name(event.get("more_body", False)), "the class of more_body").equals("bool")
    expect(body.content, "the request body").equals(Digest.of(content))
    await exchange.answered(client, app)


@case("http.request.more-body.true-means-more", circumstances=EVERY_HTTP)
async def after_more_body_comes_more(exchange: Exchange) -> None:
    """Where the data of a body came before its end did, an event follows that ends the body.

    A server that collects the body gives it in one.
    """
    client = await exchange.connect()
    await client.start_request()
    await client.send_body(b"all of it")
    early = await early_call(exchange, client)
    received = b"" if early is None else await _unfinished(early, 9)
    await client.end_body()
    app = early or await exchange.call(client)
    rest = await app.receive_body()
    expect(rest.complete, "the last event").is_true("ends the body", f"the last event is {show(rest.last)}")
    expect(received + _bytes(rest.content), "the request body").equals(b"all of it")
    await exchange.answered(client, app)


@case("http.request.more-body.false-means-complete", circumstances=EVERY_HTTP)
async def half_a_body_is_never_final(exchange: Exchange) -> None:
    """While half of the declared body is missing, no event says that the body is complete.

    A server that collects the body first has not called the application yet.
    """
    client = await exchange.connect()
    await client.start_request(length=10)
    await client.send_body(b"01234")
    early = await early_call(exchange, client)
    received = b"" if early is None else await _unfinished(early, 5)
    await client.send_body(b"56789")
    await client.end_body()
    app = early or await exchange.call(client)
    rest = await app.receive_body()
    expect(received + _bytes(rest.content), "the request body").equals(b"0123456789")
    expect(rest.complete, "the last event").is_true("ends the body", f"the last event is {show(rest.last)}")
    await exchange.answered(client, app)


async def _unfinished(app: Call, length: int) -> bytes:
    """Receive so many bytes of a body whose end has not come; each event has to say that more comes."""
    received = b""
    while len(received) < length:
        event = await app.receive()
        if event.get("type") != "http.request" or not event.get("more_body", False):
            raise Broken("the event says that more of the body comes", f"the event is {show(event)}")
        received += _bytes(event.get("body", b""))
    return received


def _bytes(part: object) -> bytes:
    expect(part, "the body of the event").is_a(bytes)
    assert isinstance(part, bytes)
    return part


@case("http.request.streamed", each={"length": True, "chunked": False}, circumstances=(DEFAULT, HTTP2))
async def a_large_body_is_passed_on_as_it_comes(exchange: Exchange, declared: bool) -> None:
    """The application gets a first part of a large body while the second half has not been sent."""
    prompt = exchange.patience.prompt
    exchange.patient(3)
    content = payload("streamed", 2 * 1024 * 1024)
    half = len(content) // 2
    client = await exchange.connect()
    await client.start_request(length=len(content) if declared else None)
    async with while_sending(client, pieces(content[:half]), end=False):
        app = await _prompt_call(exchange, client, prompt)
        first = await app.receive()
        expect(first.get("more_body", False), "more_body of the first event").equals(True)
        reading = app.tell("receive-body", what="receive(), until the body is complete,")
    async with while_sending(client, pieces(content[half:])):
        await reading.result()
    await exchange.answered(client, app)


async def _prompt_call(exchange: Exchange, client: HttpClient, seconds: float) -> Call:
    try:
        return await asyncio.wait_for(exchange.call(client), seconds)
    except asyncio.TimeoutError:
        raise TimedOut(
            "the application is called while a large body is still coming",
            f"half of its 2 MiB could be sent, and it had not been called within {seconds:.1f} s",
        ) from None


@case("http.request.nothing-after-final", each=FINISHED, circumstances=EVERY_HTTP)
async def nothing_follows_the_last_part(exchange: Exchange, declared: bool | None) -> None:
    """When the body is complete, receive() waits as long as the response is not sent and the client is there."""
    client = await exchange.connect()
    if declared is None:
        await client.request()
    else:
        await client.start_request(length=4 if declared else None)
        await client.send_body(b"Wiki")
        await client.end_body()
    await _stays_silent(exchange, client, await exchange.call(client))


@case("http.request.nothing-after-final", "pipelined")
async def a_waiting_request_is_none_of_this_call(exchange: Exchange) -> None:
    """A second request that waits on the connection gives the first call no event."""
    client = await exchange.http1()
    await client.request("POST", "/first", body=b"Wiki")
    first = client.tag
    await client.request("POST", "/second", body=b"pedia")
    client.tag, second = first, client.tag
    app = await exchange.call(client)
    await _stays_silent(exchange, client, app)
    await app.finish()
    client.tag = second
    await exchange.answered(client, await exchange.call(client))


async def _stays_silent(exchange: Exchange, client: HttpClient, app: Call) -> None:
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    if not await waiting.pending_after(exchange.patience.quiet):
        event = await app.event_of(waiting)
        raise Broken(
            "receive() waits once the body is complete, while the client waits for the response",
            f"it gave {show(event)}",
        )
    await exchange.answered(client, app)


@case(
    "http.request.truncated-is-disconnect",
    each={f"{kind}-{how}": (kind, how) for kind in ("length", "chunked") for how in ("closed", "reset")},
    circumstances=EVERY_HTTP,
)
async def half_a_body_ends_in_a_disconnect(exchange: Exchange, kind: tuple[str, str]) -> None:
    """When the client leaves in the midst of its body, the application gets http.disconnect and no last part.

    A server that collects the body first need not call the application at all; one that cancels the call instead
    of giving the event breaks a should.
    """
    client = await exchange.connect()
    await client.start_request(length=100 if kind[0] == "length" else None)
    await client.send_body(b"0123456789")
    app = await early_call(exchange, client)
    await (client.close() if kind[1] == "closed" else client.reset())
    if app is None:
        await exchange.still_serves()
        late = exchange.unclaimed_calls()
        if not late:
            return
        app = late[0]
    try:
        body = await app.receive_body()
    except Broken as broken:
        cancelled = app.ended is not None and app.ended.how == "cancelled"
        raise Broken(DISCONNECT, broken.observed, level=Level.SHOULD if cancelled else None) from None
    if body.complete:
        raise Broken(DISCONNECT, f"receive() gave the body as if it were whole: {show(body.events)}")
    expect(body.last, "the last event").equals({"type": "http.disconnect"})
