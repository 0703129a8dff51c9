"""One socket: bytes in, bytes out, and the ways in which a connection ends.

Writing never waits: bytes are kept until the kernel takes them, and a task of the connection delivers them. So a
``send()`` that the application cancels while it waits tears nothing apart, and :meth:`Transport.drained` is what makes
the application wait.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from typing import Any

import anyio

from .extensions import FilePart

#: How long a closed connection goes on reading what the client still sends, in seconds (RFC 9112, section 9.6),
#: or one that is to be closed waits for the client's word that the last response has arrived.
LINGER = 1.0
#: How many bytes are read at once, and how many may wait until somebody takes them.
READ_SIZE = 65536


class ClientDisconnected(OSError):
    """Raised by ``send()`` when the connection has been closed; the server ignores it when it comes back.

    http.send-closed.server-specific-class, http.send-closed.no-other-exception
    websocket.send-closed.server-specific-class, websocket.send-closed.no-other-exception
    """


class Signal:
    """Wakes all tasks that wait for something to change; each then looks for itself."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    async def wait(self) -> None:
        """Wait for the next change."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()

    def fire(self) -> None:
        """Tell everybody who waits."""
        if self._event is not None:
            self._event.set()
            self._event = None


class Link:
    """What a call and its scope know of their connection, whatever carries it.

    Attributes:
        socket: The socket that it goes through.
        local: The address of the server's end.
        peer: The address of the client's end, or None.
        ended: The client sends no more.
        lost: The connection is gone in both directions.
        changed: Fired whenever something of the connection changes.
        tls_entry: Makes the ``tls`` extension's entry for one scope, or None without TLS.
    """

    tls_entry: Callable[[], dict[str, Any]] | None = None

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.local: Any = sock.getsockname()
        self.peer: Any = None
        self.ended = False
        self.lost = False
        self.changed = Signal()

    def lose(self) -> None:
        """Take note that the connection is gone."""
        self.lost = self.ended = True
        self.changed.fire()


class Transport(Link):
    """A connected, non-blocking stream socket.

    Attributes:
        inbox: What the client sent and nobody has taken yet; it may hold something after ``ended``.
        alpn: The protocol that TLS agreed on, or None.
    """

    alpn: str | None = None

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.inbox = bytearray()
        self._outbox = bytearray()
        self._written = 0
        self._delivered = 0
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = self._peer_name()

    def _peer_name(self) -> Any:
        try:
            return self.socket.getpeername()
        except OSError:
            self.lost = self.ended = True
            return None

    @property
    def backlog(self) -> int:
        """How many bytes wait for the kernel."""
        return len(self._outbox)

    async def fill(self) -> None:
        """Read into the inbox until the client sends no more; pause while nobody takes what is there."""
        while not self.ended:
            if len(self.inbox) >= READ_SIZE:
                await self.changed.wait()
                continue
            data = await self.receive()
            self.inbox += data
            self.ended = not data or self.lost
            self.changed.fire()

    async def more(self) -> bool:
        """Wait until the inbox has grown; False when it never will again."""
        size = len(self.inbox)
        while len(self.inbox) == size and not self.ended:
            await self.changed.wait()
        return len(self.inbox) > size

    def take(self, limit: int = READ_SIZE) -> bytes:
        """Take up to ``limit`` bytes out of the inbox."""
        data = bytes(self.inbox[:limit])
        del self.inbox[:limit]
        self.changed.fire()
        return data

    def put_back(self, data: bytes) -> None:
        """Return bytes that were taken too early."""
        self.inbox[:0] = data

    async def receive(self) -> bytes:
        """Wait for bytes of the client; ``b""`` when there are no more, by the client's will or by loss."""
        return await self.receive_raw()

    async def receive_raw(self) -> bytes:
        """Wait for bytes from the socket."""
        try:
            await anyio.wait_readable(self.socket)
            return self.socket.recv(READ_SIZE)
        except BlockingIOError:
            return await self.receive_raw()
        except (OSError, anyio.ClosedResourceError, ValueError):
            self.lose()
            return b""

    def write(self, data: bytes) -> None:
        """Send bytes soon; what is written at one go leaves in one piece. Does nothing on a lost connection."""
        self._written += len(data)
        if self.lost or not data:
            return
        if not self._outbox:
            self.changed.fire()
        self._outbox += data

    def push(self) -> None:
        """Give the kernel what it takes without waiting."""
        if not self._outbox:
            return
        try:
            sent = self.socket.send(self._outbox)
        except BlockingIOError:
            return
        except OSError:
            self.lose()
            return
        self._delivered += sent
        del self._outbox[:sent]
        if not self._outbox:
            self.changed.fire()

    async def deliver(self) -> None:
        """Give the kernel what was written and nobody waits for, or what it did not take at once."""
        while not self.lost:
            if self._outbox:
                await self._push_when_writable()
            else:
                await self.changed.wait()

    async def _push_when_writable(self) -> None:
        try:
            await anyio.wait_writable(self.socket)
        except (OSError, anyio.ClosedResourceError, ValueError):
            self.lose()
        else:
            self.push()

    async def drained(self) -> None:
        """Wait until the kernel has everything that was written.

        Raises:
            ClientDisconnected: The connection was lost before.
        """
        # core.send.backpressure, core.send.returns-when-closed
        target = self._written
        self.push()
        while self._delivered < target and not self.lost:
            await self.changed.wait()
        if self._delivered < target:
            raise ClientDisconnected("the connection to the client is closed")

    async def send_file(self, part: FilePart) -> None:
        """Send a part of a file, without a copy where the system can.

        Raises:
            ClientDisconnected: The connection was lost before the end.
            EOFError: The file became shorter meanwhile.
        """
        await self.drained()
        offset, count = part.offset, part.count
        while count:
            try:
                sent = os.sendfile(self.socket.fileno(), part.descriptor, offset, count)
            except BlockingIOError:
                await anyio.wait_writable(self.socket)
                continue
            except OSError as error:
                self.lose()
                raise ClientDisconnected("the connection to the client is closed") from error
            if not sent:
                raise EOFError(f"the file ended {count} bytes early")
            offset, count = offset + sent, count - sent

    def lose(self) -> None:
        """Take note that the connection is gone."""
        self._outbox.clear()
        super().lose()

    async def close(self) -> None:
        """End the connection in order: all that was written goes out, then the end of the stream.

        What the client still sends is read away for a moment, so that a reset does not destroy the last response
        before the client has read it (rfc.http1.connection.readable-error).
        """
        self.say_goodbye()
        with anyio.move_on_after(LINGER, shield=True):
            while self._outbox and not self.lost:
                await self._push_when_writable()
            self.finish()
            while not self.ended:
                self.ended = not await self.receive_raw()
        self.lose()
        self.socket.close()

    def say_goodbye(self) -> None:
        """Announce the end of the stream in the layer above the socket, if there is one."""

    def finish(self) -> None:
        """Tell the client that no more bytes will come."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.lose()

    def reset(self) -> None:
        """Give the connection up so that the client sees a reset, once :meth:`close` is reached."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.lose()
