"""How the lifespan of a server ends."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from .ordinary import ORDINARY, Ordinary


@case("lifespan.shutdown.sent", life=ORDINARY)
async def an_orderly_stop_gives_shutdown(exchange: Exchange, seen: Ordinary) -> None:
    """When the server is asked to stop, the lifespan call receives lifespan.shutdown."""
    expect(seen.shutdown.get("type"), "the type of the event at the stop").equals("lifespan.shutdown")


@case("lifespan.shutdown.after-accepting-stopped", life=ORDINARY)
async def no_connection_is_accepted_after_shutdown(exchange: Exchange, seen: Ordinary) -> None:
    """While the application has not answered lifespan.shutdown, a new request does not reach it."""
    expect(seen.closed, "the server").is_true(
        "processes no connection after lifespan.shutdown", "a request reached the application after it was given"
    )


@case("lifespan.shutdown.once", life=ORDINARY)
async def shutdown_is_sent_once(exchange: Exchange, seen: Ordinary) -> None:
    """A further receive() before the answer to lifespan.shutdown gives no event."""
    expect(seen.again, "the event that a further receive() gave").is_none()


@case("lifespan.shutdown.complete.waited-for", life=ORDINARY)
async def the_server_waits_for_shutdown_complete(exchange: Exchange, seen: Ordinary) -> None:
    """The server process, and the lifespan call in it, live until the application has sent shutdown.complete."""
    expect(seen.waited, "the lifespan call").is_true(
        "lives until lifespan.shutdown.complete is sent", "the server ended it, or its own process, before that"
    )


@case("lifespan.shutdown.complete.then-ends", "returns", life=ORDINARY)
async def the_server_ends_after_shutdown_complete(exchange: Exchange, seen: Ordinary) -> None:
    """The server process ends when the application has sent shutdown.complete and has returned."""
    if not seen.waited:
        raise exchange.inconclusive("the server ended before it")
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.receive.waits-between", life=ORDINARY)
async def receive_waits_between_startup_and_shutdown(exchange: Exchange, seen: Ordinary) -> None:
    """Between startup and shutdown receive() gives no event, also while requests are served."""
    expect(seen.http.get("type"), "the type of the scope of a request between them").equals("http")
    expect(seen.between, "the event that came between startup and shutdown").is_none()
    expect(seen.shutdown.get("type"), "the type of the next event").equals("lifespan.shutdown")
