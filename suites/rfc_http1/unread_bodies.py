"""What becomes of the content of a request that the application does not read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from asgi_conformance.cases import case
from asgi_conformance.clients.http import TAG, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..http.messages import body, early_call, gets_body, start, while_sending
from ..http.refusals import refuses
from .in_step import in_step_or_closed

#: Content that is not read: its least size, and whether it is chunked.
UNREAD = {
    "with-length": (0, False),
    "chunked": (0, True),
    "1-mib-with-length": (1024 * 1024, False),
    "1-mib-chunked": (1024 * 1024, True),
}

#: Requests with both framings: their fields, and content that each of the two would end elsewhere.
TWO_FRAMINGS = {
    "length-then-chunked": ([(b"Content-Length", b"4"), (b"Transfer-Encoding", b"chunked")], b"0\r\n\r\n", b""),
    "chunked-then-length": ([(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"4")], b"0\r\n\r\n", b""),
    "length-too-long": (
        [(b"Content-Length", b"1000"), (b"Transfer-Encoding", b"chunked")],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
    "length-too-short": (
        [(b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked")],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
}


def disguised(exchange: Exchange, length: int = 0) -> bytes:
    """Bytes that look like requests, at least so many, with a tag of the exchange."""
    one = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n%s: %s\r\n\r\n" % (TAG, exchange.new_tag().encode())
    return one * (1 + length // len(one))


@contextmanager
def nothing_smuggled(exchange: Exchange) -> Iterator[None]:
    """See that by the end of the block, or when it fails, no call was made for what only looked like a request."""
    try:
        yield
    except Broken:
        _no_call(exchange)
        raise
    _no_call(exchange)


def _no_call(exchange: Exchange) -> None:
    for call in exchange.unclaimed_calls():
        raise Broken(
            "the application is called for requests alone", f"it was called for content: {call.scope.get('path')}"
        )


@case("rfc.http1.connection.unread-body", each=UNREAD)
async def unread_content_is_no_request(exchange: Exchange, kind: tuple[int, bool]) -> None:
    """Content that the application does not read is discarded, or ends the connection; it is never a request."""
    least, chunked = kind
    content = disguised(exchange, least)
    client = await exchange.http1()
    await client.start_request(length=None if chunked else len(content))
    async with while_sending(client, [content]):
        app = await exchange.call(client)
        await exchange.still_serves()  # by then the server holds as much of the content as it takes
        app.begin_send(start(), body(b"unread"), last=True)
        response = await client.next_response_or_end()
    await _not_a_request(exchange, client, response)


@case("rfc.http1.connection.unread-body", "after-the-answer")
async def late_content_is_no_request(exchange: Exchange) -> None:
    """Content that comes only after the response is discarded, or finds the connection closed."""
    content = disguised(exchange)
    client = await exchange.http1()
    await client.start_request(length=len(content))
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the application is called only when the whole request has arrived")
    await app.respond(200, body=b"unread")
    app.end_by_return()
    response = await client.next_response_or_end()
    await client.send(content)
    await _not_a_request(exchange, client, response)


async def _not_a_request(exchange: Exchange, client: Http1Client, response: Response | None) -> None:
    if response is not None:
        expect(response.status, "the status").equals(200)
    with nothing_smuggled(exchange):
        await in_step_or_closed(exchange, client, response)


@case("rfc.http1.request.cl-and-te", each=TWO_FRAMINGS)
async def two_framings_end_the_connection(
    exchange: Exchange, kind: tuple[list[tuple[bytes, bytes]], bytes, bytes]
) -> None:
    """A request with two framings is refused, or read as chunked; what follows it on the connection is not served."""
    headers, coded, content = kind
    client = await exchange.http1()
    await client.send_head("POST", "/", headers)
    await client.send(coded + disguised(exchange))
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, "a request with two framings")
    else:
        await gets_body(app, content)
        await exchange.answered(client, app)
        app.end_by_return()
    with nothing_smuggled(exchange):
        await client.wire.ended(exchange.patience.prompt)
        await exchange.still_serves()
