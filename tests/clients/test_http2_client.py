"""Unit tests of HTTP/2 over a connection: against the h2 package as a server, and against exact frames."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import pytest

from asgi_conformance.clients.frames import Frame, FrameReader, Opcode, encode
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.clients.http2 import (
    ErrorCode,
    FrameType,
    GoAway,
    Http2Connection,
    Http2Frame,
    NotHttp2,
    Setting,
)
from asgi_conformance.clients.http2_frames import PREFACE
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.clients.websocket import CloseSeen, WebSocketClient
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut
from tests.clients.scripted_server import DEADLINE, Peer, wired

pytestmark = pytest.mark.anyio

SETTINGS = Http2Frame(FrameType.SETTINGS).encode()
OK = Http2Frame(FrameType.HEADERS, 0x4, 1, b"\x88").encode()

#: By this PING the client tells a scripted server that all its requests are out.
MARK = b"all sent"


class Server:
    """The h2 package on the other side: ``events`` until the client has gone, each given to ``on`` as it comes."""

    def __init__(self, peer: Peer, *, pieces: int = 0, **settings: int) -> None:
        self.peer = peer
        self.pieces = pieces
        self.events: list[h2.events.Event] = []
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        values = {h2.settings.SettingCodes[key]: value for key, value in settings.items()}
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=values)

    async def run(self, on: Callable[[h2.events.Event], Awaitable[None]]) -> None:
        """Speak HTTP/2 until the client closes."""
        self.h2.initiate_connection()
        await self.flush()
        while data := await self.peer.reader.read(65536):
            for event in self.h2.receive_data(data):
                self.events.append(event)
                await on(event)
            await self.flush()

    async def flush(self) -> None:
        """Write what h2 has to say."""
        await self.peer.sends(self.h2.data_to_send(), pieces=self.pieces)

    def responds(self, stream: int, body: bytes = b"", *, status: bytes = b"200") -> None:
        """Answer with a status and a short body."""
        self.h2.send_headers(stream, [(b":status", status), (b"x-stream", b"%d" % stream)])
        self.h2.send_data(stream, body, end_stream=True)

    def of(self, kind: type[h2.events.Event]) -> list[h2.events.Event]:
        """The events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]


On = Callable[[Server, h2.events.Event], Awaitable[None]]


@asynccontextmanager
async def connected(
    on: On,
    *,
    deadline: float = DEADLINE,
    pieces: int = 0,
    client_settings: dict[int, int] | None = None,
    **settings: int,
) -> AsyncIterator[tuple[Http2Connection, Server]]:
    """A started connection to an h2 server that calls ``on`` for each event."""
    servers: list[Server] = []

    async def script(peer: Peer) -> None:
        server = Server(peer, pieces=pieces, **settings)
        servers.append(server)
        await server.run(lambda event: on(server, event))

    numbers = itertools.count(1)
    async with wired(script, deadline=deadline) as wire:
        connection = await Http2Connection.open(wire, lambda: f"t{next(numbers)}", settings=client_settings)
        yield connection, servers[0]
        await connection.close()


@asynccontextmanager
async def talking_to(
    script: Callable[[Peer], Awaitable[None]], *, deadline: float = DEADLINE
) -> AsyncIterator[Http2Connection]:
    """A started connection to a server that, after its SETTINGS, does what ``script`` says, frame by frame."""

    async def whole(peer: Peer) -> None:
        await peer.reads(len(PREFACE))
        await peer.sends(SETTINGS)
        await script(peer)

    async with wired(whole, deadline=deadline) as wire:
        yield await Http2Connection.open(wire)


async def echo(server: Server, event: h2.events.Event) -> None:
    """Answer each request when it has ended, with its body."""
    if isinstance(event, h2.events.DataReceived):
        server.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
    if isinstance(event, h2.events.StreamEnded):
        parts = [each.data for each in server.of(h2.events.DataReceived) if each.stream_id == event.stream_id]  # type: ignore[attr-defined]
        server.responds(event.stream_id, b"".join(parts)[:100])


@pytest.mark.parametrize("pieces", [0, 1])
async def test_requests_and_responses(pieces: int) -> None:
    """Requests of one client travel on streams of their own, and are answered in their order."""
    async with connected(echo, pieces=pieces) as (connection, server):
        client = connection.open_stream()
        generic: HttpClient = client
        await generic.request("PUT", "/a?b", [(b"X-Y", b"z"), (b"Host", b"me")], b"body")
        await generic.request("GET", "/", tag=False)
        first, second = await generic.response(), await generic.response()
        assert (first.body, second.body, client.tag) == (b"body", b"", "t1")
        assert first.complete
        assert [response.values(b"X-Stream") for response in (first, second)] == [[b"1"], [b"3"]]
        assert await generic.ended() == "closed"
        notes = [entry["text"] for entry in connection.wire.trace.entries() if entry["kind"] == "note"]
        assert any(note.startswith("sends :method: PUT, ") for note in notes)
        assert any(
            note.startswith("received HEADERS on") and note.endswith(": :status: 200, x-stream: 1") for note in notes
        )
        requests = [event.headers for event in server.of(h2.events.RequestReceived)]  # type: ignore[attr-defined]
        assert requests[0] == [
            (b":method", b"PUT"),
            (b":scheme", b"http"),
            (b":authority", b"me"),
            (b":path", b"/a?b"),
            (b"x-y", b"z"),
            (b"content-length", b"4"),
            (b"x-exchange", b"t1"),
        ]
        assert requests[1][2:] == [(b":authority", connection.wire.address.authority), (b":path", b"/")]


async def test_streams_awaited_at_once() -> None:
    """Many streams may be awaited at once, in any order of their answers."""

    async def backwards(server: Server, event: h2.events.Event) -> None:
        if len(server.of(h2.events.StreamEnded)) == 20:
            for number in range(39, 0, -2):
                server.responds(number, b"%d" % number)
            server.events.clear()

    async with connected(backwards) as (connection, _):
        clients = [connection.open_stream() for _ in range(20)]
        waiting = []
        for client in clients:
            await client.request()
            waiting.append(asyncio.ensure_future(client.response()))
        responses = await asyncio.gather(*waiting)
        assert [response.body for response in responses] == [b"%d" % number for number in range(1, 40, 2)]
        await clients[0].close()
        assert not connection.wire.closed
        for client in clients[1:]:
            await client.close()
        assert connection.wire.closed


async def test_large_bodies_in_both_directions() -> None:
    """Bodies far beyond the windows come through, as each side gives window."""
    size = 1_000_000
    left = {1: size}

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.DataReceived):
            server.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if isinstance(event, h2.events.StreamEnded):
            server.h2.send_headers(1, [(b":status", b"200")])
            left[1] = size
        if server.of(h2.events.StreamEnded):
            while left[1] and (piece := min(left[1], server.h2.local_flow_control_window(1), 16384)):
                left[1] -= piece
                server.h2.send_data(1, bytes(piece), end_stream=not left[1])

    async with connected(on) as (connection, server):
        client = connection.open_stream()
        await client.start_request("POST", "/", length=size)
        await client.send_body(bytes(size))
        await client.end_body()
        assert len((await client.response()).body) == size
        bodies = [event.data for event in server.of(h2.events.DataReceived)]  # type: ignore[attr-defined]
        assert sum(map(len, bodies)) == size


async def test_stalled_stream() -> None:
    """A stalled client gives no window until it says so, and other streams go on."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived) and event.stream_id == 1:
            server.h2.send_headers(1, [(b":status", b"200")])
        elif isinstance(event, h2.events.StreamEnded) and event.stream_id != 1:
            server.responds(event.stream_id)
        if server.of(h2.events.RequestReceived) and (window := server.h2.local_flow_control_window(1)) > 0:
            with contextlib.suppress(h2.exceptions.ProtocolError):  # the client may have left in the meantime
                server.h2.send_data(1, bytes(min(window, 16384)))

    async with connected(on, client_settings={Setting.INITIAL_WINDOW_SIZE: 10}) as (connection, _):
        client, neighbour = connection.open_stream(), connection.open_stream()
        await client.request("POST", body=b"")
        client.stall()
        assert await client.body_until(10) == bytes(10)
        await neighbour.request()
        assert (await neighbour.response()).complete
        assert await client.body_until(0) == bytes(10)
        client.acknowledge(5)
        assert await client.body_until(15) == bytes(15)
        client.acknowledge()
        await client.body_until(100)
        await client.reset()
        await connection.ping()
        assert client.stream.left


async def test_client_settings_are_awaited() -> None:
    """New settings of the client count once the server has acknowledged them."""
    async with connected(echo) as (connection, server):
        await connection.send_settings({Setting.MAX_FRAME_SIZE: 20000})
        assert connection.state.local[Setting.MAX_FRAME_SIZE] == 20000
        assert server.h2.remote_settings.max_frame_size == 20000


async def test_trailers_and_informational() -> None:
    """Trailers go both ways; 1xx responses are kept."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.TrailersReceived):
            server.h2.send_headers(1, [(b":status", b"103"), (b"link", b"<a>")])
            server.h2.send_headers(1, [(b":status", b"200")])
            server.h2.send_data(1, b"x")
            server.h2.send_headers(1, [(b"x-sum", b"1")], end_stream=True)

    async with connected(on) as (connection, server):
        client = connection.open_stream()
        await client.start_request()
        await client.send_body(b"abc")
        await client.end_body([(b"X-Trailer", b"t")])
        response = await client.response()
        assert response.trailers == [(b"x-sum", b"1")]
        assert [each.status for each in response.informational] == [103]
        assert server.of(h2.events.TrailersReceived)[0].headers == [(b"x-trailer", b"t")]  # type: ignore[attr-defined]


async def test_early_answer_ends_the_upload() -> None:
    """A server that answers early and gives no window, or resets the stream, does not block the client."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            server.responds(event.stream_id, status=b"413")
            if event.stream_id == 3:
                server.h2.reset_stream(3, ErrorCode.NO_ERROR)

    async with connected(on) as (connection, _):
        for _ in range(2):
            client = connection.open_stream()
            await client.start_request()
            await client.head()
            await client.send_body(bytes(100_000))
            await client.end_body()
            response = await client.response()
            assert (response.status, response.complete) == (413, True)


async def test_no_window() -> None:
    """A server that gives no window ends the upload with the deadline."""

    async def on(server: Server, event: h2.events.Event) -> None:
        pass

    async with connected(on, deadline=0.1) as (connection, _):
        client = connection.open_stream()
        with pytest.raises(TimedOut, match="window for 34465 more bytes of DATA on stream 1"):
            await client.request("POST", body=bytes(100_000))


async def test_reset_by_the_server() -> None:
    """RST_STREAM is told with its code, and concerns one stream."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.StreamEnded):
            if event.stream_id == 3:
                server.h2.send_headers(3, [(b":status", b"200")])
                server.h2.send_data(3, b"par")
            if event.stream_id < 7:
                server.h2.reset_stream(event.stream_id, ErrorCode.INTERNAL_ERROR)
            else:
                server.responds(event.stream_id)

    async with connected(on) as (connection, _):
        client = connection.open_stream()
        for _ in range(4):
            await client.request()
        with pytest.raises(Broken, match="the server reset the stream with INTERNAL_ERROR"):
            await client.head()
        assert await client.next_response_or_end() is None
        response = await client.response()
        assert (response.body, response.complete, response.ended, response.reset_code) == (b"par", False, "reset", 2)
        assert await client.next_response_or_end() is None
        last = await client.next_response_or_end()
        assert last is not None
        assert last.complete
        with pytest.raises(SuiteError):
            await client.response()


async def test_reset_by_the_client() -> None:
    """Leaving resets the unfinished streams of one client, and no others."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.StreamReset):
            server.responds(1, b"still here")

    async with connected(on) as (connection, server):
        neighbour, client = connection.open_stream(), connection.open_stream()
        await neighbour.request()
        await client.start_request()
        await client.close()
        assert (await neighbour.response()).body == b"still here"
        (reset,) = server.of(h2.events.StreamReset)
        assert (reset.stream_id, reset.error_code) == (3, ErrorCode.CANCEL)  # type: ignore[attr-defined]
        with pytest.raises(Broken, match="the client had reset the stream"):
            await client.head()


async def test_ping() -> None:
    """PING comes back with its bytes."""
    async with connected(echo) as (connection, _):
        assert await connection.ping(b"12345678") == b"12345678"
        with pytest.raises(SuiteError):
            await connection.ping(b"short")


async def test_goaway_reaches_every_waiter() -> None:
    """A connection error of the server ends every wait at once, with its code and words."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end_of(MARK)
        goaway = (3).to_bytes(4, "big") + ErrorCode.PROTOCOL_ERROR.to_bytes(4, "big") + b"no!"
        await peer.sends(Http2Frame(FrameType.GOAWAY, 0, 0, goaway).encode())
        await peer.reads_until_end()

    async with talking_to(script) as connection:
        clients = [connection.open_stream() for _ in range(3)]
        for number, client in enumerate(clients):
            await client.request("GET", f"/{number}")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        waits = [client.response() for client in clients] + [connection.ping(), clients[0].body_until(1)]
        for outcome in await asyncio.gather(*waits, return_exceptions=True):
            assert isinstance(outcome, Broken)
            assert not isinstance(outcome, TimedOut)
            assert "GOAWAY (PROTOCOL_ERROR, last stream 3, b'no!')" in outcome.observed
        assert await connection.goaway() == GoAway(3, ErrorCode.PROTOCOL_ERROR, b"no!")


async def test_graceful_goaway() -> None:
    """After a GOAWAY without an error the streams up to its last one go on, and later ones are refused."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end_of(MARK)
        await peer.sends(Http2Frame(FrameType.GOAWAY, 0, 0, (1).to_bytes(4, "big") + bytes(4)).encode())
        await peer.sends(OK + Http2Frame(FrameType.DATA, 1, 1, b"last").encode())
        await peer.reads_until_end()

    async with talking_to(script) as connection:
        first, second = connection.open_stream(), connection.open_stream()
        await first.request("GET", "/1")
        await second.request("GET", "/2")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        assert (await first.response()).body == b"last"
        with pytest.raises(Broken, match=r"GOAWAY \(NO_ERROR, last stream 1\)"):
            await second.response()


@pytest.mark.parametrize("reset", [False, True])
async def test_lost_connection(reset: bool) -> None:
    """A lost connection leaves what was begun incomplete and breaks what was not."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end_of(MARK)
        await peer.sends(OK + Http2Frame(FrameType.DATA, 0, 1, b"half").encode())
        await peer.reads_until_end_of(b"go on..!")
        if reset:
            peer.resets()

    async with talking_to(script) as connection:
        first, second = connection.open_stream(), connection.open_stream()
        await first.request("GET", "/1")
        await second.request("GET", "/2")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        await first.body_until(4)
        connection.send_frame(FrameType.PING, 0, 0, b"go on..!")
        how = "reset" if reset else "closed"
        response = await first.response()
        assert (response.body, response.complete, response.ended) == (b"half", False, how)
        with pytest.raises(Broken, match=f"the server {how} the connection"):
            await second.response()
        assert await second.ended() == await connection.ended() == how


async def test_errors_of_the_server_reach_every_waiter() -> None:
    """A frame that breaks the connection is told to all that wait; what was complete stays so."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end_of(MARK)
        await peer.sends(Http2Frame(FrameType.HEADERS, 0x5, 1, b"\x88").encode())
        await peer.sends(Http2Frame(FrameType.DATA, 0, 99, b"?").encode())
        await peer.reads_until_end()

    async with talking_to(script) as connection:
        first, second = connection.open_stream(), connection.open_stream()
        await first.request("GET", "/1")
        await second.request("GET", "/2")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        assert (await first.response()).complete
        for _ in range(2):
            with pytest.raises(Broken, match="DATA on stream 99"):
                await second.response()
        with pytest.raises(Broken, match="DATA on stream 99"):
            await connection.ping()


async def test_malformed_response() -> None:
    """A malformed response breaks its stream only."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end_of(MARK)
        await peer.sends(Http2Frame(FrameType.HEADERS, 0x5, 1, b"\x88\0\1X\1y").encode())
        await peer.sends(Http2Frame(FrameType.HEADERS, 0x5, 3, b"\x88").encode())
        await peer.reads_until_end()

    async with talking_to(script) as connection:
        first, second = connection.open_stream(), connection.open_stream()
        await first.request("GET", "/1")
        await second.request("GET", "/2")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        with pytest.raises(Broken, match="the header name b'X' is not a token in lower case, on stream 1"):
            await first.response()
        assert (await second.response()).complete


async def test_silence_is_told() -> None:
    """A wait that ends with the deadline says what came last."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\0\0\5")
        await peer.reads_until_end()

    async with talking_to(script, deadline=0.1) as connection:
        client = connection.open_stream()
        await client.request()
        with pytest.raises(TimedOut) as caught:
            await client.response()
        assert caught.value.expected == "the head of a response on stream 1"
        assert caught.value.observed == "it did not come within 0.1 s; the last frames: SETTINGS; unread are 3 bytes"


@pytest.mark.parametrize(
    ("answer", "observed"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the server answered with HTTP/1: b'HTTP/1.1 400"),
        (b"\x15\x03\x01\x00\x02\x02\x46 and more", "the first bytes from the server are no SETTINGS frame"),
        (b"", "the server closed the connection"),
    ],
)
async def test_servers_without_http2(answer: bytes, observed: str) -> None:
    """A server that does not speak HTTP/2 is told from one that speaks it badly."""

    async def script(peer: Peer) -> None:
        await peer.reads(len(PREFACE))
        await peer.sends(answer)

    async with wired(script) as wire:
        with pytest.raises(NotHttp2, match=observed):
            await Http2Connection.open(wire)


async def test_server_that_hangs() -> None:
    """A server that says nothing is no proof that it does not speak HTTP/2."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end()

    async with wired(script, deadline=0.05) as wire:
        with pytest.raises(TimedOut, match="the server's SETTINGS"):
            await Http2Connection.open(wire)


async def test_wrong_frames_go_out_as_told() -> None:
    """Any frame and any header block can be sent, also on a stream of any number."""
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.reads_until_end())

    async with talking_to(script) as connection:
        client = connection.open_stream()
        await client.send_fields([(b"X Y", b"\0")], number=8, most=4)
        connection.send_frame(0x77, 0xFF, 5, b"payload")
        connection.send_frame(FrameType.HEADERS, 0, 11, b"!")
        connection.send_raw(b"raw")
        client.stream.send_window = 0
        connection.send_data(client.stream, b"beyond", end_stream=True)
        assert sorted(connection.state.streams) == [8, 11]
        assert connection.next_number() == 13
    tail = seen[0].partition(Http2Frame(0x4, 1).encode())[2]
    others = [Http2Frame(0x77, 0xFF, 5, b"payload"), Http2Frame(FrameType.HEADERS, 0, 11, b"!")]
    assert tail[9 + 4 :].startswith(b"\0\0\4\x09\4\0\0\0\x08")
    assert b"".join(frame.encode() for frame in others) + b"raw" in tail
    assert tail.endswith(Http2Frame(FrameType.DATA, 1, 8, b"beyond").encode())


async def test_upgraded_connection() -> None:
    """After an upgrade from HTTP/1.1 the answer is read from stream 1, and the next request is on stream 3."""

    async def script(peer: Peer) -> None:
        await peer.reads(len(PREFACE))
        await peer.reads_until_end_of(MARK)
        await peer.sends(Http2Frame(FrameType.HEADERS, 0x5, 3, b"\x88").encode())
        await peer.reads_until_end()

    async with wired(script) as wire:
        connection = Http2Connection(wire)
        await connection.start(surplus=SETTINGS + OK + Http2Frame(FrameType.DATA, 1, 1, b"up").encode(), upgraded=True)
        client = connection.open_stream(1)
        assert (await client.response()).body == b"up"
        await client.request("GET", "/second")
        connection.send_frame(FrameType.PING, 0, 0, MARK)
        assert (await client.response()).complete


async def serve_websocket(server: Server, event: h2.events.Event) -> None:
    """Accept on /, deny elsewhere; echo messages, and answer a close frame."""
    if isinstance(event, h2.events.RequestReceived):
        headers = dict(event.headers)
        assert (headers[b":method"], headers[b":protocol"]) == (b"CONNECT", b"websocket")
        if headers[b":path"] != b"/":
            server.responds(event.stream_id, b"no", status=b"403")
            return
        chosen = headers[b"sec-websocket-protocol"].split(b", ")[-1]
        server.h2.send_headers(event.stream_id, [(b":status", b"200"), (b"sec-websocket-protocol", chosen)])
    if isinstance(event, h2.events.DataReceived) and (data := event.data):
        reader = FrameReader()
        plain = bytes(byte ^ data[2 + index % 4] for index, byte in enumerate(data[6:]))
        reader.feed(bytes([data[0], len(plain)]) + plain)
        frame = reader.next()
        assert frame is not None
        for byte in encode(Frame(frame.opcode, frame.payload, masked=False)):
            server.h2.send_data(event.stream_id, bytes([byte]))
        if frame.opcode == Opcode.CLOSE:
            server.h2.end_stream(event.stream_id)


async def test_websocket_over_a_stream() -> None:
    """A WebSocket over an extended CONNECT works like one over HTTP/1.1, and leaves the connection as it was."""
    async with connected(serve_websocket, ENABLE_CONNECT_PROTOCOL=1) as (connection, server):
        assert connection.state.settings[Setting.ENABLE_CONNECT_PROTOCOL] == 1
        client = WebSocketClient(Http2Carrier(connection.open_stream()))
        answer = await client.handshake("/", [(b"Origin", b"http://a")], ["a", "b"])
        assert (answer.status, answer.accepted, answer.subprotocol, client.tag) == (200, True, "b", "t1")
        await client.send_text("hello")
        assert await client.message() == "hello"
        await client.ping(b"p")
        assert await client.pong() == b"p"
        await client.close(3000)
        assert await client.closed() == CloseSeen(3000, "", True, "closed")
        await client.drop()

        denied = WebSocketClient(Http2Carrier(connection.open_stream()))
        answer = await denied.handshake("/denied")
        assert (answer.status, answer.accepted, answer.body) == (403, False, b"no")
        await connection.ping()
        names = [name for name, _ in server.of(h2.events.RequestReceived)[0].headers]  # type: ignore[attr-defined]
        assert names == [
            b":method",
            b":protocol",
            b":scheme",
            b":authority",
            b":path",
            b"x-exchange",
            b"origin",
            b"sec-websocket-protocol",
            b"sec-websocket-version",
        ]


async def test_websocket_stream_that_is_reset() -> None:
    """A reset stream is a WebSocket that ends without a close frame; the client can reset it too."""

    async def on(server: Server, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.DataReceived):
            server.h2.reset_stream(event.stream_id)
        else:
            await serve_websocket(server, event)

    async with connected(on, ENABLE_CONNECT_PROTOCOL=1) as (connection, server):
        client = WebSocketClient(Http2Carrier(connection.open_stream()))
        await client.handshake("/", subprotocols=["a"])
        await client.send_text("x")
        assert await client.closed() == CloseSeen(None, "", False, "reset")
        other = WebSocketClient(Http2Carrier(connection.open_stream()))
        await other.handshake("/", subprotocols=["a"])
        await other.reset()
        await connection.ping()
        assert [event.stream_id for event in server.of(h2.events.StreamReset)] == [3]  # type: ignore[attr-defined]


async def test_websocket_close_is_answered_on_a_stream_that_the_server_has_ended() -> None:
    """A close frame that comes together with END_STREAM is answered: the client's half of the stream is open still."""
    answers: list[bytes] = []

    async def on(server: Server, event: h2.events.Event) -> None:
        if not isinstance(event, h2.events.DataReceived):
            await serve_websocket(server, event)
        elif not answers:
            answers.append(b"")
            server.h2.send_data(
                event.stream_id, encode(Frame(Opcode.CLOSE, b"\x03\xe9", masked=False)), end_stream=True
            )
        else:
            answers[0] += event.data or b""

    async with connected(on, ENABLE_CONNECT_PROTOCOL=1) as (connection, _):
        client = WebSocketClient(Http2Carrier(connection.open_stream()))
        await client.handshake("/", subprotocols=["a"])
        await client.send_text("close, please")
        assert await client.close_frame() == CloseSeen(1001, "", True, None)
        await connection.ping()
        assert answers[0][:2] == b"\x88\x82"
