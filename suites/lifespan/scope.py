"""The scope of the lifespan call."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.shaped import shape_cases
from asgi_conformance.verdict import Broken

from .shared import lifespan_of

#: The types of the calls that belong to connections.
CONNECTIONS = ("http", "websocket")


async def lifespan(exchange: Exchange) -> None:
    """The lifespan call that the candidate made when it started, and a request that shows that it serves."""
    await exchange.still_serves()
    exchange.look_at_lifespan()


shape_cases(
    {
        "lifespan.scope.asgi.version": "The lifespan scope says which version of ASGI the server implements, as a str.",
        "lifespan.scope.asgi.spec-version": "The spec_version of the lifespan scope, where given, is one of lifespan.",
        "lifespan.scope.state.empty-dict": "The state of the lifespan scope, where given, is an empty dict.",
    },
    lifespan,
)


@case("lifespan.scope.type")
async def the_type_of_the_scope_is_lifespan(exchange: Exchange) -> None:
    """A server that is started makes a call whose scope is of the type "lifespan"."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    for scope in exchange.candidate.strays:
        kind = scope.get("type") if isinstance(scope, dict) else None
        if kind not in CONNECTIONS and not exchange.candidate.lifespans:
            raise Broken("the scope of the first call has the type 'lifespan'", f"it has the type {kind!r}")
    found = await lifespan_of(exchange, app)
    expect(found.call.scope.get("type"), "the type of the scope").equals("lifespan")


@case("lifespan.scope.asgi.version", "same-as-requests")
async def the_version_of_asgi_is_that_of_requests(exchange: Exchange) -> None:
    """The lifespan scope and the scope of a request name the same version of ASGI."""
    client, app = await exchange.dialogue()
    found = await lifespan_of(exchange, app)
    await exchange.answered(client, app)
    of_request, of_lifespan = (one.scope.get("asgi", {}).get("version") for one in (app, found.call))
    expect(of_lifespan, "scope['asgi']['version'] of the lifespan").equals(of_request)


@case("lifespan.scope.state.optional")
async def whether_there_is_a_state(exchange: Exchange) -> None:
    """Whether the lifespan scope has a state."""
    client, app = await exchange.dialogue()
    found = await lifespan_of(exchange, app)
    await exchange.answered(client, app)
    raise exchange.observed("the lifespan scope has a state" if found.has_state else "the lifespan scope has no state")
