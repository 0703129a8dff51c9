"""HTTP/1.1 and HTTP/1.0: one connection, and each of its requests. The parser is :mod:`h11`.

Every request gets a parser of its own; what it read too much goes back into the inbox for the next one. So requests
that were pipelined wait their turn in the inbox, and are answered in order (rfc.http1.connection.pipelining-order).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import anyio
import h11

from . import handshake, requests
from .events import Headers
from .extensions import FilePart
from .requests import Refused, Request
from .responses import Head, date, own_response, phrase
from .streams import Piece, Stream
from .transport import READ_SIZE, Transport

if TYPE_CHECKING:
    from .server import Server

#: The largest request head, in bytes (rfc.http1.request.headers-too-large, rfc.http1.request.uri-too-long).
HEAD_LIMIT = 65536
#: How much unread request content is read away to keep a connection, in bytes.
DISCARD_LIMIT = 4 * 1024 * 1024


class Http1Stream(Stream):
    """One HTTP/1 request and its response."""

    def __init__(self, request: Request, transport: Transport, parser: h11.Connection) -> None:
        super().__init__(request, transport, transport.changed)
        self.parser = parser
        self.request_ended = False
        self.upgraded = False
        self.closing = False
        self.framing = "length"

    @property
    def client_left(self) -> bool:
        """Whether the client sends no more."""
        return self.transport.ended

    def take(self) -> Piece | None:
        """The next piece of content, with everything of it that has arrived."""
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
            elif event is h11.NEED_DATA and self.transport.inbox:
                self.parser.receive_data(self.transport.take())
            else:
                break
        if not data:
            self.nothing_yet()
            return None
        return Piece(bytes(data), True)

    def next_event(self) -> object:
        """The parser's next event, or None for content that cannot be framed."""
        try:
            return self.parser.next_event()
        except h11.RemoteProtocolError:
            return None

    def nothing_yet(self) -> None:
        """Decide what it means that there is no content yet."""
        if self.parser.their_state is h11.ERROR:
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

        rfc.http1.response.never-both, http.response.start.no-length-framing, rfc.http1.response.http10-framing
        """
        if head.length is None and not head.bodyless:
            self.framing = "close" if self.request.http_version == "1.0" else "chunked"
        headers = head.headers
        # rfc.http1.expect.connection-after-final
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
                    await self.transport.send_file(part.descriptor, part.offset, part.count)
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
            self.server.begin(stream, handshake.of_http1(request))
        except Refused as refused:  # rfc.http1.request.error-closes
            send_own_response(self.transport, parser, refused, "HEAD" if self._received.startswith(b"HEAD ") else "GET")
            return False
        stream.closing = self.stopping
        return await self.finish_one(stream)

    async def finish_one(self, stream: Http1Stream) -> bool:
        """Wait for the response, and bring the connection to the next request.

        The application's call may go on: http.app.concurrent-keep-alive, core.app.cleanup-after-completion.
        """
        while not stream.finished and not self.transport.lost:
            await self.transport.changed.wait()
        parser = stream.parser
        # rfc.http1.connection.close-honoured, .app-close, .http10-closes
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
        if not await self.skip_empty_lines():
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
            self.stream.closing = True


def check_head(head: h11.Request, tls: bool, number: int) -> Request:
    """Hold a request head against the rules that the parser leaves to its user.

    Raises:
        Refused: A rule is broken.
    """
    version = check_version(head.http_version)
    method = requests.check_method(head.method)
    headers = list(head.headers)  # http.scope.headers.lower-case, .values-exact, .duplicates-kept
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
    """The version as the scope has it: a later minor version is served as 1.1 (rfc.http1.request.version-invalid)."""
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
