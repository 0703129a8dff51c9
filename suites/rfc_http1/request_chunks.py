"""Chunked requests that are not coded as the grammar has it, and what may stand beside the chunks."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..http.messages import gets_body
from .raw import AFTER, ask, is_refusal, not_complete, nothing_follows, post, raw_client, received, refused, write
from .request_framing import OVERFLOWS, never_complete

HEAD = post(b"Transfer-Encoding: chunked")
END = b"\r\nhello\r\n0\r\n\r\n" + AFTER

SIZES = {
    name: HEAD + size + END
    for name, size in {
        "hexadecimal-prefix": b"0x5",
        "minus": b"-5",
        "plus": b"+5",
        "space-before": b" 5",
        "space-behind": b"5 ",
        "tab-behind": b"5\t",
        "underscore": b"0_5",
        "empty": b"",
        "no-digit": b"G",
        "letter-behind": b"5g",
        "only-extension": b";a=b",
        "nul-behind": b"5\x00",
        "cr-behind": b"5\r",
        "arabic-digit": "٥".encode(),
        "point": b"5.0",
        "two-numbers": b"5 5",
    }.items()
}
LATER_SIZES = {
    name: HEAD + b"4\r\nWiki\r\n" + size + END
    for name, size in {"minus": b"-5", "hexadecimal-prefix": b"0x5", "empty": b"", "no-digit": b"G"}.items()
}
LAST_SIZES = {
    "minus-zero": HEAD + b"5\r\nhello\r\n-0\r\n\r\n" + AFTER,
    "hexadecimal-zero": HEAD + b"5\r\nhello\r\n0x0\r\n\r\n" + AFTER,
    "empty": HEAD + b"5\r\nhello\r\n\r\n\r\n" + AFTER,
    "lf-alone": HEAD + b"5\nhello\r\n0\r\n\r\n" + AFTER,
}
FRAMING = {
    "data-too-long": HEAD + b"5\r\nhelloX\r\n0\r\n\r\n" + AFTER,
    "data-much-too-long": HEAD + b"3\r\nhello\r\n0\r\n\r\n" + AFTER,
    "no-line-end": HEAD + b"5\r\nhello0\r\n\r\n" + AFTER,
    "data-too-short": HEAD + b"6\r\nhello\r\n0\r\n\r\n" + AFTER,
    "two-bytes-for-line-end": HEAD + b"5\r\nhelloXX0\r\n\r\n" + AFTER,
    "lf-alone": HEAD + b"5\r\nhello\n0\r\n\r\n" + AFTER,
    "cr-alone": HEAD + b"5\r\nhello\r0\r\n\r\n" + AFTER,
    "second-chunk": HEAD + b"4\r\nWiki\r\n5\r\nhelloX\r\n0\r\n\r\n" + AFTER,
}
OVERFLOWING = {
    **{f"over-{name}": HEAD + b"%X" % number + END for name, number in OVERFLOWS.items()},
    "5000-digits": HEAD + b"1" + b"0" * 4998 + b"5" + END,
    "last-over-64-bits": HEAD + b"5\r\nhello\r\n1%s\r\n\r\n" % (b"0" * 16) + AFTER,
}
EXTENSIONS = {
    "value": b"5;a=b",
    "name-alone": b"5;a",
    "quoted": b'5;c="d;e"',
    "quoted-pair": b'5;c="d\\"e"',
    "several": b'5;a=b;c="d";e',
    "looks-like-size": b"5;8=8",
    "long": b"5;a=" + b"b" * 200,
}
TRAILERS = {
    "one": b"X-T: 1\r\n",
    "two": b"X-T: 1\r\nX-U: 2\r\n",
    "looks-like-request": b"GET: /smuggled HTTP/1.1\r\n",
}
FORBIDDEN_TRAILERS = {
    "content-length": b"Content-Length: 5\r\n",
    "transfer-encoding": b"Transfer-Encoding: chunked\r\n",
    "host": b"Host: b.example\r\n",
}


@case("rfc.http1.request.chunk-size-invalid", each=SIZES)
@case("rfc.http1.request.chunk-size-invalid", "second-chunk", each=LATER_SIZES)
@case("rfc.http1.request.chunk-size-invalid", "last-chunk", each=LAST_SIZES)
@case("rfc.http1.request.chunk-framing", each=FRAMING, circumstances=(DEFAULT, KEPT))
async def an_error_in_the_chunks_is_no_complete_content(exchange: Exchange, request: bytes) -> None:
    """After an error in the chunks the content is not complete, and nothing that follows is processed."""
    _, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    not_complete(await received(got), request)
    await got.finish()
    await nothing_follows(exchange)


@case("rfc.http1.request.chunk-size-overflow", each=OVERFLOWING)
async def a_huge_chunk_is_not_cut(exchange: Exchange, request: bytes) -> None:
    """A chunk size beyond all measure is refused, or waited for; it is not taken for a smaller number."""
    await never_complete(exchange, request)


@case("rfc.http1.request.chunk-extensions", each=EXTENSIONS)
async def extensions_are_ignored(exchange: Exchange, line: bytes) -> None:
    """Extensions of a chunk are no part of the content."""
    client, got = await ask(exchange, HEAD + line + b"\r\nhello\r\n0;last\r\n\r\n")
    if isinstance(got, Refusal):
        raise Broken("the server ignores the extensions of a chunk", got.what)
    await gets_body(got, b"hello")
    await exchange.answered(client, got)


@case("rfc.http1.request.chunk-extensions", "line-end-inside", each={"cr": b"\r", "lf": b"\n"})
async def an_extension_does_not_shift_the_framing(exchange: Exchange, end: bytes) -> None:
    """A CR or LF alone in an extension is refused, or does not end the line.

    That an LF alone ends a line is a reading that many servers share: a warning.
    """
    request = HEAD + b"2;a=" + end + b"xx\r\n10\r\n0\r\n\r\nGET /hidden\r\n0\r\n\r\n"
    _, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    body = await received(got)
    if body is not None and body.content:
        level = Level.SHOULD if end == b"\n" else Level.MUST
        expect(body.content, "the content").weakly(level).equals(b"10")


@case("rfc.http1.request.chunk-extensions", "endless")
async def endless_extensions_are_refused(exchange: Exchange) -> None:
    """Extensions of a mebibyte are refused, or ignored."""
    await refused(exchange, HEAD + b"5;a=" + b"b" * 1024 * 1024 + b"\r\nhello\r\n0\r\n\r\n", readable=b"hello")


@case("rfc.http1.request.chunk-trailers", each=TRAILERS, circumstances=(DEFAULT, KEPT))
async def trailers_are_kept_apart(exchange: Exchange, trailers: bytes) -> None:
    """Trailer fields are no part of the content or of the headers, and the next request comes behind them."""
    await kept_apart(exchange, trailers, may_refuse=False)


@case("rfc.http1.request.chunk-trailers", each=FORBIDDEN_TRAILERS)
async def forbidden_trailers_change_nothing(exchange: Exchange, trailers: bytes) -> None:
    """Fields that cannot be trailers are kept apart like others, or refused."""
    await kept_apart(exchange, trailers, may_refuse=True)


async def kept_apart(exchange: Exchange, trailers: bytes, *, may_refuse: bool) -> None:
    """See that trailers are kept apart, and that the next request is served, or finds the connection closed.

    Raises:
        Broken: they are not, or it is not.
    """
    request = HEAD + b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n" + AFTER
    client = await raw_client(exchange)
    after = await write(client, request)
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Refusal):
        if not may_refuse:
            raise Broken("the server takes a request with trailers", got.what)
        await is_refusal(exchange, got, request)
        return
    if may_refuse:
        body = await received(got)
        if body is None or not body.complete:
            await got.finish()
            await nothing_follows(exchange)
            return
        expect(body.content, "the content").equals(b"hello")
    else:
        await gets_body(got, b"hello")
    names = [name.lower() for name, _ in got.headers if name.lower() != b"x-before"]
    expect(names, "the names in scope['headers']").equals([b"host", b"transfer-encoding"])
    expect(got.header_values(b"host"), "the values of b'host' in scope['headers']").equals([b"a.example"])
    await exchange.answered(client, got)
    client.tag = after
    following = await exchange.call_or_refusal(client)
    if isinstance(following, Call):
        await exchange.answered(client, following)
        return
    if following.response is not None:
        raise Broken("the request behind the trailers is served, or the connection closed", following.what)
    await exchange.still_serves()
