"""The wire side of a WebSocket: frames in and out, pings, and the ways to close. The frames are :mod:`wsproto`'s.

It meets rfc.websocket.frame.client-must-mask, .server-never-masks, .rsv, .opcode, .control-fragmented, .control-length,
.continuation-first, .new-message-in-fragments, .lengths-received, .lengths-sent, .length-64bit-msb, .split-anywhere;
rfc.websocket.utf8.invalid, .across-fragments, .close-reason; rfc.websocket.close.payload-one-byte, .code-invalid,
.code-valid.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
from wsproto.connection import Connection, ConnectionState
from wsproto.events import CloseConnection, Message, Ping, Pong, TextMessage
from wsproto.events import Event as Frame

from .application import Event
from .response_call import Response
from .streams import Stream

if TYPE_CHECKING:
    from .server import Server

#: How long the client's close frame is waited for, in seconds (rfc.websocket.close.waits-for-peer).
CLOSE_LIMIT = 3.0
#: How many messages may wait for the application before reading pauses.
MESSAGES_LIMIT = 1024


class Phase(Enum):
    """How far a WebSocket has come."""

    CONNECTING = auto()
    DENYING = auto()
    OPEN = auto()
    CLOSING = auto()  # our close frame is out, the client's is not in
    CLOSED = auto()


class WebSocketWire:
    """What a WebSocket call does on the wire, whatever its application is doing.

    Attributes:
        phase: How far the WebSocket has come.
        inbox: The events that wait for the application.
        disconnect: The last event, which comes after those, or None while the WebSocket lives.
        protocol: The codec of the frames, once the handshake is complete.
    """

    protocol: Connection

    def __init__(self, server: Server, stream: Stream) -> None:
        self.server = server
        self.stream = stream
        self.response = Response(stream)
        self.phase = Phase.CONNECTING
        self.inbox: deque[Event] = deque([{"type": "websocket.connect"}])  # websocket.connect.first-event, .once
        self.disconnect: Event | None = None
        self.own_close = (1000, "")
        self._message: list[Any] = []
        self._message_size = 0
        self._awaited_pong: bytes | None = None
        stream.on_stop = self.go_away

    async def read_frames(self) -> None:
        """Read frames for as long as the WebSocket lives, whatever the application is doing.

        Before the accept nothing is read: websocket.connect.during-handshake, websocket.connect.no-data-before-accept.
        """
        while self.phase in (Phase.CONNECTING, Phase.DENYING):
            if self.stream.gone or (self.phase is Phase.CONNECTING and self.stream.client_left):
                self.closed(1006, "")  # websocket.connect.client-gone
                self.stream.cut()
                return
            await self.stream.changed.wait()
        while self.phase in (Phase.OPEN, Phase.CLOSING):
            await self.read_some()

    async def read_some(self) -> None:
        """Handle the frames that have come, or wait for some."""
        if len(self.inbox) >= MESSAGES_LIMIT:
            await self.stream.changed.wait()
            return
        piece = self.stream.take()
        if piece is not None and piece.data:
            self.protocol.receive_data(piece.data)
            for frame in self.protocol.events():
                self.handle(frame)
            await anyio.lowlevel.checkpoint()
        elif piece is not None or self.stream.gone:
            self.end(1006, "")  # websocket.disconnect.on-socket-loss, websocket.disconnect.code.1006
        else:
            await self.stream.changed.wait()

    def handle(self, frame: Frame) -> None:
        """Handle one frame."""
        if self.phase is Phase.CLOSED:
            return
        match frame:
            case Ping():
                # websocket.ping.answered, websocket.ping.hidden
                # rfc.websocket.ping.pong-payload, rfc.websocket.ping.inside-fragments, rfc.websocket.ping.many
                if self.phase is Phase.OPEN:
                    self.write(frame.response())
            case Pong():
                self.take_pong(bytes(frame.payload))
            case Message():
                self.take_part(frame)
            case CloseConnection():
                self.take_close(frame)

    def take_pong(self, payload: bytes) -> None:
        """Take note that the client is alive (rfc.websocket.ping.unsolicited-pong)."""
        if payload == self._awaited_pong:
            self._awaited_pong = None
            self.stream.changed.fire()

    def take_part(self, frame: Message[Any]) -> None:
        """Collect the parts of a message; hand it over when it is whole (websocket.fragmentation.reassembled)."""
        self._message.append(frame.data)
        self._message_size += len(frame.data)
        if self._message_size > self.server.config.ws_max_size:
            self.fail(1009, "the message is too big")  # rfc.websocket.close.too-big
            return
        if frame.message_finished:
            whole = self._message
            self._message, self._message_size = [], 0
            if self.phase is Phase.OPEN and self.disconnect is None:  # websocket.close.extra-data-ignored
                self.deliver(self.receive_event(frame, whole))

    def receive_event(self, frame: Message[Any], parts: list[Any]) -> Event:
        """A ``websocket.receive`` event.

        websocket.receive.type, .text, .binary, .empty-text, .empty-binary, .exactly-one, .large
        """
        if isinstance(frame, TextMessage):
            return {"type": "websocket.receive", "text": "".join(parts)}
        return {"type": "websocket.receive", "bytes": b"".join(parts)}

    def deliver(self, event: Event) -> None:
        """Put an event where the application will receive it (websocket.receive.one-per-message)."""
        self.inbox.append(event)
        self.stream.changed.fire()

    def take_close(self, frame: CloseConnection) -> None:
        """Answer a close frame, or what :mod:`wsproto` makes of bytes that are no frame."""
        code, reason = int(frame.code), frame.reason or ""
        if self.protocol.state is ConnectionState.REMOTE_CLOSING:
            self.write(frame.response())  # rfc.websocket.close.echo
            # websocket.disconnect.on-client-close, websocket.disconnect.code.value, websocket.disconnect.code.1005
            self.end(code, reason)
        elif self.protocol.state is ConnectionState.CLOSED:
            self.end(code, reason)  # websocket.disconnect.on-server-close, rfc.websocket.close.simultaneous
        else:
            self.fail(code, reason)

    def fail(self, code: int, reason: str) -> None:
        """Close because of what the client sent (websocket.disconnect.on-protocol-error)."""
        if self.phase is Phase.OPEN:
            self.write(CloseConnection(code=code, reason=""))
        self.end(code, reason)

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake.

        websocket.close.after-accept.code, websocket.close.reason.sent, websocket.close.after-sends,
        rfc.websocket.close.nothing-after-close
        """
        self.write(CloseConnection(code=code, reason=reason))
        self.phase = Phase.CLOSING
        self.own_close = (code, reason)
        self.stream.changed.fire()

    def write(self, event: Frame) -> None:
        """Put one frame on the wire."""
        self.stream.send_body(self.protocol.send(event))

    def go_away(self) -> None:
        """Close because the server stops (rfc.websocket.close.going-away, websocket.disconnect.on-shutdown)."""
        if self.phase is Phase.OPEN:
            self.close(1001, "")
            self.disconnected(1001, "")
        elif self.phase is Phase.CONNECTING:
            self.response.replace(503, "the server is stopping")
            self.closed(1001, "")

    def disconnected(self, code: int, reason: str) -> None:
        """Have the application told, once.

        websocket.disconnect.type, websocket.disconnect.code.present, websocket.disconnect.reason.type,
        websocket.disconnect.reason.value, websocket.disconnect.reason.empty
        """
        if self.disconnect is None:
            self.disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}

    def closed(self, code: int, reason: str) -> None:
        """Take note of the end."""
        self.disconnected(code, reason)
        self.phase = Phase.CLOSED
        self.stream.changed.fire()

    def end(self, code: int, reason: str) -> None:
        """End the WebSocket, and the connection or stream with it (rfc.websocket.close.tcp-by-server)."""
        self.closed(code, reason)
        self.stream.send_end([])

    async def limit_closing(self) -> None:
        """Do not wait for ever for the client's close frame."""
        while self.phase is not Phase.CLOSING:
            await self.stream.changed.wait()
        with anyio.move_on_after(CLOSE_LIMIT):
            while self.phase is Phase.CLOSING:
                await self.stream.changed.wait()
        if self.phase is Phase.CLOSING:
            self.end(*self.own_close)

    async def keep_alive(self, interval: float) -> None:
        """Send pings, and give the client up when it does not answer (websocket.ping.sent-for-liveness)."""
        number = 0
        while True:
            await anyio.sleep(interval)
            if self.phase is not Phase.OPEN:
                continue
            number += 1
            self._awaited_pong = b"%d" % number
            self.write(Ping(payload=self._awaited_pong))
            with anyio.move_on_after(self.server.config.ws_ping_timeout):
                while self._awaited_pong is not None:
                    await self.stream.changed.wait()
            if self._awaited_pong is not None and self.phase is Phase.OPEN:
                self.fail(1011, "the client did not answer a ping")  # websocket.ping.dead-peer-detected
