"""One of many streams on a connection: what HTTP/2 and HTTP/3 have in common."""

from __future__ import annotations

from abc import abstractmethod

from .checks import Headers
from .extensions import FilePart
from .requests import Request
from .responses import CONNECTION_FIELDS, Head
from .streams import Piece, Stream
from .transport import Link


class MultiplexedStream(Stream):
    """A stream that shares its connection with others.

    Attributes:
        number: The number of the stream.
        request_ended: All content of the request has arrived.
        head_sent: The final head has gone out.
    """

    def __init__(self, number: int, request: Request, transport: Link) -> None:
        super().__init__(request, transport, transport.changed)
        self.number = number
        self.request_ended = False
        self.head_sent = False
        self._inbox = bytearray()
        self._continue_due = b"100-continue" in request.tokens(b"expect")

    @property
    def client_left(self) -> bool:
        """Whether the connection has ended; a stream alone is not left but reset."""
        return self.gone or self.transport.ended

    def put(self, data: bytes) -> None:
        """Take in content that arrived."""
        self._inbox += data

    def take(self) -> Piece | None:
        """The next piece of content; the client may send as much again."""
        if self._inbox or self.request_ended:
            data = bytes(self._inbox)
            self._inbox.clear()
            self.taken(len(data))
            return Piece(data, not self.request_ended)
        if self._continue_due and not self.head_sent:
            self.send_informational(100, [])
        return None

    @abstractmethod
    def taken(self, size: int) -> None:
        """Let the client send ``size`` bytes more."""

    @abstractmethod
    def send_fields(self, fields: Headers) -> None:
        """Send a header block that does not end the stream."""

    def send_informational(self, status: int, headers: Headers) -> None:
        """Send an interim response (rfc.http2.response.informational)."""
        self._continue_due = False
        self.send_fields([(b":status", b"%d" % status), *headers])

    def send_head(self, head: Head) -> None:
        """Send the head, without what belongs to HTTP/1.1 connections."""
        self.head_sent = True
        # rfc.http2.response.status, rfc.http2.response.no-connection-fields
        fields = [(name, value) for name, value in head.headers if name not in CONNECTION_FIELDS]
        self.send_fields([(b":status", b"%d" % head.status), *fields])

    async def send_file(self, part: FilePart) -> None:
        """Send content that lies in a file, which has to be read here to be put into frames."""
        for offset, length in part.pieces():
            self.send_body(part.read(offset, length))
            await self.flush()

    def accept_websocket(self, headers: Headers) -> None:
        """Accept an extended CONNECT (rfc.http2.websocket.accept, rfc.http2.websocket.data)."""
        self.head_sent = True
        self.send_fields([(b":status", b"200"), *headers])

    def lose(self) -> None:
        """Take note that the stream is gone (rfc.http2.websocket.reset)."""
        self.broken = True
        self.finish()
