"""One stream of an HTTP/2 or HTTP/3 connection as the client sees it (RFC 9113 § 8, RFC 9114 § 4), without I/O."""

from __future__ import annotations

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import Framing, Headers, Informational, Response
from asgi_conformance.clients.response_parser import DIGITS, NOT_IN_VALUE, TOKEN

#: Fields that have no meaning there and make a message malformed (RFC 9113 § 8.2.2, RFC 9114 § 4.2).
OF_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
_FRAMING: dict[str, Framing] = {"2": "h2", "3": "h3"}


class MalformedError(Exception):
    """A message on one stream is malformed; the message is a sentence about what is wrong."""


class HttpStream:
    """What has come on one stream.

    ``version`` is that of HTTP, ``"2"`` or ``"3"``. ``response`` is None until the head of the final response has come;
    ``body`` grows. ``ended``: the server ended its side. ``reset_code`` is the code with which the server reset the
    stream, or None. ``refused``: a GOAWAY said that the server will not look at the stream. ``wrong`` is the sentence
    about a malformed response, or None. ``sending_ended``: the client ended its side; ``left``: it gave the stream up;
    ``unwanted``: the server reads no more of it.
    """

    def __init__(self, number: int, method: str, version: str) -> None:
        self.number = number
        self.method = method
        self.version = version
        self.response: Response | None = None
        self.body = bytearray()
        self.informational: list[Informational] = []
        self.ended = False
        self.reset_code: int | None = None
        self.refused = False
        self.wrong: str | None = None
        self.sending_ended = False
        self.left = False
        self.unwanted = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come on this stream."""
        return self.ended or self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether sending on this stream is pointless or no longer allowed."""
        return self.reset_code is not None or self.refused or self.left or self.wrong is not None

    def settle(self, connection_ending: str | None) -> None:
        """Bring ``response`` up to date with what has come."""
        response = self.response
        if response is None:
            return
        response.body = bytes(self.body)
        response.complete = self.ended
        response.reset_code = self.reset_code
        if not self.ended:
            response.ended = "reset" if self.reset_code is not None else connection_ending

    def on_headers(self, fields: Headers, end_stream: bool) -> None:
        """Take a header block: 1xx, head, or trailers."""
        if self.left or self.wrong is not None:
            return
        try:
            if self.response is None:
                self._head(fields, end_stream)
            elif not end_stream:
                raise MalformedError(f"a second HEADERS frame that does not end the stream: {fields}")
            else:
                self._check(fields, "trailer")
                self.response.trailers = fields
        except MalformedError as error:
            self.wrong = f"{error}, on stream {self.number}"
        if end_stream:
            self._end()

    def on_data(self, data: bytes, end_stream: bool) -> None:
        """Take content."""
        if self.left or self.wrong is not None:
            return
        if self.response is None:
            self.wrong = f"DATA came before the head of a response, on stream {self.number}"
        self.body += data
        if end_stream:
            self._end()

    def on_reset(self, code: int) -> None:
        """Take note that the server has reset the stream."""
        self.reset_code = code

    def _head(self, fields: Headers, end_stream: bool) -> None:
        status = [value for name, value in fields if name == b":status"]
        if fields[:1] != [(b":status", b"".join(status))] or len(status) != 1:
            raise MalformedError(f"the response does not begin with one :status: {fields}")
        if len(status[0]) != 3 or not DIGITS.fullmatch(status[0]):
            raise MalformedError(f"the :status is {status[0]!r}")
        response = Response(int(status[0]), fields[1:], http_version=self.version, framing=_FRAMING[self.version])
        response.flaws = self._check(response.headers, "header")
        if 100 <= response.status < 200:
            if end_stream or response.status == 101:
                raise MalformedError(f"the {response.status} response {'ends the stream' if end_stream else 'exists'}")
            self.informational.append(Informational(response.status, response.headers))
            return
        if not 100 <= response.status < 600:
            response.flaws.append(f"the status {response.status} is not between 100 and 599")
        response.informational = self.informational
        self.response = response

    def _check(self, fields: Headers, kind: str) -> list[str]:
        """Raise MalformedError for fields that cannot be; gives sentences about those that can be read over."""
        flaws = []
        for name, value in fields:
            if name.startswith(b":"):
                raise MalformedError(f"the {kind} section has the pseudo-header {shown(name)} out of place")
            if not TOKEN.fullmatch(name) or name != name.lower():
                raise MalformedError(f"the {kind} name {shown(name)} is not a token in lower case")
            if bad := NOT_IN_VALUE.search(value):
                raise MalformedError(f"the value {shown(value)} of the {kind} {shown(name)} holds the byte {bad[0]!r}")
            if name in OF_CONNECTION:
                flaws.append(f"the {kind} {name!r} belongs to a connection and not into HTTP/{self.version}")
            if value != value.strip(b" \t"):
                flaws.append(f"the value {shown(value)} of the {kind} {name!r} begins or ends with white space")
        return flaws

    def _end(self) -> None:
        self.ended = True
        response = self.response
        if response is None:
            self.wrong = self.wrong or f"stream {self.number} ended without a response"
            return
        without_body = self.method == "HEAD" or response.status in (204, 304)
        lengths = {length for length in response.values(b"content-length") if DIGITS.fullmatch(length)}
        if without_body and self.body:
            response.flaws.append(f"the {response.status} response to {self.method} has {len(self.body)} bytes of DATA")
        elif not without_body and lengths and lengths != {b"%d" % len(self.body)}:
            response.flaws.append(f"the Content-Length is {lengths} where {len(self.body)} bytes of DATA came")
