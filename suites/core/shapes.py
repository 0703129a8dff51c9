"""The kinds of what every scope and event is made of; the shapes themselves are in shapes.toml."""

from __future__ import annotations

from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.shaped import shape_cases

SCOPE = {
    "core.scope.is-dict": "The scope is a dict.",
    "core.scope.type.present": "The scope has a type.",
    "core.scope.type.str": "The type of the scope is a str.",
    "core.scope.asgi.present": "The scope has a dict about ASGI itself.",
    "core.scope.asgi.version.present": "The scope says which version of ASGI the server implements.",
    "core.scope.asgi.version.str": "The version of ASGI is a str.",
    "core.scope.keys.str": "All keys of the scope and of the dicts in it are of type str.",
}
EXTENSIONS = {
    "core.extensions.is-dict": "The extensions, where given, are a dict.",
    "core.extensions.names-str": "The names of extensions are of type str.",
    "core.extensions.values-dict": "The entry of every extension is a dict.",
}
EVENTS = {
    "core.event.is-dict": "Every event is a dict.",
    "core.event.type.str": "Every event has a type, a str.",
    "core.event.type.namespaced": "The type of every event begins with the type of the scope.",
    "core.event.keys.str": "All keys of events are of type str.",
    "core.event.serialisable": "Events are made of nothing but the types that could be sent over a network.",
}


async def http(exchange: Exchange) -> None:
    """A request with a body, answered."""
    client, app = await exchange.dialogue("POST", "/shapes?of=everything", [(b"X-Shape", b"1")], b"content")
    await app.receive_body()
    await exchange.answered(client, app)


async def websocket(exchange: Exchange) -> None:
    """A WebSocket that is opened, brings a message and is closed by the client."""
    client, app = await exchange.open_websocket("/shapes?of=everything", subprotocols=["chat"])
    await client.send_text("content")
    await app.receive()
    await client.close()
    # The disconnect event is looked at where it comes; that it has to come is another requirement.
    await app.begin_receive().pending_after(exchange.patience.quiet)


async def lifespan(exchange: Exchange) -> None:
    """The lifespan call that the candidate made when it started, and a request that shows that it serves."""
    await exchange.still_serves()
    exchange.look_at_lifespan()


shape_cases(SCOPE | EXTENSIONS | EVENTS, http, variation="http", circumstances=EVERY_HTTP)
shape_cases(SCOPE | EXTENSIONS | EVENTS, websocket, variation="websocket")
shape_cases(SCOPE | EVENTS, lifespan, variation="lifespan")
