"""The entry about TLS in the scopes of WebSockets and of requests over HTTP/2: as over HTTP/1.1."""

from __future__ import annotations

from collections.abc import Mapping

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import type_name
from asgi_conformance.verdict import Broken, Level

from .connections import EXTENSION, TLS, ask, entry_of


async def _over_http1(exchange: Exchange) -> Mapping[str, object]:
    """The entry of a request over HTTP/1.1. Raises Unsupported where it has none."""
    client, app = await ask(exchange)
    if EXTENSION not in app.extensions:
        raise exchange.unsupported("the scope of a request over TLS does not list the extension tls")
    found = entry_of(app)
    await exchange.answered(client, app)
    return found


def _kinds(found: Mapping[str, object]) -> dict[str, str]:
    return {str(key): type_name(value) for key, value in found.items()}


def _is_alike(usual: Mapping[str, object], app: Call, what: str) -> None:
    """An entry has the form of the usual one; that it is missing is the weaker breach."""
    if EXTENSION not in app.extensions:
        raise Broken(f"the scope of {what} over TLS lists the extension tls", "it does not", level=Level.SHOULD)
    expect(_kinds(entry_of(app)), f"the types in the entry of {what}").equals(_kinds(usual))


@case("tls.base.websocket", launch=TLS)
async def a_websocket_has_the_entry(exchange: Exchange) -> None:
    """The scope of a WebSocket over TLS has the entry in the form that requests have it in."""
    usual = await _over_http1(exchange)
    client, app = await exchange.open_websocket()
    _is_alike(usual, app, "a WebSocket")
    await client.close()


@case("tls.base.http2", launch=Launch(tls=True, http2=True))
async def each_stream_has_the_entry(exchange: Exchange) -> None:
    """Each of two requests on one HTTP/2 connection has the entry in the form that HTTP/1.1 requests have it in."""
    usual = await _over_http1(exchange)
    connection = await exchange.http2()
    for _ in range(2):
        client = connection.open_stream()
        await client.request("GET", "/tls")
        app = await exchange.call(client)
        _is_alike(usual, app, "a request over HTTP/2")
        await exchange.answered(client, app)
