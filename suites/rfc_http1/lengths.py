"""The length that the application gives its response, kept, exceeded, not reached, or none at all."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..http.messages import Message, body, start, whole
from .in_step import in_step, in_step_or_closed, sent_or_refused

FIVE: Headers = [(b"content-length", b"5")]

#: Bodies of the length that was given, by the messages that they come in.
KEPT_LENGTHS = {"one-message": [b"hello"], "two-messages": [b"hel", b"lo"], "empty-end": [b"hello", b""]}

#: More content than the length, 5, has room for.
TOO_MUCH: dict[str, list[Message]] = {
    "one-message": [body(b"hello world")],
    "two-messages": [body(b"hello", more=True), body(b" world")],
    "across-messages": [body(b"hel", more=True), body(b"lo world")],
    "behind-the-end": [body(b"hello", more=True), body(b"", more=True), body(b" world", more=True), body(b"")],
    "a-whole-response": [body(b"helloHTTP/1.1 299 Evil\r\ncontent-length: 0\r\n\r\n")],
}

#: Less content than the length, 10, promises.
TOO_LITTLE: dict[str, list[Message]] = {
    "one-message": [body(b"short")],
    "two-messages": [body(b"sho", more=True), body(b"rt")],
    "nothing": [body(b"")],
}

INVALID: dict[str, list[bytes]] = {
    "letters": [b"abc"],
    "negative": [b"-5"],
    "signed": [b"+5"],
    "hexadecimal": [b"0x5"],
    "fraction": [b"5.0"],
    "empty": [b""],
    "two-lines": [b"5", b"6"],
    "list": [b"5, 6"],
}


async def _asked(exchange: Exchange) -> Http1Client:
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    return client


@case("rfc.http1.response.content-length-kept", each=KEPT_LENGTHS, circumstances=(DEFAULT, KEPT, HTTP10))
async def the_length_of_the_application_frames_the_response(exchange: Exchange, contents: list[bytes]) -> None:
    """A response whose application gave a length has it in one Content-Length, and no other framing."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=FIVE), *(body(content, more=True) for content in contents[:-1]), body(contents[-1]))
    response = await whole(client, app, 200, b"hello")
    expect(response.values(b"content-length"), "the values of content-length").equals([b"5"])
    expect(response.values(b"transfer-encoding"), "the values of transfer-encoding").equals([])


@case("rfc.http1.response.content-length-exceeded", each=TOO_MUCH, circumstances=(DEFAULT, KEPT, HTTP10))
async def what_exceeds_the_length_is_not_sent(exchange: Exchange, messages: list[Message]) -> None:
    """Of a body that is longer than its Content-Length no more than that is on the wire; send() may raise."""
    client = await _asked(exchange)
    app = await exchange.call(client)
    response = await sent_or_refused(exchange, client, app, start(headers=FIVE), *messages)
    if response is not None and response.status == 200:
        expect(response.values(b"content-length"), "the values of content-length").is_one_of([[b"5"], []])
        expect(response.body, "the response's body").satisfies("begins hello", b"hello".startswith)
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.content-length-short", each=TOO_LITTLE, circumstances=(DEFAULT, KEPT), exclusive=True)
async def nothing_is_taken_for_what_is_missing(exchange: Exchange, messages: list[Message]) -> None:
    """When content is missing at the end of the response, the connection is closed with no further byte.

    A close later than promptly is the weaker breach. A server that can tell beforehand may answer with an error, or
    with the true length.
    """
    client = await _asked(exchange)
    app = await exchange.call(client)
    await client.send_head("GET", "/behind")  # its answer could be taken for the bytes that are missing
    if await app.try_send(start(headers=[(b"content-length", b"10")]), *messages) is not None:
        await app.fail(error="last")
    app.end_by_return()
    response = await client.head_or_end()
    if response is not None and response.values(b"content-length") != [b"10"]:
        exchange.remark(f"the response got another framing, in which nothing is missing: {show(response.headers)}")
        await in_step_or_closed(exchange, client, await client.response(), pipelined=True)
        return
    late = await _ends_late(exchange, client)
    if response is not None:
        expect((await client.response()).body, "the content").satisfies("begins short", b"short".startswith)
    expect(client.surplus, "what follows the response on the connection").equals(b"")
    await exchange.still_serves()
    if late:
        raise Broken("the connection is closed promptly", late, level=Level.SHOULD)


async def _ends_late(exchange: Exchange, client: Http1Client) -> str:
    """Wait for the end of the connection; gives the sentence about one that came late."""
    try:
        await client.wire.ended(exchange.patience.prompt)
    except TimedOut as late:
        await client.wire.ended(exchange.patience.deadline)
        return late.observed
    return ""


@case("rfc.http1.response.content-length-invalid", each=INVALID, circumstances=(DEFAULT, KEPT, HTTP10))
async def a_length_that_is_none_does_not_reach_the_client(exchange: Exchange, lengths: list[bytes]) -> None:
    """An invalid or contradictory Content-Length of the application makes send() raise, or is not on the wire."""
    client = await _asked(exchange)
    app = await exchange.call(client)
    headers = [(b"content-length", length) for length in lengths]
    response = await sent_or_refused(exchange, client, app, start(headers=headers), body(b"hello"))
    if response is not None:
        told = response.values(b"content-length")
        if told and not (len(told) == 1 and told[0].isdigit()):
            raise Broken("the Content-Length on the wire is one number, or is missing", f"it is {show(told)}")
    await in_step_or_closed(exchange, client, response)


#: What an HTTP/1.0 client says of the connection, and the messages of a response without a length.
STREAMED: dict[str, tuple[Headers, list[bytes]]] = {
    "one-message": ([], [b"all at once"]),
    "several-messages": ([], [b"first, ", b"", b"second, ", b"third", b""]),
    "keep-alive": ([(b"connection", b"keep-alive")], [b"first, ", b"second"]),
    "takes-trailers": ([(b"te", b"trailers, chunked")], [b"first, ", b"second"]),
    "empty": ([], [b"", b""]),
}


@case("rfc.http1.response.http10-framing", each=STREAMED, circumstances=(HTTP10,))
async def an_old_client_gets_no_chunks(exchange: Exchange, kind: tuple[Headers, list[bytes]]) -> None:
    """A response without a length comes to an HTTP/1.0 client raw and ends with the connection, or gets its length."""
    headers, contents = kind
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request(headers=headers)
    app = await exchange.call(client)
    await app.send(start(), *(body(content, more=True) for content in contents[:-1]), body(contents[-1]))
    expect((await client.head()).values(b"transfer-encoding"), "the values of transfer-encoding").equals([])
    response = await whole(client, app, 200, b"".join(contents))
    await in_step(exchange, client, response)


#: How the application breaks a response off, and the headers that it began it with.
BROKEN_OFF: dict[str, tuple[bool, Headers]] = {
    "returned": (False, []),
    "returned-with-length": (False, [(b"content-length", b"10")]),
    "raised": (True, []),
    "raised-with-length": (True, [(b"content-length", b"10")]),
}


@case("rfc.http1.response.incomplete-visible", each=BROKEN_OFF, circumstances=(DEFAULT, KEPT), exclusive=True)
async def a_response_that_was_broken_off_stays_so(exchange: Exchange, kind: tuple[bool, Headers]) -> None:
    """A response that the application broke off ends without its last byte, and nothing is sent behind it.

    A request that waits behind it is not answered in its place.
    """
    raises, headers = kind
    client = await _asked(exchange)
    app = await exchange.call(client)
    await client.send_head("GET", "/behind")
    await app.send(start(headers=headers), body(b"part", more=True))
    await client.body_until(4)
    await (app.fail() if raises else app.finish())
    await client.wire.ended(exchange.patience.prompt)
    response = await client.response()
    expect(response.body, "the response's body").equals(b"part")
    expect(response.complete, "the response").satisfies("is incomplete", lambda complete: not complete)
    expect(client.surplus, "what follows the response on the connection").equals(b"")
    await exchange.still_serves()
