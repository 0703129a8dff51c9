"""Violations of what www.rst says of the scope of a WebSocket, but for its target (suite ``websocket``)."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Scope
from ..websocket_wire import Phase
from . import around, on_scope

HEADERS = ["websocket.scope.headers.*", "core.*", "lifespan.*"]
LISTED = ["websocket.scope.subprotocols.*"]


@on_scope("websocket.spec-version.known-value/new-major", kind="websocket", follows=["core.*", "websocket.*"])
def spec_version_of_another_major(scope: Scope) -> None:
    """The spec_version is "3.0", which does not exist."""
    scope["asgi"]["spec_version"] = "3.0"


@on_scope("websocket.scope.type.value/ws", kind="websocket", follows=["*"])
def type_names_the_scheme(scope: Scope) -> None:
    """The type of the scope is "ws"."""
    scope["type"] = "ws"


@on_scope("websocket.scope.http-version.http11/with-name", kind="websocket")
def version_with_its_name(scope: Scope) -> None:
    """The version of HTTP/1.1 has the protocol's name before it."""
    if scope["http_version"] == "1.1":
        scope["http_version"] = "HTTP/1.1"


@on_scope("websocket.scope.http-version.http2/as-1-1", kind="websocket")
def version_2_is_not_told(scope: Scope) -> None:
    """The version is "1.1" over HTTP/2 too."""
    scope["http_version"] = "1.1"


@on_scope("websocket.scope.scheme.type/empty", kind="websocket", follows=["websocket.scope.scheme.*"])
def scheme_empty(scope: Scope) -> None:
    """The scheme is empty."""
    scope["scheme"] = ""


@on_scope("websocket.scope.scheme.plain/http", kind="websocket")
def scheme_of_http(scope: Scope) -> None:
    """The scheme without TLS is "http"."""
    if scope["scheme"] == "ws":
        scope["scheme"] = "http"


@on_scope("websocket.scope.scheme.tls/plain", kind="websocket")
def tls_is_not_told(scope: Scope) -> None:
    """The scheme is "ws" over TLS too."""
    scope["scheme"] = "ws"


@on_scope("websocket.scope.state.shape/pairs", kind="websocket", follows=["lifespan.*", "core.*"])
def state_as_pairs(scope: Scope) -> None:
    """The state is a list of pairs."""
    scope["state"] = list(scope["state"].items())


# addresses


@on_scope("websocket.scope.client.shape/port-as-str", kind="websocket", follows=["websocket.scope.server.unix"])
def client_port_as_str(scope: Scope) -> None:
    """The port of the client is a Unicode string."""
    if scope["client"]:
        scope["client"][1] = str(scope["client"][1])


@on_scope("websocket.scope.client.shape/port-of-the-server", kind="websocket")
def client_port_of_the_server(scope: Scope) -> None:
    """The port of the client is that of the server."""
    if scope["client"]:
        scope["client"][1] = scope["server"][1]


@on_scope("websocket.scope.server.shape/port-as-str", kind="websocket", follows=["websocket.scope.server.unix"])
def server_port_as_str(scope: Scope) -> None:
    """The port of the server is a Unicode string."""
    scope["server"][1] = str(scope["server"][1])


@on_scope("websocket.scope.server.shape/port-of-the-client", kind="websocket")
def server_port_of_the_client(scope: Scope) -> None:
    """The port of the server is that of the client."""
    if scope["client"]:
        scope["server"][1] = scope["client"][1]


@on_scope("websocket.scope.server.unix/zero", kind="websocket", follows=["websocket.scope.server.*"])
def no_port_is_zero(scope: Scope) -> None:
    """On a unix socket the port of the server is 0."""
    scope["server"][1] = scope["server"][1] or 0


@on_scope("websocket.scope.server.unix/made-up-client", kind="websocket")
def a_client_is_made_up(scope: Scope) -> None:
    """On a unix socket the client has an address."""
    scope["client"] = scope["client"] or ["127.0.0.1", 0]


# headers


@on_scope("websocket.scope.headers.shape/str", kind="websocket", follows=[*HEADERS, "*"])
def headers_as_str(scope: Scope) -> None:
    """Values of headers are Unicode strings, but for the one that tells exchanges apart."""
    scope["headers"] = [(n, v if n == b"x-exchange" else v.decode("latin-1")) for n, v in scope["headers"]]


@on_scope("websocket.scope.headers.order/sorted", kind="websocket", follows=HEADERS)
def headers_sorted(scope: Scope) -> None:
    """Headers are sorted by name."""
    scope["headers"].sort(key=lambda header: header[0])


@on_scope("websocket.scope.headers.duplicates-kept/joined", kind="websocket", follows=HEADERS)
def duplicates_joined(scope: Scope) -> None:
    """Headers with the same name are joined with commas."""
    joined: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        joined[name] = joined[name] + b", " + value if name in joined else value
    scope["headers"] = list(joined.items())


@on_scope("websocket.scope.headers.lower-case/title-case", kind="websocket", follows=HEADERS)
def header_names_in_title_case(scope: Scope) -> None:
    """Header names are in title case, whatever the client sent."""
    scope["headers"] = [(name.title(), value) for name, value in scope["headers"]]


@on_scope("websocket.scope.headers.values-exact/utf-8", kind="websocket", follows=HEADERS)
def header_values_encoded_anew(scope: Scope) -> None:
    """Header values are taken for Latin-1 and encoded in UTF-8."""
    scope["headers"] = [(name, value.decode("latin-1").encode()) for name, value in scope["headers"]]


@on_scope("websocket.scope.headers.values-exact/padded", kind="websocket", follows=HEADERS)
def header_values_padded(scope: Scope) -> None:
    """Values of headers that begin with "x-" have a space behind them, but for the one that tells exchanges apart."""
    padded = [(n, v + b" ") if n.startswith(b"x-") and n != b"x-exchange" else (n, v) for n, v in scope["headers"]]
    scope["headers"] = padded


@on_scope("websocket.scope.headers.nothing-lost/cookie", kind="websocket", follows=HEADERS)
def cookies_lost(scope: Scope) -> None:
    """Cookies are not in the headers."""
    scope["headers"] = [header for header in scope["headers"] if header[0] != b"cookie"]


@on_scope("websocket.scope.headers.nothing-lost/of-the-handshake", kind="websocket", follows=HEADERS)
def fields_of_the_handshake_lost(scope: Scope) -> None:
    """The fields of the handshake are not in the headers."""
    scope["headers"] = [header for header in scope["headers"] if not header[0].startswith((b"sec-", b"upgrade"))]


@on_scope("websocket.scope.headers.nothing-lost/underscore", kind="websocket", follows=HEADERS)
def names_with_underscores_lost(scope: Scope) -> None:
    """Headers with an underscore in their name are left out."""
    scope["headers"] = [header for header in scope["headers"] if b"_" not in header[0]]


@on_scope("websocket.scope.headers.no-pseudo-headers/protocol", kind="websocket", follows=HEADERS)
def a_pseudo_header_kept(scope: Scope) -> None:
    """Over HTTP/2 the pseudo-header :protocol is in the headers."""
    if scope["http_version"] == "2":
        scope["headers"].append((b":protocol", b"websocket"))


@on_scope("websocket.scope.headers.authority-becomes-host/last", kind="websocket", follows=HEADERS)
def the_authority_comes_last(scope: Scope) -> None:
    """Over HTTP/2 the host is the last header."""
    if scope["http_version"] == "2":
        scope["headers"].sort(key=lambda header: header[0] == b"host")


@around(
    "http2.Http2Connection.__init__",
    "pseudo.regular_headers",
    name="websocket.scope.headers.authority-becomes-host/host-wins",
    follows=["http.scope.headers.*", "rfc.http2.*"],
)
def another_host_wins(original: Any, *arguments: Any) -> Any:
    """A host that came beside the authority takes its place, and is let through although it is another one."""
    found = original(*arguments)
    if found is None:
        arguments[0].h2.config.validate_inbound_headers = False
        return None
    hosts = [field for field in arguments[0] if field[0] == b"host"]
    return hosts[:1] + found[1:] if hosts else found


# subprotocols


@on_scope("websocket.scope.subprotocols.type/bytes", kind="websocket", follows=LISTED)
def subprotocols_as_bytes(scope: Scope) -> None:
    """The subprotocols are byte strings."""
    scope["subprotocols"] = [name.encode() for name in scope["subprotocols"]]


@on_scope("websocket.scope.subprotocols.value/first-only", kind="websocket", follows=LISTED)
def one_subprotocol_listed(scope: Scope) -> None:
    """Only the first of several subprotocols is listed."""
    del scope["subprotocols"][1:]


@on_scope("websocket.scope.subprotocols.value/capitals", kind="websocket", follows=LISTED)
def subprotocols_in_capitals(scope: Scope) -> None:
    """The subprotocols are in capitals."""
    scope["subprotocols"] = [name.upper() for name in scope["subprotocols"]]


@on_scope("websocket.scope.subprotocols.empty/empty-string", kind="websocket", follows=LISTED)
def no_subprotocol_is_an_empty_one(scope: Scope) -> None:
    """Without a subprotocol, an empty one is listed."""
    scope["subprotocols"] = scope["subprotocols"] or [""]


# the life of a socket


@around("scope.websocket_scope", name="websocket.scope.lifetime.one-call/one-dict", follows=["core.*", "lifespan.*"])
def one_dict_for_all(original: Any, *args: Any) -> Scope:
    """All WebSockets share one dict, which is filled anew for each."""
    made: Scope = original(*args)
    _shared.clear()
    _shared.update(made)
    return _shared


_shared: Scope = {}


@around("websocket.WebSocketCall.end_call", name="websocket.scope.lifetime.app-return-closes/left-open", follows=["*"])
def a_return_closes_nothing(original: Any, self: Any, failed: bool) -> None:
    """When the application returns after accepting, the socket stays open."""
    if failed or self.phase is not Phase.OPEN:
        original(self, failed)


@around("websocket.WebSocketCall.end_call", name="websocket.scope.lifetime.app-raise-closes/left-open", follows=["*"])
def an_exception_closes_nothing(original: Any, self: Any, failed: bool) -> None:
    """When the application raises after accepting, the socket stays open."""
    if not failed or self.phase is not Phase.OPEN:
        original(self, failed)


@around("websocket.WebSocketCall.end_call", name="websocket.scope.lifetime.own-stream-only/connection", follows=["*"])
def an_end_takes_the_connection_along(original: Any, self: Any, failed: bool) -> None:
    """When the application of a WebSocket over HTTP/2 ends, its whole connection ends."""
    is_open = self.phase is Phase.OPEN
    original(self, failed)
    if is_open and self.scope["http_version"] == "2":
        self.stream.transport.lose()


@around("websocket_wire.WebSocketWire.end", name="websocket.scope.lifetime.own-stream-only/by-client", follows=["*"])
def a_clients_close_takes_the_connection_along(original: Any, self: Any, code: int, reason: str) -> None:
    """When a client has closed its WebSocket over HTTP/2, its whole connection ends."""
    original(self, code, reason)
    if self.scope["http_version"] == "2":
        self.stream.transport.lose()


@around("websocket.WebSocketCall.receive", name="websocket.scope.lifetime.socket-end-informs-app/untold", follows=["*"])
async def the_end_is_not_told(original: Any, self: Any) -> Event:
    """When the socket has ended, receive() waits for ever."""
    event: Event = await original(self)
    if event["type"] == "websocket.disconnect":
        await anyio.sleep_forever()
    return event
