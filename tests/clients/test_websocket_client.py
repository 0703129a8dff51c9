"""Unit tests of the WebSocket client against a server that writes exact bytes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from asgi_conformance.clients.frames import FrameReader
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import CloseSeen, Frame, Http1Carrier, Opcode, WebSocketClient
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut
from tests.clients.scripted_server import DEADLINE, Peer, wired

pytestmark = pytest.mark.anyio

Script = Callable[[Peer], Awaitable[None]]
DEFLATE = (b"Sec-WebSocket-Extensions", b"permessage-deflate")


async def accepts(peer: Peer, *, extra: bytes = b"", behind: bytes = b"", pieces: int = 0) -> bytes:
    """Read a handshake and accept it; gives the request."""
    request = await peer.reads_head()
    key = re.findall(rb"Sec-WebSocket-Key: (.*)\r\n", request)[0]
    digest = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    await peer.sends(
        b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
        b"Sec-WebSocket-Accept: " + digest + b"\r\n" + extra + b"\r\n" + behind,
        pieces=pieces,
    )
    return request


async def reads_frame(peer: Peer) -> Frame:
    """The next frame from the client, unmasked; it must have been masked."""
    first, second = await peer.reads(2)
    assert second & 0x80
    assert second & 0x7F < 126
    key, payload = await peer.reads(4), await peer.reads(second & 0x7F)
    plain = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    reader = FrameReader()
    reader.rsv_allowed = 4
    reader.feed(bytes([first, len(plain)]) + plain)
    frame = reader.next()
    assert frame is not None
    return frame


@asynccontextmanager
async def client_of(script: Script, *, deadline: float = DEADLINE) -> AsyncIterator[WebSocketClient]:
    """A client that has not shaken hands yet."""
    async with wired(script, deadline=deadline) as wire:
        yield WebSocketClient(Http1Carrier(Http1Client(wire, lambda: "tag")))


@asynccontextmanager
async def open_client(script: Script, *, deadline: float = DEADLINE) -> AsyncIterator[WebSocketClient]:
    """A client with an open WebSocket; ``script`` goes on after the handshake."""

    async def whole(peer: Peer) -> None:
        await accepts(peer)
        await script(peer)

    async with client_of(whole, deadline=deadline) as client:
        assert (await client.handshake()).accepted
        yield client


@pytest.mark.parametrize("pieces", [0, 1])
async def test_handshake(pieces: int) -> None:
    """The handshake is that of RFC 6455; frames right behind the acceptance are not lost."""
    seen = []

    async def script(peer: Peer) -> None:
        seen.append(
            await accepts(peer, extra=b"Sec-WebSocket-Protocol: b\r\n", behind=b"\x81\x02hi\x88\x00", pieces=pieces)
        )

    async with client_of(script) as client:
        answer = await client.handshake("/chat?x", [(b"Origin", b"http://a")], ["a", "b"])
        assert (answer.status, answer.accepted, answer.subprotocol, answer.flaws) == (101, True, "b", [])
        assert await client.message() == "hi"
        assert (await client.closed()).clean
        assert client.tag == "tag"
    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"GET /chat?x HTTP/1.1"
    names = [line.partition(b":")[0] for line in lines[1:-2]]
    assert names == [
        b"Host",
        b"Upgrade",
        b"Connection",
        b"Sec-WebSocket-Key",
        b"Origin",
        b"Sec-WebSocket-Protocol",
        b"Sec-WebSocket-Version",
        b"x-exchange",
    ]
    assert b"Sec-WebSocket-Protocol: a, b" in lines


async def test_wrong_handshakes_can_be_sent() -> None:
    """Fields can be replaced and left out, and method and version be chosen."""
    seen = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.reads_head())
        await peer.sends(b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno")

    async with client_of(script) as client:
        await client.start_handshake(
            "/",
            [(b"upgrade", b"h2c"), (b"sec-websocket-key", b"short")],
            version=None,
            method="POST",
            http_version="1.0",
            without=[b"host", b"Connection"],
            tag=False,
        )
        answer = await client.handshake_response()
        assert (answer.status, answer.accepted, answer.body) == (426, False, b"no")
        assert answer.response.values(b"sec-websocket-version") == [b"13"]
        assert client.handshaken is answer
    assert seen == [b"POST / HTTP/1.0\r\nupgrade: h2c\r\nsec-websocket-key: short\r\n\r\n"]


@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        (b"Upgrade: websocket\r\nConnection: Upgrade\r\n", "Sec-WebSocket-Accept is [] where the key demands"),
        (b"Sec-WebSocket-Accept: ACCEPT\r\nConnection: Upgrade\r\n", "Upgrade is [] and not 'websocket'"),
        (
            b"Sec-WebSocket-Accept: ACCEPT\r\nUpgrade: websocket\r\nConnection: close\r\n",
            "Connection is [b'close'] and does not say 'upgrade'",
        ),
        (
            b"Sec-WebSocket-Accept: ACCEPT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: x\r\n",
            "the server chose the subprotocol b'x' of the offered [b'a', b'b']",
        ),
        (
            b"Sec-WebSocket-Accept: ACCEPT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n",
            "the server chose the extension 'permessage-deflate', and none was offered",
        ),
    ],
)
async def test_acceptances_that_no_client_can_take(answer: bytes, flaw: str) -> None:
    """A wrong acceptance is broken, with the reason; a case that looks for it can have it told instead."""
    key = base64.b64encode(bytes(16))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(b"HTTP/1.1 101 Switching Protocols\r\n" + answer.replace(b"ACCEPT", accept) + b"\r\n")

    for strict in (True, False):
        async with client_of(script) as client:
            await client.start_handshake(headers=[(b"Sec-WebSocket-Key", key)], subprotocols=["a", "b"])
            if strict:
                with pytest.raises(Broken, match=re.escape(flaw)):
                    await client.handshake_response()
            else:
                answered = await client.handshake_response(strict=False)
                assert answered.accepted
                assert answered.flaws[0].startswith(flaw)


async def test_messages_both_ways() -> None:
    """Messages go out masked and come in joined; pings on the way are answered."""

    async def script(peer: Peer) -> None:
        assert await reads_frame(peer) == Frame(Opcode.TEXT, "é".encode(), masked=False)
        assert await reads_frame(peer) == Frame(Opcode.BINARY, b"\0", masked=False)
        await peer.sends(b"\x01\x01a\x89\x01p\x80\x01b\x82\x01\xff", pieces=1)
        assert await reads_frame(peer) == Frame(Opcode.PONG, b"p", masked=False)

    async with open_client(script) as client:
        await client.send_text("é")
        await client.send_bytes(b"\0")
        assert await client.message() == "ab"
        assert await client.message() == b"\xff"
        assert client.controls == [Frame(Opcode.PING, b"p", masked=False)]
        assert await client.closed() == CloseSeen(None, "", False, "closed")


async def test_pong_keeps_messages() -> None:
    """Waiting for a pong keeps the messages that come before it."""

    async def script(peer: Peer) -> None:
        ping = await reads_frame(peer)
        await peer.sends(b"\x81\x01m\x8a" + bytes([len(ping.payload)]) + ping.payload)

    async with open_client(script) as client:
        await client.ping(b"are you there")
        assert await client.pong() == b"are you there"
        assert await client.message() == "m"


async def test_close_by_the_client() -> None:
    """The client's close frame is answered, then the server ends the connection."""

    async def script(peer: Peer) -> None:
        assert (await reads_frame(peer)).payload == b"\x0b\xb8bye"
        await peer.sends(b"\x81\x01m\x88\x02\x0b\xb8")

    async with open_client(script) as client:
        await client.close(3000, "bye")
        assert await client.close_frame() == CloseSeen(3000, "", True, None)
        assert await client.closed() == CloseSeen(3000, "", True, "closed")
        assert await client.message() == "m"
        with pytest.raises(Broken, match="closed with the code 3000 and the reason ''"):
            await client.message()


async def test_close_by_the_server_is_echoed() -> None:
    """The client answers the server's close frame once, with the same code, and notes what comes after it."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x88\x05\x03\xe9bye\x81\x04late")
        assert (await reads_frame(peer)).payload == b"\x03\xe9"
        assert await peer.reads_until_end() == b""

    async with open_client(script) as client:
        assert await client.close_frame() == CloseSeen(1001, "bye", True, None)
        await client.transport.half_close()  # type: ignore[attr-defined]
        assert await client.closed() == CloseSeen(1001, "bye", True, "closed")
        assert client.after_close == [Frame(Opcode.TEXT, b"late", masked=False)]


async def test_empty_close_frame() -> None:
    """An empty close frame is clean and has no code."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x88\x00")
        assert (await reads_frame(peer)).payload == b""
        peer.resets()

    async with open_client(script) as client:
        assert await client.closed() == CloseSeen(None, "", True, "reset")


async def test_answers_can_be_left_out() -> None:
    """Neither pings nor a close are answered where the case says so; raw frames are seen one by one."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x89\x00\x88\x00")
        assert (await reads_frame(peer)).payload == b"end"
        await peer.sends(b"\x89\x00\x88\x02\x03\xe8")
        await peer.reads_until_end()

    async with open_client(script, deadline=0.2) as client:
        assert [(await client.frame()).opcode for _ in range(2)] == [Opcode.PING, Opcode.CLOSE]
        client.answers_pings = client.answers_close = False
        await client.send_raw(b"\x81\x83\0\0\0\0end")
        with pytest.raises(TimedOut) as caught:
            await client.closed()
        assert caught.value.observed == "within 0.2 s only the close code 1000 came, and it was still open"


@pytest.mark.parametrize("reset", [False, True])
async def test_lost_connection(reset: bool) -> None:
    """A connection lost without a close frame is told as such, and what was begun."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x81\x05he")
        await peer.reads(1)
        if reset:
            peer.resets()

    async with open_client(script) as client:
        await client.send_raw(b"x")
        how = "reset" if reset else "closed"
        with pytest.raises(
            Broken, match=rf"expected: a message; observed: the connection was {how} within a frame: b'"
        ):
            await client.message()
        with pytest.raises(Broken):
            await client.close_frame()
        assert await client.closed() == CloseSeen(None, "", False, how)


async def test_silence() -> None:
    """A wait ends with the deadline, what was awaited and what had come."""

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x81\x01m\x81")
        await peer.reads_until_end()

    async with open_client(script, deadline=0.05) as client:
        with pytest.raises(TimedOut) as caught:
            await client.pong()
        assert caught.value.expected == "a pong"
        assert "only the message 'm', the beginning of a frame b'\\x81' came" in caught.value.observed


@pytest.mark.parametrize("sent", [b"\x81\x80abcd", b"\x80\x00", b"\x88\x01x"])
async def test_forbidden_frames(sent: bytes) -> None:
    """What a server must not send is broken."""

    async def script(peer: Peer) -> None:
        await peer.sends(sent)

    async with open_client(script) as client:
        with pytest.raises(Broken, match="frames that RFC 6455 allows a server to send"):
            await client.message()


async def test_compressed_messages() -> None:
    """Where compression was agreed, messages are inflated, and compressed on demand."""

    async def script(peer: Peer) -> None:
        await accepts(peer, extra=b": ".join(DEFLATE) + b"\r\n")
        frame = await reads_frame(peer)
        assert frame.rsv == 4
        assert zlib.decompressobj(-15).decompress(frame.payload + b"\0\0\xff\xff") == b"text"
        await peer.sends(bytes([0xC1, len(frame.payload)]) + frame.payload)
        assert (await reads_frame(peer)).rsv == 0

    async with client_of(script) as client:
        with pytest.raises(SuiteError):
            await client.send_text("", compressed=True)
        answer = await client.handshake(headers=[DEFLATE])
        assert answer.extensions == "permessage-deflate"
        await client.send_text("text", compressed=True)
        assert await client.message() == "text"
        await client.send_bytes(b"plain")


async def test_drop_and_reset() -> None:
    """The client can leave without a close frame, by FIN and by RST."""
    seen: list[object] = []

    async def script(peer: Peer) -> None:
        await peer.sends(b"\x89\x00")
        try:
            seen.append(await peer.reads_until_end())
        except ConnectionResetError:
            seen.append("reset")

    for leave in (WebSocketClient.drop, WebSocketClient.reset):
        async with open_client(script) as client:
            await client.frame()
            await leave(client)
            await asyncio.sleep(0)
    assert seen == [b"", "reset"]
