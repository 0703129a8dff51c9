"""What becomes of the pseudo-headers of HTTP/2 in the headers of a scope."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import HTTP2, HTTP2_NEIGHBOUR
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2 import Http2Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show

from .refusals import refuses

OVER_HTTP2 = Launch(http2=True)
AUTHORITY = b"example.org:8443"


@case("http.scope.headers.no-pseudo-headers", circumstances=(HTTP2, HTTP2_NEIGHBOUR))
async def pseudo_headers_are_no_headers(exchange: Exchange) -> None:
    """The pseudo-headers of HTTP/2 are not among the headers."""
    client, app = await exchange.dialogue("POST", "/p?x=1", [(b"x-a", b"1")], b"content")
    pseudo = [(name, value) for name, value in app.headers if name[:1] in (b":", ":")]
    expect(pseudo, "what scope['headers'] has with a colon before its name").equals([])
    expect(app.header_values(b"x-a"), "the values of b'x-a' in scope['headers']").equals([b"1"])
    await exchange.answered(client, app)


@case("http.scope.headers.authority-becomes-host", circumstances=(HTTP2, HTTP2_NEIGHBOUR))
@case("http.scope.headers.authority-becomes-host", "tls", launch=Launch(tls=True), circumstances=(HTTP2,))
async def the_authority_becomes_host(exchange: Exchange) -> None:
    """The value of :authority is in the headers under the name host, once."""
    client, app = await exchange.dialogue(headers=[(b"host", AUTHORITY)])
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([AUTHORITY])
    await exchange.answered(client, app)


@case("http.scope.headers.authority-host-first", circumstances=(HTTP2,))
async def the_host_of_the_authority_comes_first(exchange: Exchange) -> None:
    """The host that is made from :authority stands before all other headers."""
    client, app = await exchange.dialogue(headers=[(b"host", AUTHORITY), (b"accept", b"*/*"), (b"x-a", b"1")])
    names = [name for name, _ in app.headers]
    expect(names[:1] == [b"host"], "the first name in scope['headers']").is_true(
        "is b'host'", f"the names are {show(names)}"
    )
    await exchange.answered(client, app)


@case("http.scope.headers.authority-replaces-host", launch=OVER_HTTP2)
async def the_authority_replaces_another_host(exchange: Exchange) -> None:
    """Of a :authority and another host, the value of :authority remains, once; or the request is refused."""
    client = (await exchange.http2()).open_stream()
    await client.send_fields(_with_host(client, b"a.example", b"b.example"))
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, "a request with :authority a.example and host b.example")
        return
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([b"a.example"])
    await exchange.answered(client, app)


@case("http.scope.headers.authority-replaces-host", "equal", launch=OVER_HTTP2)
async def an_equal_host_is_not_added(exchange: Exchange) -> None:
    """Of a :authority and a host with the same value there is one host in the headers."""
    client = (await exchange.http2()).open_stream()
    await client.send_fields(_with_host(client, b"a.example", b"a.example"))
    app = await exchange.call(client)
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([b"a.example"])
    await exchange.answered(client, app)


@case("http.scope.headers.nothing-lost", "host-without-authority", launch=OVER_HTTP2)
async def a_host_alone_is_kept(exchange: Exchange) -> None:
    """A host field that an HTTP/2 request has in place of :authority is in the headers, once."""
    client = (await exchange.http2()).open_stream()
    fields = _with_host(client, b"", b"b.example")
    await client.send_fields([field for field in fields if field[0] != b":authority"])
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.not_applicable(f"the server takes no HTTP/2 request without :authority: {app.what}")
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([b"b.example"])
    await exchange.answered(client, app)


def _with_host(client: Http2Client, authority: bytes, host: bytes) -> Headers:
    """The fields of a request with this :authority, and with a host field between others."""
    fields = client.fields("GET", "/", [(b"host", authority), (b"x-a", b"1")])
    return [*fields, (b"host", host), (b"x-b", b"2")]
