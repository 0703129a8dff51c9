"""The opening handshake of a WebSocket over HTTP/1.1 (RFC 6455 § 4)."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from asgi_conformance.clients.http import Headers, Response, values
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.wire import Wire

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class HandshakeResponse:
    """What the server answered to an opening handshake.

    ``accepted``: it says that the WebSocket is open (101, or 2xx over HTTP/2). ``subprotocol`` and ``extensions``
    are what it chose, None and ``""`` for none. ``flaws`` are sentences about what a client must not put up with
    in an acceptance. ``response`` is the HTTP response itself; a denial has been read to its end.
    """

    status: int
    headers: Headers
    body: bytes
    accepted: bool
    subprotocol: str | None
    extensions: str
    response: Response
    flaws: list[str] = field(default_factory=list)


class Transport(Protocol):
    """The stream of bytes under a WebSocket, once it is open; :class:`Wire` is one."""

    @property
    def deadline(self) -> float:
        """The longest wait in seconds."""

    @property
    def ending(self) -> str | None:
        """How the peer ended it: ``"closed"`` or ``"reset"``; None while it has not."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""

    @property
    def is_stopped(self) -> bool:
        """Whether sending is pointless: the peer takes nothing more."""

    def note(self, kind: str, text: str = "", data: bytes | None = None) -> None:
        """Record an entry of the trace."""

    async def send(self, data: bytes, deadline: float | None = None) -> bool:
        """Send bytes; False when the peer has gone."""

    async def send_last(self, data: bytes) -> None:
        """Send bytes and end it: with them, where the protocol below can tell both at once."""

    async def receive(self, deadline: float | None = None, awaited: str = "") -> bytes:
        """What has come, or b"" at the end. Raises TimedOut."""

    async def ended(self, deadline: float | None = None) -> str:
        """Wait until the peer ends it: ``"closed"`` or ``"reset"``."""

    async def close(self) -> None:
        """End it."""

    async def reset(self) -> None:
        """Break it."""


class Carrier(Protocol):
    """An HTTP connection or stream that can become a WebSocket."""

    @property
    def transport(self) -> Transport:
        """The bytes of the WebSocket, once it is open."""

    @property
    def tag(self) -> str:
        """The tag of the handshake."""

    async def ask(
        self,
        target: str | bytes,
        fields: Headers,
        *,
        method: str | None,
        http_version: str | None,
        without: Collection[bytes],
        tag: bool,
    ) -> None:
        """Send the handshake with ``fields`` besides, or instead of, the carrier's own."""

    async def answer(self) -> HandshakeResponse:
        """Wait for the answer; that of a denial is read to its end."""

    def first_bytes(self) -> bytes:
        """What came directly behind the acceptance."""


class Http1Carrier:
    """A WebSocket over an HTTP/1.1 connection."""

    def __init__(self, client: Http1Client) -> None:
        self.client = client
        self.key = b""

    @property
    def transport(self) -> Wire:
        """The connection."""
        return self.client.wire

    @property
    def tag(self) -> str:
        """The tag of the handshake."""
        return self.client.tag

    async def ask(
        self,
        target: str | bytes,
        fields: Headers,
        *,
        method: str | None,
        http_version: str | None,
        without: Collection[bytes],
        tag: bool,
    ) -> None:
        """Send the upgrade request of RFC 6455 § 4.1."""
        self.key = (values(fields, b"sec-websocket-key") or [base64.b64encode(os.urandom(16))])[0]
        own = [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Key", self.key)]
        await self.client.send_head(
            method or "GET",
            target,
            merged(own, fields, without),
            version=http_version,
            host=b"host" not in {name.lower() for name in without},
            tag=tag,
        )

    async def answer(self) -> HandshakeResponse:
        """Wait for the answer."""
        response = await self.client.head()
        accepted = response.status == 101
        if not accepted:
            response = await self.client.response()
        return handshake_response(response, accepted, self._flaws(response) if accepted else [])

    def first_bytes(self) -> bytes:
        """What came directly behind the acceptance."""
        return self.client.take_surplus()

    def _flaws(self, response: Response) -> list[str]:
        flaws = []
        expected = base64.b64encode(hashlib.sha1(self.key + GUID, usedforsecurity=False).digest())
        accepts = response.values(b"sec-websocket-accept")
        if accepts != [expected]:
            flaws.append(f"Sec-WebSocket-Accept is {accepts} where the key demands {expected!r}")
        if response.tokens(b"upgrade") != [b"websocket"]:
            flaws.append(f"Upgrade is {response.values(b'upgrade')} and not 'websocket'")
        if b"upgrade" not in response.tokens(b"connection"):
            flaws.append(f"Connection is {response.values(b'connection')} and does not say 'upgrade'")
        return flaws


def merged(own: Headers, fields: Iterable[tuple[bytes, bytes]], without: Collection[bytes]) -> Headers:
    """The ``own`` fields of a handshake, except those that ``fields`` replace or ``without`` names, then ``fields``."""
    fields = list(fields)
    replaced = {name.lower() for name, _ in fields} | {name.lower() for name in without}
    return [field for field in own if field[0].lower() not in replaced] + fields


def handshake_response(response: Response, accepted: bool, flaws: Sequence[str]) -> HandshakeResponse:
    """What ``response`` says about the handshake."""
    subprotocols = response.values(b"sec-websocket-protocol") if accepted else []
    extensions = b", ".join(response.values(b"sec-websocket-extensions")) if accepted else b""
    return HandshakeResponse(
        response.status,
        response.headers,
        response.body,
        accepted,
        subprotocols[0].decode("latin-1") if subprotocols else None,
        extensions.decode("latin-1"),
        response,
        list(flaws),
    )


def unoffered(answer: HandshakeResponse, offers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """What is wrong with the server's choice of a subprotocol and extensions from the ``offers`` (§ 4.1)."""
    offers = list(offers)
    chosen = answer.response.values(b"sec-websocket-protocol")
    offered = [item.strip() for value in values(offers, b"sec-websocket-protocol") for item in value.split(b",")]
    flaws = []
    if len(chosen) > 1 or (chosen and chosen[0] not in offered):
        flaws.append(f"the server chose the subprotocol {b', '.join(chosen)!r} of the offered {offered}")
    if answer.extensions and not values(offers, b"sec-websocket-extensions"):
        flaws.append(f"the server chose the extension {answer.extensions!r}, and none was offered")
    return flaws
