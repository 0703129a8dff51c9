"""How a case comes by connections to its candidate, as bytes or with a client of HTTP, and how all of them end."""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.wire import ConnectionRefused, Wire
from asgi_conformance.errors import SuiteError
from asgi_conformance.patience import Patience
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import CandidateDied, NotApplicable, TimedOut, Unsupported

if TYPE_CHECKING:
    from asgi_conformance.candidate.running import RunningCandidate
    from asgi_conformance.clients.http2 import Http2Connection
    from asgi_conformance.clients.http3 import Http3Connection


class Closes(Protocol):
    """What can be closed."""

    async def close(self) -> None:
        """Close it."""


C = TypeVar("C", bound=Closes)


class Connecting(ABC):
    """The part of an exchange that connects.

    ``came_too_late`` says that the candidate took no connection at all: it had gone before, by no doing of this case.
    """

    def __init__(self, candidate: RunningCandidate, name: str) -> None:
        self.candidate = candidate
        self.patience: Patience = candidate.patience
        self.trace = Trace()
        self.came_too_late = False
        self._name = name
        self._tags = 0
        self._wires: list[Wire] = []
        self._connections: list[Http2Connection | Http3Connection] = []
        self._opened = 0
        self._left = False

    @abstractmethod
    async def still_serves(self) -> None:
        """The candidate serves a new connection as ever."""

    def new_tag(self) -> str:
        """A new tag for a request of this exchange."""
        self._tags += 1
        return f"xc-{self._name}-{self._tags}"

    async def wire(self, *, alpn: list[str] | None = None, tls: ssl.SSLContext | None = None) -> Wire:
        """A new connection, for bytes only. Raises Broken when the candidate does not take it.

        ``tls`` is a context from the candidate's ``tls_context``, or None for the usual one.
        """
        self._check_alive()
        address = self.candidate.address
        try:
            wire = await Wire.open(
                address if tls is None else replace(address, tls=tls),
                trace=self.trace,
                number=self._next_number(),
                deadline=self.patience.deadline,
                alpn=alpn,
            )
        except ConnectionRefused:
            self._refused()
            raise
        await self._keep(wire, self._wires)
        return wire

    async def http1(self, *, alpn: list[str] | None = None, tls: ssl.SSLContext | None = None) -> Http1Client:
        """A new connection with an HTTP/1.1 client on it, which can also send what is not HTTP; see :meth:`wire`."""
        return Http1Client(await self.wire(alpn=alpn, tls=tls), self.new_tag, self.patience.deadline)

    async def http2(self, *, settings: Mapping[int, int] | None = None) -> Http2Connection:
        """A new HTTP/2 connection: by ALPN over TLS, by prior knowledge otherwise.

        ``settings`` are the client's; unless they enable push, it is disabled.

        Raises Unsupported when the candidate speaks no HTTP/2 there.
        """
        from asgi_conformance.clients.http2 import Http2Connection, NotHttp2

        tls = self.candidate.address.tls is not None
        wire = await self.wire(alpn=["h2", "http/1.1"] if tls else None)
        if tls and wire.alpn != "h2":
            raise Unsupported(f"the candidate chose {wire.alpn or 'nothing'} when HTTP/2 was offered by ALPN")
        try:
            connection = await Http2Connection.open(wire, self.new_tag, self.patience.deadline, settings=settings)
        except NotHttp2 as refused:
            if tls or self.candidate.facts.spoke_http2:
                raise
            await self.still_serves()  # a server that is going down takes no HTTP/2 either
            raise Unsupported(f"without TLS the candidate takes no HTTP/2: {refused.observed}") from None
        self.candidate.facts.spoke_http2 |= not tls
        await self._keep(connection, self._connections)
        return connection

    async def http3(self) -> Http3Connection:
        """A new HTTP/3 connection, to the UDP port that has the number of the candidate's own.

        Raises NotApplicable when this environment cannot speak it, and Unsupported when the candidate never does.
        """
        try:
            from asgi_conformance.clients.http3 import Http3Connection
            from asgi_conformance.clients.quic import QuicWire
        except ModuleNotFoundError as error:
            if error.name != "aioquic":
                raise
            raise NotApplicable("HTTP/3 is spoken with aioquic: pip install 'asgi-conformance[http3]'") from None
        self._check_alive()
        address, certificates = self.candidate.address, self.candidate.certificates
        assert address.tls is not None
        assert certificates is not None
        verify = address.tls.verify_mode is not ssl.CERT_NONE
        try:
            wire = await QuicWire.open(
                address,
                certificates.authority if verify else None,
                trace=self.trace,
                number=self._next_number(),
                deadline=self.patience.prompt,
            )
        except (ConnectionRefused, TimedOut) as failed:  # datagrams to nobody are lost without a word
            if not self.candidate.facts.spoke_http3:
                await self.still_serves()
                raise Unsupported(f"it was told to serve HTTP/3, and does not: {failed.observed}") from None
            self._refused()
            raise
        self.candidate.facts.spoke_http3 = True
        connection = Http3Connection(wire, self.new_tag, self.patience.deadline)
        await self._keep(connection, self._connections)
        return connection

    async def _keep(self, opened: C, kept: list[C]) -> None:
        """Keep what has to be closed; what a part of the case opens that outlived it is closed at once."""
        if self._left:
            await opened.close()
            raise SuiteError("a case connected after its end")
        kept.append(opened)

    def _next_number(self) -> int:
        self._opened += 1
        return self._opened

    def _refused(self) -> None:
        self.candidate.refuses()
        self.came_too_late = not self._wires and not self._connections

    def _check_alive(self) -> None:
        if not self.candidate.alive:
            raise CandidateDied(self.candidate.describe_end())

    async def disconnect(self) -> None:
        """Close all connections; none can be opened any more."""
        self._left = True
        for connection in self._connections:
            await connection.close()
        for wire in self._wires:
            await wire.close()
