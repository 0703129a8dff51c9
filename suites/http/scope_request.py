"""What kind of request it is, in the scope: type, HTTP version, method and scheme."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import (
    DEFAULT,
    EVERY_HTTP,
    EVERY_HTTP_AND_10,
    EVERY_PLAIN_HTTP_AND_10,
    HTTP2,
    HTTP3,
    KEPT,
    UNIX,
)
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect

from .refusals import refuses

REQUESTS = {"get": ("GET", None), "post": ("POST", b"content"), "options": ("OPTIONS", None)}
UPGRADES = {
    "unknown": [(b"Connection", b"Upgrade"), (b"Upgrade", b"conversation/1.0")],
    "tls": [(b"Connection", b"Upgrade"), (b"Upgrade", b"TLS/1.2, HTTP/1.1")],
}
#: Versions of HTTP/1 messages that do not exist, or are not written so.
ODD_VERSIONS = {"minor": "1.2", "two": "2.0", "three": "3.7", "nine": "0.9"}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
EXTENSIONS = {"webdav": "PROPFIND", "query": "QUERY", "made-up": "FOO-BAR"}


@case("http.scope.type.value", each=REQUESTS, circumstances=EVERY_HTTP_AND_10)
async def the_type_is_http(exchange: Exchange, given: tuple[str, bytes | None]) -> None:
    """The type of the scope is "http"."""
    method, body = given
    client, app = await exchange.dialogue(method, body=body)
    expect(app.scope.get("type"), "scope['type']").equals("http")
    await exchange.answered(client, app)


@case("http.scope.type.value", "upgrade", each=UPGRADES)
async def an_upgrade_to_something_else_is_http(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """A request that asks for an upgrade and is no WebSocket handshake has the type "http" where it is handed over.

    A server may answer or refuse such a request by itself.
    """
    client = await exchange.http1()
    await client.request("GET", "/", headers)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, f"a request with {headers[1]!r}")
        return
    expect(app.scope.get("type"), "scope['type']").equals("http")
    await exchange.answered(client, app)


@case("http.scope.http-version.http10")
async def http_1_0_is_told(exchange: Exchange) -> None:
    """The version of an HTTP/1.0 request is "1.0"."""
    client = await exchange.http1()
    client.version = "1.0"
    await client.request("GET", "/")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.unsupported(f"the server does not take HTTP/1.0: {app.what}")
    expect(app.scope.get("http_version"), "scope['http_version']").equals("1.0")
    await exchange.answered(client, app)


@case("http.scope.http-version.http11", circumstances=(DEFAULT, KEPT))
async def http_1_1_is_told(exchange: Exchange) -> None:
    """The version of an HTTP/1.1 request is "1.1"."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("http_version"), "scope['http_version']").equals("1.1")
    await exchange.answered(client, app)


@case("http.scope.http-version.values", each=ODD_VERSIONS)
async def no_other_version_is_told(exchange: Exchange, version: str) -> None:
    """A request line with a version that HTTP/1 does not have is refused, or handed over with one that exists."""
    client = await exchange.http1()
    await client.send_head("GET", "/", [(b"Connection", b"close")], version=version)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        return
    found = app.scope.get("http_version")
    expect(found, f"scope['http_version'] of a request with HTTP/{version}").is_one_of(["1.0", "1.1", "2"])
    await exchange.answered(client, app)


@case("http.scope.http-version.http2", circumstances=(HTTP2,))
@case("http.scope.http-version.http2", "tls", launch=Launch(tls=True), circumstances=(HTTP2,))
async def http_2_is_told(exchange: Exchange) -> None:
    """The version of an HTTP/2 request is "2"."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("http_version"), "scope['http_version']").equals("2")
    await exchange.answered(client, app)


@case("http.scope.http-version.http3", circumstances=(HTTP3,))
async def http_3_is_told(exchange: Exchange) -> None:
    """The version of an HTTP/3 request is "3"."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("http_version"), "scope['http_version']").equals("3")
    await exchange.answered(client, app)


@case("http.scope.method.present", each={method.lower(): method for method in METHODS}, circumstances=EVERY_HTTP_AND_10)
async def the_method_is_that_of_the_request(exchange: Exchange, method: str) -> None:
    """The common methods arrive under their names; HEAD is not turned into GET."""
    client, app = await exchange.dialogue(method)
    expect(app.scope.get("method"), "scope['method']").equals(method)
    await app.respond(204)
    expect((await client.response()).status, "the status").equals(204)


@case("http.scope.method.uppercase", circumstances=EVERY_HTTP)
async def the_method_is_in_upper_case(exchange: Exchange) -> None:
    """A method that was sent in lower case is handed over in upper case, or refused."""
    client = await exchange.connect()
    await client.request("get", "/")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, "a request with the method 'get'")
        return
    expect(app.scope.get("method"), "scope['method'] of a request with the method 'get'").equals("GET")
    await exchange.answered(client, app)


@case("http.scope.method.extension", each=EXTENSIONS, circumstances=EVERY_HTTP)
async def other_methods_keep_their_names(exchange: Exchange, method: str) -> None:
    """A method that is not one of the common ones arrives under its name, where the server lets it through."""
    client = await exchange.connect()
    await client.request(method, "/")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, f"a request with the method {method!r}")
        return
    expect(app.scope.get("method"), "scope['method']").equals(method)
    await exchange.answered(client, app)


@case("http.scope.scheme.plain", circumstances=(*EVERY_PLAIN_HTTP_AND_10, UNIX))
async def without_tls_the_scheme_is_http(exchange: Exchange) -> None:
    """Without TLS the scheme is "http", or left out."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("scheme", "http"), "scope['scheme']").equals("http")
    await exchange.answered(client, app)


@case("http.scope.scheme.tls", launch=Launch(tls=True), circumstances=EVERY_HTTP)
async def over_tls_the_scheme_is_https(exchange: Exchange) -> None:
    """Over TLS the scheme is there and "https"."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("scheme"), "scope['scheme']").equals("https")
    await exchange.answered(client, app)
