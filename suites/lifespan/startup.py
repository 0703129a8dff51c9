"""How the lifespan of a server begins."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from .ordinary import ORDINARY, Ordinary


@case("lifespan.startup.first-event", life=ORDINARY)
async def the_first_event_is_startup(exchange: Exchange, seen: Ordinary) -> None:
    """The first event of a lifespan call is lifespan.startup."""
    expect(seen.startup.get("type"), "the type of the first event").equals("lifespan.startup")


@case("lifespan.startup.once", life=ORDINARY)
async def startup_is_sent_once(exchange: Exchange, seen: Ordinary) -> None:
    """A second receive() before startup is complete gives no event."""
    expect(seen.second, "the event that a second receive() gave").is_none()


@case("lifespan.startup.before-connections", life=ORDINARY)
async def startup_comes_before_any_connection(exchange: Exchange, seen: Ordinary) -> None:
    """The lifespan call receives startup before the application is called for a connection.

    A client tries to connect and to send a request from the start of the process on.
    """
    expect(seen.first, "the startup event").is_true(
        "comes before any other call", "a request had been passed on before"
    )
    _is_served(seen)


@case("lifespan.startup.complete.waited-for", life=ORDINARY)
async def no_connection_is_processed_before_startup_is_complete(exchange: Exchange, seen: Ordinary) -> None:
    """While the application has not sent startup.complete no request reaches it, and afterwards one does.

    A client tries to connect and to send a request all the time; it may be refused, or wait.
    """
    expect(seen.held, "the server").is_true(
        "processes no connection before startup.complete", "a request had reached the application before it was sent"
    )
    _is_served(seen)


@case("lifespan.startup.complete.then-serves", life=ORDINARY)
async def requests_are_served_after_startup_is_complete(exchange: Exchange, seen: Ordinary) -> None:
    """After startup.complete a request is answered through the application."""
    _is_served(seen)


@case("lifespan.startup.complete.send-returns", life=ORDINARY)
async def sending_complete_returns_and_receive_waits(exchange: Exchange, seen: Ordinary) -> None:
    """send() of startup.complete returns, and receive() waits after it."""
    expect(seen.completed, "what send() of lifespan.startup.complete raised").is_none()
    expect(seen.between, "the event that came then").is_none()


def _is_served(seen: Ordinary) -> None:
    expect(seen.http.get("type"), "the type of the scope of a request after startup.complete").equals("http")
