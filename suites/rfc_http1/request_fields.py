"""Header lines that are not as the grammar has them."""

from __future__ import annotations

import re

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .raw import ask, get, is_refusal, lines, post, refused, seen, shown

#: Bytes that no name may have (RFC 9110 § 5.6.2), but for the colon, which ends it.
BAD_IN_NAMES = b'\x00\x01\t\x0b\x1f "(),/;<=>?@[\\]{}\x7f\x80\xff'
NAMES = {
    **{f"byte-{byte:02x}": get(b"X%cA: 1" % byte) for byte in BAD_IN_NAMES},
    "utf-8": get("X-é: 1".encode()),
    "empty": get(b": 1"),
    "no-colon": get(b"X-A"),
    "no-colon-at-the-end": get(b"X-A: 1", b"X-B"),
}
SPACED = {
    "space": get(b"X-A : 1"),
    "tab": get(b"X-A\t: 1"),
    "host": lines(b"GET /<tag> HTTP/1.1", b"Host : a.example"),
    "content-length": post(b"Content-Length : 5") + b"hello",
}
INDENTED = {
    "space": lines(b"GET /<tag> HTTP/1.1", b" X-A: 1", b"Host: a.example"),
    "tab": lines(b"GET /<tag> HTTP/1.1", b"\tX-A: 1", b"Host: a.example"),
    "several": lines(b"GET /<tag> HTTP/1.1", b"  X-B: 1", b" X-A: 1", b"Host: a.example"),
}
# What is folded, and which values of X-A may come of it.
FOLDED = {
    "space": (get(b"X-A: 1", b" 2", b"X-B: 3"), rb"1 +2"),
    "tab": (get(b"X-A: 1", b"\t2", b"X-B: 3"), rb"1 +2"),
    "twice": (get(b"X-A: 1", b"  2", b" 3", b"X-B: 3"), rb"1 +2 +3"),
    "first-line-empty": (get(b"X-A:", b" 2", b"X-B: 3"), rb" *2"),
    "looks-like-a-field": (get(b"X-A: 1", b" X-Evil: 2", b"X-B: 3"), rb"1 +X-Evil: 2"),
}
CARRIAGE_RETURNS = {
    "in-value": get(b"X-A: 1\rX-Evil: 2", b"X-B: 3"),
    "in-value-twice": get(b"X-A: 1\r\rX-Evil: 2", b"X-B: 3"),
    "in-name": get(b"X-A\rX-Evil: 2", b"X-B: 3"),
    "before-line-end": get(b"X-A: 1\r", b"X-B: 3"),
    "after-version": lines(b"GET /<tag> HTTP/1.1\rX-Evil: 2", b"Host: a.example", b"X-B: 3"),
    "in-target": lines(b"GET /<tag>\rX-Evil HTTP/1.1", b"Host: a.example", b"X-B: 3"),
}
NULS = {
    "first": (get(b"X-A: \x00b"), [b"b", b" b"]),
    "middle": (get(b"X-A: a\x00b"), [b"a b"]),
    "last": (get(b"X-A: a\x00"), [b"a", b"a "]),
}


@case("rfc.http1.request.header-name-invalid", each=NAMES)
async def a_line_without_a_valid_name_is_refused(exchange: Exchange, request: bytes) -> None:
    """A header line whose name is no token is refused."""
    await refused(exchange, request)


@case("rfc.http1.request.space-before-colon", each=SPACED)
async def white_space_before_the_colon_is_refused(exchange: Exchange, request: bytes) -> None:
    """White space between the name of a field and its colon is refused."""
    await refused(exchange, request)


@case("rfc.http1.request.space-before-first-header", each=INDENTED)
async def an_indented_first_line_is_refused_or_dropped(exchange: Exchange, request: bytes) -> None:
    """Lines that begin with white space before the first header line are refused or dropped."""
    app = await call_unless_refused(exchange, request)
    if app is not None:
        found = sorted(name.strip().lower() for name, _ in app.headers)
        expect(found, "the names in scope['headers']").equals([b"host"])


@case("rfc.http1.request.obs-fold", each=FOLDED)
async def a_folded_line_is_refused_or_joined(exchange: Exchange, folded: tuple[bytes, bytes]) -> None:
    """A folded header line is refused, or joined with spaces."""
    request, value = folded
    app = await call_unless_refused(exchange, request)
    if app is None:
        return
    expect([name.lower() for name, _ in app.headers], "the names in scope['headers']").equals([b"host", b"x-a", b"x-b"])
    joined = app.header_values(b"x-a")[0]
    if not re.fullmatch(value, joined):
        raise Broken("a folded line is joined with spaces", f"{shown(request)} gave the value {joined!r}")


@case("rfc.http1.request.bare-cr", each=CARRIAGE_RETURNS)
async def a_bare_cr_ends_no_line(exchange: Exchange, request: bytes) -> None:
    """A CR without LF ends no line: the request is refused, or the CR is taken for white space."""
    app = await call_unless_refused(exchange, request)
    if app is None:
        return
    names = {name.lower() for name, _ in app.headers}
    parts = [*(value for _, value in app.headers), app.scope.get("path", "").encode()]
    if any(b"\r" in part for part in parts) or not {b"host", b"x-b"} <= names <= {b"host", b"x-a", b"x-b"}:
        raise Broken("a bare CR ends no line and is not passed on", f"{shown(request)} gave {seen(app)}")


@case("rfc.http1.request.header-value-control", each=NULS)
async def nul_is_refused_or_replaced(exchange: Exchange, given: tuple[bytes, list[bytes]]) -> None:
    """NUL in a field value is refused, or replaced by a space."""
    request, values = given
    app = await call_unless_refused(exchange, request)
    if app is not None:
        expect(app.header_values(b"x-a"), "the values of b'x-a' in scope['headers']").is_one_of([[v] for v in values])


@case("rfc.http1.request.bare-lf")
async def a_head_with_lf_alone(exchange: Exchange) -> None:
    """A head whose lines end with LF alone is taken as it is meant, or refused."""
    app = await call_unless_refused(exchange, get(b"X-A: 1").replace(b"\r\n", b"\n"))
    if app is None:
        raise exchange.observed("it refuses a head whose lines end with LF alone")
    expect(app.header_values(b"x-a"), "the values of b'x-a' in scope['headers']").equals([b"1"])
    raise exchange.observed("it takes a head whose lines end with LF alone")


async def call_unless_refused(exchange: Exchange, request: bytes) -> Call | None:
    """The call for a request that may be refused, after it was answered; None when it was refused as it should be."""
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return None
    await exchange.answered(client, got)
    return got
