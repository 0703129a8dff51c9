"""Line breaks and NUL in what applications give for the wire elsewhere than in the headers of a response."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.clients.http import Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken

from ..extensions import denials, early_hints, trailers
from ..http.messages import body, start
from ..websocket.handshake_connect import connected
from ..websocket.handshakes import ACCEPT, http_under
from .in_step import in_step_or_closed, sent_or_refused

#: What would make two lines out of one value.
VALUES = {"crlf": b"a\r\nx-evil: 1", "lf": b"a\nx-evil: 1", "cr": b"a\rx-evil: 1", "nul": b"a\x00b"}


def _lacks_evil(response: Response | None) -> None:
    if response is not None:
        fields = [*response.headers, *response.trailers]
        fields += [field for early in response.informational for field in early.headers]
        expect([name.lower() for name, _ in fields], "the names of the fields").lacks(b"x-evil")


@case("rfc.http1.response.header-injection", "trailer", each=VALUES, extension=trailers.EXTENSION)
async def a_trailer_makes_no_further_line(exchange: Exchange, value: bytes) -> None:
    """CR, LF and NUL in the value of a trailer field do not reach the wire."""
    client = await exchange.http1()
    await client.request(headers=trailers.TAKES)
    app = await exchange.call(client)
    messages = start(trailers=True), body(b"ok"), trailers.trailers((b"x-a", value))
    response = await sent_or_refused(exchange, client, app, *messages)
    _lacks_evil(response)
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.header-injection", "early-hint", each=VALUES, extension=early_hints.EXTENSION)
async def a_hint_makes_no_further_line(exchange: Exchange, value: bytes) -> None:
    """CR, LF and NUL in the link of an early hint do not reach the wire."""
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    messages = early_hints.hint(b"</a>; rel=" + value), start(), body(b"ok")
    response = await sent_or_refused(exchange, client, app, *messages)
    _lacks_evil(response)
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.header-injection", "accept", each=VALUES, since="2.1")
async def an_acceptance_makes_no_further_line(exchange: Exchange, value: bytes) -> None:
    """CR, LF and NUL in a header of websocket.accept do not reach the wire."""
    await _answered_handshake(exchange, value, {**ACCEPT, "headers": [(b"x-a", value)]})


@case("rfc.http1.response.header-injection", "denial", each=VALUES, extension=denials.EXTENSION)
async def a_denial_makes_no_further_line(exchange: Exchange, value: bytes) -> None:
    """CR, LF and NUL in a header of a denial response do not reach the wire."""
    await _answered_handshake(exchange, value, denials.start(headers=[(b"x-a", value)]), denials.body(b"no"))


async def _answered_handshake(exchange: Exchange, value: bytes, *messages: object) -> None:
    websocket, app = await exchange.knock()
    await connected(app)
    client = http_under(websocket)
    assert isinstance(client, Http1Client)
    try:
        _lacks_evil(await sent_or_refused(exchange, client, app, *messages))
    except Broken:
        if value in client.seen or b"x-evil" in client.seen:
            raise
        exchange.remark(f"what came in place of an answer to the handshake is no HTTP: {show(client.seen)}")
    await exchange.still_serves()
