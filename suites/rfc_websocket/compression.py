"""What the cases about permessage-deflate share: offers, and WebSockets on which one was taken (RFC 7692)."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.call import Call
from asgi_conformance.clients.websocket import HandshakeResponse, WebSocketClient
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.verdict import Broken, Level

from ..websocket.conversation import receives, text
from ..websocket.handshakes import ACCEPT
from ..websocket.sending import comes

NAME = "permessage-deflate"
#: The offers of a client that leaves as much as it can to the server, and of one that leaves nothing.
PLAIN = (NAME,)
OPEN = (f"{NAME}; client_max_window_bits",)
DECIDED = (f"{NAME}; client_no_context_takeover; server_no_context_takeover", NAME)


async def offering(
    exchange: Exchange, offers: Sequence[str], *, refusable: bool = False
) -> tuple[WebSocketClient, Call, HandshakeResponse]:
    """A WebSocket for which these extensions were offered, accepted by the application; the answer is not judged.

    That it is a refusal is a warning where the offer is ``refusable``.
    """
    headers = [(b"Sec-WebSocket-Extensions", ", ".join(offers).encode())] if offers else []
    level = Level.SHOULD if refusable else None
    client = await exchange.websocket()
    await client.start_handshake(headers=headers)
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Refusal) or got.scope.get("type") != "websocket":
        await exchange.open_websocket()  # Unsupported where it takes no WebSocket at all
        what = got.what if isinstance(got, Refusal) else f"the type of the scope is {got.scope.get('type')!r}"
        raise Broken("a handshake with an offer of compression is accepted", what, level=level)
    app = got
    await app.receive()
    await app.send(ACCEPT)
    answer = await client.handshake_response(strict=False)
    if not answer.accepted:
        raise Broken("the handshake is accepted", f"the answer to it is {answer.status}", level=level)
    return client, app, answer


async def compressing(exchange: Exchange, offers: Sequence[str] = OPEN) -> tuple[WebSocketClient, Call]:
    """An open WebSocket on which compression was agreed, and over which a compressed message has come through.

    Raises Unsupported when the server takes neither this offer nor the plainest; messages have to pass then without.
    """
    client, app, answer = await offering(exchange, offers)
    if not takes(answer):
        await needs_compression(exchange)
        raise exchange.not_applicable(f"the server declined the offer {', '.join(offers)}")
    await client.send_text("before", compressed=True)
    await receives(app, "before")
    return client, app


async def needs_compression(exchange: Exchange) -> None:
    """Raise Unsupported when the server declines the plainest offer, and talks uncompressed."""
    client, app, answer = await offering(exchange, PLAIN)
    if not takes(answer):
        await talk_uncompressed(client, app)
        raise exchange.unsupported(f"it declined the offer {NAME}, and messages pass uncompressed")


async def talk_uncompressed(client: WebSocketClient, app: Call) -> None:
    """Expect that messages pass both ways where no compression was agreed: the client takes no RSV1 then."""
    for message in ("uncompressed " * 20, "again"):
        await client.send_text(message)
        await receives(app, message)
        await app.send(text(message))
        await comes(client, message)


def takes(answer: HandshakeResponse) -> bool:
    """Whether the server agreed to compression."""
    return any(extension.split(";")[0].strip() == NAME for extension in answer.extensions.split(","))
