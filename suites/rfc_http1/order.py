"""One response to each request, in the order of the requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..http.messages import body, gets_body, start
from .in_step import is_last, nothing_more


@dataclass(frozen=True)
class Kind:
    """A response: to which method, with which status, headers and contents of messages."""

    method: str
    status: int
    headers: Headers
    contents: tuple[bytes, ...]

    @property
    def sent(self) -> bytes:
        """The content that reaches the client."""
        return b"" if self.method == "HEAD" else b"".join(self.contents)


KINDS: Mapping[str, Kind] = {
    "with-length": Kind("GET", 201, [(b"content-length", b"5")], (b"hello",)),
    "without-length": Kind("GET", 202, [], (b"hello, ", b"world")),
    "empty": Kind("GET", 404, [], (b"",)),
    "to-head": Kind("HEAD", 200, [(b"content-length", b"5")], (b"hello",)),
    "204": Kind("GET", 204, [], (b"",)),
    "304": Kind("GET", 304, [(b"etag", b'"v1"')], (b"",)),
}

#: The responses to requests that come in one segment.
PIPELINED = (
    Kind("GET", 200, [], (b"the ", b"first")),
    Kind("GET", 201, [(b"content-length", b"6")], (b"second",)),
    Kind("GET", 204, [], (b"",)),
    Kind("GET", 203, [], (b"the ", b"fourth")),
    Kind("GET", 404, [(b"content-length", b"5")], (b"fifth",)),
)

#: Contents in front of another request: the field that frames it, its bytes, and what they stand for.
WITH_CONTENT = {
    "with-length": (b"Content-Length: 5", b"hello", b"hello"),
    "length-0": (b"Content-Length: 0", b"", b""),
    "looks-like-a-request": (b"Content-Length: 18", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    "chunked": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "chunked-with-trailer": (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\nx-t: 1\r\n\r\n", b"hello"),
    "chunked-empty": (b"Transfer-Encoding: chunked", b"0\r\n\r\n", b""),
}


async def answered_as(client: Http1Client, app: Call, kind: Kind) -> Response:
    """Answer a call with a response of this kind, and see that it is the next to reach the client."""
    *first, last = kind.contents
    await app.send(start(status=kind.status, headers=kind.headers), *(body(part, more=True) for part in first))
    await app.send(body(last))
    app.end_by_return()
    return await comes_as(client, kind)


async def comes_as(client: Http1Client, kind: Kind) -> Response:
    """Wait for the next response, which has to be of this kind."""
    response = await client.response()
    expect((response.status, response.body), "the response").equals((kind.status, kind.sent))
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
    return response


@case("rfc.http1.response.one-per-request", each=KINDS)
async def each_request_gets_one_response(exchange: Exchange, kind: Kind) -> None:
    """Of three requests on a connection, each gets its one response, and nothing follows the last one.

    There may be fewer where the server closes the connection.
    """
    client = await exchange.http1()
    for number in range(3):
        last = number == 2
        await client.request(kind.method, f"/{number}", [(b"connection", b"close")] if last else [])
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Refusal):
            if number == 0 or app.response is not None or client.wire.ending is None:
                raise Broken("the server calls the application for this request", app.what)
            break
        response = await answered_as(client, app, kind)
        if is_last(response):
            break
    await nothing_more(exchange, client)


async def _in_one_segment(client: Http1Client, *requests: bytes) -> list[str]:
    """Send requests, in whose targets %s stands for a tag, in one go; gives the tags."""
    tags = [client.new_tag() for _ in requests]
    await client.send(
        b"".join(request % tag.encode() for request, tag in zip(requests, tags, strict=True)), method="GET"
    )
    return tags


async def _next_in_line(exchange: Exchange, client: Http1Client, tag: str, *, first: bool) -> Call:
    """The call of one of several pipelined requests; a close behind complete responses is the weaker breach."""
    client.tag = tag
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Call):
        return app
    closed = not first and app.response is None and not client.surplus
    raise Broken("every pipelined request is served", app.what, level=Level.SHOULD if closed else None)


@case("rfc.http1.connection.pipelining-order", circumstances=(DEFAULT, KEPT), revision=2)
async def pipelined_requests_are_answered_in_order(exchange: Exchange) -> None:
    """Requests in one segment get their responses in their order, though the first one is answered late.

    The end of the connection behind complete first responses is the weaker breach.
    """
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    tags = await _in_one_segment(client, *[b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"] * len(PIPELINED))
    first = await _next_in_line(exchange, client, tags[0], first=True)
    await exchange.still_serves()  # what is called beside the first has been called by then
    kinds = dict(zip((f"/{tag}" for tag in tags), PIPELINED, strict=True))
    early = [call for call in exchange.unclaimed_calls() if call.scope.get("path") in kinds]
    for call in early:
        _answer(call, kinds[call.scope["path"]])
    for number, kind in enumerate(PIPELINED):
        app = first if number == 0 else await _next_in_line(exchange, client, tags[number], first=False)
        if app not in early:
            _answer(app, kind)
        await comes_as(client, kind)


def _answer(app: Call, kind: Kind) -> None:
    *first, last = (body(part, more=True) for part in kind.contents)
    app.begin_send(start(status=kind.status, headers=kind.headers), *first, {**last, "more_body": False}, last=True)


@case("rfc.http1.connection.pipelining-after-body", each=WITH_CONTENT, circumstances=(DEFAULT, KEPT))
async def a_request_begins_where_content_ends(exchange: Exchange, kind: tuple[bytes, bytes, bytes]) -> None:
    """A request that follows content in the same segment is found where it begins, and the content is exact.

    The end of the connection behind the complete first response is the weaker breach.
    """
    field, coded, content = kind
    post = b"POST /%%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (field, coded)
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    tags = await _in_one_segment(client, post, b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n")
    app = await _next_in_line(exchange, client, tags[0], first=True)
    await gets_body(app, content)
    await exchange.answered(client, app)
    app.end_by_return()
    app = await _next_in_line(exchange, client, tags[1], first=False)
    await gets_body(app, b"")
    await exchange.answered(client, app, 203, b"behind the content")
