"""What a server that stops tells the calls of running requests."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.stops import WITH_REQUEST, LongRequest, Told


@case("http.disconnect.on-server-close", life=WITH_REQUEST)
async def a_server_that_closes_tells_the_call(exchange: Exchange, seen: LongRequest) -> None:
    """When the server that stops cuts a response off, a receive() that waits gives http.disconnect.

    A server may also wait for the response, cancel the call, or end its process.
    """
    if not seen.cut and seen.told == Told():
        raise exchange.observed("it waits for the response for longer than its own time for requests at a stop")
    if seen.told.lost or (seen.told.raised and seen.told.raised.is_cancellation):
        raise exchange.observed(f"when it cuts a response off at a stop, {seen.told}")
    event = seen.told.event or {}
    expect(event.get("type"), "the type of the event").satisfies(
        "is 'http.disconnect' when the server closes the connection",
        lambda kind: kind == "http.disconnect",
        str(seen.told),
    )
