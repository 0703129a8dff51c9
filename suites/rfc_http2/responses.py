"""The fields of responses over HTTP/2 (RFC 9113 § 8.1 to 8.3)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.clients.http2 import Flag, FrameType, Http2Client, Setting
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..http.messages import body, early_call, start
from ..leaving import ending
from ..rfc_http1.fields import INJECTED
from .asking import BOTH, opened, serves

STATUSES = {str(status): status for status in (200, 299, 404, 500)}
OF_CONNECTION = {
    "connection": (b"connection", b"close"),
    "keep-alive": (b"keep-alive", b"timeout=5"),
    "proxy-connection": (b"proxy-connection", b"keep-alive"),
    "transfer-encoding": (b"transfer-encoding", b"chunked"),
    "upgrade": (b"upgrade", b"h2c"),
}
FIELDS = [(b"x-a", b"1"), (b"x-b", b"2")]


@case("rfc.http2.response.status", each=STATUSES, circumstances=BOTH)
async def a_response_begins_with_its_status(exchange: Exchange, status: int) -> None:
    """A response has one :status, before the other fields, and no further pseudo-header."""
    client, app = await exchange.dialogue()
    await app.respond(status, FIELDS, b"fine")
    response = await client.response()  # which takes no other form
    expect(response.status, "the :status").equals(status)
    expect(response.body, "the response's body").equals(b"fine")


@case("rfc.http2.response.no-connection-fields", each=OF_CONNECTION, circumstances=BOTH)
async def fields_of_http1_connections_are_left_out(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """A field of HTTP/1.1 connections is left out of the response; an exception in its place is a warning."""
    client, response, raised = await _sent(exchange, [field])
    found = [] if response is None else response.values(field[0])
    expect(found, f"the values of {field[0]!r} in the response").equals([])
    if raised:
        raise Broken(f"send() takes {field[0]!r} and leaves it out", "an exception came out of it", level=Level.SHOULD)
    expect(response is not None and response.complete, "the response").is_true("is complete", "it was cut or missing")
    await serves(exchange, client.connection)


@case("rfc.http2.response.lower-case", circumstances=BOTH)
async def names_go_out_in_lower_case(exchange: Exchange) -> None:
    """A header name with upper-case letters is sent in lower case, or makes send() raise."""
    client, response, raised = await _sent(exchange, [(b"X-C", b"1")])
    if not raised:
        expect(response.values(b"x-c") if response else None, "the values of b'x-c'").equals([b"1"])
    await serves(exchange, client.connection)


@case("rfc.http2.response.header-injection", each=INJECTED, circumstances=BOTH)
async def forbidden_octets_are_not_sent(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """NUL, CR and LF in a name or value are not sent, and the other streams go on.

    That nothing at all is sent, and the client waits, is another matter.
    """
    neighbour = await opened(exchange)
    await neighbour.request("GET", "/neighbour")
    beside = await exchange.call(neighbour)
    client = neighbour.connection.open_stream()
    try:
        _, response, _ = await _sent(exchange, [field], client)
    except TimedOut:
        response = None
    finally:
        await exchange.answered(neighbour, beside)
    names = [name for name, _ in response.headers] if response else []
    expect(names, "the names of the response's fields").lacks(b"x-evil")


async def _sent(
    exchange: Exchange, more: Headers, client: Http2Client | None = None
) -> tuple[Http2Client, Response | None, bool]:
    """Have a response with these fields be sent; gives what came of it, and whether send() raised."""
    client = client or await opened(exchange)
    await client.request("GET", "/fields")
    app = await exchange.call(client)
    raised = await app.try_send(start(headers=[*FIELDS, *more]), body(b"fine"))
    await app.finish()
    return client, await ending(exchange, client), raised is not None


@case("rfc.http2.response.informational", circumstances=BOTH)
async def interim_responses_end_no_stream(exchange: Exchange) -> None:
    """A 100 for Expect comes as HEADERS without END_STREAM before the final ones, where it comes."""
    client = await opened(exchange)
    await client.start_request("POST", "/", [(b"expect", b"100-continue")], length=7)
    app = await early_call(exchange, client)
    waiting = app.begin_receive(beside=True) if app else None
    await exchange.still_serves()
    await client.send_body(b"content")
    await client.end_body()
    app = app or await exchange.call(client)
    if waiting is not None:
        await app.event_of(waiting)
    await app.respond(200, body=b"fine")
    response = await client.response()
    expect((response.body, response.complete), "the body and completeness of the response").equals((b"fine", True))
    statuses = [one.status for one in response.informational]
    if not statuses:
        raise exchange.observed("it sends no 100 for Expect")
    expect(statuses, "the interim responses").equals([100])
    raise exchange.observed("it sends 100 for Expect, without the end of the stream")


@case("rfc.http2.response.trailers", circumstances=BOTH, extension="http.response.trailers")
async def trailers_end_the_stream(exchange: Exchange) -> None:
    """Trailers are a block of HEADERS with END_STREAM behind the DATA, of which none ends the stream."""
    client = await opened(exchange)
    await client.request("GET", "/trailers", [(b"te", b"trailers")])
    app = await exchange.call(client)
    await app.send(
        start(headers=[(b"trailer", b"x-a, x-b")], trailers=True),
        body(b"fine"),
        {"type": "http.response.trailers", "headers": FIELDS},
    )
    response = await client.response()
    expect(response.trailers, "the trailer fields").equals(FIELDS)
    number = client.stream.number
    frames = [
        frame
        for frame in client.connection.state.frames
        if frame.stream == number and frame.type in (FrameType.DATA, FrameType.HEADERS)
    ]
    ends = [frame.type for frame in frames if frame.flags & Flag.END_STREAM]
    expect(ends, "the types of the frames with END_STREAM").equals([FrameType.HEADERS])
    expect(frames[-1].type, "the type of the last frame").equals(FrameType.HEADERS)


@case("rfc.http2.push-disabled", circumstances=BOTH, extension="http.response.push")
async def who_disables_push_gets_none(exchange: Exchange) -> None:
    """A client that has disabled push gets no PUSH_PROMISE, whatever the application sends."""
    client = await opened(exchange)
    expect(client.connection.state.local.get(Setting.ENABLE_PUSH, 0), "the client's setting").equals(0)
    await client.request("GET", "/page")
    app = await exchange.call(client)
    await app.send(start())
    await app.try_send({"type": "http.response.push", "path": "/pushed", "headers": []})
    await app.send(body(b"fine"))
    expect((await client.response()).body, "the response's body").equals(b"fine")
    await client.connection.ping()
    promises = [frame for frame in client.connection.state.frames if frame.type == FrameType.PUSH_PROMISE]
    expect(len(promises), "the number of PUSH_PROMISE frames").equals(0)
