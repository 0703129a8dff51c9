"""How a case comes by WebSockets: before the handshake, with the call that it caused, or open at both ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.expect import expect
from asgi_conformance.refusal import Refusal, Tagged

if TYPE_CHECKING:
    from asgi_conformance.clients.websocket import HandshakeResponse, WebSocketClient


class WebSocketOpening(ABC):
    """The part of an exchange that opens WebSockets over what the circumstance of its case gives."""

    _protocol: str | None

    @abstractmethod
    async def connect(self) -> HttpClient:
        """A client in the circumstance in which the case runs."""

    @abstractmethod
    async def call_or_refusal(self, client: Tagged) -> Call | Refusal:
        """The call that the client's last request caused, or what the candidate did instead of calling."""

    async def websocket(self) -> WebSocketClient:
        """A WebSocket client in the circumstance in which the case runs, before its handshake.

        Raises Unsupported over HTTP/2 when the candidate does not offer WebSockets there.
        """
        from asgi_conformance.websockets import websocket_over

        self._protocol = "websocket"
        return websocket_over(await self.connect())

    async def websocket_call(self, client: WebSocketClient) -> Call:
        """The call of the type ``websocket`` that the handshake of ``client`` caused.

        Raises:
            Unsupported: the candidate takes no WebSocket at all, not even by the plainest handshake.
            Broken: it takes WebSockets, and made no such call for this one.
        """
        from asgi_conformance.websockets import websocket_call

        return await websocket_call(self, client)

    async def knock(
        self,
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        subprotocols: Sequence[str] = (),
    ) -> tuple[WebSocketClient, Call]:
        """A WebSocket handshake in the case's circumstance, and the call that it caused; see :meth:`websocket_call`."""
        client = await self.websocket()
        await client.start_handshake(target, headers, subprotocols)
        return client, await self.websocket_call(client)

    async def open_websocket(
        self,
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        subprotocols: Sequence[str] = (),
        **accept: object,
    ) -> tuple[WebSocketClient, Call]:
        """An open WebSocket: a handshake that the application has received and accepted, the client told of it.

        ``accept`` are the keys of its ``websocket.accept``, such as ``subprotocol``.

        Raises:
            Unsupported: the candidate takes no WebSocket at all.
            Broken: the handshake does not come to its end.
        """
        client, app = await self.knock(target, headers, subprotocols)
        await self.accepted(client, app, **accept)
        return client, app

    async def accepted(self, client: WebSocketClient, call: Call, **accept: object) -> HandshakeResponse:
        """Receive and accept a handshake, with the keys ``accept``, which has to reach the client; gives its answer."""
        event = await call.receive()
        expect(event.get("type"), "the type of the first event").equals("websocket.connect")
        await call.send({"type": "websocket.accept", **accept})
        response = await client.handshake_response()
        expect(response.accepted, "the handshake").is_true("is accepted", f"the answer to it is {response.status}")
        return response
