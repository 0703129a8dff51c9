"""A connection on which one example after the other is tried."""

from __future__ import annotations

from asgi_conformance.call import Call, Headers
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.refusal import Tagged
from asgi_conformance.verdict import Broken


class Refused(Exception):
    """The server took an example for something that it need not take; ``ended``: it only ended the connection."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__()
        self.ended = ended


class Line:
    """A connection to the candidate that is kept, for HTTP/1.1 or as a WebSocket, until :meth:`leave`."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.used = False
        self._client: Http1Client | None = None
        self._websocket: tuple[WebSocketClient, Call] | None = None

    @property
    def kept(self) -> bool:
        """Whether there is a connection on which another request can be sent."""
        return self._client is not None and self._client.wire.ending is None

    async def client(self) -> Http1Client:
        """The connection, or a new one where there is none."""
        if self._client is None or not self.kept:
            self._client, self.used = await self.exchange.http1(), False
        return self._client

    async def websocket(self) -> tuple[WebSocketClient, Call]:
        """The open WebSocket, or a new one where there is none."""
        if self._websocket is None:
            self._websocket = await self.exchange.open_websocket()
        return self._websocket

    async def leave(self) -> None:
        """Close the connection: the next example has one of its own."""
        self.used = False
        if self._client is not None:
            await self._client.close()
        if self._websocket is not None:
            client, app = self._websocket
            await client.drop()
            app.end_by_return()
        self._client = self._websocket = None

    async def call(self, client: Tagged) -> Call:
        """The call for the last request.

        Raises:
            Refused: the server refused it, with a status or by the end of the connection.
            Broken: it answered the request by itself as if it were a good one.
        """
        # An application that was not asked to has not answered, so that no call is on its way behind an answer.
        got = await self.exchange.call_or_refusal(client, quiet=0)
        if isinstance(got, Call):
            return got
        if got.response is not None and got.response.status < 400:
            raise Broken("the server calls the application for this request, or refuses it", got.what)
        raise Refused(ended=got.response is None)

    async def answered(
        self, client: Http1Client, app: Call, status: int = 200, headers: Headers = (), body: bytes = b""
    ) -> Response:
        """Have the application answer and return; gives the response, which has to be whole."""
        start = {"type": "http.response.start", "status": status, "headers": self._framed(headers, body)}
        sending = app.begin_send(start, {"type": "http.response.body", "body": body}, last=True)
        response = await self.response(client)
        await sending.result()
        return response

    async def response(self, client: Http1Client) -> Response:
        """Wait for a response, which has to be whole; the connection is kept where it says nothing else."""
        response = await client.response()
        expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
        self.used = True
        if response.ended or b"close" in response.tokens(b"connection"):
            await self.leave()
        return response

    @staticmethod
    def _framed(headers: Headers, body: bytes) -> list[tuple[bytes, bytes]]:
        return [*headers, (b"content-length", b"%d" % len(body))]
