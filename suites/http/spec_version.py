"""The version of the HTTP and WebSocket document that a server claims."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange


def _claimed(app: Call) -> str:
    asgi = app.scope.get("asgi")
    given = isinstance(asgi, dict) and "spec_version" in asgi
    return app.spec_version if given else f"none, which means {app.spec_version},"


@case("http.spec-version.same-for-http-and-websocket")
async def the_claims_for_http_and_websocket(exchange: Exchange) -> None:
    """Which version of the document the server claims for requests, and which for WebSockets."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    _, other = await exchange.open_websocket()
    http, websocket = _claimed(app), _claimed(other)
    if http == websocket:
        raise exchange.observed(f"it claims {http} for requests and for WebSockets")
    raise exchange.observed(f"it claims {http} for requests and {websocket} for WebSockets")
