"""How the lifespan of a server begins."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.case import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect


@case("lifespan.startup.first-event", launch=Launch(own=True))
async def the_first_event_is_startup(exchange: Exchange) -> None:
    """The first event of a lifespan call is lifespan.startup."""
    await exchange.lifecycle.spawn()
    app = await exchange.lifecycle.lifespan()
    event = await app.receive()
    expect(event.get("type"), "the type of the first event").equals("lifespan.startup")
    await app.send({"type": "lifespan.startup.complete"})
    await exchange.lifecycle.serving()
