"""What clients of HTTP/2 and HTTP/3 share: each request travels on a stream of its own of one connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Generic, TypeVar

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import TAG, Headers, Response, values
from asgi_conformance.clients.http_stream import HttpStream
from asgi_conformance.clients.multiplexed import Multiplexed
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken

S = TypeVar("S", bound=HttpStream)


class MultiplexedClient(ABC, Generic[S]):
    """The methods of :class:`HttpClient` that are the same over HTTP/2 and HTTP/3.

    Each request opens a stream; responses are given in the order of the requests. ``tag`` is the tag of the last
    request that had one.
    """

    version: ClassVar[str]
    connection: Multiplexed[Any]

    def __init__(self, stream: S | None = None) -> None:
        self.tag = ""
        self._streams: list[S] = [] if stream is None else [stream]
        self._unread = deque(self._streams)

    @property
    def local(self) -> tuple[str, int] | None:
        """The address of the client's own end; None on a unix socket."""
        return self.connection.local

    @property
    def stream(self) -> S:
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
        address = self.connection.address
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

    @abstractmethod
    async def send_fields(self, fields: Iterable[tuple[bytes, bytes]], *, end_stream: bool, method: str) -> None:
        """Open a stream with exactly these header fields, legal or not; ``method`` says how to read the answer."""

    @abstractmethod
    async def send_data(self, data: bytes, *, end_stream: bool = False) -> None:
        """Send content on the newest stream."""

    @abstractmethod
    async def end_body(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the body, with ``trailers`` where given."""

    async def send_body(self, data: bytes) -> None:
        """Send a part of the body as the server allows. Returns early when the server has ended the stream."""
        if data:
            await self.send_data(data)

    @staticmethod
    @abstractmethod
    def code_name(code: int) -> str:
        """The name of an error code of this version of HTTP."""

    def _opened(self, stream: S) -> None:
        """Take note of a stream for a new request."""
        self._streams.append(stream)
        self._unread.append(stream)

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

    def _oldest(self) -> S:
        if not self._unread:
            raise SuiteError("a case waits for a response to a request that it has not sent")
        return self._unread[0]

    async def _read(self, stream: S, enough: Callable[[], bool], awaited: str) -> None:
        """Wait until ``enough()``, or the end of the stream or of the connection."""
        connection = self.connection
        await connection.bell.until(lambda: enough() or stream.is_over or connection.is_over, connection.deadline)
        if stream.wrong is not None:
            raise Broken(f"an HTTP/{self.version} response that is not malformed", stream.wrong)
        lost = connection.is_over and connection.wrong is None
        if not (enough() or stream.is_over or lost):
            raise connection.failure(f"{awaited} on stream {stream.number}")
        stream.settle(connection.ending or ("closed" if connection.is_over else None))

    def _how_it_ended(self, stream: S) -> str:
        if stream.reset_code is not None:
            return f"the server reset the stream with {self.code_name(stream.reset_code)}"
        if stream.ended:
            return "the response ended"
        return "the client had reset the stream" if stream.left else self.connection.how_it_ended()

    # Ending

    async def ended(self) -> str:
        """Wait until the server ends the newest stream: ``"closed"`` or ``"reset"``.

        The end of the connection is the end of the stream too.
        """
        stream = self.stream
        await self._read(stream, lambda: False, "the end")
        if stream.ended:
            return "closed"
        return "reset" if stream.reset_code is not None else self.connection.ending or "closed"

    async def half_close(self) -> None:
        """End the client's side of the newest stream."""
        if not self.stream.sending_ended:
            await self.end_body()

    async def close(self) -> None:
        """Leave: cancel the unfinished streams; the last client of a connection closes it."""
        await self.reset()
        clients = self.connection.clients
        if self in clients:
            clients.remove(self)
            if not clients:
                await self.connection.close()

    async def reset(self) -> None:
        """Give up every stream of this client that either side has not ended."""
        for stream in self._streams:
            finished = stream.ended and stream.sending_ended
            if not finished and not stream.is_stopped and not self.connection.is_over:
                self.connection.send_reset(stream.number)
