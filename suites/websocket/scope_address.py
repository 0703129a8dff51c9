"""The addresses of both ends in the scope of a WebSocket: client and server."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET_AND_TLS, KEPT
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.kinds import checker, items_of
from asgi_conformance.verdict import Broken, Level

from ..http.scope_address import OVER_IPV6, OVER_UNIX, host_and_port, is_address, own_port
from .handshakes import http_under


@case("websocket.scope.client.shape", "value", circumstances=EVERY_WEBSOCKET_AND_TLS)
@case("websocket.scope.client.shape", "value/ipv6", launch=OVER_IPV6)
async def the_client_is_the_remote_end(exchange: Exchange) -> None:
    """client, where given, is the address and the port of the client's socket."""
    client, app = await exchange.knock(headers=[(b"x-forwarded-host", b"client.example")])
    await exchange.accepted(client, app)
    host, port = host_and_port(exchange, app, "client")
    address = exchange.candidate.address.host
    expect(is_address(host, address), "the host of scope['client']").is_true(f"is {address!r}", f"it is {show(host)}")
    expect(port, "the port of scope['client'], as text,").equals(own_port(http_under(client)))


@case("websocket.scope.server.shape", "value", circumstances=EVERY_WEBSOCKET_AND_TLS)
@case("websocket.scope.server.shape", "value/ipv6", launch=OVER_IPV6)
async def the_server_is_where_it_listens(exchange: Exchange) -> None:
    """server, where given, has the port at which the server listens."""
    client, app = await exchange.knock()
    await exchange.accepted(client, app)
    _, port = host_and_port(exchange, app, "server")
    expect(port, "the port of scope['server'], as text,").equals(str(exchange.candidate.address.port))


@case("websocket.scope.server.unix", launch=OVER_UNIX, circumstances=(DEFAULT, KEPT))
async def the_server_is_a_path_on_a_unix_socket(exchange: Exchange) -> None:
    """On a unix socket server, where given, is the path of the socket and None for the port.

    The form came with version 2.2; any pair passes where an older one is claimed. A path that is not that of the
    socket is a warning.
    """
    client, app = await exchange.knock()
    await exchange.accepted(client, app)
    found = app.scope.get("server")
    if found is None:
        state = "is None" if "server" in app.scope else "is not there"
        raise exchange.unsupported(f"this is optional, and scope['server'] {state}")
    if app.spec_version in ("2.0", "2.1"):
        raise exchange.not_applicable(f"the candidate declares {app.spec_version}; scope['server'] is {show(found)}")
    if not checker("pair[str, None]")(found):
        raise Broken("scope['server'] is the path of the socket and None", f"scope['server'] is {show(found)}")
    path = (items_of(found) or (None,))[0]
    expect(path, "the path of scope['server']").weakly(Level.SHOULD).equals(exchange.candidate.address.uds)


@case("websocket.scope.server.unix", "client", launch=OVER_UNIX, circumstances=(DEFAULT, KEPT))
async def no_client_on_a_unix_socket(exchange: Exchange) -> None:
    """On a unix socket there is no remote address: client is None or left out. A made-up one is a warning."""
    client, app = await exchange.knock()
    await exchange.accepted(client, app)
    expect(app.scope.get("client"), "scope['client']").weakly(Level.SHOULD).is_none()
