"""A WebSocket over one HTTP/2 stream (RFC 8441)."""

from __future__ import annotations

from collections.abc import Collection

from asgi_conformance.clients.handshake import HandshakeResponse, handshake_response, merged
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2_client import Http2Client
from asgi_conformance.verdict import TimedOut


class StreamTransport:
    """The DATA of one stream as a transport for WebSocket frames."""

    def __init__(self, client: Http2Client) -> None:
        self.client = client
        self.deadline = client.connection.deadline
        self._taken = 0

    @property
    def ending(self) -> str | None:
        """How the server ended the stream, or the connection; None while it has not."""
        stream = self.client.stream
        if stream.ended:
            return "closed"
        return "reset" if stream.reset_code is not None else self.client.connection.wire.ending

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self.client.stream.is_over or self.client.connection.is_over

    @property
    def is_stopped(self) -> bool:
        """Whether sending is pointless. A server that has ended its side still takes what ends the client's."""
        return self.client.stream.is_stopped or self.client.connection.is_over

    def note(self, kind: str, text: str = "", data: bytes | None = None) -> None:
        """Record an entry of the trace."""
        self.client.connection.wire.note(kind, text, data)

    async def send(self, data: bytes, deadline: float | None = None) -> bool:
        """Send DATA as the windows allow; False when the stream is gone."""
        if self.client.stream.is_stopped:
            return False
        await self.client.send_data(data)
        return not self.client.stream.is_stopped

    async def send_last(self, data: bytes) -> None:
        """Send DATA, the last of it with END_STREAM; the connection stays."""
        await self.client.send_data(data, end_stream=True)

    async def receive(self, deadline: float | None = None, awaited: str = "bytes from the server") -> bytes:
        """The DATA that has come and was not taken; waits for some. Empty once the stream has ended.

        Raises TimedOut, and Broken when the server broke HTTP/2.
        """
        stream, connection = self.client.stream, self.client.connection
        seconds = self.deadline if deadline is None else deadline
        if not await connection.wire.bell.until(lambda: len(stream.body) > self._taken or self.is_over, seconds):
            raise TimedOut(awaited, f"nothing came within {seconds:g} s, and the stream was still open")
        data = bytes(stream.body[self._taken :])
        if not data and connection.state.wrong is not None:
            raise connection.failure(awaited)
        self._taken += len(data)
        return data

    async def ended(self, deadline: float | None = None) -> str:
        """Wait until the server ends the stream: ``"closed"`` or ``"reset"``."""
        return await self.client.ended()

    async def half_close(self) -> None:
        """Send END_STREAM and go on reading."""
        await self.client.half_close()

    async def close(self) -> None:
        """Send END_STREAM; the connection stays."""
        await self.client.half_close()

    async def reset(self) -> None:
        """Send RST_STREAM; the connection stays."""
        await self.client.reset()


class Http2Carrier:
    """A WebSocket over a new stream of an HTTP/2 connection, opened by an extended CONNECT."""

    def __init__(self, client: Http2Client) -> None:
        self.client = client
        self._transport = StreamTransport(client)

    @property
    def transport(self) -> StreamTransport:
        """The stream."""
        return self._transport

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
        """Send the extended CONNECT of RFC 8441 § 4; ``http_version`` plays no part.

        ``fields`` and ``without`` may name pseudo-headers too.
        """
        request = self.client.fields(method or "CONNECT", target, [], tag=tag)
        own = [request[0], (b":protocol", b"websocket"), *request[1:]]
        given = [(name.lower(), value) for name, value in fields]
        everything = merged(own, given, without)
        pseudo = [field for field in everything if field[0].startswith(b":")]
        ordinary = [field for field in everything if not field[0].startswith(b":")]
        await self.client.send_fields(pseudo + ordinary, end_stream=False, method="CONNECT")

    async def answer(self) -> HandshakeResponse:
        """Wait for the answer; a denial is read to its end."""
        response = await self.client.head()
        accepted = 200 <= response.status < 300
        flaws = []
        if not accepted:
            response = await self.client.response()
        elif self.client.stream.ended:
            flaws.append(f"the {response.status} response ends the stream")
        return handshake_response(response, accepted, flaws)

    def first_bytes(self) -> bytes:
        """Nothing: all DATA is read from the transport."""
        return b""
