"""Requests as bytes, right and wrong ones, and what a server does with them."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import show
from asgi_conformance.refusal import refusal_by
from asgi_conformance.step import Body
from asgi_conformance.verdict import Broken, Level, TimedOut

#: Where a tag stands in the bytes of a request: in its target, if that may be an ordinary one.
TAG, AFTER_TAG = b"<tag>", b"<after>"
#: A request that comes behind another in the same bytes.
AFTER = b"GET /after/<after> HTTP/1.1\r\nHost: a.example\r\n\r\n"


def lines(*given: bytes) -> bytes:
    """A head that consists of these lines."""
    return b"\r\n".join((*given, b"", b""))


def get(*fields: bytes) -> bytes:
    """A GET request with Host and these header lines."""
    return lines(b"GET /<tag> HTTP/1.1", b"Host: a.example", *fields)


def post(*fields: bytes, version: bytes = b"1.1") -> bytes:
    """The head of a POST request with Host and these header lines."""
    return lines(b"POST /<tag> HTTP/" + version, b"Host: a.example", *fields)


def with_line(line: bytes) -> bytes:
    """A request without content that begins with this line; its tag stands in a header."""
    return lines(line, b"Host: a.example", b"X-Exchange: <tag>")


def shown(request: bytes) -> str:
    """The bytes of a request as people see them in a verdict."""
    return show(request.partition(AFTER)[0].replace(b"X-Exchange: " + TAG + b"\r\n", b"").replace(TAG, b"p"))


async def raw_client(exchange: Exchange) -> Http1Client:
    """A client for raw bytes in the case's circumstance, which is none of HTTP/2."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    return client


async def write(client: Http1Client, request: bytes, method: str = "GET") -> str:
    """Send bytes with their tags filled in; gives the tag of the request that comes behind."""
    after = client.new_tag()
    tag = client.new_tag()
    data = request.replace(AFTER_TAG, after.encode()).replace(TAG, tag.encode())
    await client.send(data, method=method)
    return after


async def ask(exchange: Exchange, request: bytes, method: str = "GET") -> tuple[Http1Client, Call | Refusal]:
    """Send the bytes of a request; gives its call, or what the server did instead of calling."""
    client = await raw_client(exchange)
    await write(client, request, method)
    return client, await exchange.call_or_refusal(client)


async def refused(
    exchange: Exchange, request: bytes, readable: bytes | None = None, *, level: Level | None = None
) -> None:
    """Send a request that is not to reach the application: it is refused, and nothing that follows it is processed.

    The application may hear of it, if it hears too that the content breaks off, and the client that it is refused.
    A content of ``readable`` is right too. ``level`` is that of a breach, where it is weaker than the requirement's.

    Raises:
        Broken: the application got a whole request, or it is not refused as a mistake of the client.
    """
    client, got = await ask(exchange, request)
    if isinstance(got, Call):
        body = await received(got)
        if body is not None and body.complete and body.content == readable:
            return
        if body is not None and body.complete:
            observed = f"the application got a whole request: {seen(got)}"
            raise Broken(f"the server refuses {shown(request)}", observed, level=level)
        await got.finish()
        got = await refusal_by(client)
        if got.response is not None and got.response.status >= 500:
            await nothing_follows(exchange)
            return  # made up for the application, which has ended without an answer
    await is_refusal(exchange, got, request)


async def is_refusal(exchange: Exchange, got: Refusal, request: bytes) -> None:
    """See that a malformed request was refused: with 4xx, 501 or 505, or by the end of the connection.

    The server serves others afterwards and has not taken what follows for a request.

    Raises:
        Broken: one of these does not hold.
    """
    await nothing_follows(exchange)
    if got.response is not None and not is_about_the_request(got.response.status):
        raise Broken(f"the server refuses {shown(request)} as a mistake of the client", got.what)


def is_about_the_request(status: int) -> bool:
    """Whether a status tells a client that it is its request that cannot be served."""
    return 400 <= status < 500 or status in (501, 505)


async def nothing_follows(exchange: Exchange) -> None:
    """See that the server serves others, and that no call has come that the case did not wait for.

    Raises:
        Broken: what came behind the request, or a part of it, was taken for another one.
    """
    await exchange.still_serves()
    for call in exchange.unclaimed_calls():
        raise Broken("nothing that follows is taken for a request", f"the application was called with {seen(call)}")


def seen(call: Call) -> str:
    """What a call tells of its request, in a few words."""
    headers = [pair for pair in call.headers if b"xc-" not in pair[1]]
    method, path, version = (call.scope.get(key) for key in ("method", "path", "http_version"))
    return f"method {show(method)}, path {show(path)}, http_version {show(version)} and headers {show(headers)}"


async def received(app: Call, deadline: float | None = None) -> Body | None:
    """What the application receives up to the end of the content or of the connection; None where receive() raises.

    Raises:
        TimedOut: neither came.
    """
    try:
        return await app.receive_body(deadline=deadline)
    except TimedOut:
        raise
    except Broken:
        return None


def not_complete(body: Body | None, request: bytes) -> None:
    """See that the application was not told that the content is complete.

    Raises:
        Broken: it was.
    """
    if body is not None and body.complete:
        told = f"for {shown(request)} it was told that {show(body.content)} is all of it"
        raise Broken("the application is not told that the content of the request is complete", told)
