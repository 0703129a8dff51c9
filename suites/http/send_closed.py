"""``send()`` on a connection that has been closed: what it raises, and what becomes of that."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..leaving import (
    WAYS,
    expect_oserror,
    goes_on,
    leave,
    left_midway,
    propagated,
    raised_by,
    send_to_nobody,
    streaming,
)
from ..server_log import listening

MORE: dict[str, object] = {"type": "http.response.body", "body": b"more", "more_body": True}
LAST: dict[str, object] = {"type": "http.response.body", "body": b"last"}
#: Classes of the language itself: whether they are "server-specific" is unclear.
BUILTINS = ("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "ConnectionError")
#: How often, and how many seconds apart, an application goes on sending to a client that has left.
TIMES, INTERVAL = 100, 0.02


@case("http.send-closed.raises-oserror", "after-disconnect", each=WAYS, circumstances=EVERY_HTTP, since="2.4")
async def sending_after_the_disconnect_raises(exchange: Exchange, way: str) -> None:
    """A send() after the application received http.disconnect in the midst of a response raises an OSError."""
    app = await left_midway(exchange, way)
    expect_oserror(await app.try_send(MORE))


@case("http.send-closed.raises-oserror", "while-streaming", circumstances=EVERY_HTTP, since="2.4")
async def streaming_to_a_client_that_left_raises(exchange: Exchange) -> None:
    """An application that only sends, and never receives, comes to an OSError when its client has left."""
    client, app = await streaming(exchange)
    stream = app.begin_flood(MORE, TIMES, interval=INTERVAL)
    await client.body_until(len(b"begun" + b"more"))
    await leave(client, "reset")
    expect_oserror(await stream.outcome())


@case("http.send-closed.server-specific-class", circumstances=(DEFAULT, HTTP2), since="2.4")
async def the_exception_is_of_a_class_of_the_server(exchange: Exchange) -> None:
    """What send() raises on a closed connection is of a class of the server's own, derived from OSError."""
    app = await left_midway(exchange)
    raised = raised_by(exchange, await app.try_send(MORE))
    expect_oserror(raised)
    expect(raised.type_name, "the class of the exception").differs("OSError")
    if raised.type_name in BUILTINS:
        raise exchange.observed(
            f"send() raises the {raised.type_name} of the language, not a class of the server's own"
        )


@case("http.send-closed.no-other-exception", each=WAYS, circumstances=EVERY_HTTP)
async def nothing_else_is_raised(exchange: Exchange, way: str) -> None:
    """Sends to a client that has left in the midst of a response raise an OSError or nothing."""
    app = await left_midway(exchange, way)
    for event in (MORE, MORE, LAST):
        await send_to_nobody(exchange, app, event)


@case("http.send-closed.caught", circumstances=EVERY_HTTP, since="2.4")
async def the_server_catches_its_own_exception(exchange: Exchange) -> None:
    """The exception that send() raised may come out of the application: the server goes on, and others are unharmed."""
    client, neighbour = await streaming(exchange)
    app = await left_midway(exchange)
    await propagated(exchange, app, MORE)
    await neighbour.body(b" and ended")
    response = await client.response()
    expect(response.body, "the body of the other response").equals(b"begun and ended")
    await exchange.still_serves()


@case("http.send-closed.not-logged", circumstances=(DEFAULT, HTTP2), since="2.4", exclusive=True)
async def the_exception_is_not_logged(exchange: Exchange) -> None:
    """The exception that send() raised and that comes out of the application is not logged as an error."""
    async with listening(exchange) as log:
        app = await left_midway(exchange)
        await log.forget()
        raised = await propagated(exchange, app, MORE)
        await log.expect_no_error(f"the {raised.type_name} that its send() raised")


@case("http.send-closed.chained-caught", circumstances=(DEFAULT, HTTP2), since="2.4", exclusive=True)
async def a_caught_and_reraised_exception_is_not_logged(exchange: Exchange) -> None:
    """An application may catch the exception of send(), clean up and raise it again: caught and not logged too."""
    async with listening(exchange) as log:
        app = await left_midway(exchange)
        await log.forget()
        goes_on(exchange, app)
        raised = raised_by(exchange, await app.try_send(MORE))
        await app.ask("loop-works")
        await app.fail(error="last")
        await log.expect_no_error(f"the {raised.type_name} that its send() raised, caught and raised again")


@case("http.send-closed.repeatable", each=WAYS, circumstances=EVERY_HTTP, since="2.4")
async def every_further_send_raises(exchange: Exchange, way: str) -> None:
    """After http.disconnect each of several sends raises an OSError, not only the first."""
    app = await left_midway(exchange, way)
    raised_by(exchange, await app.try_send(MORE))
    for _ in range(3):
        expect_oserror(await app.try_send(MORE))
