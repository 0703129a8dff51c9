"""How a connection comes about: the socket, and the TLS handshake over it."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl

from asgi_conformance.clients.address import Address
from asgi_conformance.clients.tls import READ_SIZE, TlsLayer
from asgi_conformance.verdict import Broken, TimedOut

#: Seconds between two attempts at a unix socket whose queue is full: the kernel has no event for it.
QUEUE_FULL_PAUSE = 0.005


class ConnectionRefused(Broken):
    """The candidate did not take the connection."""


class TlsFailed(Broken):
    """The TLS handshake with the candidate failed."""


async def connected_socket(address: Address, deadline: float) -> socket.socket:
    """A connected, non-blocking socket. Raises ConnectionRefused, or TimedOut after ``deadline`` seconds."""
    expected = f"the server takes a connection at {address}"
    family = socket.AF_UNIX if address.uds is not None else socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        failure = await _connect(sock, address.uds or (address.host, address.port), deadline)
        if failure == errno.ETIMEDOUT:
            raise TimedOut(expected, f"it did not within {deadline:g} s")
        if failure:
            raise ConnectionRefused(expected, os.strerror(failure))
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):  # a name that does not resolve, a path that is too long
            raise ConnectionRefused(expected, str(error)) from error
        raise
    return sock


async def _connect(sock: socket.socket, target: str | tuple[str, int], deadline: float) -> int:
    """Connect; gives 0 or the errno, which is ETIMEDOUT when the time was up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline
    while (failure := sock.connect_ex(target)) == errno.EAGAIN:
        if loop.time() > end:
            return errno.ETIMEDOUT
        await asyncio.sleep(QUEUE_FULL_PAUSE)
    if failure == errno.EINPROGRESS:
        # On loopback the connection stands when the first call returns, and the second says so at once.
        failure = sock.connect_ex(target)
    if failure != errno.EALREADY:
        return failure
    if not await _ready(sock, end, writing=True):
        return errno.ETIMEDOUT
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


async def shake_hands(sock: socket.socket, layer: TlsLayer, address: Address, deadline: float) -> None:
    """Complete the TLS handshake. Raises TlsFailed, or TimedOut after ``deadline`` seconds."""
    expected = f"a TLS handshake with {address}"
    end = asyncio.get_running_loop().time() + deadline
    try:
        done = layer.handshake()
        while True:
            sock.sendall(layer.outgoing())  # some hundred bytes into an empty buffer: never blocks
            if done:
                return
            if not await _ready(sock, end, writing=False):
                raise TimedOut(expected, f"it was not complete within {deadline:g} s")
            records = sock.recv(READ_SIZE)
            if not records:
                raise TlsFailed(expected, "the server closed the connection in the middle of it")
            done = layer.handshake(records)
    except ssl.SSLError as error:
        raise TlsFailed(expected, f"{error.reason or error}") from error
    except OSError as error:
        raise TlsFailed(expected, f"{error.strerror} in the middle of it") from error


async def _ready(sock: socket.socket, end: float, *, writing: bool) -> bool:
    """Wait until the socket can be written or read, or until ``end`` on the loop's clock: then False."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[bool] = loop.create_future()
    (loop.add_writer if writing else loop.add_reader)(sock.fileno(), _settle, ready, True)
    timer = loop.call_at(end, _settle, ready, False)
    try:
        return await ready
    finally:
        timer.cancel()
        (loop.remove_writer if writing else loop.remove_reader)(sock.fileno())


def _settle(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)
