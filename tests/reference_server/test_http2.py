"""HTTP/2 by prior knowledge."""

from __future__ import annotations

from collections.abc import Iterator

import h2.events
import h2.settings
import pytest
from h2.connection import ConnectionState
from hyperframe.frame import DataFrame, SettingsFrame
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, TextMessage

from .conftest import Running, Start
from .h2client import Client


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    """A connection to the server."""
    with server.connect() as sock:
        yield Client(sock)


def test_scope_and_response(client: Client) -> None:
    """The authority is the host and the first header; pseudo-headers are gone; cookies are all there."""
    head, content = client.response(client.request("/scope/%20x?q=1", ("cookie", "a=1"), ("cookie", "b=2")))
    assert head[":status"] == "200"
    text = content.decode()
    assert "'http_version': '2'" in text
    assert "'headers': [(b'host', b'test'), (b'cookie', b'a=1'), (b'cookie', b'b=2')]" in text
    assert "'path': '/scope/ x'" in text


def test_streams_do_not_wait_for_each_other(client: Client) -> None:
    """A slow call does not hold up another stream."""
    slow = client.request("/slow")
    assert client.response(client.request("/"))[1] == b"hello"
    assert client.response(slow)[1] == b"/slow"


def test_bodies_of_any_size_come_through_both_ways(client: Client) -> None:
    """A body that is larger than all windows arrives, and comes back."""
    number = client.request("/echo", method="POST", end=False)
    body = bytes(range(256)) * 2048
    sent = 0
    while sent < len(body):
        room = min(client.h2.local_flow_control_window(number), client.h2.max_outbound_frame_size, len(body) - sent)
        if not room:
            client.read()
            continue
        client.h2.send_data(number, body[sent : sent + room])
        client.flush()
        sent += room
    client.h2.end_stream(number)
    client.flush()
    client.wait(h2.events.ResponseReceived, number)
    content = b""
    while len(content) < len(body):
        event = client.wait(h2.events.DataReceived, number)
        content += event.data
        client.h2.acknowledge_received_data(event.flow_controlled_length, number)
        client.flush()
    assert content == body


def test_a_window_of_ten_bytes_is_kept(server: Running) -> None:
    """No more content is sent than the stream's window allows."""
    with server.connect() as sock:
        client = Client(sock, {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 10})
        number = client.request("/scope")
        client.wait(h2.events.ResponseReceived, number)
        assert len(client.wait(h2.events.DataReceived, number).data) == 10
        client.h2.increment_flow_control_window(100_000, number)
        client.flush()
        client.wait(h2.events.StreamEnded, number)


def test_content_length_and_connection_fields(client: Client) -> None:
    """Fields of HTTP/1.1 connections are left out, names are as they were, and a wrong length resets the stream."""
    head, _ = client.response(client.request("/close"))
    assert "connection" not in head
    number = client.request("/length/4")
    assert client.wait(h2.events.StreamReset, number).error_code != 0
    assert client.response(client.request("/"))[1] == b"hello"


def test_responses_without_content(client: Client) -> None:
    """HEAD and 204 end without content."""
    assert client.response(client.request("/status/204"))[1] == b""
    assert client.response(client.request("/status/200", method="HEAD"))[1] == b""


def test_failures_stay_with_their_stream(client: Client) -> None:
    """An exception is a 500, or a reset once the response has begun; other streams go on."""
    slow = client.request("/slow")
    assert client.response(client.request("/raises"))[0][":status"] == "500"
    broken = client.request("/broken")
    assert client.wait(h2.events.StreamReset, broken).error_code == 2
    assert client.response(slow)[1] == b"/slow"


def test_a_reset_is_a_disconnect_for_its_call_alone(client: Client, server: Running) -> None:
    """RST_STREAM gives http.disconnect to that call, and OSError to its send()."""
    key = f"reset-{server.port}"
    slow = client.request("/slow")
    number = client.request(f"/left?{key}")
    client.wait(h2.events.DataReceived, number)
    client.h2.reset_stream(number, 8)
    client.flush()
    assert server.notes(key, 2) == [[True, False], [True, False]]
    assert client.response(slow)[1] == b"/slow"


def test_a_lost_connection_is_a_disconnect_for_all(server: Running) -> None:
    """All calls of a connection that ends receive http.disconnect."""
    key = f"lost-{server.port}"
    with server.connect() as sock:
        client = Client(sock)
        for _ in range(3):
            client.request(f"/events?{key}", method="POST", end=False)
        client.response(client.request("/"))
    assert server.notes(key, 9) == [["http.disconnect", "", None]] * 9


@pytest.mark.parametrize(
    "fields",
    [
        {":path": None},
        {":path": ""},
        {":path": "/a b"},
        {":path": "x"},
        {":foo": "x"},
        {"X-A": "1"},
        {"x-a": "a\nb"},
        {"connection": "close"},
        {"te": "gzip"},
        {":authority": "a/b"},
        {":method": "CONNECT"},
        {":method": "CONNECT", ":protocol": "foo"},
    ],
    ids=str,
)
def test_malformed_requests_do_not_reach_the_application(server: Running, fields: dict[str, str | None]) -> None:
    """A malformed request is answered with 4xx or 501, a reset, or the end of the connection."""
    with server.connect() as sock:
        client = Client(sock)
        head: dict[str, str | None] = {":method": "GET", ":scheme": "http", ":authority": "t", ":path": "/hello?bad-h2"}
        pairs = [(name, value) for name, value in {**head, **fields}.items() if value is not None]
        client.h2.config.normalize_outbound_headers = False
        client.h2.send_headers(1, sorted(pairs, key=lambda pair: pair[0][:1] != ":"), end_stream=True)
        client.flush()
        while not client.ended and not any(isinstance(e, h2.events.ResponseReceived) for e in client.events):
            client.read()
        for event in client.events:
            if isinstance(event, h2.events.ResponseReceived):
                assert dict(event.headers)[b":status"] in (b"400", b"501")
    assert server.notes("bad-h2", 0) == []


def test_a_connection_error_ends_in_goaway(client: Client) -> None:
    """DATA on stream 0 is answered with GOAWAY and the end of the connection."""
    client.socket.sendall(b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x")
    assert client.wait(h2.events.ConnectionTerminated).error_code == 1
    while not client.ended:
        client.read()


def test_goaway_of_the_client_lets_streams_complete(client: Client) -> None:
    """A stream that is in progress when the client says GOAWAY is completed."""
    number = client.request("/slow")
    client.socket.sendall(b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8))
    assert client.response(number)[1] == b"/slow"
    while not client.ended:
        client.read()


def test_a_stop_lets_streams_complete(serve: Start) -> None:
    """On SIGTERM the server says GOAWAY with the last stream, completes it, and ends."""
    server = serve()
    with server.connect() as sock:
        client = Client(sock)
        number = client.request("/slow")
        client.wait(h2.events.SettingsAcknowledged)
        client.response(client.request("/"))
        server.process.terminate()
        goaway = client.wait(h2.events.ConnectionTerminated)
        assert (goaway.error_code, goaway.last_stream_id) == (0, 3)
        client.h2.state_machine.state = ConnectionState.CLIENT_OPEN
        assert client.response(number)[1] == b"/slow"
    assert server.process.wait(10) == 0


def test_trailers_hints_and_pushes(client: Client) -> None:
    """Trailers follow the content, hints come before the head, a push is a call of its own."""
    number = client.request("/extension/trailers", ("te", "trailers"))
    client.wait(h2.events.ResponseReceived, number)
    assert client.wait(h2.events.TrailersReceived, number).headers == [(b"x-a", b"1"), (b"x-b", b"2")]
    number = client.request("/extension/early_hint")
    hint = client.wait(h2.events.InformationalResponseReceived, number)
    assert hint.headers == [(b":status", b"103"), (b"link", b"</a.css>; rel=preload"), (b"link", b"</b.js>")]
    number = client.request("/extension/push")
    promise = client.wait(h2.events.PushedStreamReceived)
    assert (b":path", b"/scope/%C3%A9%20x") in promise.headers
    assert client.response(number)[1] == b"pushed"
    pushed = client.response(promise.pushed_stream_id)[1].decode()
    assert "'path': '/scope/é x'" in pushed
    assert "(b'host', b'test'), (b'x-pushed', b'yes')" in pushed


def test_no_push_to_a_client_that_does_not_want_it(server: Running) -> None:
    """With push disabled the response comes alone."""
    with server.connect() as sock:
        client = Client(sock, {h2.settings.SettingCodes.ENABLE_PUSH: 0})
        assert client.response(client.request("/extension/push"))[1] == b"pushed"
        assert not [event for event in client.events if isinstance(event, h2.events.PushedStreamReceived)]


def test_files_over_http_2(client: Client) -> None:
    """Path send and zero copy send work as content does."""
    assert client.response(client.request("/extension/zerocopysend"))[1] == b"<ABCabDE>"


def test_websocket_over_http_2(client: Client, server: Running) -> None:
    """An extended CONNECT is a WebSocket; its close ends the stream and nothing else."""
    client.wait(h2.events.RemoteSettingsChanged)
    key = f"ws2-{server.port}"
    fields = [("sec-websocket-version", "13"), ("sec-websocket-protocol", "a, b")]
    number = client.h2.get_next_available_stream_id()
    pseudo = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http")]
    client.h2.send_headers(number, [*pseudo, (":authority", "test"), (":path", f"/ws?{key}"), *fields])
    client.flush()
    head = dict(client.wait(h2.events.ResponseReceived, number).headers)
    assert head[b":status"] == b"200"
    assert head[b"sec-websocket-protocol"] == b"b"
    frames = Connection(ConnectionType.CLIENT)
    for byte in frames.send(TextMessage(data="héllo")):
        client.h2.send_data(number, bytes([byte]))
    client.flush()
    frames.receive_data(client.wait(h2.events.DataReceived, number).data)
    assert next(frames.events()).data == "héllo"  # type: ignore[attr-defined]
    client.h2.send_data(number, frames.send(CloseConnection(code=3000, reason="bye")))
    client.flush()
    frames.receive_data(client.wait(h2.events.DataReceived, number).data)
    assert next(frames.events()).code == 3000  # type: ignore[attr-defined]
    client.wait(h2.events.StreamEnded, number)
    assert server.notes(key, 2) == [[3000, "bye"], "OSError"]
    assert client.response(client.request("/"))[1] == b"hello"


def test_the_first_frame_is_settings(server: Running) -> None:
    """The server's preface is SETTINGS, and it announces WebSocket over HTTP/2."""
    with server.connect() as sock:
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
        header = sock.recv(9)
        frame, length = SettingsFrame.parse_frame_header(memoryview(header))
        frame.parse_body(memoryview(sock.recv(length)))
        assert isinstance(frame, SettingsFrame)
        assert frame.settings[8] == 1
        assert not isinstance(frame, DataFrame)
