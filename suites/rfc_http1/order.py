"""One response to each request, in the order of the requests."""

from __future__ import annotations

from asgi_conformance.case import case
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..http.messages import Message, body, start
from .in_step import is_last, nothing_more

#: Responses by their framing: the method, the messages, and the content that reaches the client.
KINDS: dict[str, tuple[str, list[Message], bytes]] = {
    "with-length": ("GET", [start(status=201, headers=[(b"content-length", b"5")]), body(b"hello")], b"hello"),
    "without-length": ("GET", [start(status=202), body(b"hello, ", more=True), body(b"world")], b"hello, world"),
    "empty": ("GET", [start(status=404), body()], b""),
    "to-head": ("HEAD", [start(headers=[(b"content-length", b"5")]), body(b"hello")], b""),
    "204": ("GET", [start(status=204), body()], b""),
    "304": ("GET", [start(status=304, headers=[(b"etag", b'"v1"')]), body()], b""),
}


@case("rfc.http1.response.one-per-request", each=KINDS)
async def each_request_gets_one_response(exchange: Exchange, kind: tuple[str, list[Message], bytes]) -> None:
    """Of three requests on a connection, each gets its one response, and nothing follows the last one.

    There may be fewer where the server closes the connection.
    """
    method, messages, content = kind
    client = await exchange.http1()
    for number in range(3):
        last = number == 2
        await client.request(method, f"/{number}", [(b"connection", b"close")] if last else [])
        app = await exchange.call_or_refusal(client)
        if isinstance(app, Refusal):
            if number == 0 or app.response is not None or client.wire.ending is None:
                raise Broken("the server calls the application for this request", app.what)
            await nothing_more(exchange, client)
            return
        await app.send(*messages)
        app.end_by_return()
        response = await client.response()
        expect((response.status, response.body), "the response").equals((messages[0]["status"], content))
        expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
        if last or is_last(response):
            await nothing_more(exchange, client)
            return
