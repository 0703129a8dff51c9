"""The scope of a call: what the application is told of its request and its connection.

Everything mutable in it is made anew for each call (core.scope.own-dict-per-call, core.scope.nested-values-not-shared,
http.multiplex.distinct-scopes).
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from . import extensions
from .application import Scope
from .requests import Request

if TYPE_CHECKING:
    from .server import Server
    from .transport import Transport

#: core.scope.asgi.version.value
ASGI_VERSION = "3.0"
#: http.spec-version.known-value, websocket.spec-version.known-value
SPEC_VERSION = "2.5"
#: lifespan.scope.asgi.spec-version
LIFESPAN_SPEC_VERSION = "2.0"

#: The optional keys, with the defaults that the specification gives them; None where absence says "not known".
OPTIONAL_KEYS: dict[str, dict[str, Any]] = {
    "http": {
        "scheme": "http",
        "raw_path": None,
        "root_path": "",
        "client": None,
        "server": None,
        "state": None,
        "extensions": None,
    },
    "websocket": {
        "http_version": "1.1",
        "scheme": "ws",
        "raw_path": None,
        "query_string": b"",
        "root_path": "",
        "client": None,
        "server": None,
        "subprotocols": [],
        "state": None,
        "extensions": None,
    },
    "lifespan": {"state": None},
}


def http_scope(server: Server, transport: Transport, request: Request) -> Scope:
    """The scope of one HTTP request (www.rst, HTTP Connection Scope)."""
    scope = common(server, transport, request)
    scope["type"] = "http"  # http.scope.type.value
    scope["method"] = request.method  # http.scope.method.present
    scope["scheme"] = "https" if transport.tls_entry else "http"  # http.scope.scheme.plain, http.scope.scheme.tls
    scope["extensions"] = extensions.of_http(transport, request)
    return made(scope, server)


def websocket_scope(server: Server, transport: Transport, request: Request, subprotocols: list[str]) -> Scope:
    """The scope of one WebSocket (www.rst, Websocket Connection Scope)."""
    scope = common(server, transport, request)
    scope["type"] = "websocket"  # websocket.scope.type.value
    scope["scheme"] = "wss" if transport.tls_entry else "ws"  # websocket.scope.scheme.plain, .tls
    scope["subprotocols"] = list(subprotocols)  # websocket.scope.subprotocols.value
    scope["extensions"] = extensions.of_websocket(transport)
    return made(scope, server)


def lifespan_scope(server: Server) -> Scope:
    """The scope of the lifespan call (lifespan.rst, Scope)."""
    scope: Scope = {
        "type": "lifespan",  # lifespan.scope.type
        "asgi": {"version": ASGI_VERSION, "spec_version": LIFESPAN_SPEC_VERSION},
        "state": server.state,  # lifespan.scope.state.empty-dict
    }
    return made(scope, server)


def common(server: Server, transport: Transport, request: Request) -> Scope:
    """What HTTP and WebSocket scopes share."""
    return {
        "type": "",
        "asgi": {"version": ASGI_VERSION, "spec_version": SPEC_VERSION},  # core.scope.asgi.version.present
        "http_version": request.http_version,  # http.scope.http-version.values
        "path": request.path,  # http.scope.path.type; http.scope.path.includes-root-path: the target as it is
        "raw_path": request.raw_path,  # http.scope.raw-path.unmodified
        "query_string": request.query,  # http.scope.query-string.still-encoded
        "root_path": server.config.root_path,  # http.scope.root-path.value
        "headers": [(name, value) for name, value in request.headers],  # http.scope.headers.nothing-lost
        "client": client_of(transport),
        "server": server_of(transport),
        "state": dict(server.state),  # lifespan.state.in-http, .in-websocket, .shallow, .isolated-between-requests
    }


def client_of(transport: Transport) -> list[Any] | None:
    """Address and port of the remote end; None on a unix socket."""
    # http.scope.client.shape, http.scope.client.ipv6, http.scope.client.unix
    if transport.socket.family == socket.AF_UNIX or transport.peer is None:
        return None
    return list(transport.peer[:2])


def server_of(transport: Transport) -> list[Any]:
    """Address and port that the connection came in on, or the path of the unix socket and None."""
    # http.scope.server.shape, http.scope.server.unix
    if transport.socket.family == socket.AF_UNIX:
        return [transport.local, None]
    return list(transport.local[:2])


def made(scope: Scope, server: Server) -> Scope:
    """The last touch of every scope: a spec-minimal server leaves out all that it may leave out."""
    if server.config.spec_minimal:
        del scope["asgi"]["spec_version"]
        for key, default in OPTIONAL_KEYS[scope["type"]].items():
            if default is None or scope[key] == default:
                del scope[key]
    return scope
