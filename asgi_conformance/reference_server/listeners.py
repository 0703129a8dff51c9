"""The sockets that a server listens on."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from typing import TYPE_CHECKING

from ..errors import CandidateError, UsageError
from .config import Config

if TYPE_CHECKING:
    from .quic_endpoint import QuicEndpoint
    from .server import Server
    from .tls import TlsSettings

PEM = "they have to be in PEM form"
#: How much of what all clients of HTTP/3 send the kernel is asked to keep for the server, in bytes.
DATAGRAM_BUFFER = 1024 * 1024


def bind(config: Config) -> list[socket.socket]:
    """Bind what ``config`` names, without listening yet, so that early clients are refused.

    Returns:
        The socket on which connections are accepted; behind it, where HTTP/3 is spoken, the one for its datagrams.

    Raises:
        CandidateError: An address is taken or not there.
    """
    where = config.uds or f"{config.host} port {config.port}"
    try:
        sockets = [bind_unix(config.uds) if config.uds else bind_inet(socket.SOCK_STREAM, config.host, config.port)]
        if config.speaks_http3:
            where = f"{config.host} UDP port {config.quic_port}"
            sockets.append(bind_inet(socket.SOCK_DGRAM, config.host, config.quic_port or 0))
    except OSError as error:
        raise CandidateError(f"could not listen on {where}: {error}", hint="choose another address or port") from error
    return sockets


def bind_inet(type: socket.SocketKind, host: str, port: int) -> socket.socket:
    """A TCP or UDP socket, bound to the first address of ``host``."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=type)[0]
    sock = socket.socket(family, kind, protocol)
    if type == socket.SOCK_STREAM:  # two sockets for datagrams would share the port, and take each other's
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER)
    sock.setblocking(False)
    sock.bind(address)
    return sock


def bind_unix(path: str) -> socket.socket:
    """A unix socket at ``path``, in place of one that a former server left there."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    sock.bind(path)
    return sock


def remove(config: Config) -> None:
    """Remove the unix socket, if there is one."""
    if config.uds:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(config.uds)


def tls_settings(config: Config) -> TlsSettings | None:
    """The TLS settings that ``config`` asks for, or None.

    Raises:
        UsageError: A file could not be read, or does not hold what it should.
    """
    if config.certfile is None:
        return None
    from . import tls

    try:
        return tls.load(config)
    except OSError as error:  # SSLError among them
        raise UsageError(f"could not load the TLS files: {error}", hint=PEM) from error


def quic_endpoint(server: Server, sockets: list[socket.socket]) -> QuicEndpoint | None:
    """Where HTTP/3 is spoken, if ``sockets`` has one for it.

    Raises:
        UsageError: The certificate or its key cannot be used.
    """
    datagrams = [sock for sock in sockets if sock.type == socket.SOCK_DGRAM]
    if not datagrams:
        return None
    from . import quic, quic_endpoint

    try:
        settings = quic.load(server.config)
    except (OSError, ValueError) as error:
        raise UsageError(f"could not load the TLS files for HTTP/3: {error}", hint=PEM) from error
    return quic_endpoint.QuicEndpoint(server, datagrams[0], settings)


def need_aioquic() -> None:
    """Make sure that HTTP/3 can be spoken.

    Raises:
        UsageError: The library for it is not installed.
    """
    try:
        import aioquic.h3.connection  # noqa: F401
    except ModuleNotFoundError as error:
        hint = "pip install 'asgi-conformance[http3]'"
        raise UsageError(f"--quic-port needs aioquic, which is not installed: {error}", hint=hint) from error
