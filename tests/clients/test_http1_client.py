"""Unit tests of the HTTP/1 client against a server that writes exact bytes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from asgi_conformance.clients.http import HttpClient
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut
from tests.clients.scripted_server import DEADLINE, Peer, Script, wired

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def tags() -> Callable[[], str]:
    """Tags t1, t2, …"""
    numbers = itertools.count(1)
    return lambda: f"t{next(numbers)}"


@asynccontextmanager
async def client_of(script: Script, *, version: str = "1.1", deadline: float = DEADLINE) -> AsyncIterator[Http1Client]:
    """A client that is connected to a server that runs ``script``."""
    async with wired(script) as wire:
        yield Http1Client(wire, tags(), deadline, version=version)


async def requests_seen(send: Callable[[Http1Client], Awaitable[None]], *, version: str = "1.1") -> bytes:
    """The bytes that reach the server when ``send`` has been awaited and the client has closed."""
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.reads_until_end())

    async with client_of(script, version=version) as client:
        await send(client)
        host = client.wire.address.authority
    return seen[0].replace(host, b"HOST")


async def test_is_an_http_client() -> None:
    """The client has all that generic cases use."""

    async def script(peer: Peer) -> None:
        pass

    async with client_of(script) as client:
        generic: HttpClient = client
        assert generic.version == "1.1"


async def test_requests_go_out_as_told() -> None:
    """A request has Host first, the given fields as they are, and the tag; the body has its length."""

    async def send(client: Http1Client) -> None:
        await client.request("POST", "/a?b", [(b"X-y", b"\xff")], b"body")
        assert client.tag == "t1"
        await client.request("GET", b"/\xff", [(b"host", b"me")], tag=False)
        await client.request(body=b"")

    assert await requests_seen(send) == (
        b"POST /a?b HTTP/1.1\r\nHost: HOST\r\nX-y: \xff\r\nContent-Length: 4\r\nx-exchange: t1\r\n\r\nbody"
        b"GET /\xff HTTP/1.1\r\nhost: me\r\n\r\n"
        b"GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nx-exchange: t2\r\n\r\n"
    )


async def test_bodies_in_parts() -> None:
    """A body that follows its head is chunked, or as long as was declared."""

    async def send(client: Http1Client) -> None:
        await client.start_request("PUT", "/", tag=False)
        await client.send_body(b"0123456789")
        await client.send_body(b"")
        await client.send_body(b"!")
        await client.end_body([(b"X", b"y")])
        await client.start_request("PUT", "/", length=3, tag=False)
        await client.send_body(b"ab")
        await client.send_body(b"c")
        await client.end_body()

    assert await requests_seen(send) == (
        b"PUT / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"a\r\n0123456789\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n"
        b"PUT / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n\r\nabc"
    )


async def test_raw_requests() -> None:
    """Heads without Host, of any version, and raw bytes go out unchanged, also one by one."""

    async def send(client: Http1Client) -> None:
        await client.send_head("GET", "/", version="9.9", host=False, tag=False)
        await client.send(b"\0raw")
        await client.send_slowly(b"slow" + client.new_tag().encode())

    assert await requests_seen(send) == b"GET / HTTP/9.9\r\n\r\n\0rawslowt1"


async def test_http10() -> None:
    """A client of HTTP/1.0 says so, and cannot send a body of unknown length."""

    async def send(client: Http1Client) -> None:
        await client.request(tag=False)
        with pytest.raises(SuiteError):
            await client.start_request()

    assert await requests_seen(send, version="1.0") == b"GET / HTTP/1.0\r\nHost: HOST\r\n\r\n"


@pytest.mark.parametrize("pieces", [0, 1, 3])
async def test_pipelined_responses_in_order(pieces: int) -> None:
    """Responses answer the requests in their order, each read as its method demands, in any splits."""

    async def script(peer: Peer) -> None:
        for _ in range(3):
            await peer.reads_head()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        await peer.sends(OK + head + OK + b"extra", pieces=pieces)

    async with client_of(script) as client:
        await client.request("GET")
        await client.request("HEAD")
        await client.send(b"GET /raw HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [(await client.response()).body for _ in range(3)] == [b"ok", b"", b"ok"]
        assert await client.ended() == "closed"
        assert client.surplus == b"extra"


async def test_response_fills_as_it_is_read() -> None:
    """Head, parts of the body and the whole response are one object, read step by step."""
    step = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(b"HTTP/1.1 100 Continue\r\n\r\n")
        await peer.sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await step.wait()
        await peer.sends(b"5\r\nhel")
        await peer.sends(b"lo\r\n")
        await peer.reads(1)
        await peer.sends(b"0\r\n\r\n")

    async with client_of(script) as client:
        await client.request()
        head = await client.head()
        assert (head.status, head.body, head.complete) == (200, b"", False)
        assert [response.status for response in head.informational] == [100]
        step.set()
        assert await client.body_until(5) == b"hello"
        assert head.body == b"hello"
        assert not head.complete
        await client.send(b"x")
        assert await client.response() is head
        assert head.complete


@pytest.mark.parametrize("reset", [False, True])
async def test_lost_connections(reset: bool) -> None:
    """A response cut off is given as incomplete; none at all is told as such, or None where that is asked."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(OK[:-1])
        await peer.reads(1)
        if reset:
            peer.resets()

    async with client_of(script) as client:
        await client.request()
        await client.head()
        await client.send(b"x")
        response = await client.response()
        how = "reset" if reset else "closed"
        assert (response.body, response.complete, response.ended) == (b"o", False, how)
        assert await client.next_response_or_end() is None
        with pytest.raises(Broken, match=f"the server {how} the connection without sending a byte"):
            await client.response()


async def test_response_ends_before_the_bytes_awaited() -> None:
    """Awaiting more body than there is ends with what there was."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(OK)

    async with client_of(script) as client:
        await client.request()
        with pytest.raises(Broken, match="the response ended after 2: b'ok'"):
            await client.body_until(3)


async def test_unparsable_answer() -> None:
    """An answer that is no HTTP is broken, every time it is asked for, with the bytes."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(b"HTTP/1.1 200 OK\r\nX y\r\n\r\n")
        await peer.reads_until_end()

    async with client_of(script) as client:
        await client.request()
        for _ in range(2):
            with pytest.raises(Broken) as caught:
                await client.response()
            assert caught.value.expected == "an HTTP/1.1 response that a strict parser accepts"
            assert "the header line b'X y' has no colon" in caught.value.observed


async def test_head_cut_off() -> None:
    """A connection that ends within the head of a response is broken, with the bytes."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(b"HTTP/1.1 200 O")

    async with client_of(script) as client:
        await client.request()
        with pytest.raises(Broken, match=r"closed the connection within the head: b'HTTP/1\.1 200 O'"):
            await client.response()


@pytest.mark.parametrize(("sent", "came"), [(b"", "nothing"), (b"HTTP/1.1 200", "only b'HTTP/1.1 200'")])
async def test_silent_server(sent: bytes, came: str) -> None:
    """A server that does not answer is told with the request, the time and what came."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(sent)
        await peer.reads_until_end()

    async with client_of(script, deadline=0.05) as client:
        await client.request("GET", "/hang")
        with pytest.raises(TimedOut) as caught:
            await client.response()
        assert caught.value.expected == "the head of a response to b'GET /hang HTTP/1.1'"
        assert caught.value.observed == f"within 0.05 s {came} came"


async def test_a_trickle_does_not_stretch_the_deadline() -> None:
    """The deadline bounds the whole response, not each of its bytes."""

    async def script(peer: Peer) -> None:
        await peer.reads_head()
        await peer.sends(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while True:
                await peer.sends(b"X: y\r\n")
                await asyncio.sleep(0.02)

    async with client_of(script, deadline=0.1) as client:
        await client.request()
        with pytest.raises(TimedOut):
            await client.response()
        await client.reset()


async def test_own_close_ends_the_wait() -> None:
    """A wait ends when the client itself is closed meanwhile."""

    async def script(peer: Peer) -> None:
        await peer.reads_until_end()

    async with client_of(script) as client:
        await client.request()
        waiting = asyncio.get_running_loop().create_task(client.response())
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(Broken):
            await waiting
