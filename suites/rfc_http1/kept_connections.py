"""Whether a connection stays open behind a response, or is closed."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..http.messages import body, start
from .in_step import nothing_more
from .order import KINDS, Kind, answered_as
from .raw import ask, get

#: What a client may say of the connection besides close.
LISTS: dict[str, Headers] = {
    "capital": [(b"Connection", b"Close")],
    "behind-another": [(b"Connection", b"foo, Close")],
    "before-another": [(b"Connection", b"close,foo")],
    "empty-members": [(b"Connection", b", close ,")],
    "second-line": [(b"Connection", b"foo"), (b"Connection", b"close")],
    "first-line": [(b"connection", b"CLOSE"), (b"Connection", b"foo")],
}

#: What an application says of the connection, and of the length of its response.
CLOSING: dict[str, Headers] = {
    "with-length": [(b"connection", b"close"), (b"content-length", b"4")],
    "without-length": [(b"connection", b"close")],
    "capital": [(b"connection", b"Close"), (b"content-length", b"4")],
    "in-a-list": [(b"connection", b"foo, close"), (b"content-length", b"4")],
}

UPGRADE = (b"Connection: Upgrade", b"Upgrade: websocket")
KEY, VERSION = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13"
#: What servers refuse by themselves.
REFUSED = {
    "malformed": get(b"no colon here"),
    "websocket-without-version": get(*UPGRADE, KEY),
    "websocket-of-another-version": get(*UPGRADE, KEY, b"Sec-WebSocket-Version: 99"),
    "websocket-without-key": get(*UPGRADE, VERSION),
}


@case("rfc.http1.connection.keep-alive", each=KINDS, circumstances=(DEFAULT, KEPT))
async def the_connection_stays_open(exchange: Exchange, kind: Kind) -> None:
    """Three requests on one connection are answered when nobody says close."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    for number in range(3):
        await client.request(kind.method, f"/{number}")
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Refusal):
            raise Broken(f"request {number + 1} on the connection is served", app.what)
        response = await answered_as(client, app, kind)
        expect(response.tokens(b"connection"), "the options of the response's Connection").lacks(b"close")


@case("rfc.http1.connection.keep-alive", "content-read")
async def the_connection_stays_open_behind_content(exchange: Exchange) -> None:
    """Three requests with content, which the application reads, are answered on one connection."""
    client = await exchange.http1()
    for number in range(3):
        await client.request("POST", f"/{number}", body=b"content")
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Refusal):
            raise Broken(f"request {number + 1} on the connection is served", app.what)
        await app.receive_body()
        await answered_as(client, app, KINDS["with-length"])


async def _ends(exchange: Exchange, client: Http1Client) -> None:
    """See that the connection ends behind a response, so that a further request is not served on it."""
    await client.request("GET", "/behind")
    expected = "the server closes the connection after this response"
    try:
        got = await exchange.call_or_refusal(client)
    except TimedOut as late:
        raise TimedOut(expected, f"it stayed open, and a further request was left waiting: {late.observed}") from None
    if isinstance(got, Call) or got.response is not None:
        raise Broken(expected, "it served a further request" if isinstance(got, Call) else got.what)
    await nothing_more(exchange, client)


async def _is_the_last(exchange: Exchange, headers: Headers, kind: Kind) -> Response:
    """Ask with these headers; the response is the last thing on the connection."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request(kind.method, "/last", headers)
    response = await answered_as(client, await exchange.call(client), kind)
    await _ends(exchange, client)
    return response


@case("rfc.http1.connection.close-honoured", each=KINDS, circumstances=(DEFAULT, KEPT))
async def close_of_the_client_ends_the_connection(exchange: Exchange, kind: Kind) -> None:
    """After a request with Connection: close its response is the last thing on the connection.

    A response that does not say so itself is the weaker breach.
    """
    response = await _is_the_last(exchange, [(b"Connection", b"close")], kind)
    expect(response.tokens(b"connection"), "the options of the response's Connection").weakly().contains(b"close")


@case("rfc.http1.connection.close-honoured", "request-behind", circumstances=(DEFAULT, KEPT))
async def what_comes_behind_close_is_not_served(exchange: Exchange) -> None:
    """A request that a client sends behind one with Connection: close is not served.

    That the response is lost over it, as the client may send nothing there, is the weaker breach.
    """
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request(headers=[(b"Connection", b"close")])
    app = await exchange.call(client)
    await client.send_head("GET", "/behind")
    await exchange.still_serves()  # by then the server has read it
    await app.try_send(start(headers=[(b"content-length", b"4")]), body(b"last"))
    app.end_by_return()
    response = await client.next_response_or_end()
    await nothing_more(exchange, client)
    for call in exchange.unclaimed_calls():
        raise Broken("no request behind the last one is served", f"the application was called for {call.scope['path']}")
    if response is None or response.body != b"last":
        lost = "the connection was closed without one" if response is None else f"{response.status} came instead"
        raise Broken("the client gets the response", lost, level=Level.SHOULD)


@case("rfc.http1.connection.close-token-list", each=LISTS, circumstances=(DEFAULT, KEPT))
async def close_is_found_in_a_list(exchange: Exchange, headers: Headers) -> None:
    """The close option counts in upper case, among others, and in one of several Connection lines."""
    await _is_the_last(exchange, headers, KINDS["with-length"])


@case("rfc.http1.connection.app-close", each=CLOSING, circumstances=(DEFAULT, KEPT))
async def close_of_the_application_ends_the_connection(exchange: Exchange, headers: Headers) -> None:
    """After a response in which the application said Connection: close the connection ends.

    A server that takes the option out, or says it twice, is the weaker breach.
    """
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    await app.send(start(headers=headers), body(b"last"))
    app.end_by_return()
    response = await client.response()
    expect(response.body, "the response's body").equals(b"last")
    said = response.tokens(b"connection").count(b"close")
    if said:
        await _ends(exchange, client)
    if said != 1:
        observed = f"it was there {said} times: {response.values(b'connection')}"
        raise Broken("the application's Connection: close reaches the client once", observed, level=Level.SHOULD)


@case("rfc.http1.connection.app-close", "refusal", each=REFUSED, circumstances=(DEFAULT, KEPT))
async def close_of_the_server_ends_the_connection(exchange: Exchange, request: bytes) -> None:
    """After a refusal in which the server itself said Connection: close the connection ends."""
    client, got = await ask(exchange, request)
    if isinstance(got, Call) or got.response is None or b"close" not in got.response.tokens(b"connection"):
        seen = "it calls the application" if isinstance(got, Call) else f"{got.what}, without Connection: close"
        raise exchange.not_applicable(f"there is no refusal that says close: {seen}")
    await client.response()
    await _ends(exchange, client)
    await exchange.still_serves()


@case("rfc.http1.connection.http10-closes", each=KINDS, circumstances=(HTTP10,))
async def an_old_client_is_answered_and_left(exchange: Exchange, kind: Kind) -> None:
    """After the response to an HTTP/1.0 request that does not ask for keep-alive the connection ends."""
    await _is_the_last(exchange, [], kind)


@case("rfc.http1.connection.http10-keep-alive", each=KINDS, circumstances=(HTTP10,))
async def an_old_client_may_keep_its_connection(exchange: Exchange, kind: Kind) -> None:
    """What a server does when an HTTP/1.0 client asks for keep-alive: it may close, or go on when it says so."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request(kind.method, "/first", [(b"Connection", b"keep-alive")])
    response = await answered_as(client, await exchange.call(client), kind)
    said = "says" if b"keep-alive" in response.tokens(b"connection") else "does not say"
    if response.ended is None and b"close" not in response.tokens(b"connection"):
        await client.request("GET", "/next")
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Call):
            await exchange.answered(client, app)
            raise exchange.observed(f"it keeps the connection, and {said} keep-alive")
    await nothing_more(exchange, client)
    raise exchange.observed(f"it closes the connection, and {said} keep-alive")
