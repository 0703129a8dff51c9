"""A launch: how the candidate must be started for a case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

AppKind = Literal[
    "app",
    "instance",
    "bound",
    "partial",
    "plain",
    "legacy",
    "legacy_class",
    "factory",
    "raises_for_lifespan",
    "returns_for_lifespan",
]
Interface = Literal["auto", "single", "legacy"]
Lifespan = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Launch:
    """How the candidate must be started; equal launches can share one candidate unless ``own`` is set.

    ``tls`` serves TLS; ``client_certificates`` (with ``tls``) asks clients for one; ``unix`` listens on a unix socket,
    ``ipv6`` on ``::1``. ``root_path`` is the mount point, ``workers`` the number of processes. ``app`` is the attribute
    of the probe module that is mounted, ``interface`` the style of application that the server is told to expect
    (``auto``: it is not told). ``lifespan``, ``http2``, ``http3`` (beside TLS) switch the feature on where the server
    has a switch.
    ``graceful_timeout`` is the time in whole seconds that requests get at an orderly stop, or None for the server's
    default. With ``pings`` the server pings WebSockets every second and gives a pong three seconds; with
    ``message_limit`` it takes WebSocket messages of no more than 64 KiB, with ``keep_alive`` it closes a connection
    that has idled for one second. ``application`` is the reference application that is mounted, behind the recorder, in
    place of the probe (the path of a file without its suffix, absolute or in ``reference_apps``), and ``needs`` the
    modules that it imports and that not every environment has. ``own`` says that the case drives a candidate of its own
    from start to stop.
    """

    tls: bool = False
    client_certificates: bool = False
    unix: bool = False
    ipv6: bool = False
    root_path: str = ""
    workers: int = 1
    app: AppKind = "app"
    interface: Interface = "auto"
    lifespan: Lifespan = "auto"
    http2: bool = False
    http3: bool = False
    graceful_timeout: int | None = None
    pings: bool = False
    message_limit: bool = False
    keep_alive: bool = False
    application: str = ""
    needs: tuple[str, ...] = ()
    own: bool = False

    def __post_init__(self) -> None:
        if self.client_certificates and not self.tls:
            raise ValueError("a launch with client_certificates needs tls as well")
        if self.http3 and not self.tls:
            raise ValueError("a launch with http3 needs tls as well")
        if self.unix and self.ipv6:
            raise ValueError("a launch is either unix or ipv6, not both")
        if self.workers < 0:
            raise ValueError(f"a launch has no {self.workers} workers")

    @property
    def name(self) -> str:
        """What differs from a plain start, in a few words: ``plain``, ``tls+http2``, ``root-path``."""
        return "+".join(self._differences()) or "plain"

    def _differences(self) -> Iterator[str]:
        for attribute in ("tls", "client_certificates", "unix", "ipv6", "root_path", "http2", "http3"):
            if getattr(self, attribute):
                yield attribute.replace("_", "-")
        if self.workers != 1:
            yield "workers"
        if self.app != "app":
            yield self.app.replace("_", "-")
        if self.interface != "auto":
            yield f"interface-{self.interface}"
        if self.lifespan != "auto":
            yield f"lifespan-{self.lifespan}"
        if self.graceful_timeout is not None:
            yield "graceful-timeout"
        if self.pings:
            yield "pings"
        if self.message_limit:
            yield "message-limit"
        if self.keep_alive:
            yield "keep-alive"
        if self.application:
            yield self.application.rpartition("/")[2].replace("_", "-")
        if self.own:
            yield "own"
