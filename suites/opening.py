"""An accepted WebSocket, for the cases of several suites."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange


async def accepted(exchange: Exchange) -> tuple[WebSocketClient, Call]:
    """A WebSocket that the application has accepted, and its call.

    Raises:
        Unsupported: the candidate takes no WebSocket.
        Broken: the handshake does not come to its end.
    """
    return await exchange.open_websocket()
