"""A client of HTTP/2 whose requests travel on streams of one connection, one stream a request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import TAG, Headers, Response, values
from asgi_conformance.clients.http2_frames import ErrorCode, Setting, code_name
from asgi_conformance.clients.http2_stream import Stream
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken

if TYPE_CHECKING:
    from asgi_conformance.clients.http2 import Http2Connection

STRICT = "an HTTP/2 response that is not malformed"


class Http2Client:
    """The methods of :class:`HttpClient` over HTTP/2, and raw powers over its newest ``stream``.

    Made by :meth:`Http2Connection.open_stream`. Each request opens a stream; responses are given in the order of
    the requests. ``tag`` is the tag of the last request that had one.
    """

    version = "2"

    def __init__(self, connection: Http2Connection, stream: Stream | None = None) -> None:
        self.connection = connection
        self.tag = ""
        self._streams = [] if stream is None else [stream]
        self._unread = deque(self._streams)

    @property
    def stream(self) -> Stream:
        """The stream of the newest request."""
        if not self._streams:
            raise SuiteError("this client has not sent a request yet")
        return self._streams[-1]

    # Sending

    async def request(
        self,
        method: str = "GET",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
        *,
        tag: bool = True,
    ) -> None:
        """Send a whole request; a ``body`` gets a content-length unless ``headers`` have one."""
        fields = list(headers)
        if body is not None and not values(fields, b"content-length"):
            fields.append((b"content-length", b"%d" % len(body)))
        await self.send_fields(self.fields(method, target, fields, tag=tag), end_stream=not body, method=method)
        if body:
            await self.send_data(body, end_stream=True)

    async def start_request(
        self,
        method: str = "POST",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        length: int | None = None,
        tag: bool = True,
    ) -> None:
        """Send the head of a request whose body follows; ``length`` becomes its content-length."""
        fields = list(headers)
        if length is not None:
            fields.append((b"content-length", b"%d" % length))
        await self.send_fields(self.fields(method, target, fields, tag=tag), end_stream=False, method=method)

    def fields(
        self, method: str, target: str | bytes, headers: Iterable[tuple[bytes, bytes]], *, tag: bool = True
    ) -> Headers:
        """The header fields of a legal request: pseudo-headers, ``headers`` in lower case, the tag.

        A host field in ``headers`` becomes the ``:authority``. The tag is made new, and becomes ``tag``.
        """
        address = self.connection.wire.address
        lowered = [(name.lower(), value) for name, value in headers]
        authority = (values(lowered, b"host") or [address.authority])[0]
        pseudo = [
            (b":method", method.encode("ascii")),
            (b":scheme", address.scheme.encode("ascii")),
            (b":authority", authority),
            (b":path", target.encode("ascii") if isinstance(target, str) else target),
        ]
        fields = pseudo + [field for field in lowered if field[0] != b"host"]
        if tag and self.connection.tags is not None:
            self.tag = self.connection.tags()
            fields.append((TAG, self.tag.encode("ascii")))
        return fields

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
        self._streams.append(stream)
        self._unread.append(stream)
        self.connection.send_headers(number, fields, end_stream=end_stream, most=most)
        await self.connection.wire.drained(self.connection.deadline)

    async def send_body(self, data: bytes) -> None:
        """Send a part of the body as the windows allow. Returns early when the server has ended the stream."""
        if data:
            await self.send_data(data)

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

    # Receiving

    async def head(self) -> Response:
        """Wait for the head of the final response of the oldest request that :meth:`response` has not given yet.

        Raises Broken (malformed, the stream reset or the connection lost before the head) or TimedOut.
        """
        stream = self._oldest()
        await self._read(stream, lambda: stream.response is not None, "the head of a response")
        if stream.response is None:
            raise Broken(f"a response on stream {stream.number}", self._how_it_ended(stream))
        return stream.response

    async def body_until(self, n: int) -> bytes:
        """Wait until ``n`` bytes of the body have come; gives all that have come so far.

        Raises Broken if the response ends before, and TimedOut.
        """
        stream = self._oldest()
        await self._read(stream, lambda: len(stream.body) >= n, f"{n} bytes of the body of the response")
        if len(stream.body) < n:
            came = f"after {len(stream.body)}: {shown(bytes(stream.body))}"
            raise Broken(f"{n} bytes of a response body", f"{self._how_it_ended(stream)}, {came}")
        return bytes(stream.body)

    async def response(self) -> Response:
        """Wait for the whole response; the next call is about the next request.

        A response whose stream is reset or whose connection ends midway has ``complete`` False.
        """
        await self.head()
        return await self._rest()

    async def next_response_or_end(self) -> Response | None:
        """Wait for the whole response, or for the end of stream or connection without a head: then None."""
        stream = self._oldest()
        await self._read(stream, lambda: stream.response is not None, "the head of a response")
        if stream.response is None:
            self._unread.popleft()
            return None
        return await self._rest()

    async def _rest(self) -> Response:
        stream = self._oldest()
        await self._read(stream, lambda: False, "the rest of the response")
        assert stream.response is not None
        self._unread.popleft()
        return stream.response

    def _oldest(self) -> Stream:
        if not self._unread:
            raise SuiteError("a case waits for a response over HTTP/2 to a request that it has not sent")
        return self._unread[0]

    async def _read(self, stream: Stream, enough: Callable[[], bool], awaited: str) -> None:
        """Wait until ``enough()``, or the end of the stream or of the connection."""
        connection = self.connection
        await connection.wire.bell.until(lambda: enough() or stream.is_over or connection.is_over, connection.deadline)
        if stream.wrong is not None:
            raise Broken(STRICT, stream.wrong)
        lost = connection.is_over and connection.state.wrong is None
        if not (enough() or stream.is_over or lost):
            raise connection.failure(f"{awaited} on stream {stream.number}")
        stream.settle(connection.wire.ending or ("closed" if connection.is_over else None))

    def _how_it_ended(self, stream: Stream) -> str:
        if stream.reset_code is not None:
            return f"the server reset the stream with {code_name(stream.reset_code)}"
        if stream.ended:
            return "the response ended"
        return "the client had reset the stream" if stream.left else self.connection.how_it_ended()

    # Ending

    async def ended(self) -> str:
        """Wait until the server ends the newest stream: ``"closed"`` (END_STREAM) or ``"reset"``.

        The end of the connection is the end of the stream too.
        """
        stream = self.stream
        await self._read(stream, lambda: False, "the end")
        if stream.ended:
            return "closed"
        return "reset" if stream.reset_code is not None else self.connection.wire.ending or "closed"

    async def half_close(self) -> None:
        """End the client's side of the newest stream."""
        if not self.stream.sending_ended:
            await self.end_body()

    async def close(self) -> None:
        """Leave: cancel the unfinished streams; the last client of a connection closes it, with GOAWAY."""
        await self.reset()
        clients = self.connection.clients
        if self in clients:
            clients.remove(self)
            if not clients:
                await self.connection.close()

    async def reset(self) -> None:
        """Send RST_STREAM (CANCEL) on every stream of this client that either side has not ended."""
        for stream in self._streams:
            finished = stream.ended and stream.sending_ended
            if not finished and not stream.is_stopped and not self.connection.is_over:
                self.connection.send_reset(stream.number)
