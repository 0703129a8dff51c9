"""One WebSocket call: what ``receive()`` gives and what ``send()`` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from . import deflate, events
from .application import Event, Scope
from .checks import Headers, InvalidEvent
from .handshake import Handshake
from .streams import Stream
from .transport import ClientDisconnected
from .websocket_wire import Phase, WebSocketWire

if TYPE_CHECKING:
    from .server import Server

ALLOWED: Mapping[Phase, frozenset[str]] = {
    Phase.CONNECTING: frozenset(
        ["websocket.accept", "websocket.close", "websocket.http.response.start", "websocket.http.response.body"]
    ),
    Phase.DENYING: frozenset(["websocket.http.response.start", "websocket.http.response.body"]),
    Phase.OPEN: frozenset(["websocket.send", "websocket.close"]),
    Phase.CLOSING: frozenset(),
    Phase.CLOSED: frozenset(),
}


class WebSocketCall(WebSocketWire):
    """One call of the application for one WebSocket."""

    def __init__(self, server: Server, stream: Stream, scope: Scope, handshake: Handshake) -> None:
        super().__init__(server, stream)
        self.scope = scope
        self.handshake = handshake
        self._sending = anyio.Lock()
        self._events = events.table_of(events.WEBSOCKET, scope.get("extensions", {}))

    async def run(self) -> None:
        """Call the application, and close what it left open.

        websocket.scope.lifetime.one-call, .app-return-closes, .app-raise-closes, .socket-end-informs-app,
        websocket.scope.lifetime.own-stream-only
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.read_frames)
            tasks.start_soon(self.limit_closing)
            if self.server.config.ws_ping_interval:
                tasks.start_soon(self.keep_alive, self.server.config.ws_ping_interval)
            failed = await self.server.call(self.scope, self.receive, self.send)
            self.end_call(failed)
            while self.phase is not Phase.CLOSED:
                await self.stream.changed.wait()
            tasks.cancel_scope.cancel()

    def end_call(self, failed: bool) -> None:
        """Close the WebSocket in the name of an application that has returned or failed."""
        if self.phase is Phase.OPEN:
            self.close(1011 if failed else 1000, "")  # rfc.websocket.close.internal-error
        elif self.phase in (Phase.CONNECTING, Phase.DENYING):
            # websocket.app.returns-before-accept, .raises-before-accept, extension.websocket-denial.start-only
            self.response.abandon(500 if failed else 403, "the application did not accept the WebSocket")
            self.closed(1006, "")

    # what the application receives

    async def receive(self) -> Event:
        """Give the next event: the messages in their order, and then the disconnect for ever."""
        await anyio.lowlevel.checkpoint()
        while not self.inbox:
            if self.disconnect is not None:  # websocket.receive.before-disconnect, websocket.disconnect.nothing-after
                return dict(self.disconnect)
            await self.stream.changed.wait()
        event = self.inbox.popleft()
        self.stream.changed.fire()
        return event

    # what the application sends

    async def send(self, event: Any) -> None:
        """Take one event of the application; return when its data has left the server.

        Raises:
            InvalidEvent: The event is not valid, or not in this phase.
            ClientDisconnected: The WebSocket is closed.
        """
        async with self._sending:
            if self.disconnect is not None or self.phase in (Phase.CLOSING, Phase.CLOSED) or self.stream.gone:
                self.refuse_send()
                return
            message = events.read(event, self._events)
            kind = message["type"]
            # websocket.error.valid-events, websocket.connect.accept-before-receive
            # websocket.send.before-accept, websocket.accept.twice
            # extension.websocket-denial.no-websocket-events-after, extension.websocket-denial.not-after-accept
            if kind not in ALLOWED[self.phase]:
                raise InvalidEvent(f"{kind} cannot be sent while the WebSocket is {self.phase.name.lower()}")
            try:
                await self.act(kind, message)
                await self.stream.flush()  # websocket.send.flushed
            except ClientDisconnected:
                self.refuse_send()

    async def act(self, kind: str, message: dict[str, Any]) -> None:
        """Act on one valid event."""
        match kind:
            case "websocket.accept":
                self.accept(message["subprotocol"], message["headers"])
            case "websocket.send":
                self.send_message(message["bytes"], message["text"])
            case "websocket.close" if self.phase is Phase.CONNECTING:
                self.reject()
            case "websocket.close":
                self.close(message["code"], message["reason"] or "")
            case _:
                await self.deny({**message, "type": kind.removeprefix("websocket.")})

    def refuse_send(self) -> None:
        """Answer a ``send()`` on a closed WebSocket as the claimed version says."""
        # websocket.send-closed.raises-oserror, .after-own-close, .close-after-disconnect; websocket.close.twice
        # below 2.4 it is a no-op: core.error.send-after-close.no-op
        if not self.server.config.spec_minimal:
            raise ClientDisconnected("the WebSocket is closed")

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        """Complete the handshake with what the application chose."""
        if subprotocol is not None and subprotocol not in self.handshake.subprotocols:
            # rfc.websocket.handshake.no-unoffered-subprotocol
            # websocket.accept.subprotocol.not-offered, websocket.accept.subprotocol.not-a-token
            raise InvalidEvent(f"the client did not offer the subprotocol {subprotocol!r}")
        limit = self.server.config.ws_max_size
        offers = [] if self.server.config.spec_minimal else self.handshake.extensions
        compression, agreed = deflate.negotiate(offers, limit)
        fields = list(headers)  # websocket.accept.headers.sent, websocket.accept.headers.order
        if subprotocol is not None:
            fields.append((b"sec-websocket-protocol", subprotocol.encode()))  # websocket.accept.subprotocol.sent
        if agreed is not None:
            fields.append((b"sec-websocket-extensions", agreed))
        extensions = [deflate.SizeLimit(limit), *([compression] if compression else [])]
        self.protocol = Connection(ConnectionType.SERVER, extensions)
        self.stream.accept_websocket(fields)
        self.phase = Phase.OPEN
        self.stream.changed.fire()

    def send_message(self, data: bytes | None, text: str | None) -> None:
        """Send one message (websocket.send.text, .binary, .none-is-missing, .empty-text, .empty-binary, .order)."""
        if (data is None) == (text is None):  # websocket.send.both, websocket.send.neither
            raise InvalidEvent("websocket.send has to have exactly one of 'bytes' and 'text'")
        if text is not None:
            self.write(TextMessage(data=text))
        elif data is not None:
            self.write(BytesMessage(data=data))

    def reject(self) -> None:
        """Refuse the handshake.

        websocket.close.before-accept.403, .no-handshake, .code-irrelevant, .before-connect, .connection-closed;
        extension.websocket-denial.plain-close-still-403
        """
        self.response.replace(403, "the application refused the WebSocket")
        self.closed(1006, "")  # websocket.disconnect.on-reject

    async def deny(self, message: dict[str, Any]) -> None:
        """Refuse the handshake with a response of the application's (extension.websocket-denial.response-sent)."""
        self.stream.closing = True  # extension.websocket-denial.connection-closed
        await self.response.accept(message)
        self.phase = Phase.DENYING
        if self.response.complete:
            self.closed(1006, "")  # extension.websocket-denial.disconnect-event
