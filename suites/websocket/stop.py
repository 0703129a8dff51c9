"""What a server that stops tells the applications of open WebSockets."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.stops import WITH_BUSY_WEBSOCKET, WITH_WEBSOCKET, OpenWebSocket

#: Going away, restart; and where no close frame came: none, lost.
CODES = (1001, 1012, 1005, 1006)


@case("websocket.disconnect.on-shutdown", life=WITH_WEBSOCKET)
@case("websocket.disconnect.on-shutdown", "later-receive", life=WITH_BUSY_WEBSOCKET)
async def a_stop_disconnects_open_websockets(exchange: Exchange, seen: OpenWebSocket) -> None:
    """When the server stops, the application of an open WebSocket receives websocket.disconnect.

    Also where it comes to its receive() when the stop has begun.
    """
    expect(seen.told.event or {}, "the application").satisfies(
        "receives websocket.disconnect", lambda event: event.get("type") == "websocket.disconnect", str(seen.told)
    )
    expect((seen.told.event or {}).get("code"), "the code of the disconnect event").is_one_of(CODES)
