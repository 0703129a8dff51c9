"""Applications that take the end of their lifespan otherwise than an ordinary one does."""

from __future__ import annotations

import signal
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Raised
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken, Level

from .ordinary import answered_scope, shutdown_event

MESSAGE = "flush-lost-51c9"
COMPLETE = (("type", "lifespan.shutdown.complete"),)
FAILED = (("type", "lifespan.shutdown.failed"), ("message", MESSAGE))
FAILED_WITHOUT_MESSAGE = (("type", "lifespan.shutdown.failed"),)


class End(Record):
    """What a life shows in which the application takes the shutdown in its own way.

    ``shutdown`` is the event at the stop, ``raised`` what ``send()`` of the answer raised, or None; ``status`` is the
    exit status, ``output`` all that the server printed.
    """

    shutdown: dict[str, Any]
    raised: Raised | None
    status: int
    output: str


async def end(exchange: Exchange, seen: End, answer: tuple[tuple[str, str], ...], then: str) -> None:
    """Send the ``answer`` to lifespan.shutdown, if there is one, and ``then`` return, raise or wait for ever."""
    app = await exchange.lifecycle.started()
    exchange.lifecycle.ask_to_stop()
    seen.shutdown = await shutdown_event(app)
    seen.raised = await app.begin_send(dict(answer), propagate=True).outcome() if answer else None
    if app.ended is None:
        await _end(app, then)
    seen.status = await exchange.lifecycle.gone()
    seen.output = exchange.lifecycle.output


async def _end(app: Call, then: str) -> None:
    if then == "waits":
        app.begin_receive()
    elif then == "raises":
        await app.fail()
    else:
        await app.finish()


SHUTDOWN_FAILED = Life(end, End, (FAILED, "returns"))
WITHOUT_MESSAGE = Life(end, End, (FAILED_WITHOUT_MESSAGE, "returns"))


@case("lifespan.shutdown.failed.ends", life=SHUTDOWN_FAILED, since="2.0")
async def a_failed_shutdown_ends_the_server(exchange: Exchange, seen: End) -> None:
    """After lifespan.shutdown.failed the server process ends."""
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.shutdown.failed.message-logged", life=SHUTDOWN_FAILED, since="2.0")
async def the_message_of_a_failed_shutdown_is_printed(exchange: Exchange, seen: End) -> None:
    """The message of lifespan.shutdown.failed is in the output of the server."""
    expect(seen.output, "the output of the server").contains(MESSAGE)


@case("lifespan.shutdown.failed.message-optional", life=WITHOUT_MESSAGE, since="2.0")
async def the_message_of_a_failed_shutdown_may_be_missing(exchange: Exchange, seen: End) -> None:
    """A lifespan.shutdown.failed without a message ends the server as one with a message does."""
    if seen.raised is not None:
        expect(seen.raised.text, "the text of what send() raised").lacks("message")
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.scope.asgi.spec-version.claim-2-0", "shutdown-failed", life=SHUTDOWN_FAILED, since="2.0")
async def sending_shutdown_failed_raises_nothing(exchange: Exchange, seen: End) -> None:
    """send() of lifespan.shutdown.failed returns.

    A server that ends, and hands its own end to the application as an exception with the message, has understood the
    event: its breach is only that a valid event makes send() raise.
    """
    if seen.raised is not None:
        level = Level.SHOULD if MESSAGE in seen.raised.text else None
        raise Broken("send() of lifespan.shutdown.failed returns", f"it raised {seen.raised}", level=level)
    expect(seen.shutdown.get("type"), "the type of the event before it").equals("lifespan.shutdown")


@case("lifespan.shutdown.app-raises", "raises", life=Life(end, End, ((), "raises")))
@case("lifespan.shutdown.app-raises", "returns", life=Life(end, End, ((), "returns")))
async def an_application_that_does_not_answer_shutdown_is_not_waited_for(exchange: Exchange, seen: End) -> None:
    """When the application raises on lifespan.shutdown, or returns without an answer, the server ends."""
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.shutdown.complete.then-ends", "waits", life=Life(end, End, (COMPLETE, "waits")))
async def the_server_ends_though_the_application_waits(exchange: Exchange, seen: End) -> None:
    """The server process ends after shutdown.complete though the application's call goes on waiting."""
    exchange.remark(f"It ended with status {seen.status}.")


class Interrupted(Record):
    """What a life shows that an interrupt (SIGINT) ends.

    ``handed`` is the state of a request to which the lifespan had given values of any kind, or None without state.
    ``shutdown`` is the event at the interrupt, or None where the server ended without it; ``status`` the exit status.
    """

    handed: dict[str, Any] | None
    shutdown: dict[str, Any] | None
    status: int


#: Values that can only be handed on: they can be neither copied nor compared nor serialised.
VALUES = {
    "lock": odd("lock"),
    "socket": odd("socket"),
    "generator": odd("generator", [1]),
    "stubborn": odd("stubborn"),
    "set": odd("set", [1]),
}


async def interrupt(exchange: Exchange, seen: Interrupted) -> None:
    """Fill the state with values of any kind, serve a request, interrupt."""
    app = await exchange.lifecycle.lifespan()
    await app.receive()
    if "state" in app.scope:
        for key, value in VALUES.items():
            await app.change(["state"], "set", key, value)
    await app.send({"type": "lifespan.startup.complete"})
    await exchange.lifecycle.serving()
    seen.handed = (await answered_scope(exchange)).get("state") if "state" in app.scope else None
    exchange.lifecycle.ask_to_stop(signal.SIGINT)
    seen.shutdown = await _shutdown_or_end(exchange, app)
    if seen.shutdown is not None:
        await app.send({"type": "lifespan.shutdown.complete"})
        await app.finish()
    seen.status = await exchange.lifecycle.gone()


async def _shutdown_or_end(exchange: Exchange, app: Call) -> dict[str, Any] | None:
    try:
        return await shutdown_event(app)
    except Broken:
        if exchange.candidate.alive and app.ended is None:
            raise
    await app.over()
    return None


INTERRUPTED = Life(interrupt, Interrupted)


@case("lifespan.state.any-values", life=INTERRUPTED)
async def the_state_may_hold_anything(exchange: Exchange, seen: Interrupted) -> None:
    """Values of the state that cannot be copied, compared or serialised reach a request."""
    if seen.handed is None:
        raise exchange.unsupported("the lifespan scope has no state")
    expect(set(seen.handed), "the keys of the state of a request").equals(set(VALUES))


@case("lifespan.shutdown.sent", "interrupt", life=INTERRUPTED)
async def an_interrupt_gives_shutdown(exchange: Exchange, seen: Interrupted) -> None:
    """When the server gets SIGINT, as from Ctrl-C, the lifespan call receives lifespan.shutdown.

    A server says itself which requests to stop are orderly, so that one that just ends is not blamed.
    """
    if seen.shutdown is None:
        raise exchange.observed(f"SIGINT ends it with status {seen.status}, without lifespan.shutdown")
    expect(seen.shutdown.get("type"), "the type of the event at the interrupt").equals("lifespan.shutdown")
