"""HTTP/1.1 and HTTP/1.0 connections. The parser is :mod:`h11`.

Every request gets a parser of its own; what it read too much goes back into the inbox for the next one. So requests
that were pipelined wait their turn in the inbox, and are answered in order (rfc.http1.connection.pipelining-order,
rfc.http1.connection.pipelining-after-body, rfc.http1.response.one-per-request).

The parser itself meets rfc.http1.request.split-anywhere, .obs-fold, .bare-cr, .bare-lf, .space-before-colon,
.space-before-first-header, .header-name-invalid, .header-value-control, .method-invalid, .garbage, .host-duplicate,
.cl-conflicting, .cl-repeated-equal, .cl-invalid, .cl-huge, .te-obfuscated, .chunk-size-overflow, .chunk-extensions,
.chunk-trailers, and rfc.http1.response.status-line, .chunked-valid, .content-length-kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anyio
import h11

from . import handshake, requests
from .http1_stream import Http1Stream, send_own_response
from .requests import Refused, Request
from .transport import Transport

if TYPE_CHECKING:
    from .server import Server

#: The largest request head, in bytes (rfc.http1.request.headers-too-large, rfc.http1.request.uri-too-long).
HEAD_LIMIT = 65536


class Http1Connection:
    """A connection on which requests follow one another."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self.server = server
        self.transport = transport
        self.stream: Http1Stream | None = None
        self.stopping = False
        self._count = 0
        self._received = bytearray()

    async def serve(self) -> None:
        """Answer requests until one side has had enough."""
        while not self.stopping and await self.serve_one():
            pass

    async def serve_one(self) -> bool:
        """Answer one request.

        Returns:
            Whether another may follow.
        """
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
        try:
            head = await self.read_head(parser)
            if head is None:
                return False
            self._count += 1
            request = check_head(head, self.transport.tls_entry is not None, self._count)
            stream = self.stream = Http1Stream(request, self.transport, parser)
            stream.closing = self.stopping
            self.server.begin(stream, handshake.of_http1(request))
        except Refused as refused:  # rfc.http1.request.error-closes
            send_own_response(self.transport, parser, refused, "HEAD" if self._received.startswith(b"HEAD ") else "GET")
            return False
        return await self.finish_one(stream)

    async def finish_one(self, stream: Http1Stream) -> bool:
        """Wait for the response, and bring the connection to the next request.

        The application's call may go on: http.app.concurrent-keep-alive, core.app.cleanup-after-completion.
        """
        while not stream.finished and not self.transport.lost:
            await self.transport.changed.wait()
        parser = stream.parser
        # rfc.http1.connection.keep-alive, .close-honoured, .close-token-list, .app-close, .http10-closes
        # rfc.http1.connection.http10-keep-alive; http.response.body.completes-not-closes
        if stream.broken or stream.upgraded or parser.our_state is not h11.DONE or not await stream.discard_request():
            return False
        self.transport.put_back(parser.trailing_data[0])
        self.stream = None
        return True

    async def read_head(self, parser: h11.Connection) -> h11.Request | None:
        """Read one request head; None when the client sends no more.

        Raises:
            Refused: What came is no request head, or does not come.
        """
        # Nothing but this waits by the clock: http.scope.lifetime.long-response.
        with anyio.move_on_after(self.server.config.keep_alive) as idling:
            if not await self.skip_empty_lines():
                return None
        if idling.cancelled_caught:
            return None
        self._received.clear()
        with anyio.move_on_after(self.server.config.header_timeout):
            while True:
                event = self.next_event(parser)
                if isinstance(event, h11.Request):
                    return event
                if not self.transport.inbox and not await self.transport.more():
                    return None
                data = self.transport.take()
                self._received += data
                parser.receive_data(data)
        raise Refused(408, "the request head did not come in time")  # rfc.http1.connection.slow-header

    async def skip_empty_lines(self) -> bool:
        """Pass over empty lines before a request line (rfc.http1.request.leading-crlf); False at the end."""
        inbox = self.transport.inbox
        while True:
            while inbox.startswith(b"\r\n"):
                del inbox[:2]
            if inbox and inbox != b"\r":
                return True
            if not await self.transport.more():
                return False

    def next_event(self, parser: h11.Connection) -> object:
        """The parser's next event; what it cannot parse is refused with the status that fits."""
        try:
            return parser.next_event()
        except h11.RemoteProtocolError as error:
            raise Refused(status_of(error, bytes(self._received)), str(error)) from error

    def stop(self) -> None:
        """Begin no further request; end at once where none is in progress."""
        self.stopping = True
        if self.stream is None:
            self.transport.lose()
        else:
            self.stream.stop()


def check_head(head: h11.Request, tls: bool, number: int) -> Request:
    """Hold a request head against the rules that the parser leaves to its user.

    Raises:
        Refused: A rule is broken.
    """
    version = check_version(head.http_version)
    method = requests.check_method(head.method)
    # http.scope.headers.lower-case, .values-exact, .duplicates-kept, .names-bytes, .values-bytes
    # websocket.scope.headers.lower-case, websocket.scope.headers.values-exact
    headers = list(head.headers)
    hosts = [value for name, value in headers if name == b"host"]
    if not hosts and version != "1.0":  # rfc.http1.request.host-missing, .http10-without-host
        raise Refused(400, "the request has no Host field")
    for host in hosts:
        requests.check_host(host)
    coded = any(name == b"transfer-encoding" for name, _ in headers)
    if coded and any(name == b"content-length" for name, _ in headers):  # rfc.http1.request.cl-and-te
        raise Refused(400, "the request has both Content-Length and Transfer-Encoding")
    if coded and version == "1.0":  # rfc.http1.request.te-http10
        raise Refused(400, "an HTTP/1.0 request cannot have a Transfer-Encoding")
    path, query = requests.split_target(requests.origin_form(method, head.target, hosts))
    return Request(method, "https" if tls else "http", path, query, headers, version, number)


def check_version(version: bytes) -> str:
    """The version as the scope has it: a later minor version is served as 1.1.

    http.scope.http-version.http10, http.scope.http-version.http11, rfc.http1.request.version-invalid
    """
    if version == b"1.0":
        return "1.0"
    if not version.startswith(b"1."):
        raise Refused(505, f"HTTP version {version.decode()} is not spoken here")
    return "1.1"


def status_of(error: h11.RemoteProtocolError, received: bytes) -> int:
    """The status for a request head that could not be parsed."""
    if error.error_status_hint == 431 and b"\n" not in received:
        return 414  # rfc.http1.request.uri-too-long
    if error.error_status_hint == 501:
        lines = re.findall(rb"(?im)^transfer-encoding:(.*)$", received)
        codings = [coding.strip().lower() for coding in b",".join(lines).split(b",")]
        # rfc.http1.request.te-unknown, .te-chunked-not-final, .te-chunked-twice
        return 501 if codings.count(b"chunked") == 1 and codings[-1] == b"chunked" else 400
    return error.error_status_hint
