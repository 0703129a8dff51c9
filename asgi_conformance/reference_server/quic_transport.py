"""One QUIC connection on a UDP socket that many share: datagrams in, datagrams out, and the clock."""

from __future__ import annotations

import contextlib
import math
import socket
from typing import TYPE_CHECKING, Any

import anyio

from . import tls
from .transport import Link, Signal

if TYPE_CHECKING:
    from .quic import Quic

#: QUIC has TLS 1.3 inside (RFC 9001).
TLS_1_3 = 0x0304


class QuicTransport(Link):
    """A QUIC connection as calls and scopes know it.

    The client's address is that of its first datagram. The server's is that of the socket.

    Attributes:
        quic: The state of the connection.
        settings: The TLS settings of the server.
    """

    def __init__(self, sock: socket.socket, quic: Quic, peer: Any, settings: tls.TlsSettings) -> None:
        super().__init__(sock)
        self.quic = quic
        self.peer = peer
        self.settings = settings
        self.tls_entry = self.entry
        self._due = Signal()

    def receive(self, data: bytes, address: Any) -> None:
        """Take in a datagram."""
        self.quic.receive_datagram(data, address, now=anyio.current_time())
        self.poke()

    def poke(self) -> None:
        """Have the connection's task look after what there is to send."""
        self._due.fire()

    def push(self) -> None:
        """Send what may be sent now. A datagram that the kernel does not take is lost, and QUIC repairs that."""
        datagrams = self.quic.datagrams_to_send(now=anyio.current_time())
        for data, address in datagrams:
            with contextlib.suppress(OSError):
                self.socket.sendto(data, address)
        if datagrams:
            self.changed.fire()
            self.poke()

    async def next(self) -> None:
        """Wait until something arrived, something is to be sent, or the connection's clock strikes."""
        with anyio.move_on_after(self._time_left()):
            await self._due.wait()
        if self._time_left() <= 0:
            self.quic.handle_timer(now=anyio.current_time())

    def _time_left(self) -> float:
        timer = self.quic.get_timer()
        return math.inf if timer is None else max(0.0, timer - anyio.current_time())

    def entry(self) -> dict[str, Any]:
        """The entry of the ``tls`` extension; clients are not asked for certificates."""
        return tls.make_entry(self.settings.certificate, [], TLS_1_3, self._cipher_suite())

    def _cipher_suite(self) -> int | None:
        schedule = self.quic.tls.key_schedule
        return None if schedule is None else int(schedule.cipher_suite)
