"""The kinds of the values in the scope of a WebSocket; the shapes themselves are in shapes.toml."""

from __future__ import annotations

from asgi_conformance.circumstance import EVERY_WEBSOCKET
from asgi_conformance.exchange import Exchange
from asgi_conformance.shaped import shape_cases

SCOPE = {
    "websocket.spec-version.known-value": "spec_version, where given, is a str that names a version of this document.",
    "websocket.scope.scheme.type": "scheme, where given, is a str that is not empty.",
    "websocket.scope.path.decoded": "path is there, a str.",
    "websocket.scope.raw-path.type": "raw_path, where given, is bytes.",
    "websocket.scope.query-string.type": "query_string, where given, is bytes.",
    "websocket.scope.root-path.type": "root_path, where given, is a str.",
    "websocket.scope.headers.shape": "headers is there, pairs of bytes.",
    "websocket.scope.client.shape": "client, where given, is a pair of a str and an int.",
    "websocket.scope.server.shape": "server, where given, is a pair of a str and an int, or None for the port.",
    "websocket.scope.subprotocols.type": "subprotocols, where given, are str without white space around them.",
    "websocket.scope.state.shape": "state, where given, is a dict.",
}


async def handshake(exchange: Exchange) -> None:
    """A handshake with a query, some headers and subprotocols, accepted."""
    headers = [(b"Origin", b"http://example.org"), (b"X-Empty", b""), (b"X-Twice", b"1"), (b"X-Twice", b"2")]
    await exchange.open_websocket("/shapes?of=scope", headers, ["chat", "superchat"])


shape_cases(SCOPE, handshake, circumstances=EVERY_WEBSOCKET)
