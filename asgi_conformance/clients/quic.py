"""One QUIC connection to the candidate: its datagrams, its timers, and how it ends (RFC 9000, by :mod:`aioquic`)."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent

from asgi_conformance.clients.address import Address
from asgi_conformance.clients.dialling import ConnectionRefused, TlsFailed
from asgi_conformance.clients.waiting import Bell
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import TimedOut

#: The largest datagram, and what the kernel holds of those that have not been read, in bytes.
_DATAGRAM = 65536
_HELD = 4 * 1024 * 1024
#: What a server may send before it was read, of a stream and of all together, in bytes.
_WINDOW = 4 * 1024 * 1024
#: The codes of TLS alerts in QUIC (RFC 9001 § 4.8).
_ALERTS = range(0x100, 0x200)


class _Quic(QuicConnection):
    """The connection's state; ``complaint`` is code and reason with which this side closed it, by itself, or None."""

    complaint: tuple[int, str] | None = None

    def close(self, error_code: int = 0, frame_type: int | None = None, reason_phrase: str = "") -> None:
        self.complaint = self.complaint or (error_code, reason_phrase)
        super().close(error_code, frame_type, reason_phrase)


class QuicWire:
    """One connection.

    ``ending`` is None while it is open, then ``"closed"``, with ``trouble`` the words of the peer or of the system, or
    None. ``wrong`` is the sentence about a breach of the protocol over which this side closed it, or None; ``closed``
    says that this side has left. ``bell`` rings at every change, after who was attached was told. ``local`` and
    ``remote`` are the addresses of both ends. ``deadline`` is the longest wait in seconds.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: Address,
        authority: Path | None,
        *,
        trace: Trace,
        number: int,
        deadline: float,
    ) -> None:
        configuration = QuicConfiguration(
            alpn_protocols=["h3"],
            server_name=address.server_name or address.host,
            verify_mode=ssl.CERT_NONE if authority is None else ssl.CERT_REQUIRED,
            cafile=None if authority is None else str(authority),
            max_data=_WINDOW,
            max_stream_data=_WINDOW,
        )
        self.address = address
        self.trace = trace
        self.number = number
        self.deadline = deadline
        self.bell = Bell()
        self.ending: str | None = None
        self.trouble: str | None = None
        self.closed = False
        self.local: tuple[str, int] = sock.getsockname()[:2]
        self.remote: tuple[str, int] = sock.getpeername()[:2]
        self.quic = _Quic(configuration=configuration)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._ready = False
        self._early: list[QuicEvent] = []
        self._on_event: Callable[[QuicEvent], None] = self._early.append
        self.note("connect", f"{address} over QUIC")
        self._loop.add_reader(sock.fileno(), self._on_readable)

    @classmethod
    async def open(
        cls, address: Address, authority: Path | None, *, trace: Trace, number: int, deadline: float
    ) -> QuicWire:
        """Connect and shake hands; ``authority`` is the file of the certificate to trust, or None to trust any.

        Raises ConnectionRefused, TlsFailed, or TimedOut after ``deadline`` seconds.
        """
        expected = f"a QUIC handshake with {address}"
        sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _HELD)
            sock.connect((address.host, address.port))
        except OSError as error:
            sock.close()
            raise ConnectionRefused(expected, os.strerror(error.errno or 0)) from error
        wire = cls(sock, address, authority, trace=trace, number=number, deadline=deadline)
        wire.quic.connect(wire.remote, wire._loop.time())
        wire.transmit()
        try:
            if not await wire.bell.until(lambda: wire._ready or wire.is_over, deadline):
                raise TimedOut(expected, f"it was not complete within {deadline:g} s")
            if not wire._ready:
                failure = TlsFailed if (wire.quic.complaint or (0,))[0] in _ALERTS else ConnectionRefused
                raise failure(expected, wire.wrong or wire.trouble or "the server closed the connection")
        except BaseException:
            await wire.close()
            raise
        return wire

    def attach(self, on_event: Callable[[QuicEvent], None]) -> None:
        """Tell ``on_event`` of every event from now on, and first of those that have come with the handshake."""
        self._on_event = on_event
        for event in self._early:
            on_event(event)
        self.transmit()

    def note(self, kind: str, text: str = "", data: bytes | None = None) -> None:
        """Record an entry of the trace for this connection; the kinds are those of :class:`trace.Entry`."""
        self.trace.record("client", kind, text, data=data, connection=self.number)

    @property
    def wrong(self) -> str | None:
        """What the server did that QUIC or HTTP/3 forbids, or None."""
        complaint = self.quic.complaint
        return None if complaint is None or self.closed else complaint[1] or f"error 0x{complaint[0]:x}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self.ending is not None or self.closed or self.quic.complaint is not None

    def transmit(self) -> None:
        """Send what is due, and see to what will be."""
        if self.closed:
            return
        for datagram, _ in self.quic.datagrams_to_send(self._loop.time()):
            try:
                self._socket.send(datagram)
            except BlockingIOError:  # it counts as lost, and is sent again
                break
            except OSError as error:
                self._lost(error)
                return
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        at = self.quic.get_timer()
        self._timer = None if at is None else self._loop.call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self.quic.handle_timer(self._loop.time())
        self._take_events()

    def _on_readable(self) -> None:
        try:
            while not self.closed:
                self.quic.receive_datagram(self._socket.recv(_DATAGRAM), self.remote, self._loop.time())
        except BlockingIOError:
            pass
        except OSError as error:  # nobody listens there
            self._lost(error)
            return
        self._take_events()

    def _take_events(self) -> None:
        while (event := self.quic.next_event()) is not None:
            if isinstance(event, HandshakeCompleted):
                self._ready = True
            elif isinstance(event, ConnectionTerminated):
                self._end("closed", event.reason_phrase or f"error 0x{event.error_code:x}")
            self._on_event(event)
        self.transmit()
        self.bell.ring()

    def _lost(self, error: OSError) -> None:
        self._end("reset", error.strerror or str(error))
        self.bell.ring()

    def _end(self, ending: str, trouble: str) -> None:
        if self.ending is None:
            self.ending, self.trouble = ending, trouble
            self.note("eof" if ending == "closed" else "reset", trouble)

    async def close(self, code: int = 0) -> None:
        """Close the connection, telling the server with an error code. Nothing happens the second time."""
        if not self.is_over:
            self.quic.close(error_code=code)
            self.transmit()
        self._leave("close")

    async def reset(self) -> None:
        """Vanish: the server is told nothing. Nothing happens the second time."""
        self._leave("abort")

    def _leave(self, how: str) -> None:
        if self.closed:
            return
        self.note(how)
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self.bell.ring()
