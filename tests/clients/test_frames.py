"""Unit tests of WebSocket frames and messages without I/O."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_conformance.clients.deflate import Deflate, agreed
from asgi_conformance.clients.frames import Frame, FrameError, FrameReader, Opcode, encode, masked
from asgi_conformance.clients.messages import MessageReader, close_code_and_reason


def frames(data: bytes, *, pieces: int = 0, rsv_allowed: int = 0) -> list[Frame]:
    """The frames in ``data``, fed in pieces of that size."""
    reader = FrameReader()
    reader.rsv_allowed = rsv_allowed
    found = []
    for position in range(0, len(data), pieces or len(data)):
        reader.feed(data[position : position + (pieces or len(data))])
        while (frame := reader.next()) is not None:
            found.append(frame)
    assert reader.unread == b""
    return found


@pytest.mark.parametrize(
    ("frame", "data"),
    [
        (Frame(Opcode.TEXT, b"Hello", masked=False), b"\x81\x05Hello"),
        (Frame(Opcode.TEXT, b"Hel", fin=False, masked=False), b"\x01\x03Hel"),
        (Frame(Opcode.PING, b"Hello", masked=False), b"\x89\x05Hello"),
        (Frame(Opcode.TEXT, b"Hello"), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
        (Frame(Opcode.BINARY, b"x" * 125, masked=False), b"\x82\x7d" + b"x" * 125),
        (Frame(Opcode.BINARY, b"x" * 126, masked=False), b"\x82\x7e\x00\x7e" + b"x" * 126),
        (Frame(Opcode.BINARY, bytes(65536), masked=False), b"\x82\x7f\0\0\0\0\0\1\0\0" + bytes(65536)),
        (Frame(0xB, b"", rsv=7, masked=False), b"\xfb\x00"),
    ],
)
def test_encoding(frame: Frame, data: bytes) -> None:
    """Frames are encoded as the examples of RFC 6455 § 5.7 show, with the shortest length."""
    assert encode(frame, mask=b"\x37\xfa\x21\x3d") == data


def test_wrong_lengths_can_be_sent() -> None:
    """A length can have a longer form than needed, or be untrue."""
    frame = Frame(Opcode.TEXT, b"Hi", masked=False)
    assert encode(frame, length_bytes=2) == b"\x81\x7e\0\2Hi"
    assert encode(frame, length_bytes=8) == b"\x81\x7f\0\0\0\0\0\0\0\2Hi"
    assert encode(frame, length_bytes=8, length=1 << 63) == b"\x81\x7f\x80\0\0\0\0\0\0\0Hi"
    assert encode(frame, length=3) == b"\x81\3Hi"


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_masking(payload: bytes, key: bytes) -> None:
    """Masking is an exclusive or with the repeated key."""
    assert masked(payload, key) == bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 8, 9, 10]), st.binary(max_size=125))), st.integers(1, 20))
def test_reading_in_any_splits(sent: list[tuple[int, bytes]], pieces: int) -> None:
    """What is encoded is read again, however the bytes are cut."""
    expected = [Frame(opcode, payload, masked=False) for opcode, payload in sent]
    data = b"".join(encode(frame) for frame in expected)
    assert not data or frames(data, pieces=pieces) == expected


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_reading_all_lengths(size: int) -> None:
    """All three forms of the length are read."""
    frame = Frame(Opcode.BINARY, bytes(size), masked=False)
    assert frames(encode(frame)) == frames(encode(frame), pieces=1000) == [frame]


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"\x81\x80abcd", "a frame is masked"),
        (b"\x83\x00", "a frame has the reserved opcode 0x3"),
        (b"\x8f\x00", "a frame has the reserved opcode 0xf"),
        (b"\xc1\x00", "a text frame has the reserved bits 100"),
        (b"\x09\x00", "a ping frame is fragmented"),
        (b"\x88\x7e\x00\x7e", "a close frame has 126 bytes"),
        (b"\x81\x7e\x00\x7d", "the length 125 is written in 2 bytes"),
        (b"\x81\x7f\0\0\0\0\0\0\xff\xff", "the length 65535 is written in 8 bytes"),
        (b"\x81\x7f\x80\0\0\0\0\0\0\0", "the length 9223372036854775808 is written in 8 bytes"),
    ],
)
def test_frames_that_no_server_may_send(data: bytes, wrong: str) -> None:
    """A wrong frame is told by its first bytes, without waiting for its payload."""
    with pytest.raises(FrameError, match=wrong):
        frames(data)


def test_reserved_bits_of_an_extension() -> None:
    """RSV1 is allowed where compression was agreed, on the first frame of a message only."""
    assert frames(b"\xc1\x00", rsv_allowed=4)[0].rsv == 4
    for data in (b"\xa1\x00", b"\xc0\x00", b"\xc9\x00"):
        with pytest.raises(FrameError, match="reserved bits"):
            frames(data, rsv_allowed=4)


def test_frames_for_people() -> None:
    """A frame names its kind, what is odd about it, and its payload."""
    assert str(Frame(Opcode.TEXT, b"hi")) == "a text frame of 2 bytes: b'hi'"
    assert str(Frame(0xB, b"", fin=False, rsv=4)) == "a 0xb frame without FIN with RSV 100 of 0 bytes: b''"


def message(*sent: Frame, deflate: Deflate | None = None) -> str | bytes | None:
    """The message that the last of the frames completes."""
    reader = MessageReader()
    reader.deflate = deflate
    found = [reader.take(frame) for frame in sent]
    assert found[:-1] == [None] * (len(sent) - 1)
    return found[-1]


def test_messages() -> None:
    """Fragments are joined; text is decoded as a whole, so that a character may be split."""
    assert message(Frame(1, "é".encode())) == "é"
    assert message(Frame(2, b"\xff")) == b"\xff"
    assert message(Frame(1, b"\xc3", fin=False), Frame(0, b"", fin=False), Frame(0, b"\xa9")) == "é"
    assert message(Frame(1)) == ""


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ([Frame(0, b"x")], "continues no message"),
        ([Frame(1, b"x", fin=False), Frame(1, b"y")], "came in the middle of a fragmented message"),
        ([Frame(1, b"\xc3")], "a text message is not valid UTF-8: b'\\\\xc3'"),
    ],
)
def test_wrong_messages(sent: list[Frame], wrong: str) -> None:
    """Frames that make no message are told."""
    with pytest.raises(FrameError, match=wrong):
        message(*sent)


@pytest.mark.parametrize(
    "extensions",
    [
        "permessage-deflate",
        "x-other, permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        'permessage-deflate; server_max_window_bits="9"; client_max_window_bits=10',
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=nonsense",
    ],
)
def test_compression(extensions: str) -> None:
    """Messages are compressed and inflated as was agreed."""
    deflate = agreed(extensions)
    assert deflate is not None
    bits = deflate.parameters.get("server_max_window_bits")
    server = zlib.compressobj(wbits=-int(bits) if isinstance(bits, str) and bits.isdigit() else -15)
    for text in ("again and again and again", "again and again and again", ""):
        if "server_no_context_takeover" in deflate.parameters:
            server = zlib.compressobj(wbits=-15)
        payload = (server.compress(text.encode()) + server.flush(zlib.Z_SYNC_FLUSH))[:-4]
        assert message(Frame(1, payload[:2], fin=False, rsv=4), Frame(0, payload[2:]), deflate=deflate) == text
    inflater = zlib.decompressobj(-15)
    for text in ("more and more and more", "more and more and more"):
        if "client_no_context_takeover" in deflate.parameters:
            inflater = zlib.decompressobj(-15)
        assert inflater.decompress(deflate.deflate(text.encode()) + b"\0\0\xff\xff") == text.encode()


def test_server_that_breaks_the_agreement_on_compression() -> None:
    """A message that leans on the one before, where that was not agreed, does not inflate."""
    deflate = agreed("permessage-deflate; server_no_context_takeover")
    server = zlib.compressobj(wbits=-15)
    payloads = [(server.compress(b"once more") + server.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in range(2)]
    assert message(Frame(1, payloads[0], rsv=4), deflate=deflate) == "once more"
    with pytest.raises(FrameError, match="does not inflate with"):
        message(Frame(1, payloads[1], rsv=4), deflate=deflate)


def test_no_compression() -> None:
    """Without permessage-deflate in the answer there is none."""
    assert agreed("") is None
    assert agreed("x-webkit-deflate-frame") is None


def test_close_frames() -> None:
    """A close frame has a code and a reason, or nothing."""
    assert close_code_and_reason(Frame(8)) == (None, "")
    assert close_code_and_reason(Frame(8, b"\x03\xe8")) == (1000, "")
    assert close_code_and_reason(Frame(8, b"\x0f\xa0bye")) == (4000, "bye")
    for payload, wrong in (
        (b"\x03", "one byte"),
        (b"\x03\xed", "the code 1005"),
        (b"\x03\xe7", "the code 999"),
        (b"\x13\x88", "the code 5000"),
        (b"\x03\xe8\xff", "not valid UTF-8"),
    ):
        with pytest.raises(FrameError, match=wrong):
            close_code_and_reason(Frame(8, payload))
