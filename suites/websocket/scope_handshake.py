"""What kind of connection it is, in the scope of a WebSocket: type, HTTP version and scheme."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2, KEPT, TLS
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

OVER_TLS = Launch(tls=True)


@case("websocket.scope.type.value", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def the_type_is_websocket(exchange: Exchange) -> None:
    """The type of the scope for a WebSocket handshake is "websocket", and there is no other call for it.

    Over HTTP/2 the server has offered to take it by its SETTINGS.
    """
    client = await exchange.websocket()
    await client.start_handshake()
    is_offered = isinstance(client.carrier, Http2Carrier)
    app = await (exchange.call(client) if is_offered else exchange.websocket_call(client))
    expect(app.scope.get("type"), "scope['type']").equals("websocket")
    await exchange.accepted(client, app)
    expect(exchange.unclaimed_calls(), "the other calls for this handshake").equals([])


@case("websocket.scope.http-version.http11", circumstances=(DEFAULT, KEPT, TLS))
async def the_version_is_1_1(exchange: Exchange) -> None:
    """http_version of a WebSocket over HTTP/1.1 is "1.1", or left out."""
    client, app = await exchange.knock()
    expect(app.scope.get("http_version", "1.1"), "scope['http_version']").equals("1.1")
    await exchange.accepted(client, app)


@case("websocket.scope.http-version.http2", circumstances=(HTTP2,))
async def the_version_is_2(exchange: Exchange) -> None:
    """http_version of a WebSocket over HTTP/2 is "2"."""
    client, app = await exchange.knock()
    expect(app.scope.get("http_version"), "scope['http_version']").equals("2")
    await exchange.accepted(client, app)


@case("websocket.scope.scheme.plain", circumstances=EVERY_WEBSOCKET)
async def the_scheme_is_ws(exchange: Exchange) -> None:
    """The scheme of a WebSocket without TLS is "ws", or left out."""
    client, app = await exchange.knock()
    expect(app.scope.get("scheme", "ws"), "scope['scheme']").equals("ws")
    await exchange.accepted(client, app)


@case("websocket.scope.scheme.tls", launch=OVER_TLS, circumstances=(DEFAULT, HTTP2))
async def the_scheme_is_wss(exchange: Exchange) -> None:
    """The scheme of a WebSocket over TLS is "wss"."""
    client, app = await exchange.knock()
    expect(app.scope.get("scheme"), "scope['scheme']").equals("wss")
    await exchange.accepted(client, app)
