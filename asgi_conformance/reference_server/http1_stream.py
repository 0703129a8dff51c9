"""One HTTP/1 request and its response. The parser is :mod:`h11`."""

from __future__ import annotations

from typing import Any

import h11

from . import handshake
from .checks import Headers
from .chunks import ChunkSizes
from .extensions import FilePart
from .requests import Refused, Request
from .responses import Head, date, own_response, phrase
from .streams import Piece, Stream
from .transport import READ_SIZE, Transport

#: How much unread request content is read away to keep a connection, in bytes.
DISCARD_LIMIT = 4 * 1024 * 1024


class Http1Stream(Stream):
    """One HTTP/1 request and its response."""

    transport: Transport

    def __init__(self, request: Request, transport: Transport, parser: h11.Connection) -> None:
        super().__init__(request, transport, transport.changed)
        self.parser = parser
        self.request_ended = False
        self.upgraded = False
        self.framing = "length"
        self.malformed = False
        self._sizes = ChunkSizes() if request.values(b"transfer-encoding") else None
        self.watch(parser.trailing_data[0])

    @property
    def client_left(self) -> bool:
        """Whether the client sends no more."""
        return self.transport.ended

    def take(self) -> Piece | None:
        """The next piece of content, with everything of it that has arrived (http.request.streamed)."""
        if self.upgraded:
            return self.take_raw()
        data = bytearray()
        while len(data) < READ_SIZE:
            event = self.next_event()
            if isinstance(event, h11.Data):  # http.request.chunked.decoded
                data += event.data
            elif isinstance(event, h11.EndOfMessage):
                self.request_ended = True
                return Piece(bytes(data), False)
            elif event is h11.NEED_DATA and self.transport.inbox and not self.malformed:
                arrived = self.transport.take()
                self.watch(arrived)
                self.parser.receive_data(arrived)
            else:
                break
        if not data:
            self.nothing_yet()
            return None
        return Piece(bytes(data), True)

    def watch(self, data: bytes) -> None:
        """Look at content on its way to the parser."""
        if self._sizes is not None and not self._sizes.valid(data):
            self.malformed = True

    def next_event(self) -> object:
        """The parser's next event, or None for content that cannot be framed."""
        if self.malformed:
            return None
        try:
            return self.parser.next_event()
        except h11.RemoteProtocolError:
            self.malformed = True
            return None

    def nothing_yet(self) -> None:
        """Decide what it means that there is no content yet."""
        if self.malformed:
            self.refuse_content()  # rfc.http1.request.chunk-framing, rfc.http1.request.chunk-size-invalid
        elif self.transport.ended:
            self.broken = True  # http.request.truncated-is-disconnect
        elif self.parser.they_are_waiting_for_100_continue and not self.head_sent:
            self.send_informational(100, [])  # rfc.http1.expect.continue-sent, .http10-ignored

    def take_raw(self) -> Piece | None:
        """The next bytes after an upgrade."""
        if self.transport.inbox:
            return Piece(self.transport.take(), True)
        return Piece(b"", False) if self.transport.ended else None

    @property
    def head_sent(self) -> bool:
        """Whether the final head has gone out."""
        return self.parser.our_state not in (h11.IDLE, h11.SEND_RESPONSE)

    def refuse_content(self) -> None:
        """Answer content that cannot be framed, if nothing else was answered yet; then nothing more is possible."""
        if not self.head_sent:
            send_own_response(self.transport, self.parser, Refused(400, "the content of the request is malformed"))
        self.broken = True
        self.finish()

    def send_informational(self, status: int, headers: Headers) -> None:
        """Send an interim response, to HTTP/1.1 clients (rfc.http1.response.no-1xx-to-http10)."""
        if self.request.http_version != "1.0":
            response = h11.InformationalResponse(status_code=status, headers=headers, reason=phrase(status))
            self.transport.write(self.parser.send(response))

    def send_head(self, head: Head) -> None:
        """Send the head; :mod:`h11` chooses between length, chunked coding and close.

        rfc.http1.response.never-both, http.response.start.no-length-framing, rfc.http1.response.http10-framing,
        rfc.http1.response.head.fields-as-get, rfc.http1.response.head.length-true
        """
        if head.length is None and not head.bodyless:
            self.framing = "close" if self.request.http_version == "1.0" else "chunked"
        headers = head.headers
        # rfc.http1.expect.connection-after-final, rfc.http1.expect.final-instead, rfc.http1.connection.close-announced
        if self.closing or self.parser.they_are_waiting_for_100_continue:
            headers = [*headers, (b"connection", b"close")]
        self.write(h11.Response(status_code=head.status, headers=headers, reason=phrase(head.status)))

    def send_body(self, data: bytes) -> None:
        """Send content, or the bytes of a WebSocket."""
        if self.upgraded:
            self.transport.write(data)
        else:
            self.write(h11.Data(data=data))

    async def send_file(self, part: FilePart) -> None:
        """Send content that lies in a file, by sendfile where there is no TLS."""
        try:
            pieces: list[Any] = self.parser.send_with_data_passthrough(h11.Data(data=part)) or []  # type: ignore[arg-type]
            for piece in pieces:
                if piece is part:
                    await self.transport.send_file(part)
                else:
                    self.transport.write(piece)
        except BaseException:
            self.cut()  # what was announced can no longer be kept
            raise

    def send_end(self, trailers: Headers) -> None:
        """Complete the response; only chunked coding has a place for trailers (extension.trailers.http10)."""
        if not self.upgraded:
            self.write(h11.EndOfMessage(headers=trailers if self.framing == "chunked" else []))
        self.finish()

    def accept_websocket(self, headers: Headers) -> None:
        """Switch protocols (websocket.accept.completes-handshake)."""
        key = self.request.values(b"sec-websocket-key")[0]
        response = h11.InformationalResponse(
            status_code=101, headers=[*handshake.upgrade_fields(key), *headers], reason=phrase(101)
        )
        self.write(response)
        self.transport.put_back(self.parser.trailing_data[0])
        self.upgraded = True

    def write(self, event: h11.Event) -> None:
        """Put an event of the parser on the wire."""
        self.transport.write(self.parser.send(event) or b"")

    def cut(self) -> None:
        """Stop here: no last chunk, no missing bytes, then the end of the connection."""
        self.broken = True
        if self.framing == "close":
            self.transport.reset()  # the end of the connection would look like the end of the response
        self.finish()

    async def flush(self) -> None:
        """Wait until the kernel has everything (http.response.body.flushed)."""
        await self.transport.drained()

    async def discard_request(self) -> bool:
        """Read away content that the application did not take (rfc.http1.connection.unread-body).

        Returns:
            Whether the next request can begin.
        """
        left = DISCARD_LIMIT
        while not self.request_ended:
            piece = self.take()
            left -= len(piece.data) if piece else 0
            if self.broken or left < 0 or (piece is None and not await self.transport.more()):
                return False
        return True


def send_own_response(transport: Transport, parser: h11.Connection, refused: Refused, method: str = "GET") -> None:
    """Answer in place of the application (rfc.http1.request.error-response)."""
    headers, body = own_response(refused.status, refused.reason, refused.headers)
    response = h11.Response(
        status_code=refused.status, headers=[*headers, (b"date", date())], reason=phrase(refused.status)
    )
    transport.write(parser.send(response))
    if method != "HEAD":
        transport.write(parser.send(h11.Data(data=body)))
    transport.write(parser.send(h11.EndOfMessage()))
