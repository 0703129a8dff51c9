"""A server that writes exactly the bytes that a test tells it to, and ends the connection as it says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from asgi_conformance.clients.address import Address
from asgi_conformance.clients.wire import Wire
from asgi_conformance.trace import Trace

DEADLINE = 5.0


class Peer:
    """The server's hand on one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reads_head(self) -> bytes:
        """Wait for an empty line."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def reads(self, size: int) -> bytes:
        """Wait for exactly ``size`` bytes."""
        return await self.reader.readexactly(size)

    async def reads_until_end_of(self, text: bytes) -> bytes:
        """Wait for ``text``."""
        return await self.reader.readuntil(text)

    async def reads_until_end(self) -> bytes:
        """Wait until the client closes."""
        return await self.reader.read()

    async def sends(self, data: bytes, *, pieces: int = 0) -> None:
        """Write ``data``, at once or in pieces of that size with a turn of the loop between."""
        for position in range(0, len(data), pieces or len(data) or 1):
            self.writer.write(data[position : position + (pieces or len(data))])
            await self.writer.drain()
            await asyncio.sleep(0)

    async def closes(self) -> None:
        """FIN."""
        self.writer.close()
        await self.writer.wait_closed()

    def resets(self) -> None:
        """RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def serving(
    script: Script, *, tls: ssl.SSLContext | None = None, uds: str | None = None
) -> AsyncIterator[Address]:
    """Run ``script`` for each connection; what it raises is raised at the end. Gives the address."""
    tasks: list[asyncio.Task[None]] = []
    failures: list[BaseException] = []

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(Peer(reader, writer))
        except Exception as error:
            failures.append(error)
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.get_running_loop().create_task(run(reader, writer)))

    if uds is not None:
        server = await asyncio.start_unix_server(connected, uds, ssl=tls)
    else:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    try:
        port = 0 if uds is not None else server.sockets[0].getsockname()[1]
        yield Address("127.0.0.1", port, uds)
    finally:
        for _ in range(5):  # the turns that the loop needs to accept what the kernel has queued
            await asyncio.sleep(0)
        server.close()
        await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE)
    if failures:
        raise failures[0]


@asynccontextmanager
async def wired(script: Script, *, deadline: float = DEADLINE) -> AsyncIterator[Wire]:
    """A wire to a server that runs ``script``."""
    async with (
        serving(script) as address,
        await Wire.open(address, trace=Trace(), number=1, deadline=deadline) as wire,
    ):
        yield wire
