"""Requests over HTTP/2, right and wrong ones, and what a server does with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from asgi_conformance.call import Call
from asgi_conformance.circumstance import HTTP2, Circumstance
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2 import Flag, FrameType, Http2Client, Http2Connection
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.refusal import refusal_by
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..rfc_http1.raw import is_about_the_request, received

#: HTTP/2 in plain text, and over TLS: a server may offer one of them only.
CLEAR = Circumstance("", HTTP2.summary, adapt=HTTP2.adapt, connect=HTTP2.connect)
TLS = Circumstance(
    "tls",
    "over HTTP/2 with TLS",
    adapt=lambda launch: replace(launch, tls=True, http2=True),
    connect=HTTP2.connect,
)
BOTH = (CLEAR, TLS)


@dataclass(frozen=True)
class Odd:
    """How the fields of a request differ from right ones: ``without`` some, with more ``first`` and ``last``."""

    first: Headers = ()  # type: ignore[assignment]
    last: Headers = ()  # type: ignore[assignment]
    without: Sequence[bytes] = ()
    method: str = "GET"

    def fields(self, client: Http2Client) -> Headers:
        """The fields of such a request."""
        right = client.fields(self.method, "/odd", [])
        return [*self.first, *(field for field in right if field[0] not in self.without), *self.last]

    def __str__(self) -> str:
        left_out = f" without {', '.join(name.decode() for name in self.without)}" if self.without else ""
        more = [*self.first, *self.last]
        return f"a {self.method} request{left_out}" + (f" with {show(more)}" if more else "")


def fields(*pairs: tuple[bytes, bytes]) -> Odd:
    """Right fields with these behind them."""
    return Odd(last=list(pairs))


def pseudo(*pairs: tuple[bytes, bytes], without: Sequence[bytes] = ()) -> Odd:
    """Right fields without some and with these before them."""
    return Odd(first=list(pairs), without=without)


async def opened(exchange: Exchange) -> Http2Client:
    """A client on a new connection, in the case's circumstance."""
    client = await exchange.connect()
    assert isinstance(client, Http2Client)
    return client


async def ask(exchange: Exchange, odd: Odd) -> tuple[Http2Client, Call | Refusal]:
    """Send a request whose fields are odd; gives its call, or what the server did instead of calling."""
    client = await opened(exchange)
    await client.send_fields(odd.fields(client), method=odd.method)
    return client, await exchange.call_or_refusal(client)


async def refused(exchange: Exchange, odd: Odd, level: Level | None = None) -> None:
    """Send a malformed request: it does not reach the application, is refused, and the server serves others.

    ``level`` is that of a breach, where it is weaker than the requirement's.

    Raises:
        Broken: one of these does not hold.
    """
    client, got = await ask(exchange, odd)
    if isinstance(got, Call):
        raise Broken(f"the server refuses {odd}", "the application was called for it", level=level)
    await is_refusal(exchange, client.connection, got, str(odd))


async def is_refusal(exchange: Exchange, connection: Http2Connection, got: Refusal, what: str) -> None:
    """See that a request was refused as a mistake of the client, or by the end of stream or connection.

    Raises:
        Broken: it was answered otherwise, or the server serves no others.
    """
    await still_serves(exchange, connection)
    if got.response is not None and not is_about_the_request(got.response.status):
        raise Broken(f"the server refuses {what} as a mistake of the client", got.what)


async def still_serves(exchange: Exchange, connection: Http2Connection) -> None:
    """The server serves requests on the same connection; on a new one where it has given up the old one.

    Raises:
        Broken: it does not.
    """
    try:
        if not connection.wire.closed:
            await connection.ping()
    except TimedOut:
        raise
    except Broken:
        if connection.state.wrong is not None:
            raise
    if connection.wire.closed or connection.is_over or connection.state.goaway is not None:
        other = await exchange.connect()
        assert isinstance(other, Http2Client)
        connection = other.connection
    await serves(exchange, connection)


async def serves(exchange: Exchange, connection: Http2Connection) -> None:
    """The connection carries one more request and its response.

    Raises:
        Broken: it does not.
    """
    client = connection.open_stream()
    await client.request("GET", "/still-serving")
    await exchange.answered(client, await exchange.call(client))


async def body_refused(exchange: Exchange, client: Http2Client, what: str) -> None:
    """See that a request whose content is malformed is not taken for complete, and is refused.

    Raises:
        Broken: the application got the whole of it, or the client a good answer.
    """
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Call):
        await given_up(exchange, client)
        body = await received(got)
        if body is not None and body.complete:
            observed = f"it was told that {show(body.content)} is all of it"
            raise Broken(f"the application is not told that the content of {what} is complete", observed)
        await got.finish()
        got = await refusal_by(client)
    await is_refusal(exchange, client.connection, got, what)


async def given_up(exchange: Exchange, client: Http2Client) -> None:
    """Close the connection where the server ends it soon: over TLS it may wait for that before it tells the call."""
    connection = client.connection
    await connection.wire.bell.until(lambda: client.stream.is_over or connection.is_over, exchange.patience.quiet)
    if connection.is_over:
        await connection.close()


def in_pieces(connection: Http2Connection, more: Headers, sizes: Sequence[int]) -> Http2Client:
    """Send a request whose header block is cut into HEADERS and CONTINUATIONs of these sizes, and of 16 KiB.

    Gives the client that reads the answer. ``more`` are fields beside the usual ones.
    """
    number = connection.next_number()
    connection.register(number, "GET").sending_ended = True
    client = connection.open_stream(number)
    block = connection.state.encoder.encode(client.fields("GET", "/pieces", more), huffman=False)
    cuts = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    cuts += range(cuts[-1] + 16384, len(block), 16384)
    for start, end in zip(cuts, [*cuts[1:], len(block)], strict=True):
        first, last = start == 0 and end == cuts[1], end == len(block)
        flags = (Flag.END_HEADERS if last else 0) | (Flag.END_STREAM if first else 0)
        connection.send_frame(FrameType.HEADERS if first else FrameType.CONTINUATION, flags, number, block[start:end])
    return client


async def connection_error(exchange: Exchange, connection: Http2Connection, what: str) -> None:
    """See that the server ends the connection, and serves others; without a GOAWAY before it is a warning.

    Raises:
        Broken: one of these does not hold.
    """
    await ends(exchange, connection, what)
    goaway = connection.state.goaway
    told = goaway is not None and goaway.is_fatal
    seen = str(goaway) if goaway else "the connection ended without one"
    expect(told, "the end of the connection").weakly().is_true(f"is told by a GOAWAY with an error, on {what}", seen)


async def ends(exchange: Exchange, connection: Http2Connection, what: str) -> None:
    """See that the server ends the connection, and serves others.

    Raises:
        Broken: it leaves the connection open; that is a warning where it has said that it is at an end, by GOAWAY.
    """
    try:
        await connection.wire.ended(exchange.patience.deadline)
    except TimedOut:
        goaway = connection.state.goaway
        level = Level.SHOULD if goaway is not None and goaway.is_fatal else None
        seen = f"the connection stays open, after {goaway}" if goaway else "the connection stays open"
        raise Broken(f"the server ends the connection on {what}", seen, level=level) from None
    await exchange.still_serves()
