"""How the body of a request reaches the application."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2, HTTP2_NEIGHBOUR, KEPT, TLS
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.values import Digest, payload, type_name
from asgi_conformance.verdict import Broken

from .messages import gets_body, pieces, requests, while_sending

_MIB = 1024 * 1024

#: Sizes around the borders of common buffers.
SIZES = {"1-byte": 1, "65535-bytes": 65535, "65536-bytes": 65536, "65537-bytes": 65537}

#: Chunked bodies by what is particular about their coding, each with the content that it stands for.
CHUNKED = {
    "many-sizes": (
        b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in (1, 9, 10, 15, 16, 255, 256, 4097)) + b"0\r\n\r\n",
        b"x" * (1 + 9 + 10 + 15 + 16 + 255 + 256 + 4097),
    ),
    "large-chunk": (b"20001\r\n%s\r\n0\r\n\r\n" % (b"y" * 0x20001), b"y" * 0x20001),
    "upper-case-size": (b"1A\r\n%s\r\n0\r\n\r\n" % (b"z" * 26), b"z" * 26),
    "leading-zeros": (b"0004\r\nWiki\r\n000\r\n\r\n", b"Wiki"),
    "extensions": (b'4;a=1\r\nWiki\r\n5;b="x;y"\r\npedia\r\n0;last\r\n\r\n', b"Wikipedia"),
    "trailer": (b"4\r\nWiki\r\n0\r\nx-trailer: after\r\n\r\n", b"Wiki"),
    "looks-like-chunks": (b"e\r\n4\r\nWiki\r\n0\r\n\r\n\r\n0\r\n\r\n", b"4\r\nWiki\r\n0\r\n\r\n"),
    "empty": (b"0\r\n\r\n", b""),
}

EMPTY = {
    "get": ("GET", None),
    "head": ("HEAD", None),
    "delete": ("DELETE", None),
    "options": ("OPTIONS", None),
    "post-with-length-0": ("POST", b""),
}


@case("http.request.chunked.decoded")
async def chunked_body_arrives_without_its_framing(exchange: Exchange) -> None:
    """A chunked request body reaches the application as plain bytes."""
    client = await exchange.http1()
    await client.send_head("POST", headers=[(b"transfer-encoding", b"chunked")])
    await client.send(b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n")

    app = await exchange.call(client)
    body = await app.receive_body()
    expect(body.content, "the request body").equals(b"Wikipedia")

    await app.respond(200, body=b"ok")
    response = await client.response()
    expect(response.status, "the status").equals(200)


@case("http.request.chunked.decoded", each=CHUNKED)
async def every_chunked_coding_is_taken_off(exchange: Exchange, chunked: tuple[bytes, bytes]) -> None:
    """Whatever a legal chunked coding looks like, the application gets the content of the chunks alone.

    A server that takes no chunked request at all may say so with 411.
    """
    coded, content = chunked
    client = await exchange.http1()
    await client.send_head("POST", headers=[(b"transfer-encoding", b"chunked")])
    await client.send(coded)

    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        if app.response is None or app.response.status != 411:
            raise Broken("a chunked request reaches the application, or is refused with 411", app.what)
        await exchange.still_serves()
        return
    await gets_body(app, content)
    await exchange.answered(client, app)


@case("http.request.chunked.decoded", "byte-by-byte")
async def chunked_coding_may_be_cut_anywhere(exchange: Exchange) -> None:
    """A chunked body whose bytes come one by one is decoded as one that comes whole."""
    client = await exchange.http1()
    await client.send_head("POST", headers=[(b"transfer-encoding", b"chunked")])
    await client.send_slowly(b"4;a=1\r\nWiki\r\n5\r\npedia\r\n0\r\nx-trailer: after\r\n\r\n")
    app = await exchange.call(client)
    await gets_body(app, b"Wikipedia")
    await exchange.answered(client, app)


@case("http.request.first-event", each=EMPTY, circumstances=EVERY_HTTP_AND_10)
async def the_first_event_is_the_request(exchange: Exchange, kind: tuple[str, bytes | None]) -> None:
    """The first event of a request without content is http.request."""
    method, content = kind
    client, app = await exchange.dialogue(method, body=content)
    event = await app.receive()
    expect(event.get("type"), "the type of the first event").equals("http.request")
    await app.respond(204)
    expect((await client.response()).status, "the status").equals(204)


@case("http.request.type", circumstances=EVERY_HTTP)
async def every_part_of_a_body_is_a_request_event(exchange: Exchange) -> None:
    """Every event that brings a part of the body has the type "http.request"."""
    client = await exchange.connect()
    await client.start_request(length=100_000)
    async with while_sending(client, pieces(payload("type", 100_000))):
        app = await exchange.call(client)
        body = await app.receive_body()
    for event in requests(body):
        expect(event.get("type"), "the type of the event").equals("http.request")
        expect(type_name(event.get("type")), "the class of the event's type").equals("str")
    expect(body.content, "the request body").equals(Digest.of(payload("type", 100_000)))
    await exchange.answered(client, app)


@case("http.request.body.bytes", circumstances=EVERY_HTTP)
async def the_body_is_bytes_in_every_event(exchange: Exchange) -> None:
    """The body of each event is a bytes object, for small parts and for large ones."""
    content = payload("bytes", 70_000)
    client = await exchange.connect()
    await client.start_request(length=len(content))
    async with while_sending(client, [content[:1], content[1:100], content[100:]]):
        app = await exchange.call(client)
        body = await app.receive_body()
    for event in requests(body):
        part = event.get("body", b"")
        expect(part, "the body of the event").satisfies(
            "is a bytes object",
            lambda value: isinstance(value, (bytes, Digest)),
            f"the body of the event is of type {type_name(part)}",
        )
    expect(body.content, "the request body").equals(Digest.of(content))
    await exchange.answered(client, app)


@case("http.request.body.empty", each=EMPTY, circumstances=EVERY_HTTP_AND_10)
async def no_body_is_an_empty_body(exchange: Exchange, kind: tuple[str, bytes | None]) -> None:
    """A request without content gives an empty body and no more body.

    Empty events that announce more may come before the last one.
    """
    method, content = kind
    client, app = await exchange.dialogue(method, body=content)
    await gets_body(app, b"")
    await app.respond(204)
    expect((await client.response()).status, "the status").equals(204)


@case("http.request.body.complete", each=SIZES, circumstances=(*EVERY_HTTP, HTTP2_NEIGHBOUR, TLS))
@case("http.request.body.complete", each={"5-mib": 5 * _MIB}, circumstances=(DEFAULT, KEPT, TLS))
@case("http.request.body.complete", each={"1-mib": _MIB}, circumstances=(HTTP2, HTTP2_NEIGHBOUR))
async def the_body_arrives_byte_for_byte(exchange: Exchange, size: int) -> None:
    """The joined bodies of the events are the content that the client sent, in length and in every byte.

    A server with a limit for the size of bodies may refuse a large one with 413.
    """
    exchange.patient(1 + size // _MIB)
    content = payload("complete", size)
    client = await exchange.connect()
    await client.start_request(length=size)
    async with while_sending(client, pieces(content)):
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Refusal):
            if app.response is not None and app.response.status == 413:
                raise exchange.inconclusive(f"the server takes no body of {size} bytes by default: {app.what}")
            raise Broken("the server calls the application for this request", app.what)
        await gets_body(app, content)
    await exchange.answered(client, app)
