"""WebSockets over HTTP/2 (RFC 8441)."""

from __future__ import annotations

from contextlib import suppress

from asgi_conformance.cases import case
from asgi_conformance.clients.frames import Frame, Opcode, encode
from asgi_conformance.clients.http2 import Http2Client, Setting
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..leaving import disconnect
from ..websocket.handshakes import CLOSE, http_under
from .asking import BOTH, Odd, opened, refused, serves

OWN = [(b"sec-websocket-version", b"13")]
WEBSOCKET = Odd(first=[(b":protocol", b"websocket")], last=OWN, method="CONNECT")
UNKNOWN = {
    "foo": Odd(first=[(b":protocol", b"foo")], method="CONNECT"),
    "empty": Odd(first=[(b":protocol", b"")], method="CONNECT"),
}
CONTENTS = {"small": b"content", "large": payload("message", 200_000)}


def under(client: WebSocketClient) -> Http2Client:
    """The HTTP/2 client whose stream the WebSocket goes over."""
    http = http_under(client)
    assert isinstance(http, Http2Client)
    return http


@case("rfc.http2.websocket.setting", circumstances=BOTH)
async def websockets_are_announced(exchange: Exchange) -> None:
    """A server that announces WebSockets in its SETTINGS takes one; one that does not refuses it."""
    client = await opened(exchange)
    if client.connection.state.settings.get(Setting.ENABLE_CONNECT_PROTOCOL) != 1:
        await refused(exchange, WEBSOCKET)
        return
    websocket = await exchange.websocket()
    await websocket.start_handshake()
    app = await exchange.call(websocket)
    expect(app.scope.get("type"), "scope['type']").equals("websocket")
    await exchange.accepted(websocket, app)


@case("rfc.http2.websocket.scope", circumstances=BOTH)
async def an_extended_connect_has_a_websocket_scope(exchange: Exchange) -> None:
    """The scope of an extended CONNECT is of type websocket and HTTP/2, with path, query, host and subprotocols."""
    client, app = await exchange.knock("/chat/a%20b?c=d", [(b":authority", b"b.example")], ["one", "two"])
    scope = app.scope
    expect(scope.get("type"), "scope['type']").equals("websocket")
    expect(scope.get("http_version"), "scope['http_version']").equals("2")
    expect(scope.get("path"), "scope['path']").equals("/chat/a b")
    expect(scope.get("query_string"), "scope['query_string']").equals(b"c=d")
    expect(app.header_values(b"host"), "the host in scope['headers']").equals([b"b.example"])
    expect(list(scope.get("subprotocols", ())), "scope['subprotocols']").equals(["one", "two"])
    await exchange.accepted(client, app)


@case("rfc.http2.websocket.accept", circumstances=BOTH)
async def acceptance_is_200_on_an_open_stream(exchange: Exchange) -> None:
    """Acceptance is a 200 without END_STREAM, with the subprotocol and the headers of the application.

    Another 2xx, and a Sec-WebSocket-Accept field, are warnings.
    """
    client, app = await exchange.knock(subprotocols=["one", "two"])
    answer = await exchange.accepted(client, app, subprotocol="two", headers=[(b"x-a", b"1")])
    expect(under(client).stream.ended, "whether the stream has ended").equals(False)
    fields = dict(answer.headers)
    expect(fields.get(b"sec-websocket-protocol"), "the subprotocol of the answer").equals(b"two")
    expect(fields.get(b"x-a"), "the header x-a of the answer").equals(b"1")
    expect(answer.status, "the status").weakly().equals(200)
    expect(fields.get(b"sec-websocket-accept"), "the sec-websocket-accept of the answer").weakly().is_none()


@case("rfc.http2.websocket.deny", circumstances=BOTH)
async def denial_is_a_403(exchange: Exchange) -> None:
    """A close before the acceptance is answered with 403, and other streams go on; a bare reset is a warning."""
    client, app = await exchange.knock()
    await app.receive()
    await app.send(CLOSE)
    app.end_by_return()
    http = under(client)
    try:
        response = await http.response()
    except TimedOut:
        raise
    except Broken as broken:
        level = Level.SHOULD if http.stream.reset_code is not None else None
        raise Broken("a denial is answered with 403", broken.observed, level=level) from None
    expect(response.status, "the status of a denial").equals(403)
    expect(response.complete, "the denial").is_true("ends its stream", "it ended without END_STREAM")
    await serves(exchange, http.connection)


@case("rfc.http2.websocket.data", each=CONTENTS, circumstances=BOTH)
async def messages_travel_in_data(exchange: Exchange, content: bytes) -> None:
    """Messages of both directions arrive whole, whatever their size."""
    client, app = await exchange.open_websocket()
    sending = app.begin_send({"type": "websocket.send", "bytes": content}, beside=True)
    expect(await client.message(), "the message").equals(content)
    await sending.result()
    waiting = app.begin_receive()
    await client.send_bytes(content)
    found = (await app.event_of(waiting)).get("bytes")
    expect(found if found == content else getattr(found, "length", found), "the bytes of the event").is_one_of(
        [content, len(content)]
    )


@case("rfc.http2.websocket.data", "borders", circumstances=BOTH)
async def the_borders_of_the_layers_are_independent(exchange: Exchange) -> None:
    """A frame in many DATA frames of one byte, and several frames in one DATA frame, are the messages that they are."""
    client, app = await exchange.open_websocket()
    for byte in encode(Frame(Opcode.TEXT, b"in many")):
        await client.send_raw(bytes([byte]))
    expect((await app.receive()).get("text"), "the text of the message").equals("in many")
    await client.send_raw(b"".join(encode(Frame(Opcode.TEXT, text)) for text in (b"one", b"two", b"three")))
    for text in ("one", "two", "three"):
        expect((await app.receive()).get("text"), "the text of the message").equals(text)


@case("rfc.http2.websocket.close", each={"client": True, "application": False}, circumstances=BOTH, revision=2)
async def closing_ends_the_stream_alone(exchange: Exchange, by_client: bool) -> None:
    """After the close frames the stream ends with END_STREAM, and the connection serves others.

    An application that closes has ended before the client answers, unless the server has its send() wait for that.
    """
    client, app = await exchange.open_websocket()
    if by_client:
        await client.close(1000)
        await disconnect(app, app.begin_receive(), kind="websocket.disconnect")
        app.end_by_return()
    else:
        app.begin_send(CLOSE, last=True)
        with suppress(TimedOut):
            await app.over(exchange.patience.quiet)
    seen = await client.closed()
    expect(seen.code, "the code of the close frame").equals(1000)
    stream = under(client).stream
    how = "it was reset" if stream.reset_code is not None else "the whole connection ended"
    expect(stream.ended, "the stream").is_true("ends with END_STREAM", how)
    await serves(exchange, under(client).connection)


@case("rfc.http2.websocket.reset", circumstances=BOTH)
async def a_reset_is_a_disconnect(exchange: Exchange) -> None:
    """A reset of the stream gives its application websocket.disconnect, with a code; the connection serves others."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await under(client).reset_stream()
    event = await disconnect(app, waiting, kind="websocket.disconnect")
    expect(event.get("code", 1005), "the code of the event").is_a(int)
    await serves(exchange, under(client).connection)


@case("rfc.http2.websocket.unknown-protocol", each=UNKNOWN, circumstances=BOTH)
async def an_unknown_protocol_is_refused(exchange: Exchange, odd: Odd) -> None:
    """An extended CONNECT for a protocol that the server does not speak is refused, and makes no call."""
    await exchange.websocket()  # where WebSockets are not announced, no extended CONNECT is allowed
    await refused(exchange, odd)
