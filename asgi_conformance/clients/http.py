"""The words that the clients of all HTTP versions share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

Headers = list[tuple[bytes, bytes]]
#: How the end of a body is known: RFC 9112 § 6.3; ``none`` where a response cannot have one.
Framing = Literal["length", "chunked", "close", "none", "h2", "h3"]
#: The field by which the probe tells the exchange that a request belongs to.
TAG = b"x-exchange"


@dataclass
class Informational:
    """A 1xx response that came before the final one."""

    status: int
    headers: Headers


@dataclass
class Response:
    """A response, as much of it as has been read.

    ``headers`` and ``trailers`` have the names as they stood on the wire. ``raw`` holds all bytes of an HTTP/1
    response (1xx before it included) and is empty for others. ``complete`` says that the framing came to its end;
    ``ended`` how the connection ended while this response was read: ``"closed"``, ``"reset"``, or None while it is
    open; on a stream, how that did, and ``reset_code`` is then the code with which the server reset it.
    ``flaws`` are departures from the grammar over which a recipient can read: sentences.
    """

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    http_version: str = "1.1"
    reason: bytes = b""
    framing: Framing = "length"
    trailers: Headers = field(default_factory=list)
    informational: list[Informational] = field(default_factory=list)
    complete: bool = False
    ended: str | None = None
    raw: bytes = b""
    flaws: list[str] = field(default_factory=list)
    reset_code: int | None = None

    def values(self, name: bytes) -> list[bytes]:
        """The values of all header lines called ``name``, in any letter case, in order."""
        return values(self.headers, name)

    def tokens(self, name: bytes) -> list[bytes]:
        """The members of the comma-separated list that the lines called ``name`` hold, in lower case."""
        members = b",".join(self.values(name)).split(b",")
        return [member.strip(b" \t").lower() for member in members if member.strip(b" \t")]


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """The values of all ``headers`` called ``name``, in any letter case, in order."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


class HttpClient(Protocol):
    """What a case uses that is the same over every HTTP version.

    Responses come in the order of the requests. Every wait ends after the client's deadline with ``TimedOut``, and
    an answer that breaks the protocol with ``Broken``. ``tag`` is the tag of the last request that had one.
    """

    @property
    def version(self) -> str:
        """``"1.0"``, ``"1.1"``, ``"2"`` or ``"3"``."""

    tag: str

    @property
    def local(self) -> tuple[str, int] | None:
        """The address of the client's own end; None on a unix socket."""

    async def request(
        self,
        method: str = "GET",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
        *,
        tag: bool = True,
    ) -> None:
        """Send a whole request. A ``body``, even an empty one, has its length declared; None: there is none."""

    async def start_request(
        self,
        method: str = "POST",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        length: int | None = None,
        tag: bool = True,
    ) -> None:
        """Send the head of a request whose body follows; ``length`` is declared where given."""

    async def send_body(self, data: bytes) -> None:
        """Send a part of the body."""

    async def end_body(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the body that ``start_request`` announced."""

    async def head(self) -> Response:
        """Wait for the head of the final response. The object fills as more of the response is read."""

    async def body_until(self, n: int) -> bytes:
        """Wait until ``n`` body bytes have come; gives all that have. Broken if the response ends before."""

    async def response(self) -> Response:
        """Wait for the whole response; with ``complete`` False if the connection or stream was lost midway."""

    async def ended(self) -> str:
        """Wait until the peer closes: ``"closed"`` or ``"reset"``."""

    async def half_close(self) -> None:
        """End the sending side."""

    async def close(self) -> None:
        """Leave gracefully."""

    async def reset(self) -> None:
        """Leave abruptly: RST, or RST_STREAM over HTTP/2."""
