"""What the cases about handshakes share: one that may be refused, and how one ends that was not accepted."""

from __future__ import annotations

import asyncio
import contextlib

from asgi_conformance.call import Call
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.clients.http2_websocket import Http2Carrier
from asgi_conformance.clients.websocket import Http1Carrier, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import Broken

from ..http.refusals import refuses
from ..leaving import ending

ACCEPT: dict[str, object] = {"type": "websocket.accept"}
CLOSE: dict[str, object] = {"type": "websocket.close"}


def http_under(client: WebSocketClient) -> HttpClient:
    """The HTTP client whose connection or stream the WebSocket goes over."""
    assert isinstance(client.carrier, (Http1Carrier, Http2Carrier))
    return client.carrier.client


async def call_unless_refused(
    exchange: Exchange, client: WebSocketClient, what: str, *, as_mistake: bool = False
) -> Call | None:
    """The websocket call for a handshake that a server may refuse; None when it did. ``what`` names the handshake.

    ``as_mistake``: only with a status 4xx, as a mistake of the client.

    Raises:
        Unsupported: the candidate takes no WebSocket at all.
        Broken: it neither called nor refused.
    """
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Call) and got.scope.get("type") == "websocket":
        return got
    await exchange.knock()
    if isinstance(got, Call):
        observed = f"the type of the scope is {got.scope.get('type')!r}"
        raise Broken(f"the server calls the application with a websocket scope for {what}, or refuses it", observed)
    if as_mistake and not (got.response is not None and 400 <= got.response.status < 500):
        raise Broken(f"the server calls the application for {what}, or answers 4xx", got.what)
    await refuses(exchange, got, what)
    return None


async def not_accepted(exchange: Exchange, client: WebSocketClient) -> Response | None:
    """Wait for the end of a handshake that the application did not accept: a response, or None for a mere end.

    The application has ended, so it has to come soon.

    Raises:
        Broken: the handshake was accepted all the same, or answered as if nothing were wrong.
        TimedOut: the client was left waiting.
    """
    seen = client.handshaken
    response = seen.response if seen is not None else await ending(exchange, http_under(client))
    if response is not None and response.status < 400:
        raise Broken(
            "the handshake is refused, by an error response or by the end of the connection",
            f"the server answered {response.status}",
        )
    return response


async def gives_up(exchange: Exchange, client: WebSocketClient, app: Call) -> None:
    """Have the application return when its answer to a handshake was refused, and see that the server serves others.

    The client takes in what it is told then, for a while: that it leaves in that moment is another matter.
    """
    app.end_by_return()
    with contextlib.suppress(asyncio.TimeoutError, Broken):
        await asyncio.wait_for(http_under(client).response(), exchange.patience.quiet)
    await exchange.still_serves()
