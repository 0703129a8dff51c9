"""Ordinary fields of requests, and the blocks that they come in (RFC 9113 § 4.3, 6.10, 8.2, 10.5.1)."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2 import Flag, FrameType, Setting
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..http.messages import early_call
from .asking import BOTH, Odd, ask, connection_error, fields, in_pieces, is_refusal, opened, refused, still_serves

OCTETS = {
    "nul-in-value": fields((b"x-a", b"a\x00b")),
    "lf-in-value": fields((b"x-a", b"a\nb")),
    "cr-in-value": fields((b"x-a", b"a\rb")),
    "crlf-in-value": fields((b"x-a", b"a\r\nx-evil: 1")),
    "nul-in-name": fields((b"x\x00a", b"1")),
    "lf-in-name": fields((b"x-a: 1\nx-evil", b"1")),
    "space-in-name": fields((b"x a", b"1")),
    "colon-in-name": fields((b"x:a", b"1")),
    "empty-name": fields((b"", b"1")),
}
SPACES = {"space-first": b" a", "space-last": b"a ", "tab-first": b"\ta", "tab-last": b"a\t"}
OF_CONNECTION = {
    "connection": fields((b"connection", b"close")),
    "keep-alive": fields((b"keep-alive", b"timeout=5")),
    "proxy-connection": fields((b"proxy-connection", b"keep-alive")),
    "transfer-encoding": fields((b"transfer-encoding", b"chunked")),
    "upgrade": fields((b"upgrade", b"h2c")),
    "te-gzip": fields((b"te", b"gzip")),
}
KIB = 1024
LARGE: dict[str, Headers] = {
    "one-value": [(b"x-a", b"v" * 960 * KIB)],
    "many": [(b"x-%d" % number, b"%04d" % number * 16) for number in range(12 * KIB)],
}


@case("rfc.http2.field.invalid-octets", each=OCTETS, circumstances=BOTH)
async def a_field_with_forbidden_octets_is_refused(exchange: Exchange, odd: Odd) -> None:
    """A request with NUL, CR or LF in a field, or with a name that none can be, is refused."""
    await refused(exchange, odd)


@case("rfc.http2.field.invalid-octets", each=SPACES, circumstances=BOTH)
async def a_value_with_space_around_is_refused(exchange: Exchange, value: bytes) -> None:
    """A value that begins or ends with white space is refused; one that is stripped is a warning."""
    client, got = await ask(exchange, fields((b"x-a", value)))
    if isinstance(got, Refusal):
        await is_refusal(exchange, client.connection, got, f"the value {value!r}")
        return
    found = got.header_values(b"x-a")
    level = Level.SHOULD if found == [value.strip()] else None
    raise Broken(f"the server refuses the value {value!r}", f"the scope has the value {found}", level=level)


@case("rfc.http2.field.connection-specific", each=OF_CONNECTION, circumstances=BOTH)
async def a_field_of_http1_connections_is_refused(exchange: Exchange, odd: Odd) -> None:
    """A request with a field that belongs to HTTP/1.1 connections, or a TE that is not "trailers", is refused."""
    await refused(exchange, odd)


@case("rfc.http2.field.connection-specific", "te-trailers", circumstances=BOTH)
async def te_trailers_is_allowed(exchange: Exchange) -> None:
    """TE: trailers is no mistake: the request is served."""
    client, app = await exchange.dialogue("GET", "/", [(b"te", b"trailers")])
    await exchange.answered(client, app)


@case("rfc.http2.continuation", circumstances=BOTH)
async def a_continued_block_is_put_together(exchange: Exchange) -> None:
    """The fields of a block in HEADERS and many CONTINUATIONs, one of them empty, are all in the scope, in order.

    A server that announces a limit below its size may refuse it.
    """
    sent = [(b"x-%d" % number, b"%03d" % number * 40) for number in range(96)]
    connection = (await opened(exchange)).connection
    client = in_pieces(connection, sent, [1, 99, 0, *[1000] * 10])
    got = await exchange.call_or_refusal(client)
    most = connection.state.settings.get(Setting.MAX_HEADER_LIST_SIZE)
    size = sum(len(name) + len(value) + 32 for name, value in sent)
    if isinstance(got, Refusal) and got.response is not None and most is not None and most < size:
        raise exchange.observed(f"it announces a limit of {most} bytes for header lists, and {got.what}")
    if isinstance(got, Refusal):
        raise Broken("a header block in several frames is put together", got.what)
    found = [pair for pair in got.headers if pair[0].startswith(b"x-") and pair[0] != b"x-exchange"]
    expect(found, "the fields of the block in scope['headers']").equals(sent)
    await exchange.answered(client, got)


@case("rfc.http2.continuation", "interrupted", circumstances=BOTH)
async def an_interrupted_block_is_a_connection_error(exchange: Exchange) -> None:
    """A frame between HEADERS and its CONTINUATION ends the connection."""
    client = await opened(exchange)
    connection = client.connection
    block = connection.state.encoder.encode(client.fields("GET", "/interrupted", []))
    connection.send_frame(FrameType.HEADERS, Flag.END_STREAM, 1, block[:5])
    connection.send_frame(FrameType.PING, 0, 0, b"between!")
    connection.send_frame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, block[5:])
    await connection_error(exchange, connection, "a PING within a header block")
    expect(len(exchange.unclaimed_calls()), "the number of calls for the interrupted request").equals(0)


@case("rfc.http2.header-list-size", each=LARGE, circumstances=BOTH)
async def too_many_fields_are_refused(exchange: Exchange, more: Headers) -> None:
    """A header list of about a mebibyte is refused with 431, a stream error or GOAWAY, or served; others are served."""
    connection = (await opened(exchange)).connection
    sent = in_pieces(connection, more, [16384])
    got = await exchange.call_or_refusal(sent)
    if isinstance(got, Call):
        await exchange.answered(sent, got)
        return
    await is_refusal(exchange, connection, got, "a header list of a mebibyte")


@case("rfc.http2.request-trailers", circumstances=BOTH)
async def trailers_end_the_request(exchange: Exchange) -> None:
    """Trailers end a request: the body is complete, and neither it nor the headers have the trailer fields."""
    client = await opened(exchange)
    await client.start_request("POST")
    await client.send_body(b"content")
    await client.end_body([(b"x-trailer", b"1")])
    app = await exchange.call(client)
    expect(app.header_values(b"x-trailer"), "the trailer field in scope['headers']").equals([])
    body = await app.receive_body()
    expect(body.content, "the request body").equals(b"content")
    expect(body.complete, "the body").is_true("is complete", f"the last event is {body.last}")
    expect(app.header_values(b"x-trailer"), "the trailer field in scope['headers'] at the end").equals([])
    await exchange.answered(client, app)
    await still_serves(exchange, client.connection)


@case("rfc.http2.request-trailers", "answered", circumstances=BOTH)
async def trailers_behind_the_answer_harm_nobody(exchange: Exchange) -> None:
    """Trailers of a request that has been answered already harm no other request of the connection.

    They may have been on their way when the server reset the stream (RFC 9113 § 5.1).
    """
    neighbour = await opened(exchange)
    await neighbour.request("GET", "/neighbour")
    other = await exchange.call(neighbour)
    client = neighbour.connection.open_stream()
    await client.start_request("POST")
    await client.send_body(b"content")
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("it calls the application when the whole request has come")
    await app.respond(200, body=b"early")
    await client.response()
    await app.finish()
    client.connection.send_headers(client.stream.number, [(b"x-trailer", b"1")], end_stream=True)
    await client.connection.ping()
    await exchange.answered(neighbour, other)
    await still_serves(exchange, client.connection)
