"""HTTP/3: over QUIC, beside the TCP socket."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aioquic.h3.connection import FrameType, Setting, encode_frame
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, StopSendingReceived, StreamReset
from cryptography.hazmat.primitives.serialization import Encoding

from .conftest import LIMIT, start
from .h3client import Client, Door, notes, options

NO_ERROR, INTERNAL_ERROR, MESSAGE_ERROR = 0x100, 0x102, 0x10E


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def door(request: pytest.FixtureRequest, certificates: Path) -> Iterator[Door]:
    """A server, on either event loop; it stops in order, and has nothing to complain of."""
    running = start(*options(certificates, request.param))
    yield Door(running, certificates)
    status, errors = running.stop()
    assert status == 0
    assert "inside the server" not in errors


@pytest.fixture
def client(door: Door) -> Iterator[Client]:
    """A connection to the server."""
    with door.connect() as client:
        yield client


def test_scope(client: Client, door: Door) -> None:
    """The authority is the host and the first header; cookies are all there; the addresses are those of UDP."""
    number = client.request("/scope/%20x?q=1", (b"cookie", b"a=1"), (b"cookie", b"b=2"))
    head, content = client.response(number)
    scope = literal_eval(content.decode())
    entry = scope["extensions"].pop("tls")
    assert head[b":status"] == b"200"
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "3",
        "method": "GET",
        "scheme": "https",
        "path": "/scope/ x",
        "raw_path": b"/scope/%20x",
        "query_string": b"q=1",
        "root_path": "",
        "headers": [(b"host", b"test"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
        "client": [*client.address],
        "server": ["127.0.0.1", door.port],
        "state": {"list": []},
        "extensions": {
            "http.response.early_hint": {},
            "http.response.pathsend": {},
            "http.response.trailers": {},
            "http.response.zerocopysend": {},
        },
    }
    certificate = client.quic.tls._peer_certificate
    assert certificate is not None
    assert ssl.PEM_cert_to_DER_cert(entry["server_cert"]) == certificate.public_bytes(Encoding.DER)
    assert (entry["client_cert_chain"], entry["client_cert_name"], entry["client_cert_error"]) == ([], None, None)
    assert entry["tls_version"] == 0x0304
    schedule = client.quic.tls.key_schedule
    assert schedule is not None
    assert entry["cipher_suite"] == schedule.cipher_suite


def test_content_arrives_as_it_comes(client: Client, door: Door) -> None:
    """Each piece of a request's content is an event of its own, and the end is one too."""
    key = f"pieces-{door.port}"
    number = client.request(f"/events?{key}", method=b"POST", end=False)
    for count, piece in enumerate([b"one", b"two", b"three"], 1):
        client.send(number, piece)
        assert notes(client, key, count)[-1] == ["http.request", piece.decode(), True]
    client.send(number, b"", end=True)
    assert notes(client, key, 4)[-1] == ["http.request", "", False]


def test_bodies_of_any_size_come_through_both_ways(client: Client) -> None:
    """A body that is larger than all windows arrives, and comes back."""
    body = bytes(range(256)) * 8192
    number = client.request("/echo", method=b"POST", end=False)
    client.send(number, body, end=True)
    assert client.response(number)[1] == body


def test_lost_datagrams_are_repaired(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the datagrams in either direction each tenth gets lost, and everything arrives."""
    receive, send = client.quic.receive_datagram, client.quic.datagrams_to_send
    count = itertools.count(1)

    def receive_most(data: bytes, address: Any, now: float) -> None:
        if next(count) % 10:
            receive(data, address, now=now)

    def send_most(now: float) -> list[Any]:
        return [datagram for datagram in send(now) if next(count) % 10]

    monkeypatch.setattr(client.quic, "receive_datagram", receive_most)
    monkeypatch.setattr(client.quic, "datagrams_to_send", send_most)
    body = bytes(range(256)) * 512
    number = client.request("/echo", method=b"POST", end=False)
    client.send(number, body, end=True)
    assert client.response(number)[1] == body


def test_content_that_is_not_read_gets_no_credit(client: Client, door: Door) -> None:
    """What a client may send is bounded as long as a call does not read, and nobody else has to wait for that."""
    key = f"unread-{door.port}"
    body = bytes(1024 * 1024)
    number = client.request(f"/patient?{key}", method=b"POST", end=False)
    client.send(number, body, end=True)
    sender = client.quic._streams[number].sender
    while sender.highest_offset < 256 * 1024:
        client.read()
    for _ in range(30):
        assert client.response(client.request("/"))[1] == b"hello"
    assert sender.highest_offset <= 512 * 1024
    client.response(client.request(f"/hello?{key}"))
    assert client.response(number)[1] == body


def test_send_waits_for_the_windows(door: Door) -> None:
    """A call that sends without end is held to what the client allows."""
    key = f"flood-{door.port}"
    with door.connect(max_stream_data=300_000) as client:
        number = client.request(f"/flood?{key}")
        while len(client.content[number]) < 200_000:
            client.read()
        allowed = client.quic._streams[number].max_stream_data_local
    (sent,) = door.notes(key)
    assert 200_000 - 65536 <= sent * 65536 <= allowed


def test_interim_responses(client: Client) -> None:
    """Early hints come before the head; 100 comes when the content is wanted."""
    number = client.request("/extension/early_hint")
    hint = client.wait(HeadersReceived, number)
    assert hint.headers == [(b":status", b"103"), (b"link", b"</a.css>; rel=preload"), (b"link", b"</b.js>")]
    assert client.response(number)[1] == b"hinted"
    number = client.request("/echo", (b"expect", b"100-continue"), method=b"POST", end=False)
    assert client.head(number) == {b":status": b"100"}
    client.send(number, b"content", end=True)
    assert client.response(number)[1] == b"content"


def test_trailers_both_ways(client: Client) -> None:
    """Trailers follow the content of a response; those of a request are passed over."""
    number = client.request("/extension/trailers", (b"te", b"trailers"))
    assert client.head(number)[b":status"] == b"200"
    assert client.head(number) == {b"x-a": b"1", b"x-b": b"2"}
    assert client.content[number] == b"content"
    number = client.request("/echo", method=b"POST", end=False)
    client.send(number, b"content")
    client.h3.send_headers(number, [(b"x-a", b"1")], end_stream=True)
    client.flush()
    assert client.response(number)[1] == b"content"


def test_responses_without_content(client: Client) -> None:
    """HEAD and 204 end without DATA."""
    for number in (client.request("/status/204"), client.request("/status/200", method=b"HEAD")):
        assert client.response(number)[1] == b""
        assert not any(isinstance(e, DataReceived) and e.data for e in client.events)


@pytest.mark.parametrize(("path", "content"), [("pathsend", bytes(range(256)) * 4096), ("zerocopysend", b"<ABCabDE>")])
def test_files(client: Client, path: str, content: bytes) -> None:
    """Path send and zero copy send work as content does."""
    assert client.response(client.request(f"/extension/{path}"))[1] == content


def test_streams_do_not_wait_for_each_other(client: Client) -> None:
    """A slow call does not hold up another stream."""
    slow = client.request("/slow")
    assert client.response(client.request("/"))[1] == b"hello"
    assert client.response(slow)[1] == b"/slow"


def test_failures_stay_with_their_stream(client: Client) -> None:
    """An exception is a 500, or a reset once the response has begun; other streams go on."""
    slow = client.request("/slow")
    for path in ("/raises", "/returns"):
        assert client.response(client.request(path))[0][b":status"] == b"500"
    broken = client.request("/broken")
    assert client.head(broken)[b":status"] == b"200"
    assert client.wait(StreamReset, broken).error_code == INTERNAL_ERROR
    assert client.content[broken] == b"half"
    assert client.response(slow)[1] == b"/slow"


def test_content_length_and_connection_fields(client: Client) -> None:
    """Fields of HTTP/1.1 connections are left out, and a wrong length resets the stream."""
    assert b"connection" not in client.response(client.request("/close"))[0]
    number = client.request("/length/4")
    assert client.wait(StreamReset, number).error_code == INTERNAL_ERROR
    assert client.response(client.request("/length/5"))[1] == b"xxxxx"


def test_a_request_that_is_not_needed_is_declined(client: Client) -> None:
    """A response before the content of its request is complete, and the client is asked to send no more."""
    number = client.request("/", method=b"POST", end=False)
    assert client.response(number)[1] == b"hello"
    assert client.wait(StopSendingReceived, number).error_code == NO_ERROR


@pytest.mark.parametrize("how", ["reset", "stop"])
def test_a_stream_that_is_given_up_is_a_disconnect_for_its_call_alone(client: Client, door: Door, how: str) -> None:
    """RESET_STREAM with STOP_SENDING, or the latter alone, gives http.disconnect, and OSError to send()."""
    key = f"{how}-{door.port}"
    slow = client.request("/slow")
    number = client.request(f"/left?{key}", method=b"POST", end=False)
    client.wait(DataReceived, number)
    if how == "reset":
        client.reset(number)
    else:
        client.quic.stop_stream(number, 0x10C)
        client.flush()
    assert notes(client, key, 2) == [[True, False], [True, False]]
    assert client.response(slow)[1] == b"/slow"


def test_a_request_that_is_broken_off_is_a_disconnect(client: Client, door: Door) -> None:
    """RESET_STREAM in the middle of the content gives what came before, then http.disconnect; a reset answers it."""
    key = f"broken-{door.port}"
    number = client.request(f"/events?{key}", method=b"POST", end=False)
    client.send(number, b"half")
    assert notes(client, key) == [["http.request", "half", True]]
    client.quic.reset_stream(number, 0x10C)
    client.flush()
    assert notes(client, key, 4)[1:] == [["http.disconnect", "", None]] * 3
    assert client.wait(StreamReset, number).error_code == 0x10C


def test_a_closed_connection_is_a_disconnect_for_all(door: Door) -> None:
    """All calls of a connection that is closed receive http.disconnect."""
    key = f"closed-{door.port}"
    with door.connect() as client:
        for _ in range(3):
            client.request(f"/events?{key}", method=b"POST", end=False)
        client.response(client.request("/"))
    assert door.notes(key, 9) == [["http.disconnect", "", None]] * 9


def test_a_silent_client_is_a_disconnect(door: Door) -> None:
    """A connection on which nothing comes for the time that both ends agreed on has ended."""
    key = f"silent-{door.port}"
    client = door.connect(idle_timeout=0.3)
    client.request(f"/events?{key}", method=b"POST", end=False)
    client.response(client.request("/"))
    client.socket.close()
    assert door.notes(key, 3) == [["http.disconnect", "", None]] * 3


HEAD = {b":method": b"GET", b":scheme": b"https", b":authority": b"t", b":path": b"/hello?bad-h3"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({b":path": b""}, None),
        ({b":path": None, b":scheme": None}, b"400"),
        ({b":path": b"/a b"}, b"400"),
        ({b":path": b"x"}, b"400"),
        ({b":foo": b"x"}, None),
        ({b"X-A": b"1"}, None),
        ({b"x-a": b"a\nb"}, None),
        ({b"connection": b"close"}, None),
        ({b"te": b"gzip"}, None),
        ({b"content-length": b"5"}, None),
        ({b":authority": b"a/b"}, b"400"),
        ({b":method": b"CONNECT"}, b"501"),
        ({b":method": b"CONNECT", b":protocol": b"foo"}, b"501"),
        ({b":method": b"CONNECT", b":protocol": b"websocket"}, b"501"),
        ({b"x-%d" % number: b"x" * 1000 for number in range(66)}, b"431"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_malformed_requests_do_not_reach_the_application(
    client: Client, fields: dict[bytes, bytes | None], status: bytes | None
) -> None:
    """What cannot be served is answered, or its stream is reset; the connection goes on."""
    head: dict[bytes, bytes | None] = {**HEAD, **fields}
    pairs = [(name, value) for name, value in head.items() if value is not None]
    number = client.send_head(sorted(pairs, key=lambda pair: pair[0][:1] != b":"))
    if status is None:
        assert client.wait(StreamReset, number).error_code == MESSAGE_ERROR
    else:
        assert client.response(number)[0][b":status"] == status
    assert notes(client, "bad-h3", 0) == []


def test_a_malformed_request_that_had_to_wait_for_its_fields_is_reset(client: Client) -> None:
    """A header block may come before what it refers to; when it turns out to be malformed, its stream alone ends."""
    fields = [*HEAD.items(), (b"x-new", b"1"), (b"X-Large", b"2")]
    client.response(client.request("/"))
    instructions, number = b"", client.quic.get_next_available_stream_id()
    while not instructions:  # fields come into the table when they are seen more than once
        instructions, block = client.h3._encoder.encode(number, fields)
    client.quic.send_stream_data(number, encode_frame(FrameType.HEADERS, block), end_stream=True)
    client.flush()
    assert client.h3._local_encoder_stream_id is not None
    client.quic.send_stream_data(client.h3._local_encoder_stream_id, instructions)
    client.flush()
    assert client.wait(StreamReset, number).error_code == MESSAGE_ERROR
    assert client.response(client.request("/"))[1] == b"hello"


def test_more_content_than_declared_ends_the_call(client: Client, door: Door) -> None:
    """Content that does not fit the content-length resets the stream, and the call is told."""
    key = f"mismatch-{door.port}"
    number = client.request(f"/events?{key}", (b"content-length", b"5"), method=b"POST", end=False)
    client.send(number, b"abc")
    assert notes(client, key) == [["http.request", "abc", True]]
    client.send(number, b"", end=True)
    assert client.wait(StreamReset, number).error_code == MESSAGE_ERROR
    assert notes(client, key, 4)[1:] == [["http.disconnect", "", None]] * 3


def test_websockets_are_not_announced(client: Client) -> None:
    """The settings do not offer extended CONNECT, and say how large the fields of a request may be."""
    client.response(client.request("/"))
    settings = client.h3.received_settings
    assert settings is not None
    assert Setting.ENABLE_CONNECT_PROTOCOL not in settings
    assert settings[Setting.MAX_FIELD_SECTION_SIZE] == 65536


def test_an_error_of_the_connection_ends_it(door: Door) -> None:
    """A frame where it cannot be closes the connection, with its error, and its calls are told."""
    key = f"error-{door.port}"
    client = door.connect()
    client.request(f"/events?{key}", method=b"POST", end=False)
    client.response(client.request("/"))
    number = client.quic.get_next_available_stream_id()
    client.quic.send_stream_data(number, b"\x00\x01x")  # DATA before HEADERS
    client.flush()
    assert client.wait(ConnectionTerminated).error_code == 0x105
    client.socket.close()
    assert door.notes(key, 3) == [["http.disconnect", "", None]] * 3


def test_noise_is_nobodys(client: Client, door: Door) -> None:
    """Datagrams that are no packets do no harm; another version of QUIC is told which ones are spoken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(LIMIT)
        sock.connect(("127.0.0.1", door.port))
        for noise in (b"", b"\x40", b"\xc0", bytes(1200), b"\x45" * 1200, b"\xff" * 1200):
            sock.send(noise)
        sock.send(b"\xc0\x1a\x2a\x3a\x4a\x08" + b"d" * 8 + b"\x08" + b"s" * 8 + bytes(1200))
        answer = sock.recv(2000)
    assert answer[1:5] == bytes(4)
    assert answer[5:23] == b"\x08" + b"s" * 8 + b"\x08" + b"d" * 8
    assert b"\x00\x00\x00\x01" in answer[23:]
    assert client.response(client.request("/"))[1] == b"hello"


def test_nothing_is_left_of_a_connection(client: Client, door: Door) -> None:
    """Connections that were closed leave no task, no file and no object behind."""
    client.response(client.request("/"))
    before = json.loads(client.response(client.request("/house"))[1])
    for path in ("/", "/broken", "/slow", "/events"):
        with door.connect() as other:
            other.request(path, end=path != "/events")
            client.response(client.request("/"))
    with door.connect() as other:
        other.reset(other.request("/events?nobody", end=False))
        other.response(other.request("/"))
    for _ in range(10):  # the calls of /slow may go on for a moment
        if json.loads(client.response(client.request("/house"))[1]) == before:
            break
        client.response(client.request("/slow"))
    assert json.loads(client.response(client.request("/house"))[1]) == before
