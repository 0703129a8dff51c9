"""A response in progress, while what else comes from its client cannot be understood."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show
from asgi_conformance.verdict import Broken

from ..leaving import BEGUN, ending
from .messages import body, early_call

#: What a client sends behind a request, in place of the next one.
MALFORMED: dict[str, bytes] = {
    "request-line": b"\x01\x02\x03 \xff nonsense\r\n\r\n",
    "header": b"GET /behind HTTP/1.1\r\nHost: behind\r\nno colon here\r\n\r\n",
    "framing": b"POST /behind HTTP/1.1\r\nHost: behind\r\nContent-Length: many\r\n\r\n",
}
REST = b" and ended"


@case("http.response.body.undisturbed", "before-the-start", each=MALFORMED)
async def nothing_comes_before_the_response(exchange: Exchange, behind: bytes) -> None:
    """A malformed request behind one whose call is running puts no answer before the response of that call.

    The connection may be closed, with or without the response.
    """
    client = await exchange.http1()
    await client.send_head("GET", "/first")
    app = await exchange.call(client)
    await client.send(behind)
    await exchange.still_serves()  # by then the server has read it
    await app.try_send({"type": "http.response.start", "status": 299, "headers": []}, body(BEGUN + REST))
    await expect_undisturbed(exchange, client)


@case("http.response.body.undisturbed", "within", each=MALFORMED)
async def nothing_comes_within_the_response(exchange: Exchange, behind: bytes) -> None:
    """A malformed request behind one whose response has begun puts nothing into that response.

    The connection may be closed, so that the response is visibly cut.
    """
    client = await exchange.http1()
    await client.send_head("GET", "/first")
    app = await exchange.call(client)
    await app.start(299)
    await app.body(BEGUN, more=True)
    await client.body_until(len(BEGUN))
    await client.send(behind)
    await exchange.still_serves()
    await app.try_send(body(REST))
    await expect_undisturbed(exchange, client)


@case("http.response.body.undisturbed", "malformed-chunk")
async def a_malformed_chunk_puts_nothing_into_the_response(exchange: Exchange) -> None:
    """A malformed chunk of the request puts nothing into its response, which has begun before; it may be cut."""
    client = await exchange.http1()
    await client.start_request("POST")
    await client.send_body(b"chunk")
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the application is called only when the whole request has arrived")
    await app.start(299)
    await app.body(BEGUN, more=True)
    await client.body_until(len(BEGUN))
    await client.send(b"no size\r\n\r\n")
    await exchange.still_serves()
    await app.try_send(body(REST))
    await expect_undisturbed(exchange, client)


async def expect_undisturbed(exchange: Exchange, client: Http1Client) -> None:
    """Expect the response of the application, whole or visibly cut, or the end of the connection."""
    answer = await ending(exchange, client)
    if answer is None:
        return
    if answer.status != 299:
        raise Broken("the first response is that of the application", f"it has the status {answer.status}")
    whole = BEGUN + REST
    if answer.body != whole and (answer.complete or not whole.startswith(answer.body)):
        told = "the complete content" if answer.complete else "the content before the cut"
        raise Broken("the client gets the content that the application sent", f"{told} is {show(answer.body)}")
