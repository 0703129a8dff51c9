"""What a server that stops does with an HTTP/2 connection (RFC 9113 § 6.8)."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http2 import GoAway, Http2Client, Http2Connection
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.suites.stops import told
from asgi_conformance.verdict import Broken, Outcome, TimedOut

from ..http.messages import body


class Stop(Record):
    """What a life shows in which the stop is asked for while there is an HTTP/2 connection.

    ``goaway`` is the last GOAWAY that came before the connection ended, or None; ``responses`` is what the clients got;
    ``closed`` tells whether the connection was closed then, ``status`` is the exit status.
    """

    responses: list[Response]
    closed: bool
    goaway: GoAway | None
    status: int


#: How many responses are in progress at a stop, each on a connection of its own: which tasks of a server come first is
#: chance with some.
SEVERAL = 8


async def stop_with_streams(exchange: Exchange, seen: Stop) -> None:
    """Ask for the stop in the midst of responses, and finish them when GOAWAY has come, or a while later."""
    lifespan = await exchange.lifecycle.started_anyhow()
    begun = [await begin_response(exchange) for _ in range(SEVERAL)]
    connection = begun[0][0].connection
    exchange.lifecycle.ask_to_stop()
    with contextlib.suppress(Broken):
        await connection.wire.bell.until(
            lambda: connection.state.goaway is not None or connection.is_over, exchange.patience.quiet * 2
        )
    for _, app in begun:
        if app.ended is None:
            with contextlib.suppress(Outcome):
                await app.try_send(body(b" and ended"))
            app.end_by_return()
    seen.responses = [await client.response() for client, _ in begun]
    await farewell(exchange, connection, lifespan, seen)


async def begin_response(exchange: Exchange) -> tuple[Http2Client, Call]:
    """A response whose first part has come, on a connection of its own."""
    connection = await exchange.http2()
    client = connection.open_stream()
    await client.request("GET", "/in-progress")
    app = await exchange.call(client)
    await app.start(200)
    await app.body(b"begun", more=True)
    await client.body_until(5)
    return client, app


async def stop_when_idle(exchange: Exchange, seen: Stop) -> None:
    """Ask for the stop when the one request of a connection has been answered."""
    lifespan = await exchange.lifecycle.started_anyhow()
    connection = await exchange.http2()
    client = connection.open_stream()
    await client.request("GET", "/answered")
    app = await exchange.call(client)
    seen.responses = [await exchange.answered(client, app)]
    await app.finish()
    exchange.lifecycle.ask_to_stop()
    await farewell(exchange, connection, lifespan, seen)


async def farewell(exchange: Exchange, connection: Http2Connection, lifespan: Call | None, seen: Stop) -> None:
    """Follow the stop to the end of the process, when all responses have come."""
    if lifespan is not None:
        await told(exchange, lifespan, lifespan.begin_receive())
        with contextlib.suppress(Outcome):
            await lifespan.try_send({"type": "lifespan.shutdown.complete"})
        lifespan.end_by_return()
    try:
        await connection.ended()
        seen.closed = True
    except TimedOut:
        seen.closed = False
    seen.goaway = connection.state.goaway
    await connection.close()
    seen.status = await exchange.lifecycle.gone()


LAUNCH = Launch(own=True, http2=True, graceful_timeout=3)
#: The server's time for a response is far longer than the application takes, also where everything is slow.
AMPLE = replace(LAUNCH, graceful_timeout=20)
CLEAR, TLS = (Life(stop_with_streams, Stop, launch=replace(AMPLE, tls=tls)) for tls in (False, True))
IDLE, IDLE_TLS = (Life(stop_when_idle, Stop, launch=replace(LAUNCH, tls=tls)) for tls in (False, True))


@case("rfc.http2.goaway.shutdown", "response", life=CLEAR, revision=2)
@case("rfc.http2.goaway.shutdown", "response/tls", life=TLS, revision=2)
async def responses_in_progress_are_completed(exchange: Exchange, seen: Stop) -> None:
    """Responses that are in progress when the server is asked to stop come to their end."""
    for response in seen.responses:
        expect(response.body, "the response's body").equals(b"begun and ended")
        expect(response.complete, "the response").is_true("is complete", "it was cut")


@case("rfc.http2.goaway.shutdown", "goaway", life=CLEAR)
@case("rfc.http2.goaway.shutdown", "goaway/tls", life=TLS)
@case("rfc.http2.goaway.shutdown", "goaway/idle", life=IDLE)
@case("rfc.http2.goaway.shutdown", "goaway/idle/tls", life=IDLE_TLS)
async def a_stop_is_told_by_goaway(exchange: Exchange, seen: Stop) -> None:
    """A server that stops sends GOAWAY without an error, which covers the streams that it answers, and closes."""
    expect(seen.closed, "the connection").is_true("is closed", "it stays open")
    if seen.goaway is None:
        raise Broken("GOAWAY comes before the connection is closed", "the connection was closed without one")
    expect(seen.goaway.is_fatal, "whether GOAWAY names an error").equals(False)
    expect(seen.goaway.last_stream, "the last stream of GOAWAY").satisfies("is 1 or more", lambda last: last >= 1)
