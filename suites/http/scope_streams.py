"""Requests that share one HTTP/2 connection: each has a scope of its own, and its response goes back on its stream."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.clients.http2 import Http2Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

OVER_HTTP2 = Launch(http2=True)
OVER_TLS = Launch(tls=True, http2=True)


async def streams(exchange: Exchange, paths: Sequence[str]) -> list[tuple[Http2Client, Call]]:
    """Requests for these paths, all open on one connection, and their calls."""
    connection = await exchange.http2()
    clients = []
    for path in paths:
        client = connection.open_stream()
        await client.request("GET", path)
        clients.append(client)
    return [(client, await exchange.call(client)) for client in clients]


async def has_only(client: Http2Client, content: bytes) -> None:
    """See that the whole response of a client is this content."""
    response = await client.response()
    expect(response.status, "the status").equals(200)
    expect(response.body, f"the body of the response that was to be {content!r}").equals(content)
    expect(response.complete, "the response").is_true("is complete", "the stream ended before its end")


@case("http.multiplex.distinct-scopes", launch=OVER_HTTP2)
@case("http.multiplex.distinct-scopes", "tls", launch=OVER_TLS)
async def each_stream_has_its_scope(exchange: Exchange) -> None:
    """Requests that are open at once on one HTTP/2 connection have scopes of their own, each about its request."""
    (first, one), (second, other) = await streams(exchange, ["/first?a=1", "/second?b=2"])
    expect(one.scope.get("path"), "scope['path'] of the first stream").equals("/first")
    expect(other.scope.get("path"), "scope['path'] of the second stream").equals("/second")
    if await one.ask("identity", path=[]) == await other.ask("identity", path=[]):
        raise Broken("the scopes of two streams are different objects", "both calls got the very same dict")
    await other.respond(200, body=b"second")
    await one.respond(200, body=b"first")
    await has_only(first, b"first")
    await has_only(second, b"second")


@case("http.multiplex.right-stream", "other-order", launch=OVER_HTTP2)
@case("http.multiplex.right-stream", "other-order/tls", launch=OVER_TLS)
async def responses_in_another_order_find_their_streams(exchange: Exchange) -> None:
    """Responses that are sent in another order than the requests go back on the streams of their requests."""
    names = [f"/stream-{number}" for number in range(8)]
    opened = await streams(exchange, names)
    for client, app in reversed(opened):
        content = str(app.scope.get("path")).encode()
        await app.respond(200, body=content)
        await has_only(client, content)
    paths = [app.scope.get("path") for _, app in opened]
    expect(paths, "the paths of the calls").equals(names)


@case("http.multiplex.right-stream", "interleaved", launch=OVER_HTTP2)
async def interleaved_bodies_find_their_streams(exchange: Exchange) -> None:
    """Parts of responses that are sent in turn go back on the streams of their requests."""
    (first, one), (second, other) = await streams(exchange, ["/first", "/second"])
    for app in (one, other):
        await app.start(200)
    for turn in range(3):
        await one.body(b"first %d " % turn, more=True)
        await other.body(b"second %d " % turn, more=True)
    await other.body(b"end")
    await has_only(second, b"second 0 second 1 second 2 end")
    await one.body(b"end")
    await has_only(first, b"first 0 first 1 first 2 end")


@case("http.multiplex.right-stream", "request-bodies", launch=OVER_HTTP2)
async def interleaved_request_bodies_find_their_calls(exchange: Exchange) -> None:
    """Parts of request bodies that are sent in turn reach the calls of their streams."""
    connection = await exchange.http2()
    first, second = connection.open_stream(), connection.open_stream()
    await first.start_request("POST", "/first")
    await second.start_request("POST", "/second")
    for turn in range(3):
        await first.send_body(b"first %d " % turn)
        await second.send_body(b"second %d " % turn)
    await second.end_body()
    await first.end_body()
    one, other = await exchange.call(first), await exchange.call(second)
    expect((await one.receive_body()).content, "the first request's body").equals(b"first 0 first 1 first 2 ")
    expect((await other.receive_body()).content, "the second request's body").equals(b"second 0 second 1 second 2 ")
    await exchange.answered(first, one, body=b"first")
    await exchange.answered(second, other, body=b"second")
