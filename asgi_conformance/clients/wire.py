"""One connection to the candidate, as bytes: what is sent, what comes, and how it ends.

The socket is read as soon as bytes arrive, so that the trace has the time of their arrival, and is read on after a
failed write, so that an answer that the server sent before it closed is never lost.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable, Sequence

from asgi_conformance.clients.address import Address, host_and_port, shown
from asgi_conformance.clients.dialling import ConnectionRefused, TlsFailed, connected_socket, shake_hands
from asgi_conformance.clients.outbox import Outbox
from asgi_conformance.clients.tls import READ_SIZE, TlsLayer
from asgi_conformance.clients.waiting import Bell
from asgi_conformance.errors import SuiteError
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import TimedOut

__all__ = ["Address", "ConnectionRefused", "TlsFailed", "Wire", "shown"]

#: How many unread bytes a wire holds before it leaves the rest to the kernel: a bound for servers that never stop.
MOST_UNREAD = 64 * 1024 * 1024


class Wire:
    """One connection.

    ``ending`` is None while the peer's side is open, then ``"closed"`` (FIN) or ``"reset"`` (RST); both are a close.
    ``closed`` says that this side has given up the connection. ``trouble`` is what the system said of a failed write
    or a TLS alert, or None. ``bell`` rings at every change, after ``on_change`` was called. ``deadline`` is the
    longest wait in seconds unless a call gives its own. ``local`` and ``remote`` are the addresses of both ends,
    None on a unix socket.
    """

    def __init__(
        self,
        sock: socket.socket,
        address: Address,
        *,
        trace: Trace,
        number: int,
        deadline: float,
        tls: TlsLayer | None = None,
        alpn: Sequence[str] | None = None,
    ) -> None:
        self.address = address
        self.trace = trace
        self.number = number
        self.deadline = deadline
        self.bell = Bell()
        self.on_change: Callable[[], None] = lambda: None
        self.ending: str | None = None
        self.closed = False
        self.trouble: str | None = None
        self.local = None if address.uds is not None else host_and_port(sock.getsockname)
        self.remote = None if address.uds is not None else host_and_port(sock.getpeername)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._tls = tls
        self._unread = bytearray()
        self._outbox = Outbox(sock, drained=self.bell.ring, lost=self._write_failed)
        self._reading = False
        self._paused = False
        self._half_closed = False
        self.note("connect", str(address) + (f", offering {', '.join(alpn)}" if alpn else ""))
        if tls is not None:
            self._arrived(b"")  # what came with the end of the handshake
        self.resume_reading()

    @classmethod
    async def open(
        cls, address: Address, *, trace: Trace, number: int, deadline: float, alpn: Sequence[str] | None = None
    ) -> Wire:
        """Connect, and shake hands where the address has TLS. ``alpn``: the protocols to offer, None for no offer.

        Raises ConnectionRefused, TlsFailed, or TimedOut after ``deadline`` seconds.
        """
        sock = await connected_socket(address, deadline)
        layer = None
        if address.tls is not None:
            layer = TlsLayer(address.tls, address.server_name, alpn or ())
            try:
                await shake_hands(sock, layer, address, deadline)
            except BaseException:
                sock.close()
                raise
        return cls(sock, address, trace=trace, number=number, deadline=deadline, tls=layer, alpn=alpn)

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def note(self, kind: str, text: str = "", data: bytes | None = None) -> None:
        """Record an entry of the trace for this connection; the kinds are those of :class:`trace.Entry`."""
        self.trace.record("client", kind, text, data=data, connection=self.number)

    # What TLS agreed

    @property
    def alpn(self) -> str | None:
        """The protocol that ALPN chose, or None."""
        return self._tls.session.selected_alpn_protocol() if self._tls else None

    @property
    def tls_session(self) -> ssl.SSLObject | None:
        """The TLS session (version, cipher, peer certificate), or None on a plain connection."""
        return self._tls.session if self._tls else None

    # Sending

    async def send(self, data: bytes, deadline: float | None = None) -> bool:
        """Send ``data`` and wait until the system has taken it.

        False when the peer has closed, which is no error: its answer may wait to be read. TimedOut when the peer
        stopped reading.
        """
        self.send_soon(data)
        return await self.drained(deadline)

    async def send_last(self, data: bytes) -> None:
        """Send ``data`` and close; as :meth:`send` and :meth:`close`."""
        await self.send(data)
        await self.close()

    async def drained(self, deadline: float | None = None) -> bool:
        """Wait until the system has taken everything that was sent; as :meth:`send`."""
        seconds = self.deadline if deadline is None else deadline
        if not await self.bell.until(lambda: not self._outbox.unsent or self.closed, seconds):
            left = len(self._outbox.unsent)
            raise TimedOut("the server reads what the client sends", f"after {seconds:g} s {left} bytes were not taken")
        return not self._outbox.failed

    def send_soon(self, data: bytes) -> None:
        """Send ``data`` without waiting: what the system does not take now follows as it does."""
        if self.closed or self._half_closed:
            raise SuiteError("a client sent on a connection that it had closed itself")
        self.note("bytes-out", data=data)
        self._outbox.put(self._tls.encrypt(data) if self._tls else data)

    def _write_failed(self, error: OSError) -> None:
        self.trouble = f"the write failed: {error.strerror}"
        self.note("note", self.trouble)

    # Receiving

    async def receive(self, deadline: float | None = None, awaited: str = "bytes from the server") -> bytes:
        """All bytes that have arrived and were not taken; waits for some. Empty once the peer has closed.

        ``awaited`` is a noun phrase for the report. Raises TimedOut.
        """
        seconds = self.deadline if deadline is None else deadline
        if not await self.bell.until(lambda: bool(self._unread) or self.is_over, seconds):
            raise TimedOut(awaited, f"nothing came within {seconds:g} s, and the connection was still open")
        return self.take()

    def take(self) -> bytes:
        """The bytes that have arrived and were not taken, without waiting."""
        data = bytes(self._unread)
        self._unread.clear()
        if self.ending is None and not self._reading and not self._paused:
            self.resume_reading()
        return data

    @property
    def surplus(self) -> bytes:
        """The bytes that have arrived and that nobody has taken yet; they stay."""
        return bytes(self._unread)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come: the peer has closed, or this side has."""
        return self.ending is not None or self.closed

    @property
    def is_stopped(self) -> bool:
        """Whether sending is pointless: who closes a socket does not read from it any more, as a rule."""
        return self.is_over

    async def ended(self, deadline: float | None = None) -> str:
        """Wait until the peer closes: ``"closed"`` or ``"reset"``. Bytes before that stay in ``surplus``.

        Raises TimedOut when the connection is still open after ``deadline`` seconds.
        """
        seconds = self.deadline if deadline is None else deadline
        if not await self.bell.until(lambda: self.is_over, seconds):
            unread = f"; unread were {shown(self.surplus)}" if self._unread else ""
            raise TimedOut("the server closes the connection", f"it was still open after {seconds:g} s{unread}")
        return self.ending or "closed"

    async def stays_quiet(self, seconds: float) -> bool:
        """Whether for ``seconds`` neither an untaken byte nor a close arrives: the last resort to show an absence."""
        return not await self.bell.until(lambda: bool(self._unread) or self.is_over, seconds)

    def pause_reading(self) -> None:
        """Leave what comes in the kernel's buffers, so that the server comes to feel backpressure."""
        self._paused = True
        self.note("pause")
        self._stop_reading()

    def resume_reading(self) -> None:
        """Read again after :meth:`pause_reading`."""
        if self._paused:
            self._paused = False
            self.note("resume")
        if not self._reading and not self.is_over:
            self._reading = True
            self._loop.add_reader(self._socket.fileno(), self._on_readable)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket.fileno())

    def _on_readable(self) -> None:
        try:
            data = self._socket.recv(READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end("reset", error.strerror or str(error))
            return
        if not data:
            # A write that met the reset has used the error up: the read then sees a plain end.
            self._end("reset" if self._outbox.failed else "closed")
            return
        self._arrived(data)

    def _arrived(self, data: bytes) -> None:
        if self._tls is not None:
            try:
                data = self._tls.decrypt(data)
            except ssl.SSLError as error:
                self.trouble = f"TLS: {error.reason or error}"
                self._end("closed", self.trouble)
                return
            self._outbox.put(self._tls.outgoing())
        if data:
            self.note("bytes-in", data=data)
            self._unread += data
            if len(self._unread) > MOST_UNREAD:
                self._stop_reading()
            self._changed()
        if self._tls is not None and self._tls.said_goodbye:
            self._end("closed", "close_notify")

    def _end(self, ending: str, text: str = "") -> None:
        self._stop_reading()
        self.ending = ending
        self.note("eof" if ending == "closed" else "reset", text)
        self._changed()

    def _changed(self) -> None:
        self.on_change()
        self.bell.ring()

    # Ending

    async def half_close(self) -> None:
        """Send FIN (after TLS's close_notify) and go on reading."""
        if self._tls is not None:
            self._outbox.put(self._tls.goodbye())
        await self.bell.until(lambda: not self._outbox.unsent or self.closed, self.deadline)
        self.note("half-close")
        self._half_closed = True
        self._shut_down()

    async def close(self) -> None:
        """Close this side with FIN; what was not sent yet is dropped. Nothing happens the second time."""
        if self.closed:
            return
        if self._tls is not None and not self._outbox.unsent:
            self._outbox.put(self._tls.goodbye())
        self._shut_down()
        self.note("close")
        self._give_up()

    async def reset(self) -> None:
        """Break the connection with RST (on a unix socket: close it). Nothing happens the second time."""
        if self.closed:
            return
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.note("abort")
        self._give_up()

    def _shut_down(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._outbox.failed = True  # the peer has reset the connection already

    def _give_up(self) -> None:
        self._stop_reading()
        self.closed = True
        self._outbox.drop()
        self._socket.close()
        self.bell.ring()
