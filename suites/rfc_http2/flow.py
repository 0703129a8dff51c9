"""Flow control in both directions (RFC 9113 § 4.2, 5.2, 6.9)."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http2 import Flag, FrameType, Http2Client, Http2Connection, Setting
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.step import Step
from asgi_conformance.values import Digest, payload
from asgi_conformance.verdict import Broken, TimedOut

from ..beside import beside
from ..core.sending import CHUNK, MOST, SIZE, blocked
from ..http.messages import body, early_call, gets_body, start
from .asking import BOTH, serves

MIB = 1024 * 1024
LARGE = payload("large", MIB)
WAYS = {"reset": False, "lost": True}


async def windowed(exchange: Exchange, window: int) -> Http2Connection:
    """A connection whose client gives each stream this window at first, as the server has acknowledged."""
    connection = await exchange.http2(settings={Setting.INITIAL_WINDOW_SIZE: window})
    await connection.settings_acknowledged()
    return connection


async def stalled(exchange: Exchange, connection: Http2Connection, path: str = "/stalled") -> tuple[Http2Client, Call]:
    """A request whose client gives no window beyond the first, and its call."""
    client = connection.open_stream()
    await client.request("GET", path)
    client.stall()
    return client, await exchange.call(client)


async def stands_at(client: Http2Client, size: int) -> None:
    """See that so much content comes and, as an answer to PING shows, no more. More than the windows is a breach."""
    await client.body_until(size)
    await client.connection.ping()
    expect(len(client.stream.body), "the bytes of content that came").equals(size)


@case("rfc.http2.flow.stream-window", circumstances=BOTH)
async def no_more_than_the_stream_window_is_sent(exchange: Exchange) -> None:
    """With a stream window of 10 bytes 10 come, with 5 more 5 more, and then the rest."""
    client, app = await stalled(exchange, await windowed(exchange, 10))
    sending = app.begin_send(start(), body(LARGE[:1000]))
    await stands_at(client, 10)
    client.acknowledge(5)
    await stands_at(client, 15)
    client.acknowledge()
    response = await client.response()
    expect(response.body, "the response's body").equals(LARGE[:1000])
    await sending.result()


@case("rfc.http2.flow.connection-window", circumstances=BOTH)
async def the_connection_window_is_kept_over_all_streams(exchange: Exchange) -> None:
    """Of three large responses 65535 bytes come in all until the client gives more window for the connection."""
    connection = await windowed(exchange, MIB)
    connection.stall()
    asked = [await stalled(exchange, connection, f"/{number}") for number in range(3)]
    sendings = [app.begin_send(start(), body(LARGE)) for _, app in asked]

    def came() -> int:
        return sum(len(client.stream.body) for client, _ in asked)

    await connection.until(lambda: came() >= 65535, "65535 bytes of content on all streams")
    await connection.ping()
    expect(came(), "the bytes of content that came").equals(65535)
    connection.acknowledge()
    for client, _ in asked:
        client.acknowledge()
    for client, _ in asked:
        expect(Digest.of((await client.response()).body), "the response's body").equals(Digest.of(LARGE))
    for sending in sendings:
        await sending.result()


@case("rfc.http2.flow.initial-window-change", circumstances=BOTH)
async def a_changed_window_counts_for_open_streams(exchange: Exchange) -> None:
    """A lowered initial window makes that of an open stream negative, and a raised one lets the rest come."""
    connection = await windowed(exchange, 1000)
    client, app = await stalled(exchange, connection)
    sending = app.begin_send(start(), body(LARGE[:5000]))
    await stands_at(client, 1000)
    await connection.send_settings({Setting.INITIAL_WINDOW_SIZE: 100})  # 900 bytes less: the window is -900
    client.acknowledge(500)
    await stands_at(client, 1000)
    await connection.send_settings({Setting.INITIAL_WINDOW_SIZE: 600})
    await stands_at(client, 1100)
    await connection.send_settings({Setting.INITIAL_WINDOW_SIZE: 65535})
    response = await client.response()
    expect(response.body, "the response's body").equals(LARGE[:5000])
    await sending.result()


@case("rfc.http2.flow.max-frame-size", circumstances=BOTH)
async def frames_are_no_larger_than_allowed(exchange: Exchange) -> None:
    """A body message of a mebibyte comes in frames of 16384 bytes at most, although the windows are large."""
    connection = await windowed(exchange, 4 * MIB)
    connection.acknowledge(4 * MIB)
    client = connection.open_stream()
    await client.request("GET", "/large")
    app = await exchange.call(client)
    sending = app.begin_send(start(), body(LARGE))
    response = await client.response()  # in whose reading a larger frame is a breach
    expect(Digest.of(response.body), "the response's body").equals(Digest.of(LARGE))
    largest = max(len(frame.payload) for frame in connection.state.frames)
    expect(largest, "the size of the largest frame").satisfies("is 16384 at most", lambda size: size <= 16384)
    await sending.result()


@case("rfc.http2.flow.backpressure", circumstances=BOTH)
async def a_full_stream_makes_its_call_alone_wait(exchange: Exchange) -> None:
    """A call that streams into a used-up window waits in send(), while another stream is served."""
    client, app = await stalled(exchange, await windowed(exchange, 65535 // 2))
    await app.start(200)
    stream = app.begin_flood(CHUNK, MOST)
    if await blocked(exchange, app, stream) is None:
        raise Broken(
            "send() waits when the window of its stream is used up",
            f"the application could send {MOST * SIZE // MIB} MiB although the client took 32 KiB",
        )
    await serves(exchange, client.connection)
    await client.reset_stream()


@case("rfc.http2.flow.upload", circumstances=BOTH)
async def uploads_come_through(exchange: Exchange) -> None:
    """Bodies of a mebibyte on each of three streams, with padding, come through as the applications read them."""
    connection = await exchange.http2()
    clients = []
    for number in range(3):
        client = connection.open_stream()
        await client.start_request("POST", f"/{number}", length=MIB)
        clients.append(client)
    sending = asyncio.gather(*(padded(client, LARGE) for client in clients))
    try:
        calls = [await exchange.call(client) for client in clients]
        await asyncio.gather(*(gets_body(app, LARGE) for app in calls))
        await sending
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    for client, app in zip(clients, calls, strict=True):
        await exchange.answered(client, app)


async def padded(client: Http2Client, content: bytes) -> None:
    """Send content in DATA frames with padding, as the windows allow, and the end."""
    connection, stream, padding = client.connection, client.stream, 255
    at = 0
    while at < len(content):
        await connection.until(
            lambda: stream.is_over or connection.window(stream) > padding + 1,
            f"window for {len(content) - at} more bytes of content on stream {stream.number}",
        )
        if stream.is_over:
            return
        size = min(8192, connection.window(stream) - padding - 1)
        piece = content[at : at + size]
        at += len(piece)
        payload_ = bytes([padding]) + piece + bytes(padding)
        stream.send_window -= len(payload_)
        connection.state.send_window -= len(payload_)
        connection.send_frame(FrameType.DATA, Flag.PADDED, stream.number, payload_)
        await connection.wire.drained(connection.deadline)
    await client.end_body()


@case("rfc.http2.flow.unread-stream", circumstances=BOTH, slow=True, revision=2)
async def an_unread_stream_does_not_stop_the_others(exchange: Exchange) -> None:
    """A stream whose call does not read leaves window for another one, whose content of a mebibyte comes through."""
    connection = await exchange.http2()
    unread = connection.open_stream()
    await unread.start_request("POST", "/unread")
    await early_call(exchange, unread)
    sent = 0
    while sent < MIB and await _has_window(exchange, unread):
        piece = LARGE[: min(16384, connection.window(unread.stream))]
        await unread.send_body(piece)
        sent += len(piece)
    other = connection.open_stream()
    await other.start_request("POST", "/read", length=MIB)
    try:
        async with beside(other.send_data(LARGE, end_stream=True)) as sending:
            app = await exchange.call(other)
            await gets_body(app, LARGE)
            await sending
    except TimedOut:
        left = f"after {sent} bytes on a stream that is not read the window of the connection was used up"
        raise TimedOut("the content of another stream comes through", left) from None
    await exchange.answered(other, app)


async def _has_window(exchange: Exchange, client: Http2Client) -> bool:
    """Whether the server gives window for the stream and the connection, promptly."""
    connection, stream = client.connection, client.stream
    return await connection.wire.bell.until(lambda: connection.window(stream) > 0, exchange.patience.prompt)


@case("rfc.http2.flow.blocked-then-reset", each=WAYS, circumstances=BOTH, revision=2)
async def a_call_that_waits_for_window_goes_on(exchange: Exchange, connection_too: bool) -> None:
    """A send() that waits for window ends when the stream is reset, or the connection lost."""
    client, sending = await _waits_for_window(exchange)
    await (client.connection.reset() if connection_too else client.reset_stream())
    await exchange.still_serves()
    if await sending.pending_after(exchange.patience.deadline):
        how = "the connection was lost" if connection_too else "the stream was reset"
        raise TimedOut(f"a send() that waits for window ends when {how}", "it was still waiting")


async def _waits_for_window(exchange: Exchange) -> tuple[Http2Client, Step]:
    """A request, and the application's sending that waits for window."""
    client, app = await stalled(exchange, await windowed(exchange, 0))
    await app.start(200)
    sending = app.begin_flood(CHUNK, MOST)
    if await blocked(exchange, app, sending) is None:
        raise exchange.not_applicable("send() does not wait for window, which is rfc.http2.flow.backpressure")
    return client, sending
