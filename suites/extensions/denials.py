"""What the cases about denial responses share: the messages, and a handshake that is answered with them."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.websocket.handshake_connect import connected
from asgi_conformance.suites.websocket.handshakes import http_under

EXTENSION = "websocket.http.response"
Message = dict[str, object]


def start(status: object = 401, **keys: object) -> Message:
    """The start of a denial response."""
    return {"type": "websocket.http.response.start", "status": status, "headers": [], **keys}


def body(content: object = b"", *, more: bool = False) -> Message:
    """A part of the body of a denial response."""
    return {"type": "websocket.http.response.body", "body": content, "more_body": more}


async def asked(exchange: Exchange) -> tuple[WebSocketClient, Call]:
    """A handshake of which the application has received the event, and that it has not answered."""
    client, app = await exchange.knock(subprotocols=["chat"])
    await connected(app)
    return client, app


async def denied(exchange: Exchange, *events: Message, status: int = 401, content: bytes) -> Response:
    """Have the application answer a handshake with these events and return; gives the response that the client got.

    It has to be complete, with this status and this content.
    """
    client, app = await asked(exchange)
    await app.begin_send(*events, last=True).result()
    response = await http_under(client).response()
    expect(response.status, "the status of the answer to the handshake").equals(status)
    expect(response.body, "its body").equals(content)
    expect(response.complete, "the denial response").is_true("is complete", "the connection ended before its end")
    return response
