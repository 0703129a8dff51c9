"""The UDP socket that all QUIC connections of a server share, and the way of each datagram to its connection."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, Any

import anyio
from aioquic.buffer import Buffer  # type: ignore[attr-defined]
from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE, QuicConfiguration
from aioquic.quic.packet import (
    QuicErrorCode,
    QuicFrameType,
    QuicHeader,
    QuicPacketType,
    encode_quic_version_negotiation,
    pull_quic_header,
)

from .http3 import Http3Connection
from .log import logger
from .quic import Quic
from .quic_transport import QuicTransport

if TYPE_CHECKING:
    from .server import Server

#: The largest datagram that UDP can carry.
DATAGRAM_SIZE = 65535
#: How many datagrams are taken in one go, before other tasks have a turn.
BATCH = 64


class QuicEndpoint:
    """Where clients of HTTP/3 knock.

    Attributes:
        routes: The connections by the connection IDs that clients may address them with (RFC 9000, section 5.2).
    """

    def __init__(self, server: Server, sock: socket.socket, settings: QuicConfiguration) -> None:
        self.server = server
        self.socket = sock
        self.settings = settings
        self.routes: dict[bytes, Http3Connection] = {}
        self._running = anyio.CancelScope()

    async def run(self) -> None:
        """Receive datagrams until :meth:`close`; then the socket is closed."""
        with self.socket, self._running:
            while True:
                await anyio.wait_readable(self.socket)
                self.receive_all()

    def close(self) -> None:
        """Receive no more."""
        self._running.cancel()

    def receive_all(self) -> None:
        """Take what the kernel has."""
        for _ in range(BATCH):
            try:
                data, address = self.socket.recvfrom(DATAGRAM_SIZE)
            except OSError:  # there is no more, or the kernel passes on that somebody has gone
                return
            self.receive(data, address)

    def receive(self, data: bytes, address: Any) -> None:
        """Give a datagram to its connection, which may have to be made."""
        try:
            header = pull_quic_header(Buffer(data=data), host_cid_length=self.settings.connection_id_length)
        except ValueError:
            return  # it is no packet of QUIC
        connection = self.routes.get(header.destination_cid)
        if connection is not None:
            self.pass_on(connection, data, address)
        elif header.version is not None and header.version not in self.settings.supported_versions:
            self.offer_versions(header, address)
        # RFC 9000, section 14.1
        elif header.packet_type is QuicPacketType.INITIAL and len(data) >= SMALLEST_MAX_DATAGRAM_SIZE:
            self.pass_on(self.open(header, address), data, address)

    def pass_on(self, connection: Http3Connection, data: bytes, address: Any) -> None:
        """Have a connection take a datagram; whatever happens to it stays with it."""
        try:
            connection.receive(data, address)
        except Exception:
            logger.exception("a connection failed inside the server")
            connection.abort()

    def offer_versions(self, header: QuicHeader, address: Any) -> None:
        """Tell a client of another version which ones are spoken here (RFC 9000, section 6)."""
        if header.packet_type is QuicPacketType.VERSION_NEGOTIATION:
            return  # two servers would never end
        answer = encode_quic_version_negotiation(
            source_cid=header.destination_cid,
            destination_cid=header.source_cid,
            supported_versions=self.settings.supported_versions,
        )
        with contextlib.suppress(OSError):
            self.socket.sendto(answer, address)

    def open(self, header: QuicHeader, address: Any) -> Http3Connection:
        """Make a connection, and let it run; one that comes while the server stops is refused."""
        assert self.server.tls is not None
        quic = Quic(self.settings, header.destination_cid)
        connection = Http3Connection(self.server, self, QuicTransport(self.socket, quic, address, self.server.tls))
        self.routes[header.destination_cid] = self.routes[quic.host_cid] = connection
        if self.server.stop_asked.is_set():
            quic.close(QuicErrorCode.CONNECTION_REFUSED, frame_type=QuicFrameType.PADDING)
        self.server.tasks.start_soon(self.server.serve_connection, connection)
        return connection

    def forget(self, connection: Http3Connection) -> None:
        """Give up the ways to a connection that is gone."""
        for name in [name for name, owner in self.routes.items() if owner is connection]:
            del self.routes[name]
