"""The Upgrade field: what is ignored, and what may be taken up."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.clients.frames import Frame, Opcode, encode
from asgi_conformance.clients.http2 import Http2Connection
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.refusal import refusal_by
from asgi_conformance.verdict import Broken

from ..http.messages import gets_body
from .in_step import in_step
from .raw import ask, get, is_refusal, lines, post, shown

UNKNOWN = {
    "unknown": get(b"Connection: Upgrade", b"Upgrade: foo/1"),
    "several": get(b"Connection: upgrade", b"Upgrade: foo/1, bar"),
    "tls": get(b"Connection: Upgrade", b"Upgrade: TLS/1.0"),
    "with-content": post(b"Connection: Upgrade", b"Upgrade: foo/1", b"Content-Length: 5") + b"hello",
}
H2C_FIELDS = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
H2C = {
    "get": (get(*H2C_FIELDS), b""),
    "post": (post(*H2C_FIELDS, b"Content-Length: 5") + b"hello", b"hello"),
}
HANDSHAKE = (b"Upgrade: websocket", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13")
UNCONNECTED = {
    "missing": get(*HANDSHAKE),
    "another-token": get(b"Connection: keep-alive", *HANDSHAKE),
    "longer-token": get(b"Connection: upgrade-insecure", *HANDSHAKE),
}


@case("rfc.http1.upgrade.unknown-ignored", each=UNKNOWN, circumstances=(DEFAULT, KEPT))
async def an_unknown_protocol_is_ignored(exchange: Exchange, request: bytes) -> None:
    """A request for an upgrade to a protocol that nobody knows is served as HTTP/1.1, and so is the next one."""
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken("a request for an unknown upgrade is served as if it asked for none", got.what)
    expect(got.scope.get("type"), "scope['type']").equals("http")
    await gets_body(got, b"hello" if request.endswith(b"hello") else b"")
    await in_step(exchange, client, await exchange.answered(client, got))


@case("rfc.http1.upgrade.h2c", each=H2C)
async def h2c_is_taken_up_in_full_or_ignored(exchange: Exchange, given: tuple[bytes, bytes]) -> None:
    """A request for an upgrade to h2c is answered over HTTP/2 after a 101, or over HTTP/1.1."""
    request, content = given
    client, got = await ask(exchange, request)
    if isinstance(got, Call):
        await _served(exchange, got, content)
    elif got.response is None or got.response.status != 101:
        await exchange.still_serves()
        raise Broken("a request for an upgrade to h2c is served, over HTTP/2 or HTTP/1.1", got.what)
    if (await client.head()).status != 101:
        response = await client.response()
        expect((response.status, response.body), "the answer over HTTP/1.1").equals((200, b"fine"))
        return
    connection = Http2Connection(client.wire, None, client.deadline)
    await connection.start(surplus=client.take_surplus(), upgraded=True)
    stream = connection.open_stream(1)
    if isinstance(got, Refusal):
        stream.tag = client.tag
        await _served(exchange, await exchange.call(stream), content)
    response = await stream.response()
    expect((response.status, response.body), "the answer over HTTP/2").equals((200, b"fine"))


async def _served(exchange: Exchange, app: Call, content: bytes) -> None:
    await gets_body(app, content)
    await app.respond(200, body=b"fine")


@case("rfc.http1.upgrade.needs-connection-token", each=UNCONNECTED)
@case(
    "rfc.http1.upgrade.http10",
    each={"websocket": lines(b"GET /<tag> HTTP/1.0", b"Host: a.example", b"Connection: Upgrade", *HANDSHAKE)},
)
async def half_a_handshake_opens_no_websocket(exchange: Exchange, request: bytes) -> None:
    """Without upgrade among the tokens of Connection, or in HTTP/1.0, a handshake is an HTTP request, or refused."""
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    kind = got.scope.get("type")
    if kind != "http":
        raise Broken(f"{shown(request)} opens no WebSocket", f"the application was called with the type {kind!r}")
    await exchange.answered(client, got)


@case("rfc.http1.upgrade.http10", "h2c")
async def an_old_request_is_not_upgraded(exchange: Exchange) -> None:
    """An HTTP/1.0 request for an upgrade to h2c is answered over HTTP/1, or refused."""
    request = lines(b"GET /<tag> HTTP/1.0", b"Host: a.example", *H2C_FIELDS)
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    await exchange.answered(client, got)


@case("rfc.http1.upgrade.websocket-with-body", slow=True)
async def content_of_a_handshake_is_no_frame(exchange: Exchange) -> None:
    """A handshake with content is refused or served as HTTP, or its content is skipped before the first frame."""
    request = get(b"Connection: Upgrade", *HANDSHAKE, b"Content-Length: 5") + b"hello"
    client, got = await ask(exchange, request)
    if isinstance(got, Call) and got.scope.get("type") == "websocket":
        event = await got.receive()
        expect(event.get("type"), "the type of the first event").equals("websocket.connect")
        await got.try_send({"type": "websocket.accept"})
        answer = await refusal_by(client)
        if answer.response is not None and answer.response.status == 101:
            await client.send(encode(Frame(Opcode.TEXT, b"a message"), mask=b"mask"))
            event = await got.receive()
            expect(event.get("text"), "the text of the first message").equals("a message")
        else:
            await is_refusal(exchange, answer, request)
    elif isinstance(got, Call):
        await gets_body(got, b"hello")
        await exchange.answered(client, got)
    else:
        await is_refusal(exchange, got, request)
