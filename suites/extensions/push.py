"""Server push over HTTP/2: a promise on the stream of the request, and a call of the application for it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_PLAIN_HTTP
from asgi_conformance.clients.http import TAG
from asgi_conformance.clients.http2 import Http2Client, Push, Setting
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from .judging import Message, body, has_a_dict, start, whole

EXTENSION = "http.response.push"
OVER_HTTP2 = Launch(http2=True)
HEADERS = [(b"accept", b"text/css"), (b"x-of-push", b"1")]
PATHS = {"space": "/a b", "non-ascii": "/é x", "percent": "/100%25", "question-mark": "/what?not"}
WRONG: dict[str, Message] = {
    "str-header": {"type": EXTENSION, "path": "/pushed", "headers": [("x-a", "1")]},
    "bytes-path": {"type": EXTENSION, "path": b"/pushed", "headers": []},
    "missing-path": {"type": EXTENSION, "headers": []},
}


def push(path: str = "/pushed", headers: Sequence[tuple[bytes, bytes]] = ()) -> Message:
    """The event that pushes a path."""
    return {"type": EXTENSION, "path": path, "headers": list(headers)}


async def asked(exchange: Exchange, *, enabled: bool = True) -> tuple[Http2Client, Call]:
    """A request on a new connection whose client takes pushes, or none, and its call."""
    connection = await exchange.http2(settings={Setting.ENABLE_PUSH: int(enabled)})
    client = connection.open_stream()
    await client.request("GET", "/page")
    return client, await exchange.call(client)


async def promised(exchange: Exchange, event: Message) -> tuple[Http2Client, Push]:
    """The promise that a push in the midst of a complete response made. Raises Unsupported where it made none."""
    client, app = await asked(exchange)
    await app.send(start(), event, body(b"fine"))
    await whole(client, app, b"fine")  # a promise is on the stream of the request, so it came before the end
    pushes = client.connection.state.pushes
    if not pushes:
        raise exchange.unsupported("the push has no effect: no PUSH_PROMISE came, and the response was intact")
    return client, pushes[0]


@case("extension.push.advertised", circumstances=EVERY_PLAIN_HTTP)
async def push_is_listed_with_a_dict(exchange: Exchange) -> None:
    """Push is listed with a dict, where it is, and over HTTP/2 alone."""
    await has_a_dict(exchange, EXTENSION)
    client = await exchange.connect()
    if client.version != "2":
        raise Broken(f"a scope of HTTP/{client.version}, which has no push, does not list {EXTENSION}", "it does")


@case("extension.push.accepted", launch=OVER_HTTP2, extension=EXTENSION)
async def a_push_can_be_sent_in_a_response(exchange: Exchange) -> None:
    """A push can be sent after the response start and between two parts of the body."""
    client, app = await asked(exchange)
    await app.send(start())
    await app.send(push("/first"))
    await app.send(body(b"fine", more=True))
    await app.send(push("/second"))
    await app.send(body(b" as ever"))
    await whole(client, app, b"fine as ever")


@case("extension.push.out-of-place", "before-start", launch=OVER_HTTP2, extension=EXTENSION)
async def a_push_before_the_start_does_nothing(exchange: Exchange) -> None:
    """A push before the response start is refused or passed over, and the response is as ever.

    A promise that comes all the same is legal in HTTP/2, and a weaker breach.
    """
    client, app = await asked(exchange)
    await app.try_send(push())
    await app.send(start(), body(b"fine"))
    await whole(client, app, b"fine")
    if client.connection.state.pushes:
        raise Broken("no promise comes of a push before the response start", "a PUSH_PROMISE came", level=Level.SHOULD)


@case("extension.push.out-of-place", "after-the-end", launch=OVER_HTTP2, extension=EXTENSION)
async def a_push_after_the_end_does_nothing(exchange: Exchange) -> None:
    """A push after the final body is refused or passed over: no promise comes on a stream that has ended."""
    client, app = await asked(exchange)
    await app.send(start(), body(b"fine"))
    await client.response()
    await app.try_send(push())
    app.end_by_return()
    await client.connection.ping()
    expect(len(client.connection.state.pushes), "the number of promises after the final body").equals(0)
    await client.request("GET", "/next")
    await exchange.answered(client, await exchange.call(client))


@case("extension.push.promise-sent", launch=OVER_HTTP2, extension=EXTENSION)
async def a_push_is_promised(exchange: Exchange) -> None:
    """A promise with the path and the headers comes on the stream of the request.

    A server that sends none is free to: the document has it try.
    """
    client, app = await asked(exchange)
    await app.send(start(), push(headers=HEADERS), body(b"fine"))
    await whole(client, app, b"fine")
    pushes = client.connection.state.pushes
    if not pushes:
        raise Broken("a PUSH_PROMISE comes to a client that takes it", "none came before the end of the response")
    expect(pushes[0].on, "the stream of the promise").equals(client.stream.number)
    fields = dict(pushes[0].headers)
    expect(fields.get(b":method"), ":method of the promise").equals(b"GET")
    expect(fields.get(b":path"), ":path of the promise").equals(b"/pushed")
    for name, value in HEADERS:
        expect(fields.get(name), f"{name.decode()} of the promise").equals(value)


@case("extension.push.path-encoded", each=PATHS, launch=OVER_HTTP2, extension=EXTENSION)
async def the_path_is_encoded(exchange: Exchange, path: str) -> None:
    """The path is percent-encoded in the promise, and means the same there."""
    _, promise = await promised(exchange, push(path))
    sent = dict(promise.headers).get(b":path", b"")
    expect(sent, ":path of the promise").satisfies(
        "has what a path may have in it (RFC 3986)", lambda value: all(0x21 <= byte < 0x7F for byte in value)
    )
    expect(unquote_to_bytes(sent), f"what :path {sent!r} of the promise means").equals(path.encode())
    if "?" in path:
        expect(sent, ":path of the promise").lacks(b"?")


@case("extension.push.new-application-call", launch=OVER_HTTP2, extension=EXTENSION)
async def a_push_calls_the_application(exchange: Exchange) -> None:
    """The application is called for the push as if the client had asked, and answers on the promised stream."""
    tag = exchange.new_tag()
    client, promise = await promised(exchange, push(headers=[*HEADERS, (TAG, tag.encode())]))
    pushed = client.connection.open_stream(promise.stream)
    pushed.tag = tag
    app = await exchange.call(pushed)
    expect(app.scope.get("type"), "the type of the scope of the push").equals("http")
    expect(app.scope.get("method"), "the method of the push").equals("GET")
    expect(app.scope.get("path"), "the path of the push").equals("/pushed")
    expect(app.header_values(b"x-of-push"), "the header x-of-push").equals([b"1"])
    await exchange.answered(pushed, app, body=b"pushed")


@case("extension.push.authority", launch=OVER_HTTP2, extension=EXTENSION)
async def the_authority_is_that_of_the_request(exchange: Exchange) -> None:
    """:authority of the promise is that of the request that caused it."""
    client, promise = await promised(exchange, push())
    expect(dict(promise.headers).get(b":authority"), ":authority of the promise").equals(
        client.connection.wire.address.authority
    )


@case("extension.push.disabled-by-client", launch=OVER_HTTP2, extension=EXTENSION)
async def a_client_without_push_gets_none(exchange: Exchange) -> None:
    """To a client that takes no push none is promised: send() does not raise, and the response is as ever."""
    client, app = await asked(exchange, enabled=False)
    await app.send(start())
    await app.send(push())
    await app.send(body(b"fine"))
    await whole(client, app, b"fine")  # the client holds a promise against the protocol


@case("extension.push.headers.str", each=WRONG, launch=OVER_HTTP2, extension=EXTENSION)
async def a_wrong_push_is_refused(exchange: Exchange, event: Message) -> None:
    """A path that is no str or is missing, and headers that are no bytes, make send() raise."""
    client, app = await asked(exchange)
    await app.send(start())
    raised = await app.try_send(event)
    await client.reset()
    other = client.connection.open_stream()
    await other.request("GET", "/next")
    await exchange.answered(other, await exchange.call(other))
    if raised is None:
        raise Broken(f"send() of {show(event)} raises an exception", "send() returned without one")


@case("extension.push.headers.str", "missing-headers", launch=OVER_HTTP2, extension=EXTENSION)
async def missing_headers_are_refused_or_none(exchange: Exchange) -> None:
    """A push without headers is refused, or taken as one with none: the response is as ever."""
    client, app = await asked(exchange)
    await app.send(start())
    await app.try_send({"type": EXTENSION, "path": "/pushed"})
    await app.send(body(b"fine"))
    await whole(client, app, b"fine")
