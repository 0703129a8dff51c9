"""How a server that stops closes WebSockets (RFC 6455 § 7.4.1)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.stops import WITH_WEBSOCKET, OpenWebSocket

#: Going away, and service restart of the registry of close codes.
CODES = (1001, 1012)


@case("rfc.websocket.close.going-away", life=WITH_WEBSOCKET)
async def a_stop_closes_websockets_with_going_away(exchange: Exchange, seen: OpenWebSocket) -> None:
    """When the server stops, the client of an open WebSocket gets a close frame with 1001, or 1012."""
    close = seen.close
    expect(close.clean, "the WebSocket").is_true(
        "ends with a close frame", f"the connection was {close.ended} without a close frame"
    )
    expect(close.code, "the code of the close frame").is_one_of(CODES)
