"""Unit tests of the wire: bytes out, bytes in, and how a connection ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from asgi_conformance.clients.wire import Address, ConnectionRefused, TlsFailed, Wire
from asgi_conformance.errors import SuiteError
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import TimedOut
from tests.clients.scripted_server import DEADLINE, Peer, serving, wired

pytestmark = pytest.mark.anyio

MEGABYTE = 1024 * 1024


async def everything(wire: Wire) -> bytes:
    """All bytes until the peer closes."""
    data = bytearray()
    while piece := await wire.receive():
        data += piece
    return bytes(data)


def kinds(wire: Wire) -> list[str]:
    """The kinds of the entries in the wire's trace."""
    return [entry["kind"] for entry in wire.trace.entries()]


async def test_bytes_travel_both_ways() -> None:
    """What one side sends the other receives, and the trace has both."""

    async def script(peer: Peer) -> None:
        assert await peer.reads(4) == b"ping"
        await peer.sends(b"pong")

    async with wired(script) as wire:
        assert await wire.send(b"ping")
        assert await everything(wire) == b"pong"
        assert (wire.ending, wire.closed) == ("closed", False)
        assert kinds(wire) == ["connect", "bytes-out", "bytes-in", "eof"]
        assert wire.remote == ("127.0.0.1", wire.address.port)


async def test_reset_is_told_from_close() -> None:
    """An RST is a close too, and ``ending`` tells it apart."""

    async def script(peer: Peer) -> None:
        await peer.reads(1)
        peer.resets()

    async with wired(script) as wire:
        await wire.send(b"x")
        assert await wire.ended() == "reset"
        assert await wire.receive() == b""


async def test_answer_of_a_server_that_stopped_reading_is_not_lost() -> None:
    """A server that answers early, and closes with much of the body unread, is still heard."""

    async def script(peer: Peer) -> None:
        await peer.reads(1)
        await peer.sends(b"too much")
        await peer.closes()

    async with wired(script) as wire:
        taken = await wire.send(bytes(30 * MEGABYTE))
        assert not taken
        assert await everything(wire) == b"too much"
        assert await wire.ended() == "reset"


async def test_large_data_go_both_ways_at_once() -> None:
    """A server that echoes while the client still sends does not bring both to a standstill."""

    async def script(peer: Peer) -> None:
        left = 8 * MEGABYTE
        while left:
            piece = await peer.reader.read(65536)
            left -= len(piece)
            await peer.sends(piece)

    async with wired(script) as wire:
        assert await wire.send(bytes(8 * MEGABYTE))
        assert len(await everything(wire)) == 8 * MEGABYTE


async def test_ended_keeps_what_came_before() -> None:
    """Bytes that came before the close are surplus, and can still be received."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"last words")

    async with wired(script) as wire:
        assert await wire.ended() == "closed"
        assert wire.surplus == b"last words"
        assert await wire.receive() == b"last words"
        assert await wire.receive() == b""


async def test_waits_end_with_the_deadline() -> None:
    """A server that does nothing ends every wait with what was awaited and what came."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"and?")
        await peer.reads_until_end()

    async with wired(script, deadline=0.05) as wire:
        with pytest.raises(TimedOut, match=r"still open after 0\.05 s; unread were b'and\?'"):
            await wire.ended()
        assert wire.take() == b"and?"
        with pytest.raises(TimedOut, match=r"expected: an answer; observed: nothing came within 0\.01 s"):
            await wire.receive(0.01, "an answer")
        assert await wire.stays_quiet(0.01)


async def test_server_that_does_not_read_ends_the_send() -> None:
    """A send that the server never takes ends with how much was left."""

    async def script(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.wait_for(closing.wait(), DEADLINE)

    closing = asyncio.Event()
    async with wired(script, deadline=0.05) as wire:
        with pytest.raises(TimedOut, match=r"after 0\.05 s \d+ bytes were not taken"):
            await wire.send(bytes(30 * MEGABYTE))
        await wire.reset()
        closing.set()


async def test_paused_reading_holds_the_server_back() -> None:
    """While reading is paused the server cannot write on; afterwards everything arrives."""
    written = 0

    async def script(peer: Peer) -> None:
        nonlocal written
        for _ in range(32):
            await peer.sends(bytes(MEGABYTE))
            written += 1

    async with wired(script) as wire:
        wire.pause_reading()
        assert await wire.stays_quiet(0.1)
        assert written < 32
        wire.resume_reading()
        assert len(await everything(wire)) == 32 * MEGABYTE


async def test_half_close_leaves_the_other_direction_open() -> None:
    """After a half-close the server sees the end and can still answer."""

    async def script(peer: Peer) -> None:
        assert await peer.reads_until_end() == b"all"
        await peer.sends(b"thanks")

    async with wired(script) as wire:
        await wire.send(b"all")
        await wire.half_close()
        assert await everything(wire) == b"thanks"
        with pytest.raises(SuiteError):
            await wire.send(b"more")


async def test_close_and_reset_reach_the_server() -> None:
    """``close`` is an end of file for the server, ``reset`` an error."""
    seen: list[object] = []

    async def script(peer: Peer) -> None:
        await peer.sends(b"hello")
        try:
            seen.append(await peer.reads_until_end())
        except ConnectionResetError:
            seen.append("reset")

    async with serving(script) as address:
        for leave in (Wire.close, Wire.reset):
            wire = await Wire.open(address, trace=Trace(), number=1, deadline=DEADLINE)
            await wire.receive()
            await leave(wire)
            await leave(wire)
            assert wire.closed
            assert await wire.receive() == b""
            with pytest.raises(SuiteError):
                await wire.send(b"x")
    assert seen == [b"", "reset"]


async def test_refused_connections_say_so() -> None:
    """Nobody listening is an outcome with the address in it, on TCP and on a unix socket."""

    async def script(peer: Peer) -> None:
        pass

    async with serving(script) as address:
        pass
    for nowhere in (address, Address(uds="/nonexistent/socket"), Address(uds="/" + "x" * 200)):
        with pytest.raises(ConnectionRefused, match=str(nowhere)):
            await Wire.open(nowhere, trace=Trace(), number=1, deadline=1)


async def test_unix_socket(tmp_path: Path) -> None:
    """A unix socket works like TCP, without addresses."""

    async def script(peer: Peer) -> None:
        await peer.sends(await peer.reads(2))

    async with (
        serving(script, uds=str(tmp_path / "s")) as address,
        await Wire.open(address, trace=Trace(), number=1, deadline=DEADLINE) as wire,
    ):
        await wire.send(b"hi")
        assert await everything(wire) == b"hi"
        assert (wire.local, wire.remote) == (None, None)


def contexts(*alpn: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's context that trust each other."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    if alpn:
        server.set_alpn_protocols(list(alpn))
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


async def test_tls() -> None:
    """Over TLS plain bytes travel, ALPN is known, and close_notify is a close."""
    server, client = contexts("h2", "http/1.1")

    async def script(peer: Peer) -> None:
        data = await peer.reads(MEGABYTE)
        await peer.sends(data)

    async with serving(script, tls=server) as plain:
        for offered, chosen in ((["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "h2"), (None, None)):
            address = Address(plain.host, plain.port, tls=client, server_name="localhost")
            async with await Wire.open(address, trace=Trace(), number=1, deadline=DEADLINE, alpn=offered) as wire:
                assert wire.alpn == chosen
                await wire.send(b"x" * MEGABYTE)
                assert await everything(wire) == b"x" * MEGABYTE
                assert wire.ending == "closed"
                assert wire.tls_session is not None
                assert wire.tls_session.version() == "TLSv1.3"


async def test_tls_that_fails_says_why() -> None:
    """An untrusted certificate, garbage, a close and silence in the handshake are told with the reason."""
    server, client = contexts()

    async def silent(peer: Peer) -> None:
        await peer.reads_until_end()

    async def garbage(peer: Peer) -> None:
        await peer.sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def closing(peer: Peer) -> None:
        await peer.reads(1)

    async def untrusted(peer: Peer) -> None:
        with contextlib.suppress(OSError):
            await peer.reads_until_end()

    async def attempt(plain: Address, context: ssl.SSLContext) -> None:
        address = Address(plain.host, plain.port, tls=context, server_name="localhost")
        await Wire.open(address, trace=Trace(), number=1, deadline=0.2)

    async with serving(silent) as address:
        with pytest.raises(TimedOut, match="not complete within"):
            await attempt(address, client)
    async with serving(garbage) as address:
        with pytest.raises(TlsFailed, match="WRONG_VERSION_NUMBER"):
            await attempt(address, client)
    async with serving(closing) as address:
        with pytest.raises(TlsFailed, match="in the middle of it"):
            await attempt(address, client)
    async with serving(untrusted, tls=server) as address:
        with pytest.raises(TlsFailed, match="CERTIFICATE_VERIFY_FAILED"):
            await attempt(address, ssl.create_default_context())


async def test_tls_alert_after_the_handshake() -> None:
    """A server that refuses the client's certificate after the handshake closes, and the reason is kept."""
    server, client = contexts()
    server.verify_mode = ssl.CERT_REQUIRED

    def refuse(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(ssl.SSLError):
            server.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = asyncio.ensure_future(asyncio.to_thread(refuse, listening))
        address = Address("127.0.0.1", listening.getsockname()[1], tls=client, server_name="localhost")
        async with await Wire.open(address, trace=Trace(), number=1, deadline=DEADLINE) as wire:
            assert await wire.ended() == "closed"
            assert wire.trouble is not None
            assert "CERTIFICATE_REQUIRED" in wire.trouble
        await refusing


async def test_half_close_over_tls() -> None:
    """The server sees the client's end over TLS, and its close is seen."""
    server, client = contexts()

    async def script(peer: Peer) -> None:
        assert await peer.reads_until_end() == b"all"

    async with serving(script, tls=server) as plain:
        address = Address(plain.host, plain.port, tls=client, server_name="localhost")
        async with await Wire.open(address, trace=Trace(), number=1, deadline=DEADLINE) as wire:
            await wire.send(b"all")
            await wire.half_close()
            assert await wire.ended() == "closed"


async def test_full_queue_of_a_unix_socket(tmp_path: Path) -> None:
    """A connection to a unix socket whose queue is full waits for room, and no longer than the deadline."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(0)
        opened = [await Wire.open(Address(uds=path), trace=Trace(), number=1, deadline=DEADLINE)]
        with pytest.raises(TimedOut, match="the server takes a connection at unix:"):
            await Wire.open(Address(uds=path), trace=Trace(), number=1, deadline=0.02)
        waiting = asyncio.ensure_future(Wire.open(Address(uds=path), trace=Trace(), number=1, deadline=DEADLINE))
        await asyncio.sleep(0)
        accepted = [listening.accept()[0]]
        opened.append(await waiting)
        accepted.append(listening.accept()[0])
        for wire, sock in zip(opened, accepted, strict=True):
            sock.close()
            assert await wire.ended() == "closed"
            await wire.close()


async def test_an_endless_server_is_not_read_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound, unread bytes stay with the system until some are taken."""
    monkeypatch.setattr("asgi_conformance.clients.wire.MOST_UNREAD", MEGABYTE)

    async def script(peer: Peer) -> None:
        await peer.sends(bytes(20 * MEGABYTE))

    async with wired(script) as wire:
        await wire.bell.until(lambda: len(wire.surplus) > MEGABYTE, DEADLINE)
        before = len(wire.surplus)
        with pytest.raises(TimedOut):
            await wire.ended(0.05)
        assert len(wire.surplus) == before
        assert len(await everything(wire)) == 20 * MEGABYTE


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (Address("127.0.0.1", 8000), b"127.0.0.1:8000"),
        (Address("127.0.0.1", 80), b"127.0.0.1"),
        (Address("::1", 8000), b"[::1]:8000"),
        (Address("127.0.0.1", 8000, server_name="example.org"), b"example.org:8000"),
        (Address("127.0.0.1", 443, tls=ssl.create_default_context()), b"127.0.0.1"),
        (Address(uds="/run/s"), b"localhost"),
    ],
)
def test_authority(address: Address, authority: bytes) -> None:
    """The authority has the port unless it is the scheme's own, and brackets around IPv6."""
    assert address.authority == authority
