"""Streams that are reset, and floods of what costs the client little (RFC 9113 § 5.1, 6.4, 8.1, 10.5)."""

from __future__ import annotations

from collections.abc import Callable

from asgi_conformance.cases import case
from asgi_conformance.clients.http2 import ErrorCode, Flag, FrameType, Http2Client, Http2Frame
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..http.messages import body, early_call, start
from ..leaving import disconnect
from .asking import BOTH, opened, serves

TIMES = 10_000


@case("rfc.http2.reset.disconnect", circumstances=BOTH)
async def a_reset_is_told_to_its_call_alone(exchange: Exchange) -> None:
    """The call whose stream is reset receives http.disconnect; one beside it does not, and is answered later."""
    first = await opened(exchange)
    second = first.connection.open_stream()
    waiting = []
    for client in (first, second):
        await client.request("GET", "/polling")
        app = await exchange.call(client)
        await app.receive_body()
        waiting.append((app, app.begin_receive(beside=True)))
    (reset, told), (kept, other) = waiting
    await first.reset_stream()
    await disconnect(reset, told)
    expect(other.done, "whether the other call was told something").equals(False)
    await exchange.answered(second, kept)


@case("rfc.http2.reset.nothing-after", circumstances=BOTH)
async def nothing_comes_on_a_stream_that_was_reset(exchange: Exchange) -> None:
    """After a reset no HEADERS and no DATA come on the stream, whatever its application sends."""
    begun = await opened(exchange)
    unbegun = begun.connection.open_stream()
    calls = []
    for client in (begun, unbegun):
        await client.request("GET", "/reset")
        calls.append(await exchange.call(client))
    await calls[0].start(200)
    await calls[0].body(b"begun", more=True)
    await begun.body_until(5)
    for client in (begun, unbegun):
        await client.reset_stream()
    await begun.connection.ping()
    before = len(begun.connection.state.frames)
    await calls[0].try_send(body(b"more", more=True), body(b"last"))
    await calls[1].try_send(start(), body(b"late"))
    await serves(exchange, begun.connection)
    await begun.connection.ping()
    after = [
        str(frame)
        for frame in begun.connection.state.frames[before:]
        if frame.stream in (begun.stream.number, unbegun.stream.number)
        and frame.type in (FrameType.HEADERS, FrameType.DATA)
    ]
    expect(after, "the frames on streams that were reset").equals([])


@case("rfc.http2.reset.early-response", circumstances=BOTH)
async def an_early_response_harms_nothing(exchange: Exchange) -> None:
    """Responses before the content of their requests has come leave the connection and its window as they were."""
    connection = (await opened(exchange)).connection
    for number in range(12):
        client = connection.open_stream()
        await client.start_request("POST", f"/early/{number}", length=16384)
        await client.send_body(bytes(4096))
        app = await early_call(exchange, client)
        if app is None:
            raise exchange.not_applicable("the application is called only when the whole request has arrived")
        await app.respond(200, body=b"early")
        app.end_by_return()
        response = await client.response()
        expect((response.status, response.body), "the early response").equals((200, b"early"))
        await client.send_data(bytes(16384 - 4096), end_stream=True)
        expect(client.stream.reset_code, "the code of RST_STREAM").is_one_of([None, ErrorCode.NO_ERROR])
    await serves(exchange, connection)
    later = connection.open_stream()
    await later.request("POST", "/later", body=bytes(65535))
    app = await exchange.call(later)
    expect((await app.receive_body()).complete, "the content of a later request").equals(True)
    await exchange.answered(later, app)


def _resets(client: Http2Client) -> bytes:
    """Requests that are reset at once."""
    frames = bytearray()
    encoder = client.connection.state.encoder
    fields = client.fields("GET", "/reset-at-once", [], tag=False)
    for number in range(1, 2 * TIMES, 2):
        flags = Flag.END_HEADERS | Flag.END_STREAM
        frames += Http2Frame(FrameType.HEADERS, flags, number, encoder.encode(fields)).encode()
        frames += Http2Frame(FrameType.RST_STREAM, 0, number, b"\0\0\0\x08").encode()
    return bytes(frames)


def _continuations(client: Http2Client) -> bytes:
    """A header block that does not end."""
    block = client.connection.state.encoder.encode(client.fields("GET", "/endless", [], tag=False))
    more = b"".join(b"\x00\x05x-%03d\x7f\x81\x7f" % (number % 1000) + b"v" * 256 for number in range(60))
    frame = Http2Frame(FrameType.CONTINUATION, 0, 1, more).encode()
    return Http2Frame(FrameType.HEADERS, Flag.END_STREAM, 1, block).encode() + frame * 1024


def _repeated(kind: int, payload: bytes, stream: int = 0) -> Callable[[Http2Client], bytes]:
    return lambda client: Http2Frame(kind, 0, stream, payload).encode() * TIMES


def _empty_data(client: Http2Client) -> bytes:
    block = client.connection.state.encoder.encode(client.fields("POST", "/empty", [], tag=False))
    head = Http2Frame(FrameType.HEADERS, Flag.END_HEADERS, 1, block).encode()
    return head + Http2Frame(FrameType.DATA, 0, 1, b"").encode() * TIMES


FLOODS: dict[str, Callable[[Http2Client], bytes]] = {
    "requests": _resets,
    "settings": _repeated(FrameType.SETTINGS, b"\0\3\0\0\0\x64"),
    "pings": _repeated(FrameType.PING, b"flooding"),
    "empty-data": _empty_data,
}


@case("rfc.http2.rapid-reset", each=FLOODS, circumstances=BOTH, exclusive=True)
async def a_flood_leaves_the_server_serving(exchange: Exchange, flood: Callable[[Http2Client], bytes]) -> None:
    """After thousands of frames that cost the client little the server serves others; it may end the connection."""
    client = await opened(exchange)
    await client.connection.wire.send(flood(client), exchange.patience.deadline * 2)
    await exchange.still_serves()


@case("rfc.http2.rapid-reset", "continuations", circumstances=BOTH, exclusive=True)
async def an_endless_header_block_is_cut_off(exchange: Exchange) -> None:
    """A header block that does not end is cut off before 16 MiB of it have come, and others are served."""
    client = await opened(exchange)
    wire = client.connection.wire
    took = await wire.send(_continuations(client), exchange.patience.deadline * 2)
    await exchange.still_serves()
    if took and not client.connection.is_over:
        raise Broken("the server takes a bounded number of CONTINUATION frames", "it took 16 MiB of them")
