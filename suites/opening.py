"""An accepted WebSocket, for the cases of several suites."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect


async def accepted(exchange: Exchange) -> tuple[WebSocketClient, Call]:
    """A WebSocket that the application has accepted, and its call.

    Raises:
        Unsupported: the candidate takes no WebSocket.
        Broken: the handshake does not come to its end.
    """
    client = await exchange.websocket()
    await client.start_handshake()
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        raise exchange.unsupported(f"the candidate takes no WebSocket: {app.what}")
    if app.scope.get("type") == "http":
        raise exchange.unsupported("the candidate takes no WebSocket: it hands the handshake over as an http request")
    event = await app.receive()
    expect(event.get("type"), "the type of the first event").equals("websocket.connect")
    await app.send({"type": "websocket.accept"})
    response = await client.handshake_response()
    expect(response.accepted, "the handshake").is_true("is accepted", f"the answer to it is {response.status}")
    return client, app
