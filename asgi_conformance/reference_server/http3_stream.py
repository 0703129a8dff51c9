"""One HTTP/3 stream: a request and its response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks import Headers
from .multiplexed import MultiplexedStream
from .requests import Request
from .transport import ClientDisconnected

if TYPE_CHECKING:
    from .http3 import Http3Connection
    from .quic_transport import QuicTransport

#: Errors of streams (RFC 9114, section 8.1), as numbers: this module can be read where aioquic is not installed.
NO_ERROR, INTERNAL_ERROR, REQUEST_REJECTED, REQUEST_CANCELLED = 0x100, 0x102, 0x10B, 0x10C


class Http3Stream(MultiplexedStream):
    """One HTTP/3 stream.

    Attributes:
        ended: The response is complete; the end of it may still have to go out.
    """

    transport: QuicTransport

    def __init__(self, connection: Http3Connection, number: int, request: Request) -> None:
        super().__init__(number, request, connection.transport)
        self.connection = connection
        self.ended = False

    @property
    def unread(self) -> int:
        """How much content has arrived that the call did not take."""
        return len(self._inbox)

    def taken(self, size: int) -> None:
        """Let the client send more, if it had to wait."""
        self.transport.poke()

    def send_fields(self, fields: Headers) -> None:
        """Send a header block."""
        if not self.gone:
            self.connection.h3.send_headers(self.number, fields)
            self.transport.poke()

    def send_body(self, data: bytes) -> None:
        """Send content as the windows, and what the network bears, allow."""
        if not self.gone:
            self.connection.h3.send_data(self.number, data, end_stream=False)
            self.transport.poke()

    def send_end(self, trailers: Headers) -> None:
        """Complete the response.

        What the client still sends of a request that needs no more of it is declined (RFC 9114, section 4.1).
        """
        if self.gone:
            return
        if trailers:
            self.connection.h3.send_headers(self.number, trailers, end_stream=True)
        else:
            self.connection.h3.end(self.number)
        self.transport.quic.decline(self.number, NO_ERROR)
        self.ended = True
        self.transport.poke()

    def cut(self) -> None:
        """Reset the stream, so that what went out is not taken for the whole (RFC 9114, section 4.1.1)."""
        if not self.gone and not self.finished:
            self.abandon(INTERNAL_ERROR)
        self.lose()

    def cancel(self) -> None:
        """Answer the client's own reset (RFC 9114, section 4.1.1)."""
        self.abandon(REQUEST_CANCELLED)
        self.lose()

    def abandon(self, code: int) -> None:
        """End both directions with an error."""
        self.transport.quic.abandon(self.number, code)
        self.connection.h3.forget(self.number)
        self.transport.poke()

    def finish(self) -> None:
        """Take note that nothing more goes out."""
        self.connection.streams.pop(self.number, None)
        super().finish()

    async def flush(self) -> None:
        """Wait until everything has left in a packet, once; what gets lost on the way is QUIC's to repair.

        So a call waits for the client's windows, for the congestion control and for the pacing.
        """
        self.transport.push()
        while self.transport.quic.unsent(self.number) and not self.gone:
            await self.changed.wait()
        if self.gone:
            raise ClientDisconnected("the client has reset the stream")
