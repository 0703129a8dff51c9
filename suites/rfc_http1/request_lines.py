"""Request lines that are not as the grammar has them: the method, the target, the version, and what comes before."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .raw import ask, get, is_refusal, nothing_follows, refused, seen, shown, with_line

METHODS = {
    name: with_line(method + b" /<tag> HTTP/1.1")
    for name, method in {
        "paren": b"G(T",
        "nul": b"GET\x00",
        "control": b"G\x01T",
        "delete": b"G\x7fT",
        "colon": b"GE:T",
        "slash": b"GE/T",
        "at": b"G@T",
        "comma": b"G,T",
        "quote": b'"GET"',
        "bracket": b"G[T]",
        "brace": b"G{T}",
        "utf-8": "GÉT".encode(),
        "empty": b"",
        "space-before": b" GET",
    }.items()
}
TARGETS = {
    name: with_line(b"GET " + target + b" HTTP/1.1")
    for name, target in {
        "space": b"/a b",
        "tab": b"/a\tb",
        "nul": b"/a\x00b",
        "control": b"/a\x01b",
        "escape": b"/a\x1bb",
        "delete": b"/a\x7fb",
        "empty": b"",
        "no-slash": b"a",
        "fragment": b"/a#b",
        "pipe": b"/a|b",
        "brace": b"/a{b}",
        "quote": b'/a"b',
        "angle": b"/a<b>",
        "backslash": b"/a\\b",
        "caret": b"/a^b",
        "backtick": b"/a`b",
        "percent-alone": b"/a%",
        "percent-without-digits": b"/a%zzb",
    }.items()
}
RAW_TARGETS = {
    "latin-1": with_line(b"GET /a\xffb HTTP/1.1"),
    "utf-8": with_line("GET /é HTTP/1.1".encode()),
}
VERSIONS = {
    name: with_line(b"GET /<tag> " + version)
    for name, version in {
        "letter-behind": b"HTTP/1.1x",
        "two-letters": b"HTP/1.1",
        "other-name": b"HTTPS/1.1",
        "no-point": b"HTTP/11",
        "lower-case": b"http/1.1",
        "comma": b"HTTP/1,1",
        "no-minor": b"HTTP/1.",
        "no-major": b"HTTP/.1",
        "three-numbers": b"HTTP/1.1.1",
        "sign": b"HTTP/+1.1",
        "leading-zero": b"HTTP/01.1",
        "two-digits": b"HTTP/1.10",
        "space-inside": b"HTTP/ 1.1",
        "no-number": b"HTTP",
        "1000": b"HTTP/1000.0",
        "0.9": b"HTTP/0.9",
        "2.0": b"HTTP/2.0",
        "3.0": b"HTTP/3.0",
    }.items()
}
VERSIONS["none"] = with_line(b"GET /<tag>")


@case("rfc.http1.request.method-invalid", each=METHODS)
@case("rfc.http1.request.version-invalid", each=VERSIONS)
async def a_wrong_request_line_is_refused(exchange: Exchange, request: bytes) -> None:
    """A request line with a method that is no token, or with a version that does not exist, is refused."""
    await refused(exchange, request)


@case("rfc.http1.request.target-invalid", each=TARGETS)
@case("rfc.http1.request.target-invalid", each=RAW_TARGETS, exclusive=True)
async def a_wrong_target_is_refused(exchange: Exchange, request: bytes) -> None:
    """A target with characters that it cannot have is refused, or answered with a redirect to a right one."""
    _, got = await ask(exchange, request)
    if isinstance(got, Call):
        raise Broken(f"the server refuses {shown(request)}", f"it called the application with {seen(got)}")
    if got.response is not None and 300 <= got.response.status < 400:
        await nothing_follows(exchange)
    else:
        await is_refusal(exchange, got, request)


@case("rfc.http1.request.method-invalid", "long")
async def a_long_method_is_refused_or_passed_on(exchange: Exchange) -> None:
    """A method of 10 000 letters is refused, or passed on as it is."""
    method = "LONG" * 2500
    request = with_line(method.encode() + b" /<tag> HTTP/1.1")
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    expect(got.scope.get("method"), "scope['method']").equals(method)
    await exchange.answered(client, got)


@case("rfc.http1.request.version-invalid", "1.2")
async def a_later_minor_version_is_served(exchange: Exchange) -> None:
    """A request of HTTP/1.2 is served as one of HTTP/1.1."""
    client, got = await ask(exchange, with_line(b"GET /<tag> HTTP/1.2"))
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken("a request of HTTP/1.2 is served as one of HTTP/1.1", got.what)
    expect(got.scope.get("http_version"), "scope['http_version']").equals("1.1")
    await exchange.answered(client, got)


@case("rfc.http1.request.leading-crlf", circumstances=(DEFAULT, KEPT))
async def an_empty_line_before_the_request_is_ignored(exchange: Exchange) -> None:
    """An empty line before the request line is ignored."""
    client, got = await ask(exchange, b"\r\n" + get())
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken("the server passes over an empty line before the request line", got.what)
    expect(got.scope.get("method"), "scope['method']").equals("GET")
    await exchange.answered(client, got)
