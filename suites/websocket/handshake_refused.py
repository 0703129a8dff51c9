"""Handshakes that the application refuses, or does not answer: websocket.close before accept, returning, raising."""

from __future__ import annotations

import asyncio
import contextlib

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2, KEPT
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, TimedOut

from .handshake_connect import connected
from .handshakes import CLOSE, http_under, not_accepted

CODES: dict[str, dict[str, object]] = {
    "normal": {**CLOSE, "code": 1000},
    "own-code": {**CLOSE, "code": 4001, "reason": "x"},
    "code-like-a-status": {**CLOSE, "code": 3404, "reason": "404 Not Found"},
    "no-reason": {**CLOSE, "code": 1008, "reason": None},
}
SUBPROTOCOLS = ["chat", "superchat"]


async def closing(exchange: Exchange, event: dict[str, object]) -> tuple[WebSocketClient, Call]:
    """Have the application answer a handshake with ``websocket.close``."""
    client, app = await exchange.knock(subprotocols=SUBPROTOCOLS)
    await connected(app)
    # That it raises nothing counts in websocket.error.valid-events.
    await app.try_send(event)
    return client, app


async def closed(exchange: Exchange, event: dict[str, object]) -> tuple[WebSocketClient, Response]:
    """Have the application close and return; gives the client and the response that it got."""
    client, app = await closing(exchange, event)
    app.end_by_return()
    return client, await http_under(client).response()


def expect_403(response: Response) -> None:
    """Expect a complete 403 response."""
    expect(response.status, "the status of the answer to the handshake").equals(403)
    expect(response.complete, "the 403 response").is_true("is complete", "the connection ended before its end")


@case("websocket.close.before-accept.403", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def closing_gives_403(exchange: Exchange) -> None:
    """When the application answers the handshake with websocket.close, the client gets a whole 403 response."""
    _, response = await closed(exchange, CLOSE)
    expect_403(response)


@case("websocket.close.before-accept.403", "unfinished-call", circumstances=(DEFAULT, HTTP2))
async def the_403_does_not_wait_for_the_call(exchange: Exchange) -> None:
    """The 403 reaches the client also while the application goes on after its websocket.close."""
    client, app = await closing(exchange, CLOSE)
    expect_403(await http_under(client).response())
    await app.finish()


@case("websocket.close.before-accept.connection-closed", circumstances=(DEFAULT, KEPT))
async def the_connection_is_closed_or_goes_on(exchange: Exchange) -> None:
    """After the 403, while the application goes on, the server closes the connection or serves the next request on it.

    What it must not do is to leave it open and deaf.
    """
    client, _ = await closing(exchange, CLOSE)
    http = http_under(client)
    assert isinstance(http, Http1Client)
    try:
        expect_403(await http.response())
    except TimedOut as waited:
        raise exchange.inconclusive(f"websocket.close.before-accept.403 is broken: {waited.observed}") from None
    seconds = exchange.patience.quiet
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(http.ended(), seconds)
        return
    await http.request("GET", "/next")
    with contextlib.suppress(TimedOut):
        got = await exchange.call_or_refusal(http)
        if isinstance(got, Call):
            await exchange.answered(http, got)
        return
    raise Broken(
        "the server closes the connection after the 403, or serves the next request on it",
        "the connection stayed open, and the next request on it was not answered",
    )


@case("websocket.close.before-accept.no-handshake", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def no_handshake_is_completed(exchange: Exchange) -> None:
    """After websocket.close the answer has nothing of a completed handshake, and no frame follows it."""
    client, response = await closed(exchange, CLOSE)
    expect(response.status, "the status of the answer to the handshake").satisfies(
        "does not complete it", lambda status: status >= 300
    )
    for name in (b"sec-websocket-accept", b"sec-websocket-protocol", b"sec-websocket-extensions"):
        expect(response.values(name), f"the values of {name.decode()} in the answer").equals([])
    http = http_under(client)
    if isinstance(http, Http1Client):
        expect(http.surplus, "what follows the answer on the connection").equals(b"")


@case("websocket.close.before-accept.code-irrelevant", each=CODES, circumstances=(DEFAULT, HTTP2))
async def code_and_reason_change_nothing(exchange: Exchange, event: dict[str, object]) -> None:
    """Whatever code and reason websocket.close has, the client gets a 403."""
    _, response = await closed(exchange, event)
    expect_403(response)


@case("websocket.close.before-accept.before-connect", circumstances=EVERY_WEBSOCKET)
async def closing_without_receiving(exchange: Exchange) -> None:
    """When websocket.close is the first thing that the application does, the client gets a 403, or send() raises."""
    client, app = await exchange.knock()
    raised = await app.try_send(CLOSE)
    app.end_by_return()
    if raised is not None:
        exchange.remark(f"send() raised {raised}")
        await not_accepted(exchange, client)
    else:
        expect_403(await http_under(client).response())
    await exchange.still_serves()


@case("websocket.close.before-accept.before-connect", "then-receives", circumstances=EVERY_WEBSOCKET)
async def closing_and_receiving_afterwards(exchange: Exchange) -> None:
    """When the application receives only after its websocket.close, the client gets the 403, and the server goes on."""
    client, app = await exchange.knock()
    raised = await app.try_send(CLOSE)
    await app.begin_receive().pending_after(exchange.patience.quiet)
    app.end_by_return()
    if raised is None:
        expect_403(await http_under(client).response())
    else:
        await not_accepted(exchange, client)
    await exchange.still_serves()


@case("websocket.app.returns-before-accept", circumstances=EVERY_WEBSOCKET)
async def returning_refuses_the_handshake(exchange: Exchange) -> None:
    """When the application returns without an answer, the client gets an error response or the end."""
    client, app = await exchange.knock()
    await connected(app)
    await app.finish()
    tell(exchange, await not_accepted(exchange, client), "returns")


@case("websocket.app.returns-before-accept", "at-once", circumstances=(DEFAULT, HTTP2))
async def returning_at_once_refuses_the_handshake(exchange: Exchange) -> None:
    """When the application returns and has not even received websocket.connect, the handshake is refused just so."""
    client, app = await exchange.knock()
    await app.finish()
    tell(exchange, await not_accepted(exchange, client), "returns")


@case("websocket.app.raises-before-accept", circumstances=EVERY_WEBSOCKET)
async def raising_refuses_the_handshake(exchange: Exchange) -> None:
    """When the application raises before an answer, the handshake is refused, and the server goes on."""
    client, app = await exchange.knock()
    await connected(app)
    await app.fail("a secret of the application")
    response = await not_accepted(exchange, client)
    tell(exchange, response, "raises")
    if response is not None and (b"Traceback" in response.body or b"a secret of" in response.body):
        raise Broken("the response tells nothing of the exception", f"it has {response.body!r}"[:300])
    await exchange.still_serves()


@case("websocket.app.raises-before-accept", "at-once", circumstances=(DEFAULT, HTTP2))
async def raising_at_once_refuses_the_handshake(exchange: Exchange) -> None:
    """When the application raises and has not even received websocket.connect, the handshake is refused just so."""
    client, app = await exchange.knock()
    await app.fail()
    tell(exchange, await not_accepted(exchange, client), "raises")
    await exchange.still_serves()


def tell(exchange: Exchange, response: Response | None, what: str) -> None:
    """Remark how the handshake ended."""
    how = f"answers {response.status}" if response is not None else "ends the connection"
    exchange.remark(f"it {how} when the application {what} without an answer")
