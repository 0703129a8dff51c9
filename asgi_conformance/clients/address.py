"""Where a candidate listens, and how a client names it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Address:
    """Where a candidate listens.

    ``uds`` is the path of a unix socket, which then counts instead of ``host`` and ``port``. ``tls`` is the client's
    context, or None for plain text. ``server_name`` is sent as SNI and, where given, stands in Host.
    """

    host: str = "127.0.0.1"
    port: int = 0
    uds: str | None = None
    tls: ssl.SSLContext | None = None
    server_name: str | None = None

    @property
    def authority(self) -> bytes:
        """Host and port as the Host field and ``:authority`` say them (RFC 9110 § 7.2)."""
        if self.uds is not None:
            return (self.server_name or "localhost").encode("ascii")
        host = self.server_name or (f"[{self.host}]" if ":" in self.host else self.host)
        default = 443 if self.tls else 80
        return (host if self.port == default else f"{host}:{self.port}").encode("ascii")

    @property
    def scheme(self) -> str:
        """``https`` or ``http``."""
        return "https" if self.tls else "http"

    def __str__(self) -> str:
        return f"unix:{self.uds}" if self.uds is not None else f"{self.scheme}://{self.authority.decode('ascii')}"


def shown(data: bytes, most: int = 160) -> str:
    """``data`` for people: its repr, cut after ``most`` bytes with the full size told."""
    return repr(data) if len(data) <= most else f"{data[:most]!r}… ({len(data)} bytes)"


def host_and_port(name: Callable[[], Any]) -> tuple[str, int] | None:
    """What a socket says of one of its ends, by ``name``; None where it is gone."""
    try:
        host, port = name()[:2]
    except OSError:  # the peer has reset the connection already
        return None
    return host, port
