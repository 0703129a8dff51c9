"""The headers of websocket.accept, which go into the answer to the handshake; since version 2.1."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from ..http.response_headers import ITERABLES, ORDERED, SHAPES, VALUES
from ..http.response_headers_invalid import TEXT
from .accept import OFFERED, PROTOCOL, echoes
from .handshake_connect import connected
from .handshakes import ACCEPT, gives_up, http_under

SINCE = "2.1"
COOKIES = [b"a=1; Path=/; HttpOnly", b"b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT", b"a=1; Path=/; HttpOnly"]
GIVEN: Headers = [(b"x-3", b"c"), (b"x-1", b"a"), (b"set-cookie", COOKIES[0]), (b"x-2", b"b")]
GIVEN += [(b"set-cookie", COOKIES[1]), (b"x-1", b"z"), (b"set-cookie", COOKIES[2])]


def own(response: Response) -> Headers:
    """The fields of a response that only an application sets, with the names in lower case."""
    return [(name.lower(), value) for name, value in response.headers if name.lower().startswith((b"x-", b"set-"))]


async def accepted_with(exchange: Exchange, headers: object) -> Response:
    """Have the application accept with these headers; gives the acceptance that the client got.

    Raises:
        Inconclusive: none of them is in it, nor would others be, which counts on a requirement of its own.
    """
    client, app = await exchange.knock()
    response = (await exchange.accepted(client, app, headers=headers)).response
    await expect_any(exchange, response)
    return response


async def expect_any(exchange: Exchange, response: Response) -> None:
    """Raise Inconclusive when a response has none of the application's headers, and no other one would have any."""
    if own(response):
        return
    client, app = await exchange.knock()
    usual = await exchange.accepted(client, app, headers=[(b"x-usual", b"1")])
    if not own(usual.response):
        raise exchange.inconclusive("websocket.accept.headers.sent is broken: no header is in the answer")


@case("websocket.accept.headers.sent", circumstances=EVERY_WEBSOCKET_AND_TLS, since=SINCE)
async def headers_are_in_the_acceptance(exchange: Exchange) -> None:
    """The headers that the application gives are in the answer to the handshake, and the WebSocket is open."""
    client, app = await exchange.knock(subprotocols=OFFERED)
    headers = [(b"x-a", b"one"), (b"set-cookie", COOKIES[0])]
    answer = await exchange.accepted(client, app, headers=headers, subprotocol="b")
    expect(answer.response.values(b"x-a"), "the values of x-a").equals([b"one"])
    expect(answer.response.values(b"set-cookie"), "the values of set-cookie").equals([COOKIES[0]])
    expect(answer.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").equals([b"b"])
    await echoes(client, app)


@case(
    "websocket.accept.headers.order",
    each={"cookies": GIVEN, "many": ORDERED},
    circumstances=EVERY_WEBSOCKET,
    since=SINCE,
)
async def headers_keep_their_order(exchange: Exchange, headers: Headers) -> None:
    """The headers reach the client in the application's order, repeated ones one by one."""
    response = await accepted_with(exchange, headers)
    found = own(response)
    expect(sorted(found), "the application's headers in the answer, sorted,").equals(sorted(headers))
    expect(found, "the application's headers in the answer").equals(headers)


@case("websocket.accept.headers.values-exact", each=VALUES, circumstances=(DEFAULT, HTTP2), since=SINCE)
async def values_go_out_byte_for_byte(exchange: Exchange, value: bytes) -> None:
    """The bytes of a header value reach the client as the application gave them, or send() raises."""
    client, app = await exchange.knock()
    await connected(app)
    raised = await app.try_send({**ACCEPT, "headers": [(b"x-value", value), (b"x-after", b"1")]})
    if raised is not None:
        exchange.remark(f"for the header value {show(value)}, send() raised {raised}")
        await gives_up(exchange, client, app)
        return
    response = (await client.handshake_response()).response
    await expect_any(exchange, response)
    expect(response.values(b"x-value"), "the values of x-value").equals([value])
    expect(response.values(b"x-after"), "the values of x-after").equals([b"1"])


@case("websocket.accept.headers.default", circumstances=EVERY_WEBSOCKET, since=SINCE)
async def headers_may_be_left_out(exchange: Exchange) -> None:
    """websocket.accept without headers completes the handshake, as one with an empty list does."""
    client, app = await exchange.open_websocket()
    await echoes(client, app)
    await exchange.open_websocket(headers=(), subprotocols=())
    other_client, other = await exchange.knock()
    await exchange.accepted(other_client, other, headers=[])
    await echoes(other_client, other)


@case("websocket.accept.headers.iterable", each=SHAPES, circumstances=(DEFAULT, HTTP2), since=SINCE)
async def pairs_may_be_lists_or_tuples(exchange: Exchange, headers: object) -> None:
    """Headers given as lists or tuples of lists or tuples reach the client alike."""
    await both_arrive(exchange, headers)


@case("websocket.accept.headers.iterable", each=ITERABLES, circumstances=(DEFAULT, HTTP2), since=SINCE)
async def headers_may_be_any_iterable(exchange: Exchange, headers: object) -> None:
    """Headers given as an iterable that can be walked only once, or as a view, reach the client."""
    await both_arrive(exchange, headers)


async def both_arrive(exchange: Exchange, headers: object) -> None:
    """See that the headers x-a and x-b reach the client."""
    response = await accepted_with(exchange, headers)
    expect(own(response), "the application's headers in the answer").equals([(b"x-a", b"one"), (b"x-b", b"two")])


@case("websocket.accept.headers.str", each=TEXT, since=SINCE)
async def text_is_no_header(exchange: Exchange, headers: object) -> None:
    """A header name or value of type str makes send() raise, and no handshake goes out with it."""
    client, app = await exchange.knock()
    await connected(app)
    if await app.try_send({**ACCEPT, "headers": headers}) is not None:
        await gives_up(exchange, client, app)
        return
    response = await http_under(client).head()
    raise Broken(
        f"send() of websocket.accept raises an exception for the headers {headers!r}",
        f"send() returned without one, and the client got {response.status} with {show(own(response))}",
    )


@case("websocket.accept.headers.subprotocol-header-handled", circumstances=(DEFAULT, HTTP2), since=SINCE)
async def a_subprotocol_among_the_headers(exchange: Exchange) -> None:
    """A sec-websocket-protocol among the headers makes send() raise, or gives no second such line."""
    client, app = await exchange.knock(subprotocols=OFFERED)
    await connected(app)
    event = {**ACCEPT, "subprotocol": "b", "headers": [(PROTOCOL, b"a"), (b"x-a", b"1")]}
    if await app.try_send(event) is not None:
        await gives_up(exchange, client, app)
        return
    answer = await client.handshake_response(strict=False)
    found = expect(answer.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").weakly(Level.SHOULD)
    found.equals([b"b"])
