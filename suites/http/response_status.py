"""The status of a response: sent as given, and refused where it is none."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import odd

from .messages import body, refused, start, whole

STATUSES = {str(status): status for status in (200, 204, 226, 299, 308, 404, 418, 451, 503, 599)}

#: Statuses whose responses have no content (RFC 9110 § 15.3.5, 15.3.6, 15.4.5).
WITHOUT_CONTENT = {204, 205, 304}

WRONG_TYPES = {
    "str": "200",
    "bytes": b"200",
    "float": 200.5,
    "none": None,
    "list": [200],
}


@case("http.response.start.status.passed", each=STATUSES, circumstances=EVERY_HTTP_AND_10)
async def the_status_is_sent_as_given(exchange: Exchange, status: int) -> None:
    """The client gets the status that the application gave, registered or not."""
    client, app = await exchange.dialogue()
    content = b"" if status in WITHOUT_CONTENT else b"%d" % status
    await app.respond(status, body=content)
    await whole(client, app, status, content)


@case("http.response.start.status.passed", "http-status-enum")
async def an_enum_member_that_is_an_int_is_a_status(exchange: Exchange) -> None:
    """A member of http.HTTPStatus is an int and is taken as a status."""
    client, app = await exchange.dialogue()
    await app.send(start(status=odd("http-status", 404), headers=[(b"content-length", b"4")]), body(b"gone"))
    await whole(client, app, 404, b"gone")


@case(
    "http.response.status.keeps-body",
    each={f"{hundred}xx": range(hundred * 100, hundred * 100 + 100) for hundred in (2, 3, 4, 5)},
)
async def every_status_keeps_its_body(exchange: Exchange, statuses: range) -> None:
    """Responses of every status that can have content reach the client with status and body."""
    client: Http1Client | None = None
    for status in statuses:
        if status in WITHOUT_CONTENT:
            continue
        client = client or await exchange.http1()
        await client.request("GET", f"/{status}")
        app = await exchange.call(client)
        await app.respond(status, body=b"body of %d" % status)
        response = await whole(client, app, status, b"body of %d" % status)
        await app.over()
        if response.ended or b"close" in response.tokens(b"connection"):
            client = None


@case("http.response.start.status.missing", circumstances=(DEFAULT, HTTP2))
async def a_start_without_status_is_refused(exchange: Exchange) -> None:
    """A response start without a status makes send() raise."""
    client, app = await exchange.dialogue()
    message = {"type": "http.response.start", "headers": []}
    await refused(exchange, client, app, "a response start without a status", message, body(b"x"))


@case("http.response.start.status.wrong-type", each=WRONG_TYPES, circumstances=(DEFAULT, HTTP2))
async def a_status_that_is_no_int_is_refused(exchange: Exchange, status: object) -> None:
    """A status that is no integer makes send() raise."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"the status {status!r}", start(status=status), body(b"x"))


@case(
    "http.response.start.status.out-of-range",
    each={"99": 99, "1000": 1000, "0": 0, "minus-1": -1, "64-bits": 2**63 - 1},
)
async def a_status_that_http_cannot_carry_is_refused(exchange: Exchange, status: int) -> None:
    """A status that has not three digits, or begins below 1, makes send() raise."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"the status {status}", start(status=status), body(b"x"))


@case("http.response.not-modified.length-of-representation", circumstances=EVERY_HTTP)
async def a_304_may_tell_the_length_that_it_does_not_send(exchange: Exchange) -> None:
    """A 304 with the Content-Length of the full representation and an empty body is a valid response.

    RFC 9110 § 8.6 allows the field there; the body messages of the application are in order.
    """
    client, app = await exchange.dialogue()
    await app.send(start(status=304, headers=[(b"content-length", b"10"), (b"etag", b'"v1"')]), body(b""))
    response = await whole(client, app, 304, b"")
    expect(response.values(b"etag"), "the values of etag").equals([b'"v1"'])
    expect(response.values(b"content-length"), "the values of content-length").is_one_of([[b"10"], []])
    ended = await app.over()
    expect(ended.how, "the end of the application call").equals("returned")
    if isinstance(client, Http1Client) and not response.ended and b"close" not in response.tokens(b"connection"):
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


#: Responses that cannot have content: the method, the status, and the bodies that the application sends.
BODYLESS = {
    "head": ("HEAD", 200, [b"one", b"two", b"three"]),
    "204": ("GET", 204, [b"", b"", b""]),
    "304": ("GET", 304, [b"", b"", b""]),
}


@case("http.response.bodyless.several-messages", each=BODYLESS, circumstances=EVERY_HTTP)
async def body_messages_of_a_bodyless_response_are_taken(
    exchange: Exchange, kind: tuple[str, int, list[bytes]]
) -> None:
    """Several body messages of a response that cannot have content are taken, and nothing of them is sent."""
    method, status, contents = kind
    client, app = await exchange.dialogue(method)
    await app.send(start(status=status, headers=[(b"x-a", b"one")]))
    for content in contents:
        await app.send(body(content, more=True))
    await app.send(body(b""))
    response = await whole(client, app, status, b"")
    expect(response.values(b"x-a"), "the values of x-a").equals([b"one"])
    await app.over()
    if isinstance(client, Http1Client) and not response.ended and b"close" not in response.tokens(b"connection"):
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))
