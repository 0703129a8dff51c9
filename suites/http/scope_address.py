"""The addresses of both ends in the scope: client and server."""

from __future__ import annotations

import ipaddress

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP_AND_10, KEPT, TLS
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.kinds import checker, items_of
from asgi_conformance.verdict import Broken, Level

OVER_IPV6 = Launch(ipv6=True)
OVER_UNIX = Launch(unix=True)


def host_and_port(exchange: Exchange, app: Call, key: str) -> tuple[object, str]:
    """The host and the port, as text, of an address in the scope; that the port is an int is its shape's matter.

    Raises:
        Unsupported: the server gives none, which it may.
        Inconclusive: it is no pair at all.
    """
    found = app.scope.get(key)
    if found is None:
        state = "is None" if key in app.scope else "is not there"
        raise exchange.unsupported(f"this is optional, and scope[{key!r}] {state}")
    items = items_of(found)
    if items is None or len(items) < 2:
        broken = f"{app.scope['type']}.scope.{key}.shape"
        raise exchange.inconclusive(f"{broken} is broken: scope[{key!r}] is {show(found)}")
    return items[0], str(items[1])


def own_port(client: HttpClient) -> str:
    """The port of the client's own socket, as text."""
    assert client.local is not None
    return str(client.local[1])


def is_address(text: object, expected: str) -> bool:
    """Whether a text is an IP literal of the expected address; one that is mapped into IPv6 is the same."""
    try:
        found = ipaddress.ip_address(str(text))
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found) == ipaddress.ip_address(expected)


@case("http.scope.client.value", circumstances=(*EVERY_HTTP_AND_10, TLS))
async def the_client_is_the_remote_end(exchange: Exchange) -> None:
    """client, where given, is the address and the port of the client's socket."""
    client, app = await exchange.dialogue(headers=[(b"Host", b"client.example:1")])
    await exchange.answered(client, app)
    host, port = host_and_port(exchange, app, "client")
    address = exchange.candidate.address.host
    expect(is_address(host, address), "the host of scope['client']").is_true(f"is {address!r}", f"it is {show(host)}")
    expect(port, "the port of scope['client'], as text,").equals(own_port(client))


@case("http.scope.client.ipv6", launch=OVER_IPV6, circumstances=(DEFAULT, KEPT))
async def an_ipv6_client_is_a_pair_too(exchange: Exchange) -> None:
    """client, where given, has two items over IPv6 as well, the first of them a plain IPv6 address."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    exchange.watch.judge("http.scope.client.ipv6")
    host, port = host_and_port(exchange, app, "client")
    expect(is_address(host, "::1"), "the host of scope['client']").is_true("is '::1'", f"it is {show(host)}")
    expect(port, "the port of scope['client'], as text,").equals(own_port(client))


@case("http.scope.client.unix", launch=OVER_UNIX, circumstances=(DEFAULT, KEPT))
async def no_client_on_a_unix_socket(exchange: Exchange) -> None:
    """On a unix socket there is no remote address: client is None or left out."""
    client, app = await exchange.dialogue()
    expect(app.scope.get("client"), "scope['client']").is_none()
    await exchange.answered(client, app)


@case("http.scope.server.value", circumstances=(*EVERY_HTTP_AND_10, TLS))
@case("http.scope.server.value", "ipv6", launch=OVER_IPV6)
async def the_server_is_where_it_listens(exchange: Exchange) -> None:
    """server, where given, has the port at which the server listens, whatever the Host field says."""
    client, app = await exchange.dialogue(headers=[(b"Host", b"server.example:1")])
    await exchange.answered(client, app)
    host, port = host_and_port(exchange, app, "server")
    expect(port, "the port of scope['server'], as text,").equals(str(exchange.candidate.address.port))
    expect(host, "the host of scope['server']").differs("server.example")


@case("http.scope.server.unix", launch=OVER_UNIX, circumstances=(DEFAULT, KEPT))
async def the_server_is_a_path_on_a_unix_socket(exchange: Exchange) -> None:
    """On a unix socket server, where given, is the path of the socket and None for the port.

    The form came with version 2.2; any pair passes where an older one is claimed. A path that is not that of the
    socket is a warning.
    """
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    found = app.scope.get("server")
    if found is None:
        state = "is None" if "server" in app.scope else "is not there"
        raise exchange.unsupported(f"this is optional, and scope['server'] {state}")
    if app.spec_version in ("2.0", "2.1"):
        raise exchange.not_applicable(f"the candidate declares {app.spec_version}; scope['server'] is {show(found)}")
    items = items_of(found) or ()
    if not checker("pair[str, None]")(found):
        raise Broken("scope['server'] is the path of the socket and None", f"scope['server'] is {show(found)}")
    path = exchange.candidate.address.uds
    expect(items[0], "the path of scope['server']").weakly(Level.SHOULD).equals(path)
