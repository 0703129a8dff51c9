"""Unit tests of the parser of HTTP/1 responses: every legal one is read, an illegal one is explained."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_conformance.clients.http import Headers, Informational, Response
from asgi_conformance.clients.response_parser import ResponseParser


def parsed(data: bytes, *, method: str = "GET", ending: str | None = None, pieces: int = 0) -> ResponseParser:
    """The parser after ``data``, cut into pieces of that size, and then the ending."""
    parser = ResponseParser()
    parser.begin(method)
    for position in range(0, len(data), pieces or len(data)):
        parser.feed(data[position : position + (pieces or len(data))], None)
    if ending:
        parser.feed(b"", ending)
    parser.settle()
    return parser


def response(data: bytes, *, method: str = "GET", ending: str | None = None) -> Response:
    """The complete response in ``data``; the same whether they come at once or byte by byte."""
    found = [parsed(data, method=method, ending=ending, pieces=pieces) for pieces in (0, 1, 2, 7)]
    for parser in found:
        assert parser.wrong is None
        assert parser.response == found[0].response
        assert parser.surplus == b""
    assert found[0].response is not None
    assert found[0].response.raw == data
    return found[0].response


def test_content_length() -> None:
    """A response with a length ends after so many bytes."""
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:\r\nx-a: \t b c\t\r\n\r\nhello"
    assert response(data) == Response(
        200,
        [(b"Content-Length", b"5"), (b"X-A", b""), (b"x-a", b"b c")],
        b"hello",
        reason=b"OK",
        framing="length",
        complete=True,
        raw=data,
    )


def test_chunked() -> None:
    """Chunks in any letter case, with extensions, leading zeros and trailers, are put together."""
    data = (
        b"HTTP/1.1 200 \r\nTransfer-Encoding: Chunked\r\n\r\n"
        b'00A;name=value;flag ; q="a;\\"b" \r\n0123456789\r\n2 \r\n\r\n\r\n'
        b"0;last\r\nX-Trailer: t\r\n\r\n"
    )
    found = response(data)
    assert (found.framing, found.body, found.trailers) == ("chunked", b"0123456789\r\n", [(b"X-Trailer", b"t")])
    assert (found.complete, found.flaws) == (True, [])


def test_close_delimited() -> None:
    """Without a length the body lasts until the connection is closed; after a reset its end is not known."""
    data = b"HTTP/1.0 200 OK\r\n\r\nuntil the end\r\n"
    found = response(data, ending="closed")
    assert (found.framing, found.body, found.complete, found.ended) == (
        "close",
        b"until the end\r\n",
        True,
        "closed",
    )
    assert found.http_version == "1.0"
    assert not response(data, ending="reset").complete
    assert response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nzzz", ending="closed").framing == "close"


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"200 OK\r\nContent-Length: 5"),
        ("HEAD", b"200 OK\r\nTransfer-Encoding: chunked"),
        ("GET", b"204 No Content\r\nX: y"),
        ("GET", b"304 Not Modified\r\nContent-Length: 5"),
        ("CONNECT", b"200 OK\r\nX: y"),
        ("GET", b"101 Switching Protocols\r\nUpgrade: websocket"),
    ],
)
def test_bodyless(method: str, head: bytes) -> None:
    """Responses that cannot have a body end with their head; what follows is surplus."""
    data = b"HTTP/1.1 " + head + b"\r\n\r\n"
    found = response(data, method=method)
    assert (found.framing, found.body, found.complete) == ("none", b"", True)
    assert parsed(data + b"more", method=method).surplus == b"more"


def test_informational() -> None:
    """1xx responses before the final one are kept with their headers."""
    data = (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    found = response(data)
    assert found.status == 200
    assert found.informational == [Informational(100, []), Informational(103, [(b"Link", b"</a>")])]


def test_responses_follow_one_another() -> None:
    """The next response begins where the last one ended."""
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
    parser = parsed(one + one.replace(b"\r\n1", b"\r\n2") + b"HTTP")
    parser.begin("GET")
    parser.settle()
    assert parser.response is not None
    assert (parser.response.body, parser.surplus) == (b"2", b"HTTP")
    parser.begin("GET")
    parser.feed(b"", "closed")
    assert parser.done
    assert parser.response is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n0\r\n",
    ],
)
@pytest.mark.parametrize("ending", ["closed", "reset"])
def test_broken_off(data: bytes, ending: str) -> None:
    """A response that the connection's end cuts off is there, and is not complete."""
    found = response(data, ending=ending)
    assert (found.body, found.complete, found.ended) == (b"hell", False, ending)


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "no space follows the code in the status line b'HTTP/1.1 200'"),
        (b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n", "the status 999 is not between 100 and 599"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "the response has both Content-Length and Transfer-Encoding",
        ),
        (
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "an HTTP/1.0 response has Transfer-Encoding",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\nContent-Length: 1\r\n\r\nx",
            "the Content-Length b'1' is given 3 times",
        ),
        (
            b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            "the 100 response has a field for the framing of a body",
        ),
    ],
)
def test_flaws(data: bytes, flaw: str) -> None:
    """What a sender must not write but a recipient can read in one way is read, and noted."""
    found = response(data)
    assert found.complete
    assert found.flaws == [flaw]


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "the bytes do not start with HTTP/1."),
        (b"garbage", "the bytes do not start with HTTP/1."),
        (b"\0\0\x12\4\0\0\0\0\0", "the bytes do not start with HTTP/1."),
        (b"HTTP/1.1  200 OK\r\n\r\n", "b'HTTP/1.1  200 OK' is no status line"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "b'HTTP/1.1 20 OK' is no status line"),
        (b"HTTP/1.1 200 O\0K\r\n\r\n", "b'HTTP/1.1 200 O\\x00K' is no status line"),
        (b"HTTP/1.1 200 OK\nX: y\n\n", "the status line b'HTTP/1.1 200 OK' ends with LF and not with CRLF"),
        (HEAD + b"X: y\n\n", "the header line b'X: y' ends with LF and not with CRLF"),
        (HEAD + b"X: a\rb\r\n\r\n", "the header line b'X: a\\rb\\r' has a CR within"),
        (HEAD + b"X: y\r\n z\r\n\r\n", "the header line b' z' is folded or starts with white space"),
        (HEAD + b"X\r\n\r\n", "the header line b'X' has no colon"),
        (HEAD + b"X : y\r\n\r\n", "the header name b'X ' is not a token"),
        (HEAD + b": y\r\n\r\n", "the header name b'' is not a token"),
        (HEAD + b"X: a\0b\r\n\r\n", "the value b'a\\x00b' of the header b'X' holds the byte b'\\x00'"),
        (HEAD + b"Content-Length: -1\r\n\r\n", "the Content-Length b'-1' is not one number"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "the Content-Length b'1, 2' is not one number"),
        (HEAD + b"Content-Length:\r\n\r\n", "the Content-Length b'' is not one number"),
        (
            HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
            "chunked is not the last or only transfer coding in b'chunked, gzip'",
        ),
        (CHUNKED + b"x\r\n", "b'x' stands where the size of a chunk is due"),
        (CHUNKED + b"0x5\r\n", "b'0x5' stands where the size of a chunk is due"),
        (CHUNKED + b"\r\n", "b'' stands where the size of a chunk is due"),
        (CHUNKED + b"1\nx\r\n", "the chunk size line b'1' ends with LF and not with CRLF"),
        (CHUNKED + b"1\r\nxy\r\n", "the chunk of 1 bytes is followed by b'y\\r' and not by CRLF"),
        (CHUNKED + b"0\r\nbad\r\n\r\n", "the trailer line b'bad' has no colon"),
    ],
)
def test_unparsable(data: bytes, wrong: str) -> None:
    """What breaks the grammar is told exactly, with the place and the bytes."""
    for pieces in (0, 1):
        parser = parsed(data, pieces=pieces)
        assert parser.wrong is not None
        assert parser.wrong.startswith(wrong + ", at byte ")


def test_place_of_the_error() -> None:
    """The place that is told is where the wrong element begins."""
    wrong = parsed(CHUNKED + b"1\r\nxy\r\n").wrong
    assert wrong is not None
    assert f"at byte {len(CHUNKED) + 4} of" in wrong
    assert f"at byte {len(HEAD)} of" in str(parsed(HEAD + b"X y\r\n").wrong)


def test_endless_line() -> None:
    """A line that never ends is given up."""
    assert "is longer than" in str(parsed(HEAD + b"X: " + bytes(2_000_000)).wrong)


TOKENS = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", fullmatch=True)
VALUES = st.from_regex(rb"([\x21-\x7e\x80-\xff]([ \t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?", fullmatch=True)
FIELDS = st.lists(
    st.tuples(TOKENS, VALUES).filter(
        lambda field: field[0].lower() not in (b"content-length", b"transfer-encoding", b"connection")
    ),
    max_size=5,
)


def written(fields: Headers) -> bytes:
    """``fields`` as lines."""
    return b"".join(b"%s: %s\r\n" % field for field in fields)


@st.composite
def legal_responses(draw: st.DrawFn) -> bytes:
    """Bytes of a legal response with a body in any framing."""
    head = b"HTTP/1.1 %d %s\r\n" % (draw(st.sampled_from([200, 299, 404, 500])), draw(VALUES))
    head += written(draw(FIELDS))
    if draw(st.booleans()):
        body = draw(st.binary())
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    chunks = draw(st.lists(st.binary(min_size=1), max_size=4))
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + written(draw(FIELDS)) + b"\r\n"


@given(legal_responses(), st.integers(min_value=1, max_value=50))
def test_agrees_with_h11(data: bytes, pieces: int) -> None:
    """h11 and this parser read the same out of every legal response."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    head, body, event = connection.next_event(), b"", connection.next_event()
    assert isinstance(head, h11.Response)
    while isinstance(event, h11.Data):
        body += bytes(event.data)
        event = connection.next_event()
    assert isinstance(event, h11.EndOfMessage)

    found = parsed(data, pieces=pieces).response
    assert found is not None
    assert found.complete
    assert (found.status, found.reason, found.body) == (head.status_code, bytes(head.reason), body)
    assert found.headers == head.headers.raw_items()
    assert [(name.lower(), value) for name, value in found.trailers] == list(event.headers)
