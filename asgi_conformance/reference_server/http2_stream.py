"""One HTTP/2 stream: a request and its response, or a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from h2.errors import ErrorCodes

from .checks import Headers, InvalidEvent
from .extensions import FilePart
from .requests import Request
from .responses import CONNECTION_FIELDS, Head
from .streams import Piece, Stream
from .transport import ClientDisconnected

if TYPE_CHECKING:
    from .http2 import Http2Connection


class Http2Stream(Stream):
    """One HTTP/2 stream."""

    def __init__(self, connection: Http2Connection, number: int, request: Request) -> None:
        super().__init__(request, connection.transport, connection.transport.changed)
        self.connection = connection
        self.number = number
        self.request_ended = False
        self.head_sent = False
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._ending: Headers | None = None
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
            self.connection.give_window(self, len(data))  # rfc.http2.flow.upload
            return Piece(data, not self.request_ended)
        if self._continue_due and not self.head_sent:
            self.send_informational(100, [])
        return None

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

    def send_fields(self, fields: Headers) -> None:
        """Send a header block."""
        if not self.gone:
            self.connection.h2.send_headers(self.number, fields)
            self.connection.write()

    def send_body(self, data: bytes) -> None:
        """Send content as the windows allow."""
        if not self.gone:
            self._outbox += data
            self.connection.push_out()

    async def send_file(self, part: FilePart) -> None:
        """Send content that lies in a file, which has to be read here to be put into frames."""
        for offset, length in part.pieces():
            self.send_body(part.read(offset, length))
            await self.flush()

    def send_end(self, trailers: Headers) -> None:
        """Complete the response once all content has gone out.

        rfc.http2.response.end-stream, rfc.http2.websocket.close, rfc.http2.websocket.deny
        """
        if not self.gone:
            self._ending = trailers
            self.connection.push_out()

    def push_frame(self) -> bool:
        """Send one frame, if the windows allow it; False when there is nothing to send now."""
        connection = self.connection.h2
        if self.finished or self.gone:
            return False
        if self._outbox:
            # rfc.http2.flow.stream-window, rfc.http2.flow.connection-window, rfc.http2.flow.max-frame-size
            room = min(connection.local_flow_control_window(self.number), connection.max_outbound_frame_size)
            if room <= 0:
                return False
            connection.send_data(self.number, bytes(self._outbox[:room]))
            del self._outbox[:room]
            if not self._outbox:
                self.changed.fire()
            return True
        if self._ending is not None:
            self.end()
        return False

    def end(self) -> None:
        """Put the end on the wire."""
        if self._ending:  # rfc.http2.response.trailers
            self.connection.h2.send_headers(self.number, self._ending, end_stream=True)
        else:
            self.connection.h2.end_stream(self.number)
        if not self.request_ended:  # rfc.http2.reset.early-response
            self.connection.h2.reset_stream(self.number, ErrorCodes.NO_ERROR)
        self.finish()

    def accept_websocket(self, headers: Headers) -> None:
        """Accept an extended CONNECT (rfc.http2.websocket.accept, rfc.http2.websocket.data)."""
        self.head_sent = True
        self.send_fields([(b":status", b"200"), *headers])

    def cut(self) -> None:
        """Reset the stream (rfc.http2.response.incomplete, rfc.http2.response.content-length)."""
        if not self.gone and not self.finished:
            self.connection.h2.reset_stream(self.number, ErrorCodes.INTERNAL_ERROR)
            self.connection.write()
        self.lose()

    def lose(self) -> None:
        """Take note that the stream is gone (rfc.http2.websocket.reset)."""
        self.broken = True
        self._outbox.clear()
        self.finish()

    def finish(self) -> None:
        """Take note that nothing more goes out."""
        self.connection.streams.pop(self.number, None)
        super().finish()

    async def flush(self) -> None:
        """Wait until the windows let everything out, and the kernel has it (rfc.http2.flow.backpressure)."""
        while self._outbox and not self.gone:
            await self.changed.wait()
        if self.gone:  # rfc.http2.flow.blocked-then-reset
            raise ClientDisconnected("the client has reset the stream")
        await self.transport.drained()

    def push(self, path: str, headers: Headers) -> None:
        """Promise a response to a GET of ``path``, and call the application for it.

        extension.push.promise-sent, extension.push.new-application-call

        Raises:
            InvalidEvent: The path does not begin with a slash.
        """
        if not path.startswith("/"):
            raise InvalidEvent(f"the path {path!r} does not begin with a slash")
        if self.number % 2 == 1 and not self.gone:
            self.connection.push(self, path, headers)
