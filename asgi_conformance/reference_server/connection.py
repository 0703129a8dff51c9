"""A connection from its first byte: which protocol it speaks, and its tasks."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

import anyio

from .http1 import Http1Connection
from .transport import Transport

if TYPE_CHECKING:
    from .server import Server

#: RFC 9113, section 3.4
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Speaker(Protocol):
    """What serves a connection once its protocol is known."""

    async def serve(self) -> None:
        """Serve until the connection has nothing more to say."""

    def stop(self) -> None:
        """Begin nothing new, and end as soon as what was begun is complete."""


class Served(Protocol):
    """A connection as the server sees it, from its first byte to its last."""

    async def run(self) -> None:
        """Serve the connection and close it."""

    def stop(self) -> None:
        """Begin nothing new, and end as soon as what was begun is complete."""

    def abort(self) -> None:
        """Give the connection up, whatever it is doing."""


class Connection:
    """One TCP or unix connection, whatever it speaks."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.server = server
        self.socket = sock
        self.transport: Transport | None = None
        self.speaker: Speaker | None = None
        self.stopping = False
        self._opening = anyio.CancelScope()

    async def run(self) -> None:
        """Serve the connection and close it."""
        transport = None
        with self._opening:
            transport = self.transport = await self.open()
        if transport is None:
            self.socket.close()
            return
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(transport.fill)
                tasks.start_soon(transport.deliver)
                self.speaker = await self.choose(transport)
                if self.stopping:
                    self.speaker.stop()
                await self.speaker.serve()
                tasks.cancel_scope.cancel()
        finally:
            await transport.close()

    async def open(self) -> Transport | None:
        """The transport, after a TLS handshake where there is one; None when the handshake failed."""
        if self.server.tls is None:
            return Transport(self.socket)
        from . import tls

        return await tls.accept(self.socket, self.server.tls)

    async def choose(self, transport: Transport) -> Speaker:
        """HTTP/2 by ALPN, or by prior knowledge without TLS; otherwise HTTP/1.

        rfc.http2.alpn, rfc.http2.prior-knowledge
        """
        by_preface = self.server.tls is None and not self.server.config.spec_minimal
        if transport.alpn == "h2" or (by_preface and await self.begins_with_preface(transport)):
            from .http2 import Http2Connection

            return Http2Connection(self.server, transport)
        return Http1Connection(self.server, transport)

    async def begins_with_preface(self, transport: Transport) -> bool:
        """Whether the first bytes are the preface of HTTP/2."""
        inbox = transport.inbox
        while len(inbox) < len(HTTP2_PREFACE) and HTTP2_PREFACE.startswith(bytes(inbox)):
            if not await transport.more():
                return False
        return inbox.startswith(HTTP2_PREFACE)

    def stop(self) -> None:
        """Begin nothing new on this connection."""
        self.stopping = True
        if self.speaker is not None:
            self.speaker.stop()
        elif self.transport is not None:
            self.transport.lose()
        else:
            self._opening.cancel()

    def abort(self) -> None:
        """Give the connection up, whatever it is doing."""
        if self.transport is not None:
            self.transport.lose()
