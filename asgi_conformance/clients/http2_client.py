"""A client of HTTP/2, with the raw powers over its newest stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from asgi_conformance.clients.http2_frames import ErrorCode, Setting, code_name
from asgi_conformance.clients.http2_stream import Stream
from asgi_conformance.clients.multiplexed_client import MultiplexedClient

if TYPE_CHECKING:
    from asgi_conformance.clients.http2 import Http2Connection


class Http2Client(MultiplexedClient[Stream]):
    """The methods of :class:`HttpClient` over HTTP/2, and raw powers over its newest ``stream``.

    Made by :meth:`Http2Connection.open_stream`.
    """

    version = "2"
    code_name = staticmethod(code_name)

    def __init__(self, connection: Http2Connection, stream: Stream | None = None) -> None:
        super().__init__(stream)
        self.connection: Http2Connection = connection

    async def send_fields(
        self,
        fields: Iterable[tuple[bytes, bytes]],
        *,
        end_stream: bool = True,
        method: str = "GET",
        number: int | None = None,
        most: int = 16384,
    ) -> None:
        """Open a stream with exactly these header fields, legal or not.

        ``method`` says how to read the answer; ``number`` chooses the stream's number; ``most`` is the size at which
        the header block is cut into CONTINUATION frames.
        """
        if number is None:
            number = self.connection.next_number()
        stream = self.connection.register(number, method)
        stream.sending_ended = end_stream
        self._opened(stream)
        self.connection.send_headers(number, fields, end_stream=end_stream, most=most)
        await self.connection.wire.drained(self.connection.deadline)

    async def end_body(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the body, with ``trailers`` where given."""
        fields = [(name.lower(), value) for name, value in trailers]
        stream = self.stream
        if stream.is_stopped:
            return
        stream.sending_ended = True
        if fields:
            self.connection.send_headers(stream.number, fields, end_stream=True)
        else:
            self.connection.send_data(stream, b"", end_stream=True)

    async def send_data(self, data: bytes, *, end_stream: bool = False) -> None:
        """Send DATA on the newest stream in frames that the windows and the server's frame size allow.

        Returns early when the server has reset the stream, or has ended it and gives no more window. Raises TimedOut
        when it gives none, and Broken when the connection fails.
        """
        stream, connection = self.stream, self.connection
        size = connection.state.settings.get(Setting.MAX_FRAME_SIZE, 16384)
        left = memoryview(data)
        while True:
            if left:
                await connection.until(
                    lambda: stream.is_stopped or stream.ended or connection.window(stream) > 0,
                    f"window for {len(left)} more bytes of DATA on stream {stream.number}",
                )
            piece = bytes(left[: max(0, min(size, connection.window(stream)))])
            if stream.is_stopped or (left and not piece):
                return
            left = left[len(piece) :]
            stream.sending_ended = end_stream and not left
            connection.send_data(stream, piece, end_stream=stream.sending_ended)
            await connection.wire.drained(connection.deadline)
            if not left:
                return

    async def reset_stream(self, code: int = ErrorCode.CANCEL) -> None:
        """Send RST_STREAM on the newest stream."""
        self.connection.send_reset(self.stream.number, code)

    def stall(self) -> None:
        """Give the server no more window for the newest stream, until :meth:`acknowledge`."""
        self.stream.acknowledging = False

    def acknowledge(self, size: int | None = None) -> None:
        """Give ``size`` bytes of window for the newest stream, or all that was held back, and then as it is used."""
        self.connection.acknowledge(size, self.stream)
