"""Content-Length and Transfer-Encoding that frame no request, or might be read in two ways."""

from __future__ import annotations

import gzip
from contextlib import suppress

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.verdict import TimedOut

from ..beside import beside
from ..http.messages import early_call_or_refusal, gets_body
from .raw import AFTER, ask, is_refusal, not_complete, nothing_follows, post, raw_client, received, refused, write

HELLO = b"hello" + AFTER
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n" + AFTER
#: What gives 5 where the number is cut to 32 or 64 bits.
OVERFLOWS = {"32-bits": 2**32 + 5, "64-bits": 2**64 + 5}

CONFLICTING = {
    "two-lines": post(b"Content-Length: 5", b"Content-Length: 6") + HELLO,
    "longer-first": post(b"Content-Length: 6", b"Content-Length: 5") + HELLO,
    "list": post(b"Content-Length: 5, 6") + HELLO,
    "with-zero": post(b"Content-Length: 0", b"Content-Length: 5") + HELLO,
}
INVALID = {
    name: post(b"Content-Length: " + value) + HELLO
    for name, value in {
        "plus": b"+5",
        "minus": b"-5",
        "hexadecimal": b"0x5",
        "underscore": b"0_5",
        "space-inside": b"5 5",
        "empty": b"",
        "semicolon": b"5;",
        "letter-behind": b"5a",
        "arabic-digit": "٥".encode(),
        "exponent": b"5e0",
        "fraction": b"5.0",
        "quoted": b'"5"',
    }.items()
}
HUGE = {
    **{f"over-{name}": post(b"Content-Length: %d" % number) + HELLO for name, number in OVERFLOWS.items()},
    "5000-digits": post(b"Content-Length: 1" + b"0" * 4998 + b"5") + HELLO,
}
EQUAL = {
    "two-lines": post(b"Content-Length: 5", b"Content-Length: 5") + b"hello",
    "list": post(b"Content-Length: 5, 5") + b"hello",
}
NOT_FINAL = {
    "chunked-gzip": post(b"Transfer-Encoding: chunked, gzip") + CHUNKED,
    "chunked-identity": post(b"Transfer-Encoding: chunked, identity") + CHUNKED,
    "gzip": post(b"Transfer-Encoding: gzip") + CHUNKED,
    "two-lines": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip") + CHUNKED,
    "beside-length": post(b"Transfer-Encoding: gzip", b"Content-Length: 5") + HELLO,
}
_ZIPPED = gzip.compress(b"hello", mtime=0)
UNKNOWN = {
    name: post(b"Transfer-Encoding: " + value) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(_ZIPPED), _ZIPPED) + AFTER
    for name, value in {
        "like-chunked": b"xchunked",
        "chunked-longer": b"chunkedx",
        "identity-chunked": b"identity, chunked",
        "gzip-chunked": b"gzip, chunked",
        "unknown-chunked": b"x-unknown, chunked",
    }.items()
}
TWICE = {
    "list": post(b"Transfer-Encoding: chunked, chunked") + CHUNKED,
    "two-lines": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + CHUNKED,
}
# Each of them beside a Content-Length, which is that of the coded content as it stands there.
OBFUSCATED = {
    name: post(b"Content-Length: 15", line) + CHUNKED
    for name, line in {
        "vertical-tab": b"Transfer-Encoding: \x0bchunked",
        "form-feed-behind": b"Transfer-Encoding: chunked\x0c",
        "nul-behind": b"Transfer-Encoding: chunked\x00",
        "no-break-space": b"Transfer-Encoding: \xa0chunked",
        "space-before-colon": b"Transfer-Encoding : chunked",
        "tab-before-value": b"Transfer-Encoding:\tchunked",
        "upper-case": b"TRANSFER-ENCODING: CHUNKED",
        "quoted": b'Transfer-Encoding: "chunked"',
        "parameter": b"Transfer-Encoding: chunked;q=1",
        "empty-member": b"Transfer-Encoding: , chunked",
        "folded": b"Transfer-Encoding:\r\n chunked",
    }.items()
}


@case("rfc.http1.request.cl-conflicting", each=CONFLICTING, circumstances=(DEFAULT, KEPT))
@case("rfc.http1.request.cl-invalid", each=INVALID)
@case("rfc.http1.request.te-chunked-not-final", each=NOT_FINAL, circumstances=(DEFAULT, KEPT))
@case("rfc.http1.request.te-chunked-twice", each=TWICE)
async def framing_that_says_no_length_is_refused(exchange: Exchange, request: bytes) -> None:
    """A request whose framing says no length is refused, and nothing that follows it is processed."""
    await refused(exchange, request)


@case("rfc.http1.request.te-unknown", each=UNKNOWN)
async def an_unknown_coding_is_refused(exchange: Exchange, request: bytes) -> None:
    """A transfer coding that the server does not know is refused; content in one that it knows is decoded."""
    await refused(exchange, request, readable=b"hello")


@case("rfc.http1.request.cl-repeated-equal", each=EQUAL)
async def equal_lengths_are_one_or_refused(exchange: Exchange, request: bytes) -> None:
    """A Content-Length that is repeated with the same value is refused, or taken as one."""
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        raise exchange.observed("it refuses a Content-Length that is repeated with the same value")
    await gets_body(got, b"hello")
    await exchange.answered(client, got)
    raise exchange.observed("it takes a Content-Length that is repeated with the same value as one")


@case("rfc.http1.request.te-obfuscated", each=OBFUSCATED, circumstances=(DEFAULT, KEPT))
async def an_odd_transfer_encoding_is_not_ignored(exchange: Exchange, request: bytes) -> None:
    """A Transfer-Encoding in an odd spelling is refused or understood, and never ignored for a Content-Length."""
    await refused(exchange, request, readable=b"hello")


@case("rfc.http1.request.te-http10", each={"alone": (), "beside-length": (b"Content-Length: 15",)})
async def a_transfer_encoding_in_http10_ends_the_connection(exchange: Exchange, fields: tuple[bytes, ...]) -> None:
    """After an HTTP/1.0 request with Transfer-Encoding, served or refused, the connection is closed."""
    request = post(b"Connection: keep-alive", b"Transfer-Encoding: chunked", *fields, version=b"1.0") + CHUNKED
    client, got = await ask(exchange, request)
    if isinstance(got, Call):
        await got.respond(200, body=b"fine")
        await client.next_response_or_end()
        await client.ended()
        await nothing_follows(exchange)
    else:
        await is_refusal(exchange, got, request)


@case("rfc.http1.request.cl-huge", each=HUGE)
async def a_huge_length_is_not_cut(exchange: Exchange, request: bytes) -> None:
    """A Content-Length beyond all measure is refused, or waited for; it is not taken for a smaller number."""
    await never_complete(exchange, request)


async def never_complete(exchange: Exchange, request: bytes) -> None:
    """Send a request that announces more than ever comes, and leave: it is refused, or its content is not complete.

    Raises:
        Broken: the application got a content that seems complete, or what is in it was taken for a request.
    """
    client = await raw_client(exchange)
    await write(client, request)
    got = await early_call_or_refusal(exchange, client)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    if got is not None:
        async with beside(received(got, exchange.patience.prompt)) as receiving:
            await exchange.still_serves()
            await client.close()
            with suppress(TimedOut):
                not_complete(await receiving, request)
    await nothing_follows(exchange)
