"""Denial responses: the HTTP response with which an application refuses a WebSocket handshake."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.suites.server_log import ServerLog, listening
from asgi_conformance.suites.websocket.handshake_connect import connected
from asgi_conformance.suites.websocket.handshakes import CLOSE, http_under
from asgi_conformance.values import payload, payload_there
from asgi_conformance.verdict import Broken

from .denials import EXTENSION, Message, asked, body, denied, start

STATUSES: dict[str, tuple[int, Headers]] = {
    "302": (302, [(b"location", b"/elsewhere")]),
    "401": (401, [(b"www-authenticate", b"Basic")]),
    "404": (404, []),
    "451": (451, []),
    "503": (503, [(b"retry-after", b"10")]),
}
STREAMS: dict[str, tuple[list[Message], bytes]] = {
    "parts": ([body(b"a", more=True), body(b"", more=True), body(b"b")], b"ab"),
    "empty-first": ([body(b"", more=True), body(b"ab")], b"ab"),
    "empty-last": ([body(b"ab", more=True), body(b"")], b"ab"),
    "defaults": ([{"type": "websocket.http.response.body"}], b""),
    "default-more-body": ([{"type": "websocket.http.response.body", "body": b"ab"}], b"ab"),
}
FRAMINGS: dict[str, tuple[Headers, bytes]] = {
    "with-length": ([(b"content-length", b"2")], b"no"),
    "without-length": ([], b"no"),
    "length-of-nothing": ([(b"content-length", b"0")], b""),
    "nothing": ([], b""),
}
LARGE = 256 * 1024


@case("extension.websocket-denial.advertised", circumstances=(DEFAULT, HTTP2))
async def a_denial_response_is_listed(exchange: Exchange) -> None:
    """A server that takes denial responses lists the extension with a dict in the scopes of WebSockets."""
    client, app = await asked(exchange)
    if EXTENSION in app.extensions:
        expect(app.extensions[EXTENSION], f"scope['extensions'][{EXTENSION!r}]").is_a(dict)
        await app.send(start(), body(b"no"))
        app.end_by_return()
        expect((await http_under(client).response()).status, "the status of the answer").equals(401)
        return
    refused = await app.try_send(start(418), body(b"denied"))
    app.end_by_return()
    try:
        response = await http_under(client).response()
    except Broken as broken:
        raise exchange.unsupported(f"the scope does not list {EXTENSION}: {refused or broken.observed}") from None
    if response.status == 418:
        raise Broken(f"the scope lists {EXTENSION}, as the server acts on its events", "the scope does not list it")
    raise exchange.unsupported(
        f"the scope does not list {EXTENSION}, and the client got {response.status} instead of such a response"
    )


@case("extension.websocket-denial.response-sent", circumstances=EVERY_WEBSOCKET_AND_TLS, extension=EXTENSION)
async def the_denial_reaches_the_client(exchange: Exchange) -> None:
    """The client gets the application's response as the answer to its handshake, and no sign of an acceptance."""
    headers = [(b"www-authenticate", b"Basic"), (b"x-a", b"one")]
    response = await denied(exchange, start(headers=headers), body(b"no"), content=b"no")
    for name, value in headers:
        expect(response.values(name), f"the values of {name.decode()}").equals([value])
    expect(response.values(b"sec-websocket-protocol"), "the values of sec-websocket-protocol").equals([])


@case("extension.websocket-denial.response-sent", "no-acceptance", extension=EXTENSION)
async def a_denial_is_no_acceptance(exchange: Exchange) -> None:
    """The denial response has no Sec-WebSocket-Accept, which would tell the client that the server is willing."""
    response = await denied(exchange, start(), body(b"no"), content=b"no")
    expect(response.values(b"sec-websocket-accept"), "the values of sec-websocket-accept").weakly().equals([])


@case("extension.websocket-denial.start.status", each=STATUSES, circumstances=(DEFAULT, HTTP2), extension=EXTENSION)
async def the_status_is_the_given_one(exchange: Exchange, given: tuple[int, Headers]) -> None:
    """The status and the headers of the start event are those of the response."""
    status, headers = given
    response = await denied(exchange, start(status, headers=headers), body(b"no"), status=status, content=b"no")
    for name, value in headers:
        expect(response.values(name), f"the values of {name.decode()}").equals([value])


@case("extension.websocket-denial.start.status", "200", extension=EXTENSION)
async def a_200_is_a_denial_over_http1(exchange: Exchange) -> None:
    """Over HTTP/1.1 a denial response may even have the status 200."""
    await denied(exchange, start(200), body(b"no WebSocket here"), status=200, content=b"no WebSocket here")


@case("extension.websocket-denial.body.streamed", each=STREAMS, circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def the_body_comes_in_parts(exchange: Exchange, given: tuple[list[Message], bytes]) -> None:
    """The body of a denial response may come in several messages, and its keys have the defaults of HTTP."""
    events, content = given
    await denied(exchange, start(), *events, content=content)


@case("extension.websocket-denial.framing", each=FRAMINGS, circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def the_end_of_the_body_is_clear(exchange: Exchange, given: tuple[Headers, bytes]) -> None:
    """With and without a Content-Length of the application, the client sees where the denial response ends."""
    headers, content = given
    response = await denied(exchange, start(headers=headers), body(content), content=content)
    if headers:
        expect(response.values(b"content-length"), "the values of content-length").equals([headers[0][1]])


@case("extension.websocket-denial.framing", "large", circumstances=(DEFAULT, HTTP2), extension=EXTENSION)
async def a_large_denial_is_whole(exchange: Exchange) -> None:
    """A denial response with much content reaches the client whole."""
    content = payload("denial", LARGE)
    await denied(exchange, start(403), body(payload_there("denial", LARGE)), status=403, content=content)


@case("extension.websocket-denial.transfer-encoding-ignored", circumstances=(DEFAULT, HTTP2), extension=EXTENSION)
async def the_applications_transfer_encoding_is_ignored(exchange: Exchange) -> None:
    """A Transfer-Encoding from the application does not harm the denial response."""
    headers = [(b"transfer-encoding", b"chunked"), (b"x-a", b"one")]
    await denied(exchange, start(headers=headers), body(b"no", more=True), body(b" more"), content=b"no more")


@case("extension.websocket-denial.connection-closed", circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def the_connection_is_closed_afterwards(exchange: Exchange) -> None:
    """After the denial response the server closes the connection, or over HTTP/2 the stream."""
    client, app = await asked(exchange)
    await app.begin_send(start(), body(b"no"), last=True).result()
    await denied_and_closed(exchange, client)


@case(
    "extension.websocket-denial.connection-closed",
    "unfinished-call",
    circumstances=EVERY_WEBSOCKET,
    extension=EXTENSION,
)
async def the_connection_is_closed_under_the_call(exchange: Exchange) -> None:
    """After the denial response the server closes the connection also while the application goes on."""
    client, app = await asked(exchange)
    await app.send(start(), body(b"no"))
    await denied_and_closed(exchange, client)
    await app.finish()


async def denied_and_closed(exchange: Exchange, client: WebSocketClient) -> None:
    """Wait for the denial response and for the end of the connection; over HTTP/2 the stream has ended with it."""
    http = http_under(client)
    response = await http.response()
    expect(response.status, "the status of the answer to the handshake").equals(401)
    expect(response.complete, "the denial response").is_true("is complete", "the connection ended before its end")
    if isinstance(http, Http1Client):
        seconds = exchange.patience.prompt
        await exchange.within(
            http.ended(),
            seconds,
            "the server closes the connection after a denial response",
            f"after {seconds:.1f} s it was still open",
        )


@case("extension.websocket-denial.disconnect-event", circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def the_application_is_told_of_the_end(exchange: Exchange) -> None:
    """After a denial response receive() gives websocket.disconnect, with a code that is an int."""
    client, app = await asked(exchange)
    waiting = app.begin_receive(beside=True)
    await app.begin_send(start(), body(b"no"), beside=True).result()
    event = await app.event_of(waiting)
    expect(event.get("type"), "the type of the event after the denial").equals("websocket.disconnect")
    expect(event.get("code"), "its code").is_a(int)
    app.end_by_return()
    expect((await http_under(client).response()).status, "the status of the answer").equals(401)


@case("extension.websocket-denial.not-logged", circumstances=(DEFAULT, HTTP2), extension=EXTENSION, exclusive=True)
async def a_denial_is_no_error(exchange: Exchange) -> None:
    """After a complete denial response and the return of the application, the server logs no error."""
    await ServerLog(exchange).settle()  # what earlier cases have caused is printed by now
    async with listening(exchange) as log:
        await denied(exchange, start(), body(b"no"), content=b"no")
        await exchange.settle()
        await log.expect_no_error("a complete denial response")


@case("extension.websocket-denial.plain-close-still-403", circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def closing_still_gives_403(exchange: Exchange) -> None:
    """Where the extension is listed, websocket.close before the acceptance gives a whole 403 response all the same."""
    client, app = await exchange.knock()
    await connected(app)
    await app.try_send(CLOSE)
    app.end_by_return()
    response = await http_under(client).response()
    expect(response.status, "the status of the answer to the handshake").equals(403)
    expect(response.complete, "the 403 response").is_true("is complete", f"it ended early: {show(response.body)}")
