"""What a server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one server. Times are in seconds, sizes in bytes.

    Attributes:
        application: The import string, ``module:attribute``.
        host: The address to listen on; only loopback, unless ``allow_public``.
        port: The port to listen on; 0 lets the system choose.
        uds: The path of a unix socket to listen on in place of host and port, or None.
        quic_port: The UDP port of ``host`` at which HTTP/3 is spoken too, or None; 0 lets the system choose.
        certfile: The PEM file with the certificate chain, which turns TLS on, or None.
        keyfile: The PEM file with the private key, or None when it is in ``certfile``.
        client_ca: A PEM file; client certificates are asked for, and those that it does not vouch for are refused.
        root_path: Where the application is mounted; requests arrive with it in their target.
        workers: How many processes serve the same socket.
        backend: The event loop, ``asyncio`` or ``trio``.
        interface: The style of the application: ``asgi3``, ``asgi2``, or ``auto`` to find out.
        factory: Whether ``application`` names a function without arguments that makes the application.
        lifespan: ``auto`` goes on without lifespan when the application raises, ``on`` does not, ``off`` calls nothing.
        spec_minimal: Leave out every optional key, every extension, the versions of the protocols, HTTP/2 and HTTP/3.
        graceful_timeout: How long an orderly stop waits for calls in progress.
        allow_public: Whether ``host`` may be other than loopback.
        fault: The name of the fault to switch on, or None.
        ws_max_size: The size of the largest WebSocket message that is taken.
        ws_ping_interval: How often an open WebSocket is pinged, or None for never.
        ws_ping_timeout: How long a pong may take.
        keep_alive: How long a connection of HTTP/1 may idle between two requests, or None for ever.
        header_timeout: How long a request head may take once its first byte came, or None for ever.
    """

    application: str
    host: str = "127.0.0.1"
    port: int = 0
    uds: str | None = None
    quic_port: int | None = None
    certfile: str | None = None
    keyfile: str | None = None
    client_ca: str | None = None
    root_path: str = ""
    workers: int = 1
    backend: str = "asyncio"
    interface: str = "auto"
    factory: bool = False
    lifespan: str = "auto"
    spec_minimal: bool = False
    graceful_timeout: float = 3.0
    allow_public: bool = False
    fault: str | None = None
    ws_max_size: int = 16 * 1024 * 1024
    ws_ping_interval: float | None = 20.0
    ws_ping_timeout: float = 20.0
    keep_alive: float | None = 60.0
    header_timeout: float | None = None

    @property
    def speaks_http3(self) -> bool:
        """Whether HTTP/3 is spoken."""
        return self.quic_port is not None and not self.spec_minimal

    def check(self) -> None:
        """Refuse what cannot work or was not allowed.

        Raises:
            UsageError: The host is not loopback, or two settings contradict each other.
        """
        if self.uds is None and not self.allow_public and not is_loopback(self.host):
            raise UsageError(
                f"refused to listen on {self.host}: this server is for tests, and listens on loopback only",
                hint="use --host 127.0.0.1, or --allow-public if you know who can reach it",
            )
        if self.keyfile and not self.certfile:
            raise UsageError("--keyfile was given without --certfile", hint="add --certfile")
        if self.client_ca and not self.certfile:
            raise UsageError("--client-ca was given without --certfile", hint="add --certfile")
        if self.workers < 1:
            raise UsageError(f"--workers {self.workers}: at least one process has to serve", hint="use --workers 1")
        if self.quic_port is not None:
            self.check_quic()

    def check_quic(self) -> None:
        """Refuse settings under which HTTP/3 cannot be spoken.

        Raises:
            UsageError: TLS is missing, or the UDP port would not be that of a host and of one process.
        """
        if self.certfile is None:
            raise UsageError("--quic-port was given without --certfile: HTTP/3 needs TLS", hint="add --certfile")
        if self.uds is not None:
            raise UsageError("--quic-port was given with --uds: HTTP/3 needs a host", hint="use --host and --port")
        if self.workers > 1:  # the kernel would give the datagrams of one connection to any of them
            raise UsageError("--quic-port was given with several --workers", hint="use --workers 1")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is ``localhost`` or an IPv4 or IPv6 literal that only this machine can reach."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())
