"""How the body of a response reaches the client, and when it is complete."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2_NEIGHBOUR, TLS
from asgi_conformance.clients.http import Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import Digest, payload, payload_there

from .messages import body, start, whole

#: The sizes of ten body messages, in bytes.
SIZES = (1, 0, 65536, 7, 1024 * 1024, 0, 65535, 4096, 100, 3)

#: Body messages of which some are empty.
WITH_EMPTY = {
    "first": [b"", b"x", b"y"],
    "middle": [b"x", b"", b"y"],
    "several": [b"", b"x", b"", b"", b"y", b""],
}

#: Responses that are complete in different ways: the headers of the application, and the body.
COMPLETE = {
    "length": ([(b"content-length", b"4")], b"done"),
    "no-length": ([], b"done"),
    "empty": ([(b"content-length", b"0")], b""),
}


@case(
    "http.response.body.sent",
    each={"no-length": False, "length": True},
    circumstances=(*EVERY_HTTP_AND_10, HTTP2_NEIGHBOUR, TLS),
)
async def the_bodies_are_joined_in_order(exchange: Exchange, declared: bool) -> None:
    """The bodies of ten messages from 0 bytes to 1 MiB make up the content that the client gets."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"content-length", b"%d" % sum(SIZES))] if declared else []))
    parts = [body(payload_there(f"sent-{number}", size), more=True) for number, size in enumerate(SIZES)]
    sending = app.begin_send(*parts, body(b""))
    app.end_by_return()
    response = await client.response()
    await sending.result()
    expected = b"".join(payload(f"sent-{number}", size) for number, size in enumerate(SIZES))
    expect(Digest.of(response.body), "the response's body").equals(Digest.of(expected))
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")


@case(
    "http.response.body.flushed",
    each={"1-byte": 1, "100-bytes": 100, "70000-bytes": 70_000},
    circumstances=EVERY_HTTP_AND_10,
)
async def a_body_is_on_its_way_when_send_ends(exchange: Exchange, size: int) -> None:
    """The client gets each part of a body while the application, after its send(), does nothing more."""
    client, app = await exchange.dialogue()
    await app.send(start())
    content = payload("flushed", 3 * size)
    for end in (size, 2 * size):
        sending = app.begin_send(body(content[end - size : end], more=True))
        arrived = await client.body_until(end)
        await sending.result()
        expect(Digest.of(arrived), "the body so far").equals(Digest.of(content[:end]))
    await app.send(body(content[2 * size :]))
    await whole(client, app, 200, content)


@case("http.response.body.completes", each=COMPLETE, circumstances=EVERY_HTTP_AND_10)
async def the_last_body_completes_the_response(
    exchange: Exchange, kind: tuple[list[tuple[bytes, bytes]], bytes]
) -> None:
    """The client sees the end of the response at once, although the application call goes on."""
    headers, content = kind
    client, app = await exchange.dialogue()
    await app.send(start(headers=headers), body(content))
    await _comes_promptly(exchange, client.response(), content)
    expect(app.ended, "the end of the application call").is_none()


async def _comes_promptly(exchange: Exchange, awaited: object, content: bytes) -> None:
    seconds = exchange.patience.prompt
    response = await exchange.within(
        awaited,  # type: ignore[arg-type]
        seconds,
        "the response is complete at once after its last body message",
        f"the client did not see its end within {seconds:.1f} s, while the application call went on",
    )
    assert isinstance(response, Response)
    expect(response.body, "the response's body").equals(content)
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")


@case("http.response.body.completes-not-closes", each=COMPLETE)
async def a_complete_response_leaves_the_connection_open(
    exchange: Exchange, kind: tuple[list[tuple[bytes, bytes]], bytes]
) -> None:
    """After a complete response the connection takes another request, unless the response announced its end."""
    headers, content = kind
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    await app.send(start(headers=headers), body(content))
    response = await whole(client, app, 200, content)
    await app.over()
    if b"close" in response.tokens(b"connection"):
        await client.ended()
        await exchange.still_serves()
        return
    await client.request("GET", "/next")
    await exchange.answered(client, await exchange.call(client))


@case("http.response.body.default", circumstances=EVERY_HTTP_AND_10)
async def no_body_is_an_empty_body(exchange: Exchange) -> None:
    """A body message without a body adds nothing, and completes an empty response."""
    client, app = await exchange.dialogue()
    await app.send(start(), {"type": "http.response.body"})
    await whole(client, app, 200, b"")


@case("http.response.body.default", "more", circumstances=EVERY_HTTP_AND_10)
async def no_body_with_more_adds_nothing(exchange: Exchange) -> None:
    """A body message without a body and with more_body adds nothing and ends nothing."""
    client, app = await exchange.dialogue()
    await app.send(start(), {"type": "http.response.body", "more_body": True}, body(b"rest"))
    await whole(client, app, 200, b"rest")


@case("http.response.body.more-body-default", circumstances=EVERY_HTTP_AND_10)
async def without_more_body_the_response_is_complete(exchange: Exchange) -> None:
    """A body message without more_body completes the response."""
    client, app = await exchange.dialogue()
    await app.send(start(), {"type": "http.response.body", "body": b"x"})
    await _comes_promptly(exchange, client.response(), b"x")


@case("http.response.body.empty-chunk", each=WITH_EMPTY, circumstances=EVERY_HTTP_AND_10)
async def an_empty_body_does_not_end_the_response(exchange: Exchange, contents: list[bytes]) -> None:
    """Empty body messages with more_body neither end the response nor add to it."""
    client, app = await exchange.dialogue()
    await app.send(start())
    for content in contents[:-1]:
        await app.send(body(content, more=True))
    await app.send(body(contents[-1]))
    await whole(client, app, 200, b"xy")


@case("http.response.body.empty-chunk", "awaited", circumstances=EVERY_HTTP)
async def the_response_goes_on_after_an_empty_body(exchange: Exchange) -> None:
    """After an empty body message with more_body, what the client has is not the end of the response."""
    client, app = await exchange.dialogue()
    await app.send(start(), body(b"x", more=True), body(b"", more=True))
    expect(await client.body_until(1), "the body so far").equals(b"x")
    await app.send(body(b"y", more=True))
    expect(await client.body_until(2), "the body so far").equals(b"xy")
    await app.send(body(b""))
    await whole(client, app, 200, b"xy")
