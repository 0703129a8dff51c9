"""Where a candidate listens: free ports, short paths of unix sockets."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import random
import shutil
import socket
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from asgi_conformance.candidate.guard import guard
from asgi_conformance.errors import LaunchImpossible

#: Where ports are looked for, unless the system hands out some of them to clients: those could be taken meanwhile.
_LOWEST, _HIGHEST = 10240, 32767
#: How long a path of a unix socket may be on every system, in bytes.
_LONGEST_PATH = 100


@dataclass(frozen=True)
class Endpoint:
    """Where a candidate listens, as it is told: ``host`` and ``port``, or the path ``uds`` of a unix socket."""

    host: str = "127.0.0.1"
    port: int = 0
    uds: str | None = None

    @property
    def netloc(self) -> str:
        """``host:port``, with the brackets of an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def reachable_host(self) -> str:
        """The host that a client connects to: loopback where the candidate listens on all addresses."""
        return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    def __str__(self) -> str:
        return f"unix:{self.uds}" if self.uds else self.netloc


def free_port(host: str = "127.0.0.1") -> int:
    """A port, of TCP and UDP, on which nothing listens on ``host``; never twice the same in a row.

    Ports that the system hands out to outgoing connections are left out, because one of thousands of clients could
    get the port before the candidate binds it.

    Raises:
        LaunchImpossible: If ``host`` is no address of this machine, for example as it has no IPv6.
    """
    if not _bindable(host, 0):
        raise LaunchImpossible(f"this machine has no address {host}")
    for _ in range(200):
        port = next(_ports)
        if _bindable(host, port):
            return port
    with _socket_of(host) as listener:
        listener.bind((host, 0))
        return int(listener.getsockname()[1])


def _bindable(host: str, port: int) -> bool:
    try:
        with _socket_of(host) as listener, _socket_of(host, socket.SOCK_DGRAM) as receiver:
            listener.bind((host, port))
            receiver.bind((host, port))
    except OSError:
        return False
    return True


def is_taken(endpoint: Endpoint) -> bool:
    """Whether something listens at ``endpoint`` already. False where it cannot be told."""
    if endpoint.uds is not None:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.connect(endpoint.uds)
            return True
        return False
    with contextlib.suppress(OSError), _socket_of(endpoint.reachable_host) as client:
        client.settimeout(1)
        client.connect((endpoint.reachable_host, endpoint.port))
        return True
    return False


class Workspace:
    """A private folder of short path for the sockets and files of a run; deleted by :meth:`close`."""

    def __init__(self) -> None:
        base = tempfile.gettempdir()
        if len(os.fsencode(base)) > _LONGEST_PATH - 40:
            base = "/tmp"
        self.path = Path(tempfile.mkdtemp(prefix="asgi-", dir=base))
        guard.watch_folder(self.path)
        self._numbers = count(1)

    def socket_path(self) -> str:
        """A new path for a unix socket, shorter than any system's limit."""
        return str(self.path / f"{next(self._numbers)}.sock")

    def folder(self) -> Path:
        """A new empty folder."""
        path = self.path / f"{next(self._numbers)}"
        path.mkdir()
        return path

    def close(self) -> None:
        """Delete the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        guard.forget_folder(self.path)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _socket_of(host: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    return socket.socket(socket.AF_INET6 if _is_ipv6(host) else socket.AF_INET, kind)


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _ephemeral_floor() -> int:
    """The first port that the system hands out to clients, as far as it tells (Linux)."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _HIGHEST + 1


class _Ports:
    """Ports from a random start on, each once before any comes again."""

    def __init__(self) -> None:
        highest = min(_HIGHEST, _ephemeral_floor() - 1)
        self._range = range(_LOWEST, highest + 1) if highest - _LOWEST > 1000 else range(49152, 65536)
        self._next = random.randrange(len(self._range))

    def __next__(self) -> int:
        self._next = (self._next + 1) % len(self._range)
        return self._range[self._next]


_ports = _Ports()
