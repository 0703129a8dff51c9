"""HTTP/1 responses out of bytes (RFC 9112), without I/O.

Every legal response is read, however its bytes are cut. What no recipient may or can read is refused with a sentence
that says what is wrong; what a recipient reads in only one way although a sender must not write it becomes one of the
response's ``flaws``, so that one small fault of a server fails the case about it and not every other.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import Framing, Headers, Informational, Response, values

#: The longest line that is read; a server that never ends a line is told from one that sends long fields.
MOST_LINE = 1024 * 1024

STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([0-9]{3})(?: ([\t \x21-\x7e\x80-\xff]*))?")
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
NOT_IN_VALUE = re.compile(rb"[^\t \x21-\x7e\x80-\xff]")
DIGITS = re.compile(rb"[0-9]+")
_EXTENSION = rb"[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|\"(?:[^\"\\\r\n]|\\[^\r\n])*\"))?" % (TOKEN.pattern, TOKEN.pattern)
CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:%s)*[ \t]*" % _EXTENSION)

Steps = Generator[None, None, None]


class ResponseError(Exception):
    """The bytes are no HTTP/1 response; the message is a sentence about what is wrong with them."""


class _EndedError(Exception):
    """The connection ended where the grammar wants more."""


class ResponseParser:
    """Reads the responses of one connection, one after the other.

    ``response`` is None until the head of the current final response is complete; ``body`` grows. ``done`` says that
    the current response is over, complete or not. ``wrong`` is the sentence about an unparsable one, or None.
    """

    def __init__(self) -> None:
        self.response: Response | None = None
        self.body = bytearray()
        self.done = True
        self.wrong: str | None = None
        self.ending: str | None = None
        self._buffer = bytearray()
        self._at = 0
        self._mark = 0  # where the element that is being read starts
        self._steps: Steps | None = None

    def begin(self, method: str) -> None:
        """Start on the next response, which answers a request with ``method``."""
        del self._buffer[: self._at]
        self._at = self._mark = 0
        self.response = None
        self.body = bytearray()
        self.done = False
        self._steps = self._read(method)
        self._advance()

    def feed(self, data: bytes, ending: str | None) -> None:
        """Take ``data``; ``ending`` says how the connection ended after them, or is None."""
        self._buffer += data
        self.ending = ending
        if not self.done:
            self._advance()

    def settle(self) -> None:
        """Bring the ``body`` and ``raw`` of ``response`` up to date."""
        if self.response is not None:
            self.response.body = bytes(self.body)
            self.response.raw = bytes(self._buffer[: self._at])

    @property
    def seen(self) -> bytes:
        """All bytes from the start of the current response on."""
        return bytes(self._buffer)

    @property
    def surplus(self) -> bytes:
        """The bytes that no response so far has claimed."""
        return bytes(self._buffer[self._at :])

    def take_surplus(self) -> bytes:
        """Give ``surplus`` away: it is then no longer part of any response."""
        surplus = self.surplus
        del self._buffer[self._at :]
        return surplus

    def _advance(self) -> None:
        assert self._steps is not None
        try:
            next(self._steps)
            return
        except StopIteration:
            if self.response is not None:
                self.response.complete = True
        except _EndedError:
            if self.response is not None:
                # A reset is an error of the connection, so the end of a body that it would mark is not known (§ 8).
                self.response.complete = self.response.framing == "close" and self.ending == "closed"
        except ResponseError as error:
            self.wrong = f"{error}, at byte {self._mark} of {shown(self.seen, 400)}"
        self.done = True
        if self.response is not None:
            self.response.ended = self.ending

    def _more(self) -> Steps:
        if self.ending is not None:
            raise _EndedError
        yield

    def _read(self, method: str) -> Steps:
        informational: list[Informational] = []
        flaws: list[str] = []
        while True:
            response = yield from self._head()
            response.flaws = flaws = flaws + response.flaws
            if response.status == 101 or not 100 <= response.status < 200:
                break
            if values(response.headers, b"content-length") or values(response.headers, b"transfer-encoding"):
                flaws.append(f"the {response.status} response has a field for the framing of a body")
            informational.append(Informational(response.status, response.headers))
        response.informational = informational
        self.response = response
        response.framing = framing(response, method)
        if response.framing == "chunked":
            yield from self._chunks(response)
        elif response.framing == "length":
            yield from self._into_body(int(values(response.headers, b"content-length")[0].split(b",")[0]))
        while response.framing == "close":
            self.body += self._buffer[self._at :]
            self._at = len(self._buffer)
            yield from self._more()

    def _head(self) -> Generator[None, None, Response]:
        while (start := bytes(self._buffer[self._at : self._at + 7])) != b"HTTP/1.":
            if not b"HTTP/1.".startswith(start):
                raise ResponseError("the bytes do not start with HTTP/1.")
            yield from self._more()
        line = yield from self._line("the status line")
        match = STATUS_LINE.fullmatch(line)
        if match is None:
            raise ResponseError(f"{shown(line)} is no status line")
        response = Response(int(match[2]), http_version=match[1].decode("ascii"), reason=match[3] or b"")
        if match[3] is None:
            response.flaws.append(f"no space follows the code in the status line {shown(line)}")
        if not 100 <= response.status < 600:
            response.flaws.append(f"the status {response.status} is not between 100 and 599")
        response.headers = yield from self._fields("header")
        return response

    def _line(self, what: str) -> Generator[None, None, bytes]:
        searched = self._mark = self._at
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched - self._at > MOST_LINE:
                raise ResponseError(f"{what} is longer than {MOST_LINE} bytes")
            yield from self._more()
        line = bytes(self._buffer[self._at : end])
        if not line.endswith(b"\r"):
            raise ResponseError(f"{what} {shown(line)} ends with LF and not with CRLF")
        if line.find(b"\r") < len(line) - 1:
            raise ResponseError(f"{what} {shown(line)} has a CR within")
        self._at = end + 1
        return line[:-1]

    def _fields(self, kind: str) -> Generator[None, None, Headers]:
        fields: Headers = []
        while line := (yield from self._line(f"the {kind} line")):
            name, colon, value = line.partition(b":")
            if line[0] in b" \t":
                raise ResponseError(f"the {kind} line {shown(line)} is folded or starts with white space")
            if not colon:
                raise ResponseError(f"the {kind} line {shown(line)} has no colon")
            if not TOKEN.fullmatch(name):
                raise ResponseError(f"the {kind} name {shown(name)} is not a token")
            value = value.strip(b" \t")
            if bad := NOT_IN_VALUE.search(value):
                raise ResponseError(f"the value {shown(value)} of the {kind} {shown(name)} holds the byte {bad[0]!r}")
            fields.append((name, value))
        return fields

    def _chunks(self, response: Response) -> Steps:
        while True:
            line = yield from self._line("the chunk size line")
            match = CHUNK_SIZE.fullmatch(line)
            if match is None:
                raise ResponseError(f"{shown(line)} stands where the size of a chunk is due")
            size = int(match[1], 16)
            if size == 0:
                break
            yield from self._into_body(size)
            self._mark = self._at
            while len(self._buffer) < self._at + 2:
                yield from self._more()
            after = bytes(self._buffer[self._at : self._at + 2])
            if after != b"\r\n":
                raise ResponseError(f"the chunk of {size} bytes is followed by {after!r} and not by CRLF")
            self._at += 2
        response.trailers = yield from self._fields("trailer")

    def _into_body(self, size: int) -> Steps:
        left = size
        while True:
            piece = self._buffer[self._at : self._at + left]
            self.body += piece
            self._at += len(piece)
            left -= len(piece)
            if not left:
                return
            yield from self._more()


def framing(response: Response, method: str) -> Framing:
    """How the body of ``response`` to a ``method`` request is framed (RFC 9112 § 6.3).

    Adds to ``response.flaws`` what a sender must not write. Raises ResponseError when the framing cannot be known.
    """
    lengths = response.values(b"content-length")
    codings = response.tokens(b"transfer-encoding")
    if lengths and codings:
        response.flaws.append("the response has both Content-Length and Transfer-Encoding")
    if method == "HEAD" or response.status in (101, 204, 304) or (method == "CONNECT" and response.status // 100 == 2):
        return "none"
    if codings:
        if response.http_version == "1.0":
            response.flaws.append("an HTTP/1.0 response has Transfer-Encoding")
        if b"chunked" in codings[:-1]:
            raise ResponseError(f"chunked is not the last or only transfer coding in {b', '.join(codings)!r}")
        return "chunked" if codings[-1] == b"chunked" else "close"
    if not lengths:
        return "close"
    members = [member.strip(b" \t") for value in lengths for member in value.split(b",")]
    if not all(DIGITS.fullmatch(member) for member in members) or len({int(member) for member in members}) > 1:
        raise ResponseError(f"the Content-Length {b', '.join(lengths)!r} is not one number")
    if len(members) > 1:
        response.flaws.append(f"the Content-Length {members[0]!r} is given {len(members)} times")
    return "length"
