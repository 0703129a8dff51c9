"""What the client sees when the application returns or raises before its response is complete, or after it."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..beside import beside
from ..leaving import ending

#: The headers of a response of which only a part is sent.
FRAMINGS: dict[str, list[tuple[bytes, bytes]]] = {"with-length": [(b"content-length", b"100")], "without-length": []}
PART = b"a part of it"
ENDED = "the request is ended, by an error response or by the end of the connection"


@case("http.app.returns-without-response", circumstances=EVERY_HTTP_AND_10)
async def returning_at_once_does_not_leave_the_client_waiting(exchange: Exchange) -> None:
    """When the application returns without a response, the client gets a 5xx response or the end of the connection."""
    client, app = await exchange.dialogue()
    await app.finish()
    answer = await ending(exchange, client)
    if answer is not None and answer.status < 500:
        raise Broken(ENDED, f"the server answered {answer.status}, which the application never sent")
    await exchange.still_serves()


@case("http.app.returns-after-start", each=FRAMINGS, circumstances=EVERY_HTTP)
async def a_start_alone_is_no_complete_response(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """When the application returns after the start only, the client gets a 5xx response or a visibly cut one."""
    client, app = await exchange.dialogue()
    await app.start(200, headers)
    await app.finish()
    answer = await ending(exchange, client)
    if answer is not None and answer.status < 500 and answer.complete:
        raise Broken(
            "a response of which only the start was sent is replaced by an error, or is visibly incomplete",
            f"the client got a complete {answer.status} response with {len(answer.body)} bytes of content",
        )


@case("http.app.returns-mid-body", each=FRAMINGS, circumstances=EVERY_HTTP)
async def returning_in_the_midst_is_seen(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """When the application returns with content still to come, the client can see that the response is incomplete."""
    client, app = await begun(exchange, headers)
    await app.finish()
    answer = await cut(exchange, client)
    nothing_foreign(client, answer)
    expect_incomplete(answer)


@case("http.app.raises-before-start", circumstances=EVERY_HTTP_AND_10)
async def raising_at_once_ends_the_request(exchange: Exchange) -> None:
    """When the application raises before a response, the client gets an error response or the end of the connection."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await app.fail()
    expect_ended(await ending(exchange, client))
    await exchange.still_serves()


@case("http.app.raises-before-start", "unread-body", circumstances=EVERY_HTTP_AND_10)
async def raising_with_the_body_unread_ends_the_request(exchange: Exchange) -> None:
    """When the application raises and has not read the request's body, the request is ended just so."""
    client, app = await exchange.dialogue("POST", body=b"unread" * 10_000)
    await app.fail()
    expect_ended(await ending(exchange, client))
    await exchange.still_serves()


@case("http.app.raises-before-start", "next-on-the-connection")
async def the_next_request_is_served_or_the_connection_closed(exchange: Exchange) -> None:
    """After the error response to a POST the connection serves the next request, or is closed."""
    client = await exchange.http1()
    await client.request("POST", "/", body=b"unread")
    app = await exchange.call(client)
    await app.fail()
    expect_ended(await ending(exchange, client))
    if client.wire.ending is not None:
        return
    await client.request("GET", "/next")
    following = await exchange.call_or_refusal(client)
    if isinstance(following, Call):
        await exchange.answered(client, following)
    elif following.response is not None:
        raise Broken("the next request is served, or the connection closed", following.what)


@case("http.app.raises-before-start.500", circumstances=EVERY_HTTP_AND_10)
async def the_error_response_is_a_500(exchange: Exchange) -> None:
    """The answer of the server to an application that raised is a whole 500 response, and tells no traceback."""
    client, app = await exchange.dialogue()
    await app.fail("a secret of the application")
    answer = await ending(exchange, client)
    if answer is None:
        raise exchange.observed("it ends the connection without a response when the application raises")
    if answer.status < 500:
        raise Broken("the response has a status of 500 or above", f"it has {answer.status}", level=Level.SHOULD)
    expect(answer.complete, "the error response").weakly().is_true("is complete", "the connection ended within it")
    if b"Traceback" in answer.body or b"a secret of" in answer.body:
        raise Broken("the response tells nothing of the exception", f"it has {answer.body!r}"[:300], level=Level.SHOULD)
    if answer.status != 500:
        raise exchange.observed(f"it answers {answer.status} when the application raises")


@case("http.app.raises-mid-body", each=FRAMINGS, circumstances=(DEFAULT, HTTP2), exclusive=True)
async def raising_in_the_midst_cuts_the_response(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """When the application raises in the midst of a response, the response ends, visibly cut, and nothing follows.

    A response that the server completes, so that the client cannot tell, is the weaker breach.
    """
    client, app = await begun(exchange, headers)
    await app.fail()
    answer = await cut(exchange, client)
    nothing_foreign(client, answer)
    expect_incomplete(answer, Level.SHOULD)


@case("http.app.raises-after-complete", circumstances=EVERY_HTTP)
async def raising_afterwards_does_not_harm_the_response(exchange: Exchange) -> None:
    """An exception after the response was completed does not harm it, and the server goes on."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(PART)
    await app.fail()
    answer = await client.response()
    expect(answer.status, "the status").equals(200)
    expect(answer.body, "the response's body").equals(PART)
    expect(answer.complete, "the response").is_true("is complete", "the connection ended before its end")
    await exchange.still_serves()
    surplus = client.surplus if isinstance(client, Http1Client) else b""
    expect(surplus, "what follows on the connection").equals(b"")


@case("http.app.raises-after-complete", "pipelined")
async def raising_afterwards_does_not_lose_the_next_request(exchange: Exchange) -> None:
    """An exception after the response was completed does not take a pipelined request with it.

    A server may end the connection, but the loss of a request that it had been sent is the weaker breach.
    """
    client = await exchange.http1()
    await client.send_head("GET", "/one")
    await client.send_head("GET", "/two")
    app = await exchange.call()
    await app.respond(200, body=PART)
    await app.fail()
    answer = await client.response()
    expect(answer.body, "the first response's body").equals(PART)
    following = await exchange.call_or_refusal(client)
    if isinstance(following, Call):
        await following.respond(200, body=PART)
    second = await ending(exchange, client)
    if second is None or not second.complete:
        raise Broken("the pipelined request is answered", "the connection was closed before", level=Level.SHOULD)


@case("http.app.concurrent-keep-alive")
async def a_call_that_cleans_up_and_the_next_request(exchange: Exchange) -> None:
    """The request that follows a complete response is served while the earlier call still cleans up, or after it."""
    client, first = await exchange.dialogue()
    await exchange.answered(client, first)
    await client.request("GET", "/next")
    async with beside(exchange.call(client)) as second:
        await asyncio.wait({second}, timeout=exchange.patience.quiet)
        if not second.done():  # a server that is merely slow calls before it serves what came later
            await exchange.still_serves()
        waits = not second.done()
        if waits:
            await first.finish()
        await exchange.answered(client, await second)
    if waits:
        raise exchange.observed("the next request of a connection waits until the earlier call has ended")


async def begun(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> tuple[HttpClient, Call]:
    """A call whose response has begun with :data:`PART`, which has reached the client."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await app.start(200, headers)
    await app.body(PART, more=True)
    await client.body_until(len(PART))
    return client, app


async def cut(exchange: Exchange, client: HttpClient) -> Response:
    """What became of the response that :func:`begun` began."""
    answer = await ending(exchange, client)
    assert answer is not None, "a response that has begun is there"
    return answer


def expect_ended(answer: Response | None) -> None:
    """Expect an error response, or None for the end of the connection; another status is the weaker breach."""
    if answer is not None and answer.status < 400:
        raise Broken(ENDED, f"the server answered {answer.status}", level=Level.SHOULD)


def expect_incomplete(answer: Response, level: Level | None = None) -> None:
    """Expect that the client can see that the response was cut."""
    if answer.complete:
        raise Broken(
            "the client can see that the response is incomplete",
            f"the server completed it after {len(answer.body)} bytes of content (framing: {answer.framing})",
            level=level,
        )


def nothing_foreign(client: HttpClient, answer: Response) -> None:
    """Expect that the client got what the application had sent, and nothing else."""
    expect(answer.status, "the status").equals(200)
    expect(answer.body, "the content that the client got").equals(PART)
    surplus = client.surplus if isinstance(client, Http1Client) else b""
    expect(surplus, "what follows on the connection").equals(b"")
