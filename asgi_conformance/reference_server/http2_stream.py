"""One HTTP/2 stream: a request and its response, or a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from h2.errors import ErrorCodes

from .checks import Headers, InvalidEvent
from .multiplexed import MultiplexedStream
from .requests import Request
from .transport import ClientDisconnected, Transport

if TYPE_CHECKING:
    from .http2 import Http2Connection


class Http2Stream(MultiplexedStream):
    """One HTTP/2 stream."""

    transport: Transport

    def __init__(self, connection: Http2Connection, number: int, request: Request) -> None:
        super().__init__(number, request, connection.transport)
        self.connection = connection
        self._outbox = bytearray()
        self._ending: Headers | None = None

    def taken(self, size: int) -> None:
        """Let the client send ``size`` bytes more (rfc.http2.flow.upload)."""
        self.connection.give_window(self, size)

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

    def cut(self) -> None:
        """Reset the stream (rfc.http2.response.incomplete, rfc.http2.response.content-length)."""
        if not self.gone and not self.finished:
            self.connection.h2.reset_stream(self.number, ErrorCodes.INTERNAL_ERROR)
            self.connection.write()
        self.lose()

    def lose(self) -> None:
        """Take note that the stream is gone (rfc.http2.websocket.reset)."""
        self._outbox.clear()
        super().lose()

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
