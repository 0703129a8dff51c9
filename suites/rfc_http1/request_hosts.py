"""The Host field of a request, and targets that name a host themselves or no path at all."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from ..http.messages import body, start
from .raw import AFTER, ask, is_refusal, lines, nothing_follows, raw_client, refused, seen, with_line, write

LINE = b"GET /<tag> HTTP/1.1"
MISSING = {"alone": lines(LINE), "among-others": lines(LINE, b"Accept: */*", b"X-Host: a.example")}
DUPLICATE = {
    "equal": lines(LINE, b"Host: a.example", b"Host: a.example"),
    "different": lines(LINE, b"Host: a.example", b"Host: b.example"),
    "apart": lines(LINE, b"Host: a.example", b"Accept: */*", b"HOST: b.example"),
    "one-empty": lines(LINE, b"Host:", b"Host: a.example"),
}
INVALID = {
    name: lines(LINE, b"Host: " + host)
    for name, host in {
        "space": b"a b",
        "slash": b"a/b",
        "user": b"u@a.example",
        "question-mark": b"a?b",
        "number-sign": b"a#b",
        "backslash": b"a\\b",
        "quote": b'a"b',
        "angle": b"<a>",
        "open-bracket": b"[::1",
        "no-address": b"[zz]",
        "letters-for-port": b"a.example:b",
        "two-ports": b"a.example:1:2",
        "percent-alone": b"a%",
    }.items()
}
#: Targets in absolute form that name the host of the Host field.
ABSOLUTE = {
    "path": b"http://a.example/<tag>",
    "no-path": b"http://a.example",
    "query": b"http://a.example/<tag>?x=1",
    "query-alone": b"http://a.example?x=1",
    "upper-case-scheme": b"HTTP://a.example/<tag>",
}
#: Authorities that no CONNECT can ask for.
PORTS = {"empty": b"a.example:", "too-large": b"a.example:99999", "letters": b"a.example:http"}


@case("rfc.http1.request.host-missing", each=MISSING)
@case("rfc.http1.request.host-duplicate", each=DUPLICATE)
@case("rfc.http1.request.host-invalid", each=INVALID)
async def a_wrong_host_is_refused(exchange: Exchange, request: bytes) -> None:
    """An HTTP/1.1 request without exactly one valid Host is refused."""
    await refused(exchange, request)


@case("rfc.http1.request.http10-without-host")
async def http10_needs_no_host(exchange: Exchange) -> None:
    """An HTTP/1.0 request without Host is served."""
    client, got = await ask(exchange, lines(b"GET /<tag> HTTP/1.0"))
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken("the server serves an HTTP/1.0 request without Host", got.what)
    await exchange.answered(client, got)


@case("rfc.http1.request.target-absolute-form", each=ABSOLUTE)
async def the_absolute_form_is_accepted(exchange: Exchange, target: bytes) -> None:
    """A request whose target is in absolute form is served."""
    client, got = await ask(exchange, with_line(b"GET " + target + b" HTTP/1.1"))
    if isinstance(got, Refusal):
        await exchange.still_serves()
        raise Broken(f"the server serves a request for {target.replace(b'<tag>', b'p')!r}", got.what)
    await exchange.answered(client, got)


@case("rfc.http1.request.target-absolute-host")
async def the_host_of_the_target_counts(exchange: Exchange) -> None:
    """Where the target and Host name different hosts, the request is refused, or the target's can be seen.

    ASGI has no place for it but the Host header, which is passed on as it came: a warning.
    """
    request = lines(b"GET http://a.example/<tag> HTTP/1.1", b"Host: b.example")
    client, got = await ask(exchange, request)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    scope = {key: got.scope.get(key) for key in ("path", "raw_path", "headers", "server")}
    await exchange.answered(client, got)
    shows = "a.example" in repr(scope)
    expect(shows, "the host of the target").weakly(Level.SHOULD).is_true("is in the scope", f"it has {show(scope)}")


@case("rfc.http1.request.target-asterisk")
async def options_may_ask_for_the_server(exchange: Exchange) -> None:
    """OPTIONS * is a valid request, which the application or the server answers."""
    client, got = await ask(exchange, with_line(b"OPTIONS * HTTP/1.1"), "OPTIONS")
    if isinstance(got, Call):
        await exchange.answered(client, got)
        return
    await exchange.still_serves()
    status = got.response.status if got.response else 400
    if status == 400 or (status >= 500 and status != 501):
        raise Broken("OPTIONS * is served, or answered as a request that is valid", got.what)


@case("rfc.http1.request.target-asterisk", "get")
async def only_options_may_ask_for_the_server(exchange: Exchange) -> None:
    """GET * is refused; that the grammar has it for OPTIONS alone is no rule for servers: a warning."""
    await refused(exchange, with_line(b"GET * HTTP/1.1"), level=Level.SHOULD)


@case("rfc.http1.request.target-authority", revision=2)
async def a_tunnel_is_refused_or_carries_no_requests(exchange: Exchange) -> None:
    """CONNECT is refused; or a 2xx answer to it has no length, and what follows is no request."""
    request = lines(b"CONNECT a.example:80 HTTP/1.1", b"Host: a.example:80", b"X-Exchange: <tag>")
    client = await raw_client(exchange)
    await write(client, request, "CONNECT")
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Refusal):
        await is_refusal(exchange, got, request)
        return
    await got.try_send(start(), body())
    got.end_by_return()
    response = await client.head_or_end()
    if response is not None and response.status >= 300:  # there is no tunnel, and what follows may be a request
        await exchange.still_serves()
        return
    await write(client, AFTER)
    await nothing_follows(exchange)
    found = response.values(b"content-length") + response.values(b"transfer-encoding") if response else []
    if response is not None and found:
        raise Broken("a 2xx answer to CONNECT has no length", f"it has {show(response.headers)}")


@case("rfc.http1.request.target-authority", each=PORTS)
async def a_tunnel_to_no_port_is_refused(exchange: Exchange, authority: bytes) -> None:
    """CONNECT to an authority without a valid port is refused; that the application could do it too: a warning."""
    line = b"CONNECT " + authority + b" HTTP/1.1"
    _, got = await ask(exchange, lines(line, b"Host: a.example", b"X-Exchange: <tag>"), "CONNECT")
    if isinstance(got, Call):
        observed = f"it called the application with {seen(got)}"
        raise Broken(f"the server refuses {line!r}", observed, level=Level.SHOULD)
    await is_refusal(exchange, got, line)
