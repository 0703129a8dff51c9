"""Requests that are too large, and bytes that are no requests at all."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken, Level, TimedOut

from .raw import ask, get, is_about_the_request, is_refusal, lines, raw_client, write

MIB = 1024 * 1024
LARGE = {
    "one-value": get(b"X-A: " + b"v" * MIB),
    "one-name": get(b"X-" + b"n" * MIB + b": 1"),
    "many-lines": get(*[b"X-%d: 1" % number for number in range(1000)] * 100),
}
#: The beginning of what a TLS client says first.
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(32)) + b"\x20" + bytes(range(32, 64))
GARBAGE = {
    "client-hello": CLIENT_HELLO + b"\x00" * 448 + b"\r\n\r\n",
    "noise": payload("noise", 65536) + b"\r\n\r\n",
    "zeros": bytes(1024) + b"\r\n\r\n",
    "no-line-end": b"x" * MIB,
    "text": b"hello\r\nhow are you\r\n\r\n",
    "response": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
}


@case("rfc.http1.request.uri-too-long")
async def a_target_that_is_too_long_is_told_so(exchange: Exchange) -> None:
    """A target of a mebibyte is answered with 414, 431 or 400, or served."""
    client, got = await ask(exchange, lines(b"GET /<tag>" + b"u" * MIB + b" HTTP/1.1", b"Host: a.example"))
    if isinstance(got, Call):
        await exchange.answered(client, got)
        return
    await exchange.still_serves()
    if got.response is None or got.response.status not in (400, 414, 431):
        raise Broken("a target that is too long is answered with 414", got.what)


@case("rfc.http1.request.uri-too-long", "8000-bytes")
async def a_target_of_usual_length_is_served(exchange: Exchange) -> None:
    """A target that makes a request line of 8000 bytes is served, which the document only recommends: a warning."""
    target = b"/" + b"u" * (8000 - len(b"GET /x HTTP/1.1\r\n") + 1)
    client = await raw_client(exchange)
    await client.request("GET", target)
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken("a request line of 8000 bytes is served", got.what, level=Level.SHOULD)
    await exchange.answered(client, got)


@case("rfc.http1.request.headers-too-large", each=LARGE)
async def a_head_that_is_too_large_is_told_so(exchange: Exchange, request: bytes) -> None:
    """A head that is larger than the server takes is answered with 4xx, or served; a mere close is a warning."""
    client, got = await ask(exchange, request)
    if isinstance(got, Call):
        await exchange.answered(client, got)
        return
    await exchange.still_serves()
    is_4xx_or_close(got)


@case("rfc.http1.request.headers-too-large", "endless", slow=True)
async def a_head_without_end_is_refused(exchange: Exchange) -> None:
    """A header line that does not end is refused with 4xx before 16 MiB of it have come; a mere close is a warning."""
    client = await raw_client(exchange)
    await write(client, get(b"X-A: ").removesuffix(b"\r\n\r\n"))
    for _ in range(256):
        if client.wire.ending is not None or client.surplus or not await client.wire.send(b"v" * 65536):
            break
        await asyncio.sleep(0)  # what has come is seen
    try:
        got = await exchange.call_or_refusal(client)
    except TimedOut:
        expected = "the server takes a bounded number of bytes for one header line"
        raise Broken(expected, "it took 16 MiB of it, and said nothing") from None
    await exchange.still_serves()
    if isinstance(got, Call):
        raise Broken("a head that does not end is refused", "the application was called for it")
    is_4xx_or_close(got)


@case("rfc.http1.request.garbage", each=GARBAGE)
async def what_is_no_http_is_refused(exchange: Exchange, data: bytes) -> None:
    """Bytes that are no HTTP are answered with an error, or the connection is closed, and the server serves others."""
    client = await raw_client(exchange)
    await write(client, data)
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Call):
        raise Broken("the application is not called for bytes that are no HTTP", "it was called")
    await is_refusal(exchange, got, data[:40])


@case("rfc.http1.request.garbage", "nothing", each={"closed": "close", "reset": "reset"})
async def a_client_that_says_nothing_is_no_harm(exchange: Exchange, way: str) -> None:
    """A client that connects and leaves without a byte leaves the server as it was."""
    client: Http1Client = await raw_client(exchange)
    await (client.reset() if way == "reset" else client.close())
    await exchange.still_serves()


def is_4xx_or_close(refusal: Refusal) -> None:
    """See that a head that is too large was refused with 4xx, or with a warning by a close.

    Raises:
        Broken: by something else.
    """
    expected = "a head that is too large is answered with 431 or another 4xx"
    if refusal.response is None:
        raise Broken(expected, refusal.what, level=Level.SHOULD)
    if not is_about_the_request(refusal.response.status):
        raise Broken(expected, refusal.what)
