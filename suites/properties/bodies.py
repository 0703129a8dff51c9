"""The content of requests: the application receives what the client sent, however it was coded and cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Body
from asgi_conformance.values import Digest

from .holding import holds
from .line import Line
from .requests import text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Chunk:
    """A part of a content; ``zeros`` before its size, small or ``capital`` hex digits in it, an ``extension`` after."""

    data: bytes
    zeros: int = 0
    capital: bool = False
    extension: str = ""

    def coded(self) -> bytes:
        """The chunk as it travels."""
        size = f"{len(self.data):X}" if self.capital else f"{len(self.data):x}"
        return f"{'0' * self.zeros}{size}{self.extension}\r\n".encode() + self.data + b"\r\n"


@dataclass(frozen=True)
class Content:
    """A content, whole or in ``chunks``, and the sizes of the ``writes`` in which it leaves before the rest."""

    data: bytes = b""
    chunks: tuple[Chunk, ...] | None = None
    writes: tuple[int, ...] = ()

    @property
    def framing(self) -> tuple[bytes, bytes]:
        """The field that tells its end."""
        if self.chunks is None:
            return b"Content-Length", b"%d" % len(self.data)
        return b"Transfer-Encoding", b"chunked"

    def coded(self) -> bytes:
        """All bytes behind the head."""
        if self.chunks is None:
            return self.data
        return b"".join(chunk.coded() for chunk in self.chunks) + b"0\r\n\r\n"

    def __str__(self) -> str:
        chunks = "" if self.chunks is None else f" in the chunks {[chunk.coded() for chunk in self.chunks]}"
        writes = f", after writes of {list(self.writes)} bytes" if self.writes else ""
        return f"a content of {show(self.data)}{chunks}{writes}"


def cut(data: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    """The data in pieces of these sizes, as far as they go, and the rest."""
    pieces = []
    for size in sizes:
        pieces.append(data[:size])
        data = data[size:]
    return [*pieces, data]


def contents() -> SearchStrategy[bytes]:
    """Any bytes, and long repetitions of some."""
    from hypothesis import strategies as st

    long = st.builds(bytes.__mul__, st.binary(min_size=1, max_size=7), st.integers(1, 10_000))
    return st.one_of(st.binary(max_size=300), st.binary(max_size=20), long)


def writes() -> SearchStrategy[tuple[int, ...]]:
    """Sizes of writes, most of them small."""
    from hypothesis import strategies as st

    return st.binary(max_size=6).map(lambda drawn: tuple(1 + number % 40 for number in drawn))


def with_length() -> SearchStrategy[Content]:
    """Contents whose length is told."""
    from hypothesis import strategies as st

    return st.builds(Content, contents(), st.none(), writes())


def in_chunks() -> SearchStrategy[Content]:
    """Contents in chunks; none of these is empty, for that one would be the last."""
    from hypothesis import strategies as st

    data = contents().filter(bool)
    extensions = st.one_of(st.just(""), st.builds(";{}={}".format, text("ab", least=1), text("cd1", least=1)))
    chunk = st.builds(Chunk, data, st.integers(0, 3), st.booleans(), extensions)

    def joined(chunks: list[Chunk], sizes: tuple[int, ...]) -> Content:
        return Content(b"".join(one.data for one in chunks), tuple(chunks), sizes)

    return st.builds(joined, st.lists(chunk, max_size=6), writes())


async def received(app: Call, data: bytes) -> None:
    """See that a body arrives whole, and nothing else."""
    same(await app.receive_body(), data)


def same(body: Body, data: bytes) -> None:
    """See that a body is this one, and complete."""
    told = Digest.of(data) if isinstance(body.content, Digest) else data
    expect(body.content, "the request body").equals(told)
    expect(body.complete, "the last event").is_true("ends the body", f"the last event is {show(body.last)}")


async def arrives(line: Line, content: Content) -> None:
    """Send a content write by write, and see it arrive."""
    client = await line.client()
    await client.send_head("POST", "/", [content.framing])
    for piece in filter(None, cut(content.coded(), content.writes)):
        await client.send(piece)
    app = await line.call(client)
    await received(app, content.data)
    await line.answered(client, app)


@case("property.request.body")
async def every_content_arrives(exchange: Exchange) -> None:
    """Whatever content a client sends, in whatever writes, the application receives its bytes."""
    await holds(exchange, with_length, arrives)


@case("property.request.chunks")
async def every_chunked_content_arrives(exchange: Exchange) -> None:
    """Whatever chunks a client sends, however they are written and cut, the application receives what is in them."""
    await holds(exchange, in_chunks, arrives)


@dataclass(frozen=True)
class Several:
    """Requests on one connection, each ``(content, answer)``; ``pipelined``: all sent before the first answer."""

    pairs: tuple[tuple[Content, bytes], ...]
    pipelined: bool

    def __str__(self) -> str:
        how = "pipelined" if self.pipelined else "one after the other"
        return f"{how}: " + "; ".join(f"{content}, answered with {show(answer)}" for content, answer in self.pairs)


def several() -> SearchStrategy[Several]:
    """Two to four requests with contents of either kind."""
    from hypothesis import strategies as st

    pair = st.tuples(st.one_of(with_length(), in_chunks()), st.binary(max_size=30))
    return st.builds(Several, st.lists(pair, min_size=2, max_size=4).map(tuple), st.booleans())


@case("property.request.several")
async def every_request_of_a_connection_is_its_own(exchange: Exchange) -> None:
    """Whatever requests come on one connection, pipelined or not, each call gets its own and each answer its place."""
    await holds(exchange, several, each_is_its_own)


async def each_is_its_own(line: Line, requests: Several) -> None:
    """Send requests on a connection of their own, and see that none takes anything of another."""
    await line.leave()
    client = await line.client()
    tags = []
    for content, answer in requests.pairs:
        await client.send_head("POST", "/", [content.framing])
        tags.append(client.tag)
        for piece in filter(None, cut(content.coded(), content.writes)):
            await client.send(piece)
        if not requests.pipelined and not await answered(line, client, content, answer):
            return
    for tag, (content, answer) in zip(tags, requests.pairs, strict=True):
        client.tag = tag
        if requests.pipelined and not await answered(line, client, content, answer):
            return


async def answered(line: Line, client: Http1Client, content: Content, answer: bytes) -> bool:
    """See one of several requests arrive and its answer come; whether the connection is kept for the next."""
    app = await line.call(client)
    await received(app, content.data)
    response = await line.answered(client, app, body=answer)
    expect(response.body, "the response's body").equals(answer)
    return line.kept
