"""Debug information: for clients that test applications in their own process, not for servers."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect


@case("extension.debug.not-in-servers", circumstances=EVERY_HTTP)
async def servers_do_not_take_debug_information(exchange: Exchange) -> None:
    """The scope does not list the extension for debug information."""
    client, app = await exchange.dialogue()
    expect(list(app.extensions), "the extensions in the scope").lacks("http.response.debug")
    await exchange.answered(client, app)
