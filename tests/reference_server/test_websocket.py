"""WebSocket over HTTP/1.1."""

from __future__ import annotations

import socket
import struct
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from .conftest import Running, Start, read_all, read_until

HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: test\r\nUpgrade: WebSocket\r\nConnection: keep-alive, UPGRADE\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n"
)


def frame(first: int, payload: bytes = b"", masked: bool = True) -> bytes:
    """A short frame whose mask is zero."""
    return bytes([first, len(payload) | (0x80 if masked else 0)]) + (bytes(4) if masked else b"") + payload


def opened(server: Running, path: str = "/ws", fields: str = "", data: bytes = b"") -> socket.socket:
    """A raw WebSocket after its handshake; ``data`` goes out in the same segment."""
    sock = server.connect()
    sock.sendall(HANDSHAKE.format(path, fields).encode() + data)
    assert read_until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
    return sock


def dial(server: Running, path: str = "/ws", compression: str | None = None) -> ClientConnection:
    """A WebSocket of the websockets library."""
    return connect(f"ws://127.0.0.1:{server.port}{path}", compression=compression, max_size=None)


def test_the_handshake_follows_the_rfc(server: Running) -> None:
    """The answer to the key of the RFC is that of the RFC; there is no framing of a body."""
    with server.connect() as sock:
        sock.sendall(HANDSHAKE.format("/ws", "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b,c\r\n").encode())
        head = read_until(sock, b"\r\n\r\n").lower()
    assert b"\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n" in head
    assert b"\r\nsec-websocket-protocol: c\r\n" in head
    assert b"\r\nx-a: 1\r\nx-a: 2\r\n" in head
    assert b"content-length" not in head
    assert b"sec-websocket-extensions" not in head


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_messages_of_every_kind_come_back(server: Running, compression: str | None) -> None:
    """Text and binary, empty and large, whole and in fragments."""
    with dial(server, compression=compression) as websocket:
        messages: list[str | bytes] = ["héllo 😀", b"\x00\xff", "", b"", "", "x" * 65536, b"y" * 1_000_000]
        for message in messages:
            websocket.send(message)
            assert websocket.recv() == message
        websocket.send(["frag", "", "ments"])
        assert websocket.recv() == "fragments"


def test_data_behind_the_handshake_waits_for_the_accept(server: Running) -> None:
    """A frame in the segment of the handshake is a message like any other."""
    with opened(server, data=frame(0x81, b"early")) as sock:
        assert read_until(sock, b"early") == b"\x81\x05early"


@pytest.mark.parametrize(
    ("payload", "code"),
    [(struct.pack(">H", 4999) + "går".encode(), 4999), (struct.pack(">H", 1000), 1000), (b"", 1005)],
)
def test_a_close_is_answered_and_told(server: Running, payload: bytes, code: int) -> None:
    """The client's close frame comes back as it was, then the connection ends; the application gets code and reason."""
    key = f"close-{code}-{server.port}"
    with opened(server, f"/ws?{key}") as sock:
        sock.sendall(frame(0x88, payload))
        assert read_all(sock) == frame(0x88, payload, masked=False)
    assert server.notes(key, 2) == [[code, "går" if code == 4999 else ""], "OSError"]


@pytest.mark.parametrize("reset", [False, True])
def test_a_lost_socket_is_1006(server: Running, reset: bool) -> None:
    """The end of the connection without a close frame is code 1006."""
    key = f"lost-{reset}-{server.port}"
    with opened(server, f"/ws?{key}") as sock:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.notes(key, 2) == [[1006, ""], "OSError"]


def test_messages_come_before_the_disconnect(server: Running) -> None:
    """Messages in a burst with a close frame behind them are all received first."""
    key = f"burst-{server.port}"
    with opened(server, f"/ws?{key}") as sock:
        burst = frame(0x81, b"nap") + b"".join(frame(0x81, b"note %d" % number) for number in range(10))
        sock.sendall(burst + frame(0x88, struct.pack(">H", 3000)))
        read_all(sock)
    assert server.notes(key, 12) == [*[f"note {number}" for number in range(10)], [3000, ""], "OSError"]


def test_the_application_closes(server: Running) -> None:
    """Code and reason of the application are sent; its own disconnect has the code that came back."""
    key = f"own-{server.port}"
    with dial(server, f"/ws?{key}") as websocket:
        websocket.send("close")
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv()
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (3001, "går")
    assert server.notes(key, 2) == [[3001, "går"], "OSError"]


def test_a_client_that_does_not_answer_a_close_is_left(server: Running) -> None:
    """The server waits a while for the client's close frame, and not for ever."""
    began = time.monotonic()
    with opened(server) as sock:
        sock.sendall(frame(0x81, b"close"))
        assert read_all(sock).startswith(b"\x88")
    assert 0.5 < time.monotonic() - began < 5


@pytest.mark.parametrize(("order", "code"), [("raise", 1011), ("return", 1000)])
def test_the_end_of_the_call_closes(server: Running, order: str, code: int) -> None:
    """An application that returns or raises ends its WebSocket."""
    with dial(server) as websocket:
        websocket.send(order)
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code


WRONG = {
    "unmasked": (frame(0x81, b"x", masked=False), 1002),
    "rsv1": (frame(0xC1, b"x"), 1002),
    "rsv2": (frame(0xA1, b"x"), 1002),
    "opcode 3": (frame(0x83), 1002),
    "opcode 11": (frame(0x8B), 1002),
    "fragmented ping": (frame(0x09), 1002),
    "long ping": (b"\x89\xfe\x00\x7e" + bytes(4 + 126), 1002),
    "continuation first": (frame(0x80, b"x"), 1002),
    "message inside message": (frame(0x01, b"x") + frame(0x81, b"y"), 1002),
    "top bit of the length": (b"\x82\xff" + b"\x80" + bytes(7) + bytes(4), 1002),
    "not utf-8": (frame(0x81, b"\xff"), 1007),
    "cut character": (frame(0x81, b"\xe2\x82"), 1007),
    "surrogate": (frame(0x01, b"\xed") + frame(0x80, b"\xa0\x80"), 1007),
    "close of one byte": (frame(0x88, b"x"), 1002),
    "close with 1005": (frame(0x88, struct.pack(">H", 1005)), 1002),
    "close with 2999": (frame(0x88, struct.pack(">H", 2999)), 1002),
    "close reason not utf-8": (frame(0x88, struct.pack(">H", 1000) + b"\xff"), 1007),
    "1 GiB announced": (b"\x82\xff" + struct.pack(">Q", 1 << 30), 1009),
}


@pytest.mark.parametrize("name", WRONG)
def test_violations_close_with_their_code(server: Running, name: str) -> None:
    """A violation is answered with its close code, and the application gets a disconnect and no message."""
    data, code = WRONG[name]
    key = f"wrong-{name.replace(' ', '-')}-{server.port}"
    with opened(server, f"/ws?{key}") as sock:
        sock.sendall(data)
        answer = read_all(sock)
    assert answer[:1] == b"\x88"
    assert struct.unpack(">H", answer[2:4])[0] == code
    assert server.notes(key)[0][0] == code


def test_pings_are_answered_whatever_happens(server: Running) -> None:
    """A ping is answered with its payload, inside a fragmented message and while the application sleeps."""
    with opened(server) as sock:
        sock.sendall(frame(0x81, b"nap") + frame(0x01, b"a") + frame(0x89, b"\x00" * 125))
        assert read_until(sock, b"\x00" * 125)[:2] == b"\x8a\x7d"
        sock.sendall(frame(0x8A, b"unasked") + frame(0x80, b"b"))
        assert read_until(sock, b"ab") == b"\x81\x02ab"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("/ws-reject", 403, b"the app"), ("/ws-deny", 401, b"no entry"), ("/returns", 403, b"")],
)
def test_refusals_are_http_responses(server: Running, path: str, status: int, body: bytes) -> None:
    """A refused handshake is a whole HTTP response, and the application receives websocket.disconnect."""
    key = f"refused{path}-{server.port}"
    with pytest.raises(InvalidStatus) as caught:
        dial(server, f"{path}?{key}")
    assert caught.value.response.status_code == status
    assert bytes(caught.value.response.body or b"").startswith(body)
    if body:
        assert server.notes(key) == ["websocket.disconnect"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "abc", 400),
        ("Version: 13", "Version: 8", 426),
        ("Host: test\r\n", "", 400),
        ("Connection: keep-alive, UPGRADE\r\n", "", 500),
        ("GET", "POST", 500),
        ("HTTP/1.1", "HTTP/1.0", 500),
        ("Sec-WebSocket-Version: 13", "Content-Length: 5\r\nSec-WebSocket-Version: 13", 400),
    ],
)
def test_what_is_no_handshake_is_refused_or_http(server: Running, old: str, new: str, status: int) -> None:
    """A wrong handshake is refused; what is none is an ordinary request, which the application here fails on."""
    data = HANDSHAKE.format("/raises", "Connection: close\r\n").replace(old, new)
    assert int(server.talk(data.encode()).split(b" ")[1]) == status


@pytest.mark.parametrize(
    "wrong",
    [
        "{'type': 'websocket.accept'}",
        "{'type': 'websocket.send'}",
        "{'type': 'websocket.send', 'text': 'a', 'bytes': b'b'}",
        "{'type': 'websocket.send', 'text': b'a'}",
        "{'type': 'websocket.send', 'bytes': 5}",
        "{'type': 'websocket.send', 'text': '\\ud800'}",
        "{'type': 'websocket.close', 'code': '1000'}",
        "{'type': 'websocket.close', 'code': 1005}",
        "{'type': 'websocket.close', 'reason': b'x'}",
        "{'type': 'websocket.close', 'reason': 'x' * 124}",
        "{'type': 'websocket.receive', 'text': 'x'}",
        "{'type': 'http.response.start', 'status': 200}",
        "{'type': 'websocket.http.response.start', 'status': 200}",
        "{}",
    ],
)
def test_invalid_events_raise(server: Running, wrong: str) -> None:
    """An invalid event makes send() raise, and the WebSocket goes on."""
    with dial(server, "/ws-invalid") as websocket:
        websocket.send(wrong)
        assert websocket.recv() == "InvalidEvent"


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", b"permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=9", b"permessage-deflate; server_max_window_bits=9"),
        ("permessage-deflate; server_no_context_takeover", b"permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; client_max_window_bits", b"permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=7", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; foo=1, permessage-deflate", b"permessage-deflate"),
        ("permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        ("x-foo", None),
    ],
)
def test_compression_is_agreed_on_as_offered(server: Running, offer: str, answer: bytes | None) -> None:
    """The answer has parameters that the offer allows, and invalid offers are declined."""
    with server.connect() as sock:
        sock.sendall(HANDSHAKE.format("/ws", f"Sec-WebSocket-Extensions: {offer}\r\n").encode())
        lines = read_until(sock, b"\r\n\r\n").split(b"\r\n")
    agreed = [line.partition(b": ")[2] for line in lines if line.startswith(b"sec-websocket-extensions")]
    assert agreed == ([] if answer is None else [answer])


def test_limits_and_pings(serve: Start) -> None:
    """A message over the limit is 1009, also in fragments and compressed; a client that is silent is given up."""
    server = serve("--ws-max-size", "100", "--ws-ping-interval", "0.2", "--ws-ping-timeout", "0.2")
    with opened(server) as sock:
        sock.sendall(frame(0x01, b"x" * 60) + frame(0x80, b"x" * 60))
        assert read_all(sock)[-2:] == struct.pack(">H", 1009)
    with dial(server, compression="deflate") as websocket:
        websocket.send("x" * 10_000)
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009
    with opened(server) as sock:
        assert read_all(sock)[0] == 0x89


def test_a_stop_closes_with_1001(serve: Start) -> None:
    """On SIGTERM open WebSockets are closed with 1001."""
    server = serve()
    with dial(server) as websocket:
        server.process.terminate()
        with pytest.raises(ConnectionClosed) as caught:
            websocket.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    assert server.process.wait(10) == 0
