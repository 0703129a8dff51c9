"""Who frames the body of a response: the server, whatever the application says of Transfer-Encoding."""

from __future__ import annotations

import gzip

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2, HTTP10
from asgi_conformance.clients.http import Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken

from .messages import body, start, whole

CODINGS = {"chunked": b"chunked", "gzip-chunked": b"gzip, chunked", "gzip": b"gzip", "identity": b"identity"}

#: Bodies without a length, by the messages that they come in.
WITHOUT_LENGTH = {
    "one-message": [b"all at once"],
    "two-messages": [b"first, ", b"second"],
    "empty": [b""],
    "looks-like-chunks": [b"5\r\nhello\r\n", b"0\r\n\r\n"],
}

ENCODED = {"gzip": gzip.compress(b"hello, hello, hello", mtime=0), "no-gzip-at-all": payload("encoding", 300)}


def _is_framed_once(response: Response, version: str) -> None:
    """Transfer-Encoding is "chunked" or missing, is missing but in HTTP/1.1, and does not stand beside a length."""
    codings = [value.lower() for value in response.values(b"transfer-encoding")]
    expect(codings, "the values of Transfer-Encoding").is_one_of([[], [b"chunked"]] if version == "1.1" else [[]])
    if codings and response.values(b"content-length"):
        raise Broken("the response has one kind of framing", "it has both Content-Length and Transfer-Encoding")


@case("http.response.start.transfer-encoding-ignored", each=CODINGS, circumstances=(DEFAULT, HTTP10, HTTP2))
async def transfer_encoding_of_the_application_has_no_effect(exchange: Exchange, coding: bytes) -> None:
    """With a Transfer-Encoding of the application the response is framed just as without it, and intact."""
    plain = await _streamed(exchange, [(b"x-a", b"one")], None)
    await _streamed(exchange, [(b"transfer-encoding", coding), (b"x-a", b"one")], plain)


async def _streamed(exchange: Exchange, headers: list[tuple[bytes, bytes]], like: Response | None) -> Response:
    client, app = await exchange.dialogue()
    await app.send(start(headers=headers))
    await app.send(body(b"5\r\nhello", more=True), body(b"world"))
    response = await client.head()
    if like is not None:
        codings = response.values(b"transfer-encoding")
        expect(codings, "the values of Transfer-Encoding").equals(like.values(b"transfer-encoding"))
    await whole(client, app, 200, b"5\r\nhelloworld")
    expect(response.values(b"x-a"), "the values of x-a").equals([b"one"])
    return response


@case(
    "http.response.start.transfer-encoding-with-length",
    each={name: CODINGS[name] for name in ("chunked", "identity")},
    circumstances=(DEFAULT, HTTP10, HTTP2),
)
async def transfer_encoding_does_not_undo_the_length(exchange: Exchange, coding: bytes) -> None:
    """A response whose application gave both a length and a Transfer-Encoding is framed in one way, and intact."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"content-length", b"5"), (b"transfer-encoding", coding)]), body(b"hello"))
    _is_framed_once(await client.head(), client.version)
    await whole(client, app, 200, b"hello")


@case("http.response.start.content-encoding-untouched", each=ENCODED, circumstances=EVERY_HTTP)
async def content_encoding_is_the_applications(exchange: Exchange, content: bytes) -> None:
    """Content-Encoding is passed on, and the body is not changed because of it, whether it is so encoded or not."""
    client = await exchange.connect()
    await client.request(headers=[(b"accept-encoding", b"gzip, deflate, br")])
    app = await exchange.call(client)
    await app.respond(200, [(b"content-encoding", b"gzip")], content)
    response = await whole(client, app, 200, content)
    expect(response.values(b"content-encoding"), "the values of content-encoding").equals([b"gzip"])


@case("http.response.start.no-length-framing", each=WITHOUT_LENGTH, circumstances=EVERY_HTTP)
@case("http.response.start.no-length-framing", each={"two-messages": [b"first, ", b"second"]}, circumstances=(HTTP10,))
async def a_body_without_length_has_a_clear_end(exchange: Exchange, contents: list[bytes]) -> None:
    """Without a length from the application the client still gets the exact body and sees its end."""
    client, app = await exchange.dialogue()
    await app.send(start())
    for content in contents[:-1]:
        await app.send(body(content, more=True))
    await app.send(body(contents[-1]))
    response = await whole(client, app, 200, b"".join(contents))
    _is_framed_once(response, client.version)
