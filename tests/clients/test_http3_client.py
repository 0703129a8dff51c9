"""Unit tests of HTTP/3 over a connection: against the aioquic package as a server that does what a test says."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import ErrorCode, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent, StreamReset

from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.clients.address import Address
from asgi_conformance.clients.dialling import ConnectionRefused, TlsFailed
from asgi_conformance.clients.http3 import Http3Client, Http3Connection
from asgi_conformance.clients.quic import QuicWire
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import Broken, TimedOut
from tests.clients.scripted_server import DEADLINE

pytestmark = pytest.mark.anyio

Headers = list[tuple[bytes, bytes]]
Script = Callable[["Server", H3Event], None]

OK = [(b":status", b"200")]


class Server(QuicConnectionProtocol):
    """One connection of a server; ``events`` holds all of HTTP/3 that came, each given to ``script`` as it comes."""

    events: list[H3Event | StreamReset]

    def begin(self, script: Script) -> Server:
        """Speak HTTP/3 as ``script`` says."""
        self.h3 = H3Connection(self._quic)
        self.script = script
        self.events = []
        return self

    def quic_event_received(self, event: QuicEvent) -> None:
        """Take what came."""
        if isinstance(event, StreamReset):
            self.events.append(event)
        for one in self.h3.handle_event(event):
            self.events.append(one)
            self.script(self, one)
        self.transmit()

    def end(self, code: int) -> None:
        """Close the connection."""
        self._quic.close(error_code=code)

    def stop(self, stream: int) -> None:
        """Read no more of a stream, which is answered."""
        self._quic.stop_stream(stream, ErrorCode.H3_NO_ERROR)

    def give_up(self, stream: int) -> None:
        """Reset a stream."""
        self._quic.reset_stream(stream, ErrorCode.H3_INTERNAL_ERROR)


def answers(*sections: Headers, body: bytes = b"", trailers: Headers | None = None) -> Script:
    """A script that answers every request with header sections, the last of them with a body, and with trailers."""

    def script(server: Server, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            for section in sections:
                server.h3.send_headers(event.stream_id, section, False)
            server.h3.send_data(event.stream_id, body, trailers is None)
            if trailers is not None:
                server.h3.send_headers(event.stream_id, trailers, True)

    return script


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of a server at loopback."""
    made = Certificates(tmp_path_factory.mktemp("tls"))
    made.make()
    return made


class Opened:
    """A server that listens, what it was spoken to by, and how to connect to it."""

    def __init__(self, address: Address, authority: Path, connections: list[Server]) -> None:
        self.address = address
        self.authority = authority
        self.connections = connections

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[Http3Connection, Http3Client]]:
        """A connection and a client of it."""
        tags = (f"xc-t-{number}" for number in itertools.count(1))
        wire = await QuicWire.open(self.address, self.authority, trace=Trace(), number=1, deadline=DEADLINE)
        connection = Http3Connection(wire, lambda: next(tags))
        try:
            yield connection, connection.open_stream()
        finally:
            await connection.close()


@asynccontextmanager
async def opened(certificates: Certificates, script: Script = lambda *_: None) -> AsyncIterator[Opened]:
    """A server on a free port that does what ``script`` says."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
    configuration.load_cert_chain(str(certificates.certificate), str(certificates.key))
    connections: list[Server] = []

    def protocol(*arguments: object, **more: object) -> Server:
        connections.append(Server(*arguments, **more).begin(script))  # type: ignore[arg-type]
        return connections[-1]

    server = await serve("127.0.0.1", 0, configuration=configuration, create_protocol=protocol)
    try:
        port = server._transport.get_extra_info("sockname")[1]  # type: ignore[union-attr]
        address = Address("127.0.0.1", port, tls=certificates.client_context())
        yield Opened(address, certificates.authority, connections)
    finally:
        server.close()


async def test_a_response_is_read(certificates: Certificates) -> None:
    """Status, headers in order, content and trailers arrive; a request carries its tag and pseudo-headers."""
    script = answers([*OK, (b"x-a", b"1"), (b"x-a", b"2")], body=b"fine", trailers=[(b"x-end", b"yes")])
    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.request("POST", "/path?q", [(b"X-One", b"1")], b"body")
        response = await client.response()
        assert (response.status, response.body, response.complete) == (200, b"fine", True)
        assert response.headers == [(b"x-a", b"1"), (b"x-a", b"2")]
        assert response.trailers == [(b"x-end", b"yes")]
        assert (response.http_version, response.framing, response.flaws) == ("3", "h3", [])
        head = next(event for event in server.connections[0].events if isinstance(event, HeadersReceived))
        assert head.headers[0] == (b":method", b"POST")
        assert (b"x-exchange", client.tag.encode()) in head.headers
        assert (b"content-length", b"4") in head.headers


async def test_several_requests_share_a_connection(certificates: Certificates) -> None:
    """Header compression refers to what came before, and the responses come in the order of the requests."""
    script = answers([*OK, (b"x-same", b"again and again")], body=b"fine")
    async with opened(certificates, script) as server, server.connect() as (connection, client):
        other = connection.open_stream()
        for _ in range(3):
            await client.request()
            await other.request()
        for _ in range(3):
            assert (await client.response()).values(b"x-same") == [b"again and again"]
            assert (await other.response()).body == b"fine"


async def test_a_large_body_goes_both_ways(certificates: Certificates) -> None:
    """Some megabytes arrive whole in both directions."""
    body = bytes(range(256)) * 12_000

    def script(server: Server, event: H3Event) -> None:
        if isinstance(event, DataReceived) and event.stream_ended:
            came = b"".join(one.data for one in server.events if isinstance(one, DataReceived))
            server.h3.send_headers(event.stream_id, OK, False)
            server.h3.send_data(event.stream_id, came, True)

    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.request("POST", "/", body=body)
        assert (await client.response()).body == body


async def test_interim_responses_come_before_the_final_one(certificates: Certificates) -> None:
    """A 103 is told apart from the response that follows."""
    script = answers([(b":status", b"103"), (b"link", b"</a>")], OK, body=b"fine")
    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.request()
        response = await client.response()
        assert response.status == 200
        assert [(one.status, one.headers) for one in response.informational] == [(103, [(b"link", b"</a>")])]


async def test_a_response_to_head_may_tell_a_length(certificates: Certificates) -> None:
    """It is whole without content, whatever its content-length says; that to a GET has to have as much."""
    script = answers([*OK, (b"content-length", b"100")])
    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.request("HEAD")
        assert (await client.response()).flaws == []
        await client.request("GET")
        assert "100" in (await client.response()).flaws[0]


async def test_a_reset_leaves_a_response_incomplete(certificates: Certificates) -> None:
    """What had come is given, with the code of the reset."""

    def script(server: Server, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            server.h3.send_headers(event.stream_id, OK, False)
            server.h3.send_data(event.stream_id, b"half", False)
        elif isinstance(event, DataReceived):
            server.give_up(event.stream_id)

    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.start_request()
        assert await client.body_until(4) == b"half"
        await client.send_body(b"on")
        response = await client.response()
        assert (response.complete, response.ended) == (False, "reset")
        assert response.reset_code == ErrorCode.H3_INTERNAL_ERROR


async def test_an_unwanted_body_is_not_sent_on(certificates: Certificates) -> None:
    """A server that answers early and reads no more gets no more, and its answer is read."""

    def script(server: Server, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            server.stop(event.stream_id)
            server.h3.send_headers(event.stream_id, [(b":status", b"413")], True)

    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.start_request()
        assert (await client.response()).status == 413
        await client.send_body(b"more")
        await client.end_body()


async def test_the_server_closes(certificates: Certificates) -> None:
    """The end of a connection is the end of what was asked on it."""

    def script(server: Server, event: H3Event) -> None:
        server.end(ErrorCode.H3_INTERNAL_ERROR)

    async with opened(certificates, script) as server, server.connect() as (connection, client):
        await client.request()
        with pytest.raises(Broken, match="a response on stream 0") as raised:
            await client.response()
        assert "the server closed the connection" in raised.value.observed
        assert await connection.ended() == "closed"


async def test_a_malformed_response_is_broken(certificates: Certificates) -> None:
    """A header section that HTTP/3 forbids is a breach that says what it is."""
    script = answers([(b":status", b"200"), (b"connection", b"close")])
    async with opened(certificates, script) as server, server.connect() as (_, client):
        await client.request()
        with pytest.raises(Broken, match="RFC 9114") as raised:
            await client.response()
        assert "connection" in raised.value.observed


async def test_leaving_resets_what_is_unfinished(certificates: Certificates) -> None:
    """A client that leaves resets its stream; the last one of a connection closes it."""
    async with opened(certificates, answers(OK)) as server, server.connect() as (connection, client):
        other = connection.open_stream()
        await other.request()
        await other.response()
        await client.start_request()
        await client.close()
        await other.request()
        await other.response()
        resets = [event for event in server.connections[0].events if isinstance(event, StreamReset)]
        assert [event.error_code for event in resets] == [ErrorCode.H3_REQUEST_CANCELLED]
        assert not connection.is_over
        await other.close()
        assert connection.is_over


async def test_nobody_listens(certificates: Certificates) -> None:
    """A port without a server is a refused connection."""
    async with opened(certificates) as server:
        address = server.address
    with pytest.raises(ConnectionRefused):
        await QuicWire.open(address, certificates.authority, trace=Trace(), number=1, deadline=DEADLINE)


async def test_a_certificate_of_nobody_known(certificates: Certificates, tmp_path: Path) -> None:
    """A certificate that the authority does not vouch for fails the handshake, unless any will do."""
    others = Certificates(tmp_path)
    others.make()
    async with opened(certificates, answers(OK)) as server:
        with pytest.raises(TlsFailed):
            await QuicWire.open(server.address, others.authority, trace=Trace(), number=1, deadline=DEADLINE)
        wire = await QuicWire.open(server.address, None, trace=Trace(), number=1, deadline=DEADLINE)
        await wire.close()


async def test_a_server_without_a_word(certificates: Certificates) -> None:
    """A port that takes datagrams and says nothing is waited for until the deadline."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", silent.getsockname()[1], tls=ssl.create_default_context())
        with pytest.raises(TimedOut, match="QUIC handshake"):
            await QuicWire.open(address, certificates.authority, trace=Trace(), number=1, deadline=0.3)
