"""``send()``: an awaitable that ends when the event has been dealt with, and waits while the client does not read."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.http2_client import Http2Client
from asgi_conformance.control import encode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.step import Step
from asgi_conformance.values import Digest, payload, payload_there
from asgi_conformance.verdict import Broken, TimedOut

from ..http.messages import body, start
from ..leaving import WAYS, disconnect, leave, streaming

#: A message of a stream that fills every buffer, and how many of them are sent at most: far more than buffers hold.
SIZE, MOST = 65536, 1024
CHUNK = body(payload_there("stream", SIZE), more=True)
LARGE = 1024 * 1024
HUGE = 16 * LARGE


@case("core.send.awaitable-callable", circumstances=EVERY_HTTP)
async def calling_send_gives_an_awaitable(exchange: Exchange) -> None:
    """Calling send() with an event gives an awaitable, and awaiting that sends the event."""
    client, app = await exchange.dialogue()
    found = await app.ask("awaitables", event=encode(start(headers=[(b"content-length", b"4")])))
    expect(found["send"], "what send() gives").is_true("is an awaitable", "send() gives no awaitable")
    await app.body(b"sent")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"sent")


@case("core.send.returns-when-done", "small", circumstances=EVERY_HTTP)
async def every_send_of_a_response_ends(exchange: Exchange) -> None:
    """Each send() of a response in several messages ends, and the client gets what was sent."""
    client, app = await exchange.dialogue()
    await app.start(200)
    for part in (b"one, ", b"", b"two, "):
        await app.body(part, more=True)
    await app.body(b"three")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"one, two, three")


@case("core.send.returns-when-done", "large", circumstances=EVERY_HTTP)
async def a_large_send_ends_when_the_client_reads(exchange: Exchange) -> None:
    """A send() of a megabyte ends when the client reads it."""
    client, app = await exchange.dialogue()
    await app.start(200, [(b"content-length", b"%d" % LARGE)])
    sending = app.begin_send(body(payload_there("large", LARGE)))
    response = await client.response()
    expect(Digest.of(response.body), "the response's body").equals(Digest.of(payload("large", LARGE)))
    await sending.result()


@case("core.send.returns-when-done", "unread-body", circumstances=EVERY_HTTP)
async def a_send_ends_though_the_request_is_unread(exchange: Exchange) -> None:
    """The sends of a response end although the request's body, which came in many parts, was not read."""
    client = await exchange.connect()
    await client.start_request("POST", length=32 if client.version == "1.0" else None)
    for _ in range(32):
        await client.send_body(b"x")
        await asyncio.sleep(0)
    await client.end_body()
    app = await exchange.call(client)
    await exchange.still_serves()  # by then the server has read what it will read of the body
    await app.respond(200, body=b"not read")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"not read")


@case("core.send.returns-when-closed", each=WAYS, circumstances=(DEFAULT, HTTP2))
async def a_blocked_send_ends_when_the_client_leaves(exchange: Exchange, way: str) -> None:
    """A send() that waits because the client does not read ends once the client has left."""
    client, app = await streaming(exchange)
    stop_reading(client)
    stream = app.begin_flood(CHUNK, MOST)
    if await blocked(exchange, app, stream) is None:
        raise exchange.not_applicable(
            f"send() never waited: {MOST * SIZE // 2**20} MiB were taken from the application"
        )
    await leave(client, way)
    await expect_end(exchange, stream)


@case("core.send.returns-when-closed", "connection-of-a-stream", launch=Launch(http2=True))
async def a_blocked_send_ends_when_the_connection_is_lost(exchange: Exchange) -> None:
    """A send() that waits for the window of an HTTP/2 stream ends once the connection is lost."""
    connection = await exchange.http2()
    client = connection.open_stream()
    await client.request()
    app = await exchange.call(client)
    await app.start(200)
    stop_reading(client)
    stream = app.begin_flood(CHUNK, MOST)
    if await blocked(exchange, app, stream) is None:
        raise exchange.not_applicable(
            f"send() never waited: {MOST * SIZE // 2**20} MiB were taken from the application"
        )
    await connection.reset()
    await expect_end(exchange, stream)


@case("core.send.returns-when-closed", "one-large", each=WAYS, circumstances=(DEFAULT, HTTP2), revision=2)
async def a_large_send_ends_when_the_client_leaves(exchange: Exchange, way: str) -> None:
    """One send() of more than any window or buffer holds ends once the client has left."""
    client, app = await streaming(exchange)
    stop_reading(client)
    sending = app.begin_send(body(payload_there("huge", HUGE)), beside=True)
    await exchange.still_serves()  # by now the body has been made, and taken from the application or not
    if not await sending.pending_after(exchange.patience.quiet):
        await sending.result()
        raise exchange.not_applicable(f"send() never waited: {HUGE // 2**20} MiB were taken from the application")
    await leave(client, way)
    await expect_end(exchange, sending)


@case("core.send.backpressure", circumstances=(DEFAULT, HTTP2))
async def a_stream_waits_for_a_client_that_does_not_read(exchange: Exchange) -> None:
    """An application that streams to a client that does not read is made to wait, and goes on when the client reads."""
    client, app = await streaming(exchange)
    stop_reading(client)
    stream = app.begin_flood(CHUNK, MOST)
    sent = await blocked(exchange, app, stream)
    if sent is None:
        raise Broken(
            "send() waits when much of what was sent has not been read",
            f"the application could send {MOST * SIZE // 2**20} MiB although the client read nothing",
        )
    read_on(client)
    for _ in range(100):
        if stream.done or await app.progress(stream) > sent:
            return
        await asyncio.wait({stream.answer}, timeout=exchange.patience.deadline / 100)
    raise TimedOut("the stream goes on when the client reads", f"it stood still after {sent} messages of {SIZE} bytes")


@case("core.send-receive.usable-from-child-tasks", circumstances=EVERY_HTTP)
async def one_task_sends_while_another_receives(exchange: Exchange) -> None:
    """While one task of the application awaits receive(), another one sends the response, which arrives complete."""
    client, app = await exchange.dialogue("POST", body=b"content")
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    parts = [b"part %d, " % number for number in range(8)]
    await app.start(200)
    await app.begin_send(*(body(part, more=True) for part in parts), beside=True).result()
    await app.begin_send(body(b"the end"), beside=True).result()
    response = await client.response()
    expect(response.body, "the response's body").equals(b"".join(parts) + b"the end")
    await client.close()
    await disconnect(app, waiting)


@case("core.send-receive.usable-from-child-tasks", "websocket")
async def tasks_share_a_websocket(exchange: Exchange) -> None:
    """While one task of the application awaits the messages of a WebSocket, another one answers them."""
    client, app = await exchange.open_websocket()
    for text in ("one", "two", "three"):
        waiting = app.begin_receive(beside=True)
        await app.begin_send({"type": "websocket.send", "text": f"before {text}"}, beside=True).result()
        expect(await client.message(), "the message").equals(f"before {text}")
        await client.send_text(text)
        event = await app.event_of(waiting)
        expect(event.get("text"), "the text of the message").equals(text)


def stop_reading(client: HttpClient) -> None:
    """Have the client take no more, so that the server comes to feel it."""
    if isinstance(client, Http2Client):
        client.connection.stall()
    elif isinstance(client, Http1Client):
        client.wire.pause_reading()


def read_on(client: HttpClient) -> None:
    """Have the client read again after :func:`stop_reading`."""
    if isinstance(client, Http2Client):
        client.connection.acknowledge()
        client.connection.acknowledge(stream=client.stream)
    elif isinstance(client, Http1Client):
        client.wire.resume_reading()


async def blocked(exchange: Exchange, app: Call, stream: Step) -> int | None:
    """How many messages of a stream were sent before send() waited; None where all were sent without.

    Raises:
        Broken: an exception came out of send().
    """
    sent = -1
    while not stream.done:
        reached = await app.progress(stream)
        if reached == sent:
            return sent
        sent = reached
        await asyncio.wait({stream.answer}, timeout=exchange.patience.quiet)
    await stream.result()
    return None


async def expect_end(exchange: Exchange, stream: Step) -> None:
    """Expect that a send() which waited ends, by returning or raising."""
    if await stream.pending_after(exchange.patience.deadline):
        raise TimedOut(
            "a send() that waits ends when the connection has been closed",
            f"it was still waiting {exchange.patience.deadline:.1f} s afterwards",
        )
