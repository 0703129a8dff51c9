"""Unit tests of HTTP/2 frames, streams and connection state, without I/O."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_conformance.clients.http import Headers, Informational, Response
from asgi_conformance.clients.http2_frames import (
    Flag,
    FrameType,
    Http2Error,
    Http2Frame,
    Http2FrameReader,
    Setting,
    settings_of,
    settings_payload,
)
from asgi_conformance.clients.http2_state import GoAway, Http2State, Push
from asgi_conformance.clients.http2_stream import Stream

OK: Headers = [(b":status", b"200")]
END, ENDS_HEADERS, ACK = Flag.END_STREAM, Flag.END_HEADERS, Flag.ACK
SETTINGS = Http2Frame(FrameType.SETTINGS)
SETTINGS_ACK = Http2Frame(FrameType.SETTINGS, ACK)


def headers(
    fields: Headers, *, stream: int = 1, flags: int = ENDS_HEADERS, kind: int = FrameType.HEADERS
) -> Http2Frame:
    """A HEADERS frame whose block does not depend on those before it."""
    block = b"".join(
        b"\0" + b"".join(bytes([len(text)]) + text for text in field) for field in fields
    )  # literals without indexing (RFC 7541 § 6.2.2)
    return Http2Frame(kind, flags, stream, block)


def data(content: bytes, *, flags: int = 0, stream: int = 1) -> Http2Frame:
    """A DATA frame."""
    return Http2Frame(FrameType.DATA, flags, stream, content)


def number(value: int) -> bytes:
    """Four bytes."""
    return value.to_bytes(4, "big")


def connection(
    *frames: Http2Frame, local: dict[int, int] | None = None, method: str = "GET", pieces: int = 0
) -> Http2State:
    """The state with streams 1 and 3 open, after the server's SETTINGS, its acknowledgement, and ``frames``."""
    state = Http2State({Setting.ENABLE_PUSH: 0, **(local or {})})
    state.open(1, method)
    state.open(3, "GET")
    received = b"".join(frame.encode() for frame in (SETTINGS, SETTINGS_ACK, *frames))
    for position in range(0, len(received), pieces or len(received)):
        state.feed(received[position : position + (pieces or len(received))])
    return state


def stream(*frames: Http2Frame, method: str = "GET") -> Stream:
    """Stream 1 after ``frames``, which are no error of the connection, in any splits."""
    for pieces in (1, 7, 0):
        state = connection(*frames, method=method, pieces=pieces)
        assert state.wrong is None
        assert not state.streams[3].is_over
        state.streams[1].settle(None)
    return state.streams[1]


def response(*frames: Http2Frame, method: str = "GET") -> Response:
    """The response on stream 1 after ``frames``."""
    found = stream(*frames, method=method)
    assert found.wrong is None
    assert found.response is not None
    return found.response


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**31 - 1), st.binary(max_size=50))
def test_frames_are_what_hyperframe_reads(kind: int, flags: int, stream_number: int, payload: bytes) -> None:
    """A frame is encoded as 24 bits of length, type, flags, stream and payload, and read again."""
    frame = Http2Frame(kind, flags, stream_number, payload)
    encoded = frame.encode()
    assert encoded[:3] == len(payload).to_bytes(3, "big")
    assert encoded[3:] == bytes([kind, flags]) + number(stream_number) + payload
    reader = Http2FrameReader()
    reader.feed(SETTINGS.encode() + encoded)
    assert reader.next() == SETTINGS
    try:
        frame.check()
    except Http2Error:
        return
    assert reader.next() == frame


def test_settings_travel() -> None:
    """Settings are pairs of 16 and 32 bits."""
    assert settings_of(settings_payload({4: 10, 0xFFFF: 1})) == [(4, 10), (0xFFFF, 1)]


def test_whole_response() -> None:
    """1xx, head, content and trailers make a response."""
    found = response(
        headers([(b":status", b"103"), (b"link", b"</a>")]),
        headers([(b":status", b"200"), (b"x-a", b"b")]),
        data(b"hello "),
        data(b"\x03world\0\0\0", flags=Flag.PADDED),
        headers([(b"x-trailer", b"t")], flags=ENDS_HEADERS | END),
    )
    assert found == Response(
        200,
        [(b"x-a", b"b")],
        b"hello world",
        http_version="2",
        framing="h2",
        trailers=[(b"x-trailer", b"t")],
        informational=[Informational(103, [(b"link", b"</a>")])],
        complete=True,
    )


def test_header_block_in_pieces() -> None:
    """A block that is cut into CONTINUATION frames, padded and with a priority, is put together."""
    whole = headers([(b":status", b"200"), (b"x", b"y")]).payload
    found = stream(
        Http2Frame(FrameType.HEADERS, END | Flag.PADDED | Flag.PRIORITY, 1, b"\2" + bytes(5) + whole[:3] + b"\0\0"),
        Http2Frame(FrameType.CONTINUATION, 0, 1, whole[3:5]),
        Http2Frame(FrameType.CONTINUATION, ENDS_HEADERS, 1, whole[5:]),
    )
    assert found.response is not None
    assert found.response.headers == [(b"x", b"y")]
    assert found.ended


def test_compressed_header_blocks() -> None:
    """Blocks of a real compressor are read, over several responses of a connection."""
    encoder = hpack.Encoder()
    fields = [(b":status", b"200"), (b"x-long", b"a value that is worth a place in the table")]
    frames = [Http2Frame(FrameType.HEADERS, ENDS_HEADERS, each, encoder.encode(fields)) for each in (1, 3)]
    state = connection(*frames)
    for each in (1, 3):
        found = state.streams[each].response
        assert found is not None
        assert found.headers == fields[1:]


def test_reset_midway() -> None:
    """RST_STREAM leaves a response incomplete and gives its code."""
    found = response(headers(OK), data(b"x"), Http2Frame(FrameType.RST_STREAM, 0, 1, number(2)))
    assert (found.body, found.complete, found.ended, found.reset_code) == (b"x", False, "reset", 2)


def test_reset_after_the_end() -> None:
    """A complete response stays complete when the server then refuses the rest of the request."""
    found = response(headers(OK, flags=ENDS_HEADERS | END), Http2Frame(FrameType.RST_STREAM, 0, 1, number(0)))
    assert (found.complete, found.ended) == (True, None)


@pytest.mark.parametrize(
    ("frames", "wrong"),
    [
        ([headers([(b"x", b"y")])], "the response does not begin with one :status"),
        ([headers([(b"x", b"y"), *OK])], "the response does not begin with one :status"),
        ([headers(OK + OK)], "the response does not begin with one :status"),
        ([headers([(b":status", b"2xx")])], "the :status is b'2xx'"),
        ([headers([(b":status", b"100")], flags=ENDS_HEADERS | END)], "the 100 response ends the stream"),
        ([headers([(b":status", b"101")])], "the 101 response exists"),
        ([headers([*OK, (b":path", b"/")])], "the header section has the pseudo-header b':path' out of place"),
        ([headers([*OK, (b"X-Y", b"")])], "the header name b'X-Y' is not a token in lower case"),
        ([headers([*OK, (b"", b"")])], "the header name b'' is not a token in lower case"),
        ([headers([*OK, (b"x", b"a\nb")])], "the value b'a\\nb' of the header b'x' holds the byte b'\\n'"),
        ([headers(OK), headers([(b"x", b"y")])], "a second HEADERS frame that does not end the stream"),
        (
            [headers(OK), headers(OK, flags=ENDS_HEADERS | END)],
            "the trailer section has the pseudo-header b':status' out of place",
        ),
        ([data(b"x")], "DATA came before the head of a response"),
        ([data(b"", flags=END)], "DATA came before the head of a response"),
        ([headers([(b":status", b"100")]), data(b"", flags=END)], "DATA came before the head of a response"),
    ],
)
def test_malformed_responses(frames: list[Http2Frame], wrong: str) -> None:
    """A malformed response is an error of its stream alone, and is told exactly."""
    found = stream(*frames).wrong
    assert found is not None
    assert found.startswith(wrong)
    assert found.endswith(", on stream 1")


@pytest.mark.parametrize(
    ("method", "frames", "flaws"),
    [
        ("GET", [headers([*OK, (b"connection", b"close")], flags=ENDS_HEADERS | END)], ["the header b'connection'"]),
        ("GET", [headers([*OK, (b"x", b" y")], flags=ENDS_HEADERS | END)], ["the value b' y' of the header b'x'"]),
        ("GET", [headers([(b":status", b"999")], flags=ENDS_HEADERS | END)], ["the status 999 is not"]),
        ("HEAD", [headers(OK), data(b"x", flags=END)], ["the 200 response to HEAD has 1 bytes of DATA"]),
        ("HEAD", [headers([*OK, (b"content-length", b"9")], flags=ENDS_HEADERS | END)], []),
        ("GET", [headers([*OK, (b"content-length", b"1")]), data(b"x", flags=END)], []),
        ("GET", [headers([*OK, (b"content-length", b"2")]), data(b"x", flags=END)], ["the Content-Length is {b'2'}"]),
    ],
)
def test_flaws(method: str, frames: list[Http2Frame], flaws: list[str]) -> None:
    """What a recipient can read over is noted."""
    found = response(*frames, method=method)
    assert found.complete
    assert len(found.flaws) == len(flaws)
    assert all(flaw.startswith(start) for flaw, start in zip(found.flaws, flaws, strict=True))


@pytest.mark.parametrize(
    ("frames", "wrong"),
    [
        ([headers(OK, stream=5)], "HEADERS on stream 5"),
        ([data(b"", stream=0)], "stands on the wrong stream"),
        ([Http2Frame(FrameType.PING, 0, 1, bytes(8))], "stands on the wrong stream"),
        ([Http2Frame(FrameType.PING, 0, 0, bytes(7))], "has to have 8 bytes"),
        ([Http2Frame(FrameType.SETTINGS, 0, 0, bytes(7))], "has a size that SETTINGS cannot have"),
        ([Http2Frame(FrameType.SETTINGS, ACK)], "acknowledges nothing"),
        ([Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload({2: 1}))], "have 1 for the setting 0x2"),
        ([Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload({4: 2**31}))], "for the setting 0x4"),
        ([Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload({5: 1}))], "for the setting 0x5"),
        ([Http2Frame(FrameType.GOAWAY, 0, 0, bytes(7))], "is too short for a GOAWAY"),
        ([Http2Frame(FrameType.WINDOW_UPDATE, 0, 0, bytes(4))], "an increment of 0"),
        ([Http2Frame(FrameType.WINDOW_UPDATE, 0, 1, number(2**31 - 1))], "an increment of 2147483647"),
        ([Http2Frame(FrameType.PUSH_PROMISE, ENDS_HEADERS, 1, number(2))], "although the client has disabled push"),
        ([Http2Frame(FrameType.CONTINUATION, ENDS_HEADERS, 1)], "continues nothing"),
        ([headers(OK, flags=0), data(b"")], "came in the middle of a header block"),
        ([headers(OK, flags=0), Http2Frame(FrameType.CONTINUATION, 0, 3)], "continues nothing"),
        ([Http2Frame(FrameType.HEADERS, ENDS_HEADERS, 1, b"\xff\xff\xff")], "cannot be decoded"),
        ([headers(OK), data(b"\5abc", flags=Flag.PADDED)], "has more padding than payload"),
        ([headers(OK, flags=ENDS_HEADERS | END), data(b"x")], "DATA on stream 1 after END_STREAM"),
        ([headers(OK, flags=ENDS_HEADERS | END), headers(OK)], "HEADERS on stream 1 after END_STREAM"),
        ([Http2Frame(FrameType.RST_STREAM, 0, 1, number(8)), data(b"x")], "after the server's RST_STREAM"),
        ([Http2Frame(0x77, 0, 0, bytes(16385))], "of 16385 bytes where the client's limit is 16384"),
    ],
)
def test_connection_errors(frames: list[Http2Frame], wrong: str) -> None:
    """What breaks the connection is told, and nothing after it is read."""
    state = connection(*frames, headers(OK, stream=3))
    assert state.wrong is not None
    assert wrong in state.wrong
    assert state.streams[3].response is None


@pytest.mark.parametrize("pieces", [0, 1])
@pytest.mark.parametrize(
    ("received", "wrong"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server answered with HTTP/1: b'HTTP"),
        (b"SSH-2.0-garbage", "the first bytes from the server are no SETTINGS frame: b'SSH-2.0-g"),
        (Http2Frame(FrameType.PING, 0, 0, bytes(8)).encode(), "the first bytes from the server are no SETTINGS frame"),
        (SETTINGS_ACK.encode(), "acknowledges nothing"),
    ],
)
def test_other_protocols(received: bytes, wrong: str, pieces: int) -> None:
    """A server that does not begin with SETTINGS does not speak HTTP/2."""
    state = Http2State({})
    for position in range(0, len(received), pieces or len(received)):
        state.feed(received[position : position + (pieces or len(received))])
    assert wrong in str(state.wrong)


def test_unknown_frames_and_settings_are_ignored() -> None:
    """Frames and settings of unknown types, and PRIORITY, do no harm."""
    state = connection(
        Http2Frame(0x77, 0xFF, 9, b"?"),
        Http2Frame(FrameType.PRIORITY, 0, 1, bytes(5)),
        Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload({0x99: 7})),
    )
    assert state.wrong is None
    assert state.settings == {0x99: 7}
    assert len(state.frames) == 5


def test_answers() -> None:
    """SETTINGS and PING are acknowledged."""
    state = connection(Http2Frame(FrameType.PING, 0, 0, b"12345678"), Http2Frame(FrameType.PING, ACK, 0, b"87654321"))
    assert state.outgoing == [SETTINGS_ACK, Http2Frame(FrameType.PING, ACK, 0, b"12345678")]
    assert list(state.pongs) == [b"87654321"]


def test_windows_are_given_as_they_are_used() -> None:
    """Half a window used is given again, on the stream and on the connection."""
    content = data(bytes(16384))
    state = connection(headers(OK), content)
    state.outgoing.clear()
    state.feed(content.encode())
    assert state.outgoing == [
        Http2Frame(FrameType.WINDOW_UPDATE, 0, 0, number(32768)),
        Http2Frame(FrameType.WINDOW_UPDATE, 0, 1, number(32768)),
    ]
    assert (state.receive_window, state.streams[1].receive_window) == (65535, 65535)


def test_stalled_windows_are_kept() -> None:
    """A server that sends more than a stalled window allows breaks the connection; of a stream, or of all."""
    content = [data(bytes(16384))] * 4
    state = connection(headers(OK))
    state.streams[1].acknowledging = False
    state.feed(b"".join(frame.encode() for frame in content[:3]))
    assert state.wrong is None
    state.feed(content[3].encode())
    assert state.wrong == "16384 bytes of DATA where the window of stream 1 was 16383"

    state = connection(headers(OK))
    state.acknowledging = False
    state.feed(b"".join(frame.encode() for frame in content))
    assert state.wrong == "16384 bytes of DATA where the window of the connection was 16383"


def test_client_settings_apply_from_their_acknowledgement() -> None:
    """A smaller window counts from the moment when the server has acknowledged it, and may be negative."""
    state = connection(headers(OK), data(bytes(100)))
    state.unacknowledged_settings.append({Setting.INITIAL_WINDOW_SIZE: 50})
    state.feed(data(bytes(100)).encode())
    assert state.wrong is None
    state.feed(SETTINGS_ACK.encode())
    assert state.streams[1].receive_window == -150
    assert state.open(5, "GET").receive_window == 50
    state.feed(data(b"x").encode())
    assert state.wrong == "1 bytes of DATA where the window of stream 1 was -150"


def test_server_settings_change_open_streams() -> None:
    """The server's window size counts for streams that are open and to come; its updates add to it."""
    state = connection(
        Http2Frame(FrameType.SETTINGS, 0, 0, settings_payload({Setting.INITIAL_WINDOW_SIZE: 10})),
        Http2Frame(FrameType.WINDOW_UPDATE, 0, 1, number(5)),
        Http2Frame(FrameType.WINDOW_UPDATE, 0, 0, number(7)),
    )
    assert (state.streams[1].send_window, state.streams[3].send_window, state.send_window) == (15, 10, 65542)
    assert state.open(5, "GET").send_window == 10


def test_frame_size_setting() -> None:
    """Larger frames are taken once the server has acknowledged that it may send them."""
    state = connection(headers(OK), data(bytes(20000)), local={Setting.MAX_FRAME_SIZE: 20000})
    assert state.wrong is None
    assert len(state.streams[1].body) == 20000


def test_goaway() -> None:
    """GOAWAY refuses the streams above its last one, those to come too."""
    state = connection(Http2Frame(FrameType.GOAWAY, 0, 0, number(1) + number(0) + b"bye"))
    assert state.goaway == GoAway(1, 0, b"bye")
    assert str(state.goaway) == "GOAWAY (NO_ERROR, last stream 1, b'bye')"
    assert not state.goaway.is_fatal
    assert [state.streams[each].refused for each in (1, 3)] == [False, True]
    assert state.open(5, "GET").refused
    assert GoAway(1, 1, b"").is_fatal


def test_frames_after_own_reset() -> None:
    """What comes on a stream that the client has left is not read, but counted and decoded."""
    encoder = hpack.Encoder()
    fields = [(b":status", b"200"), (b"x", b"y")]
    state = connection()
    state.streams[1].left = True
    for frame in (
        Http2Frame(FrameType.HEADERS, ENDS_HEADERS, 1, encoder.encode(fields)),
        data(bytes(10)),
        Http2Frame(FrameType.HEADERS, ENDS_HEADERS, 3, encoder.encode(fields)),
    ):
        state.feed(frame.encode())
    assert state.wrong is None
    assert state.streams[1].response is None
    assert state.receive_window == 65525
    assert state.streams[3].response is not None


def test_pushes() -> None:
    """A promise is noted with its request, and the promised stream is read."""
    request = [(b":method", b"HEAD"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", b"/p")]
    block = headers(request).payload
    state = connection(
        Http2Frame(FrameType.PUSH_PROMISE, ENDS_HEADERS, 1, number(2) + block),
        headers(OK, stream=2, flags=ENDS_HEADERS | END),
        local={Setting.ENABLE_PUSH: 1},
    )
    assert state.wrong is None
    assert state.pushes == [Push(1, 2, request)]
    assert state.streams[2].method == "HEAD"
    assert state.streams[2].ended
    for promised in (0, 2, 7):
        again = connection(
            Http2Frame(FrameType.PUSH_PROMISE, ENDS_HEADERS, 1, number(promised) + block),
            local={Setting.ENABLE_PUSH: 1},
        )
        assert (again.wrong is None) == (promised == 2)
