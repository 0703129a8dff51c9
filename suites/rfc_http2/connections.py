"""Connections: how they begin, what is ignored on them, what ends them (RFC 9113 § 3, 4.1, 5.1, 5.4, 6.5 to 6.8)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.clients.http2 import Flag, FrameType, Http2Client, Http2Connection, NotHttp2, Setting
from asgi_conformance.clients.http2_frames import PREFACE
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..leaving import disconnect
from .asking import BOTH, connection_error, ends, opened, serves

OVER_TLS = Launch(tls=True, http2=True)
OVER_TCP = Launch(http2=True)
OFFERS = {"both": ["h2", "http/1.1"], "h2-alone": ["h2"]}
PREFACES = {"other-end": PREFACE[:-6] + b"XX\r\n\r\n", "noise": b"\x16\x03" * 99}
NO_OFFERS: dict[str, list[str] | None] = {"http-1.1": ["http/1.1"], "no-alpn": None}


@dataclass(frozen=True)
class Breach:
    """What a client does that is a connection error."""

    what: str
    commit: Callable[[Http2Connection], None]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> Callable[[Http2Connection], None]:
    return lambda connection: connection.send_frame(kind, flags, stream, payload)


def _decreasing(connection: Http2Connection) -> None:
    fields = connection.open_stream().fields("GET", "/decreasing", [])
    for number in (7, 5):
        connection.send_headers(number, fields, end_stream=True)


def _even(connection: Http2Connection) -> None:
    connection.send_headers(2, connection.open_stream().fields("GET", "/even", []), end_stream=True)


NUMBERS = {"even": Breach("a request on stream 2", _even), "decreasing": Breach("stream 5 after 7", _decreasing)}
BREACHES = {
    "data-on-the-connection": Breach("DATA on stream 0", _frame(FrameType.DATA, 0, 0, b"content")),
    "settings-size": Breach("SETTINGS of 5 bytes", _frame(FrameType.SETTINGS, 0, 0, b"\0\2\0\0\0")),
    "hpack": Breach("a header block that is none", _frame(FrameType.HEADERS, Flag.END_HEADERS, 3, b"\xff" * 8)),
    "frame-size": Breach("a frame that is too large", _frame(FrameType.HEADERS, Flag.END_HEADERS, 3, b"\x88" * 2**20)),
}


@case("rfc.http2.alpn", each=OFFERS, launch=OVER_TLS)
async def h2_is_chosen_and_spoken(exchange: Exchange, offer: list[str]) -> None:
    """Over TLS a client that offers h2 by ALPN gets HTTP/2; a choice of HTTP/1.1 beside it is a warning."""
    wire = await exchange.wire(alpn=offer)
    if wire.alpn != "h2":
        await exchange.still_serves()
        if await _chooses_h2(exchange):
            raise Broken(f"h2 is chosen from {offer}", f"the server chose {wire.alpn}", level=Level.SHOULD)
        raise exchange.unsupported(f"the candidate chose {wire.alpn or 'nothing'} when HTTP/2 was offered by ALPN")
    connection = await Http2Connection.open(wire, exchange.new_tag)
    await serves(exchange, connection)
    await connection.close()


async def _chooses_h2(exchange: Exchange) -> bool:
    """Whether the server takes HTTP/2 when nothing else is offered."""
    try:
        return (await exchange.wire(alpn=["h2"])).alpn == "h2"
    except Broken:
        return False


@case("rfc.http2.alpn", each=NO_OFFERS, launch=OVER_TLS)
async def without_an_offer_of_h2_there_is_none(exchange: Exchange, offer: list[str] | None) -> None:
    """Over TLS a client that does not offer h2 is served HTTP/1.1; a refusal of the connection is a warning."""
    await exchange.http2()
    try:
        client = await exchange.http1(alpn=offer)
    except Broken as refused:
        raise Broken("a client without h2 is served", refused.observed, level=Level.SHOULD) from None
    await client.request("GET", "/without-h2")
    app = await exchange.call(client)
    expect(app.scope.get("http_version"), "scope['http_version']").equals("1.1")
    await exchange.answered(client, app)


@case("rfc.http2.prior-knowledge", launch=OVER_TCP)
async def the_preface_may_begin_a_connection(exchange: Exchange) -> None:
    """Without TLS a client that begins with the preface gets HTTP/2, or is refused without a call."""
    try:
        connection = await Http2Connection.open(await exchange.wire(), exchange.new_tag)
    except NotHttp2 as refused:
        await exchange.still_serves()
        expect(len(exchange.unclaimed_calls()), "the number of calls for the preface").equals(0)
        raise exchange.observed(f"it takes no HTTP/2 with prior knowledge: {refused.observed}") from None
    await serves(exchange, connection)
    await connection.close()
    raise exchange.observed("it takes HTTP/2 with prior knowledge")


@case("rfc.http2.server-preface", circumstances=BOTH)
async def settings_come_first_and_are_acknowledged(exchange: Exchange) -> None:
    """The first frame of the server is SETTINGS, and it acknowledges those of the client."""
    connection = (await opened(exchange)).connection  # whose reader takes nothing else first
    await connection.settings_acknowledged()
    first = connection.state.frames[0]
    expect((first.type, first.flags), "the type and flags of the first frame").equals((FrameType.SETTINGS, 0))
    await serves(exchange, connection)


@case(
    "rfc.http2.bad-preface",
    launch=OVER_TLS,
    each={"other-end": PREFACE[:-6] + b"XX\r\n\r\n", "noise": b"\x16\x03" * 99},
)
async def a_wrong_preface_ends_the_connection(exchange: Exchange, preface: bytes) -> None:
    """Over TLS with h2 chosen, other bytes than the preface end the connection, and make no call."""
    await exchange.http2()
    connection = Http2Connection(await exchange.wire(alpn=["h2"]), exchange.new_tag)
    with contextlib.suppress(NotHttp2):
        await connection.start(preface=preface)
    await ends(exchange, connection, "a wrong preface")
    expect(len(exchange.unclaimed_calls()), "the number of calls for a wrong preface").equals(0)


@case("rfc.http2.ping", circumstances=BOTH)
async def a_ping_is_answered_with_its_data(exchange: Exchange) -> None:
    """PING is answered with its data, on an idle connection and while a response is on its way."""
    client = await opened(exchange)
    expect(await client.connection.ping(b"idle    "), "the data of the answer").equals(b"idle    ")
    await client.request("GET", "/busy")
    app = await exchange.call(client)
    await app.start(200)
    await app.body(b"begun", more=True)
    await client.body_until(5)
    expect(await client.connection.ping(b"busy    "), "the data of the answer").equals(b"busy    ")
    await app.body(b" and ended")
    expect((await client.response()).body, "the response's body").equals(b"begun and ended")


@case("rfc.http2.unknown-frames", circumstances=BOTH)
async def what_is_unknown_is_ignored(exchange: Exchange) -> None:
    """Frames of an unknown type, an unknown setting and PRIORITY change nothing."""
    client = await opened(exchange)
    connection = client.connection
    connection.send_frame(0xAB, 0xFF, 0, b"unknown")
    await connection.send_settings({0x7777: 1})
    await client.start_request("POST")
    connection.send_frame(0xAB, 0x1, client.stream.number, b"unknown")
    connection.send_frame(FrameType.PRIORITY, 0, client.stream.number, b"\0\0\0\0\x10")
    connection.send_frame(FrameType.PRIORITY, 0, client.stream.number + 10, b"\0\0\0\1\x10")
    await client.send_body(b"content")
    await client.end_body()
    app = await exchange.call(client)
    expect((await app.receive_body()).content, "the request body").equals(b"content")
    await exchange.answered(client, app)


@case("rfc.http2.stream-id", each=NUMBERS, circumstances=BOTH)
async def a_wrong_stream_number_is_a_connection_error(exchange: Exchange, breach: Breach) -> None:
    """A request on an even stream, or on a lower one than before, ends the connection; no GOAWAY is a warning."""
    connection = (await opened(exchange)).connection
    breach.commit(connection)
    await connection_error(exchange, connection, breach.what)


@case("rfc.http2.connection-error", each=BREACHES, circumstances=BOTH)
async def a_connection_error_ends_the_connection(exchange: Exchange, breach: Breach) -> None:
    """A connection error ends the connection, which its waiting call hears of; without a GOAWAY it is a warning."""
    client = await opened(exchange)
    await client.request("GET", "/waiting")
    app = await exchange.call(client)
    await app.receive_body()
    waiting = app.begin_receive()
    breach.commit(client.connection)
    await connection_error(exchange, client.connection, breach.what)
    await client.connection.close()  # over TLS a server may wait for that
    await disconnect(app, waiting)


@case("rfc.http2.goaway.client", circumstances=BOTH)
async def a_client_that_says_goaway_gets_its_response(exchange: Exchange) -> None:
    """A stream that is open when the client sends GOAWAY gets the rest of its response."""
    client = await opened(exchange)
    await client.request("GET", "/in-progress")
    app = await exchange.call(client)
    await app.start(200)
    await app.body(b"begun", more=True)
    await client.body_until(5)
    client.connection.send_goaway()
    await exchange.still_serves()  # by then the server has read it
    app.begin_send({"type": "http.response.body", "body": b" and ended"})
    response = await client.response()
    expect(response.body, "the response's body").equals(b"begun and ended")
    expect(response.complete, "the response").is_true("is complete", "it was cut")


@case("rfc.http2.concurrency", circumstances=BOTH)
async def streams_are_served_at_once(exchange: Exchange) -> None:
    """The calls of 50 streams, or of as many as the server allows, run at the same time."""
    connection = (await opened(exchange)).connection
    most = connection.state.settings.get(Setting.MAX_CONCURRENT_STREAMS, 50)
    waiting = []
    for number in range(min(50, most)):
        client = connection.open_stream()
        await client.request("GET", f"/{number}")
        waiting.append(client)
    calls = [await exchange.call(client) for client in waiting]
    for client, app in reversed([*zip(waiting, calls, strict=True)]):
        await exchange.answered(client, app)


@case("rfc.http2.concurrency-limit", circumstances=BOTH)
async def a_stream_too_many_is_refused(exchange: Exchange) -> None:
    """Of one stream more than the server announces to take at once, the last is reset, or the connection ends."""
    connection = (await opened(exchange)).connection
    await connection.settings_acknowledged()
    most = connection.state.settings.get(Setting.MAX_CONCURRENT_STREAMS)
    if most is None or most > 1000:
        raise exchange.not_applicable(f"it announces {most or 'no limit'} for the streams at a time")
    clients: list[Http2Client] = []
    for number in range(most + 1):
        client = connection.open_stream()
        await client.start_request("POST", f"/{number}")
        clients.append(client)
    got = await exchange.call_or_refusal(clients[-1])
    stream = clients[-1].stream
    if stream.reset_code not in (0x1, 0x7) and not connection.is_over:
        seen = getattr(got, "what", "the application was called for it")
        raise Broken(f"stream {most + 1} at a time is refused with REFUSED_STREAM or PROTOCOL_ERROR", seen)
    await exchange.still_serves()


@case("rfc.http2.concurrency-limit", "advice", circumstances=BOTH)
async def the_limit_is_not_too_low(exchange: Exchange) -> None:
    """A limit on concurrent streams is 100 at least, as the document recommends."""
    connection = (await opened(exchange)).connection
    await serves(exchange, connection)
    most = connection.state.settings.get(Setting.MAX_CONCURRENT_STREAMS, 100)
    told = f"SETTINGS_MAX_CONCURRENT_STREAMS is {most}"
    expect(most, "the limit").weakly().satisfies("is 100 or more", lambda value: value >= 100, told)
