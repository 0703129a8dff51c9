"""``send()`` on a WebSocket that is closed: what it raises, and what becomes of that."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.step import Raised
from asgi_conformance.verdict import Broken

from ..leaving import expect_oserror, propagated, raised_by, send_to_nobody
from ..server_log import listening
from .closing import nothing_after_close
from .conversation import LIMITED, TOO_MUCH, VIOLATIONS, WAYS, Leave, Message, close, data, text, told
from .sending import comes

#: Classes of the language itself: whether they are "server-specific" is unclear.
BUILTINS = ("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "ConnectionError")
#: How often, and how many seconds apart, an application goes on sending to a client that has left.
TIMES, INTERVAL = 500, 0.004
MANY = 100_000
#: How many clients leave, one after the other, where what is looked for shows at some moments only.
MOMENTS = 32
AFTER: dict[str, Message] = {"text": text(), "bytes": data(), "accept": {"type": "websocket.accept"}}


async def left(exchange: Exchange, leave: Leave = WAYS["close-frame"]) -> Call:
    """A call whose client has left an open WebSocket, and that has received websocket.disconnect."""
    client, app = await exchange.open_websocket()
    await app.send(text("before"))
    await comes(client, "before")
    waiting = app.begin_receive(beside=True)
    await leave(client)
    await told(exchange, app, waiting)
    return app


@case("websocket.send-closed.raises-oserror", "after-disconnect", each=WAYS, circumstances=EVERY_WEBSOCKET, since="2.4")
async def sending_after_the_disconnect_raises(exchange: Exchange, leave: Leave) -> None:
    """A send() after the application received websocket.disconnect raises an OSError."""
    app = await left(exchange, leave)
    expect_oserror(await app.try_send(text()))


@case("websocket.send-closed.raises-oserror", "while-sending", each=WAYS, circumstances=EVERY_WEBSOCKET, since="2.4")
async def sending_to_a_client_that_left_raises(exchange: Exchange, leave: Leave) -> None:
    """An application that only sends, and never receives, comes to an OSError when its client has left."""
    client, app = await exchange.open_websocket()
    stream = app.begin_flood(text("tick"), TIMES, interval=INTERVAL)
    await client.message()
    await leave(client)
    raised = await stream.outcome()
    if raised is not None and not raised.is_os_error:  # the matter of websocket.send-closed.no-other-exception
        raised = await app.try_send(text())
    expect_oserror(raised)


@case("websocket.send-closed.raises-oserror", "again", circumstances=(DEFAULT, HTTP2), since="2.4")
async def every_further_send_raises(exchange: Exchange) -> None:
    """After websocket.disconnect each of several sends raises an OSError, not only the first."""
    app = await left(exchange)
    for event in (text(), data(), text()):
        expect_oserror(await app.try_send(event))


@case("websocket.send-closed.server-specific-class", circumstances=(DEFAULT, HTTP2), since="2.4")
async def the_exception_is_of_a_class_of_the_server(exchange: Exchange) -> None:
    """What send() raises on a closed WebSocket is of a class of the server's own, derived from OSError."""
    app = await left(exchange)
    raised = raised_by(exchange, await app.try_send(text()))
    if not raised.is_os_error:
        raise exchange.not_applicable(f"the matter of websocket.send-closed.raises-oserror: it raised {raised}")
    expect(raised.type_name, "the class of the exception").differs("OSError")
    if raised.type_name in BUILTINS:
        raise exchange.observed(
            f"send() raises the {raised.type_name} of the language, not a class of the server's own"
        )


@case("websocket.send-closed.no-other-exception", each={**WAYS, **VIOLATIONS}, circumstances=EVERY_WEBSOCKET)
@case("websocket.send-closed.no-other-exception", each=TOO_MUCH, launch=LIMITED)
async def nothing_else_is_raised(exchange: Exchange, leave: Leave) -> None:
    """Sends on a WebSocket that is closed, by the client or for what it did, raise an OSError or nothing."""
    app = await left(exchange, leave)
    for event in (text(), data(), text()):
        await send_to_nobody(exchange, app, event)


@case("websocket.send-closed.no-other-exception", "at-once", each={**WAYS, **VIOLATIONS}, circumstances=EVERY_WEBSOCKET)
@case("websocket.send-closed.no-other-exception", "at-once", each=TOO_MUCH, launch=LIMITED)
async def nothing_else_is_raised_at_once(exchange: Exchange, leave: Leave) -> None:
    """A send() right after websocket.disconnect, before the server has tidied up, raises an OSError or nothing."""
    client, app = await exchange.open_websocket()
    waiting, sending = app.begin_receive(), app.begin_send(text())
    await app.ask("progress", step=waiting.number, at_once=True)
    await leave(client)
    await told(exchange, app, waiting)
    expect_nothing_else(await sending.outcome())


def expect_nothing_else(raised: Raised | None) -> None:
    """Expect that a send() raised nothing, or an OSError, or was cancelled with its call."""
    if raised is not None and not raised.is_os_error and not raised.is_cancellation:
        raise Broken("send() on the closed WebSocket returns, or raises an OSError", f"it raised {raised}")


@case(
    "websocket.send-closed.no-other-exception",
    "while-sending",
    each=WAYS,
    circumstances=EVERY_WEBSOCKET,
    revision=2,
)
async def nothing_else_is_raised_at_the_moment_of_the_end(exchange: Exchange, leave: Leave) -> None:
    """Of the sends that are under way when clients leave none raises anything but an OSError.

    Many WebSockets in turn, with a send() in every turn of the loop, as the moments in which a server does not know yet
    are short.
    """
    for _ in range(MOMENTS):
        client, app = await exchange.open_websocket()
        stream = app.begin_flood(text("tick"), MANY)
        waiting = app.begin_receive(beside=True)
        await client.message()
        await leave(client)
        await told(exchange, app, waiting)
        if not stream.done:
            await stream.cancel()
        expect_nothing_else(await stream.outcome())
        app.end_by_return()


@case("websocket.send-closed.after-own-close", each=AFTER, circumstances=EVERY_WEBSOCKET)
async def nothing_is_sent_after_the_own_close(exchange: Exchange, event: Message) -> None:
    """What the application sends after its own close does not reach the client; send() raises or returns."""
    await nothing_after_close(exchange, event)


@case("websocket.send-closed.caught", each=WAYS, circumstances=EVERY_WEBSOCKET, since="2.4")
async def the_server_catches_its_own_exception(exchange: Exchange, leave: Leave) -> None:
    """The exception that send() raised may come out of the application: the server goes on, and others are unharmed."""
    neighbour, other = await exchange.open_websocket("/neighbour")
    app = await left(exchange, leave)
    await propagated(exchange, app, text())
    await other.send(text("unharmed"))
    await comes(neighbour, "unharmed")
    await exchange.still_serves()


@case("websocket.send-closed.not-logged", each=WAYS, circumstances=(DEFAULT, HTTP2), since="2.4", exclusive=True)
async def the_exception_is_not_logged(exchange: Exchange, leave: Leave) -> None:
    """The exception that send() raised and that comes out of the application is not logged as an error."""
    async with listening(exchange) as log:
        app = await left(exchange, leave)
        await log.forget()
        raised = await propagated(exchange, app, text())
        await log.expect_no_error(f"the {raised.type_name} that its send() raised")


@case("websocket.send-closed.close-after-disconnect", each=WAYS, circumstances=EVERY_WEBSOCKET)
async def a_close_after_the_end_does_no_harm(exchange: Exchange, leave: Leave) -> None:
    """A websocket.close after websocket.disconnect raises nothing, or an OSError, and the server goes on."""
    app = await left(exchange, leave)
    await send_to_nobody(exchange, app, close(code=1000))
    await app.finish()
    await exchange.still_serves()


@case("websocket.send-closed.close-after-disconnect", "not-logged", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def a_close_after_the_end_is_not_logged(exchange: Exchange) -> None:
    """A websocket.close after websocket.disconnect, as many applications send to clean up, is not logged as an error.

    What send() raises, if anything, comes out of the application.
    """
    async with listening(exchange) as log:
        app = await left(exchange)
        await log.forget()
        if await app.begin_send(close(code=1000), propagate=True).outcome() is None:
            await app.finish()
        else:
            await app.over()
        await log.expect_no_error("a websocket.close after the client had gone")
