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
    from .tls import TlsSettings


def bind(config: Config) -> list[socket.socket]:
    """Bind what ``config`` names, without listening yet, so that early clients are refused.

    Raises:
        CandidateError: The address is taken or not there.
    """
    try:
        return [bind_unix(config.uds)] if config.uds else [bind_tcp(config.host, config.port)]
    except OSError as error:
        where = config.uds or f"{config.host} port {config.port}"
        raise CandidateError(f"could not listen on {where}: {error}", hint="choose another address or port") from error


def bind_tcp(host: str, port: int) -> socket.socket:
    """A TCP socket, bound to the first address of ``host``."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
        raise UsageError(f"could not load the TLS files: {error}", hint="they have to be in PEM form") from error
