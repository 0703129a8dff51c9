"""The scope of a call: what the application is told of its request and its connection.

Everything mutable in it is made anew for each call and never looked at again (core.scope.own-dict-per-call,
core.scope.nested-values-not-shared, http.multiplex.distinct-scopes, core.scope.stable-during-call,
core.scope.server-survives-scope-mutation, core.middleware.server-wrappers-copy-scope). Scopes and what is in them are
plain dicts, lists, str, bytes and int (core.scope.is-dict, core.scope.keys.str, core.scope.byte-strings-are-bytes,
core.scope.unicode-strings-are-str). A WebSocket's scope has most of its keys from the same place as an HTTP request's,
so the comments name the requirements of both.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from . import extensions
from .application import Scope
from .requests import Request

if TYPE_CHECKING:
    from .server import Server
    from .transport import Link

#: core.scope.asgi.version.value, core.scope.asgi.version.str, core.scope.asgi.version.same-in-all-scopes
ASGI_VERSION = "3.0"
#: http.spec-version.known-value, websocket.spec-version.known-value, core.scope.asgi.spec-version.str
#: http.spec-version.same-for-http-and-websocket
SPEC_VERSION = "2.5"
#: lifespan.scope.asgi.spec-version, lifespan.scope.asgi.spec-version.claim-2-0
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


def http_scope(server: Server, transport: Link, request: Request) -> Scope:
    """The scope of one HTTP request (www.rst, HTTP Connection Scope)."""
    scope = common(server, transport, request)
    scope["type"] = "http"  # http.scope.type.value, core.scope.type.present, core.scope.type.str
    scope["method"] = request.method  # http.scope.method.present
    # http.scope.scheme.plain, http.scope.scheme.tls, http.scope.scheme.type
    scope["scheme"] = "https" if transport.tls_entry else "http"
    scope["extensions"] = extensions.of_http(transport, request)
    return made(scope, server)


def websocket_scope(server: Server, transport: Link, request: Request, subprotocols: list[str]) -> Scope:
    """The scope of one WebSocket (www.rst, Websocket Connection Scope)."""
    scope = common(server, transport, request)
    scope["type"] = "websocket"  # websocket.scope.type.value
    # websocket.scope.scheme.plain, websocket.scope.scheme.tls, websocket.scope.scheme.type
    scope["scheme"] = "wss" if transport.tls_entry else "ws"
    scope["subprotocols"] = list(subprotocols)  # websocket.scope.subprotocols.value
    scope["extensions"] = extensions.of_websocket(transport)
    return made(scope, server)


def lifespan_scope(server: Server) -> Scope:
    """The scope of the lifespan call (lifespan.rst, Scope)."""
    scope: Scope = {
        "type": "lifespan",  # lifespan.scope.type
        "asgi": {"version": ASGI_VERSION, "spec_version": LIFESPAN_SPEC_VERSION},  # lifespan.scope.asgi.version
        "state": server.state,  # lifespan.scope.state.empty-dict, lifespan.state.untouched-by-server
    }
    return made(scope, server)


def common(server: Server, transport: Link, request: Request) -> Scope:
    """What HTTP and WebSocket scopes share."""
    return {
        "type": "",
        # core.scope.asgi.present, core.scope.asgi.version.present
        "asgi": {"version": ASGI_VERSION, "spec_version": SPEC_VERSION},
        # http.scope.http-version.present, http.scope.http-version.values
        # websocket.scope.http-version.http11, websocket.scope.http-version.http2
        "http_version": request.http_version,
        # http.scope.path.type, websocket.scope.path.decoded; a root path stays where the client put it:
        # http.scope.path.includes-root-path, websocket.scope.path.includes-root-path
        "path": request.path,
        # http.scope.raw-path.unmodified, http.scope.raw-path.type
        # websocket.scope.raw-path.unmodified, websocket.scope.raw-path.type
        "raw_path": request.raw_path,
        # http.scope.query-string.still-encoded, http.scope.query-string.type, http.scope.query-string.empty
        # websocket.scope.query-string.value, websocket.scope.query-string.type
        "query_string": request.query,
        # http.scope.root-path.value, http.scope.root-path.type, http.scope.root-path.non-ascii
        # websocket.scope.root-path.value, websocket.scope.root-path.type
        "root_path": server.config.root_path,
        # http.scope.headers.present, .re-iterable, .two-item, .nothing-lost, .nothing-added, .value-order
        # http.headers.pairs, http.request.headers.not-joined, http.request.headers.cookie-not-comma-joined
        # websocket.scope.headers.shape, .order, .duplicates-kept, .nothing-lost
        "headers": [(name, value) for name, value in request.headers],
        "client": client_of(transport),
        "server": server_of(transport),
        # lifespan.state.in-http, .in-websocket, .in-http2, .provided-everywhere, .copy-not-same-object, .shallow
        # lifespan.state.isolated-between-requests, .isolated-on-keep-alive, .isolated-concurrent, .not-written-back
        # lifespan.state.any-values, .later-additions; http.scope.state.shape, websocket.scope.state.shape
        "state": dict(server.state),
    }


def client_of(transport: Link) -> list[Any] | None:
    """Address and port of the remote end; None on a unix socket."""
    # http.scope.client.shape, http.scope.client.value, http.scope.client.ipv6, http.scope.client.unix
    # websocket.scope.client.shape
    if transport.socket.family == socket.AF_UNIX or transport.peer is None:
        return None
    return list(transport.peer[:2])


def server_of(transport: Link) -> list[Any]:
    """Address and port that the connection came in on, or the path of the unix socket and None."""
    # http.scope.server.shape, http.scope.server.value, http.scope.server.unix
    # websocket.scope.server.shape, websocket.scope.server.unix
    if transport.socket.family == socket.AF_UNIX:
        return [transport.local, None]
    return list(transport.local[:2])


def made(scope: Scope, server: Server) -> Scope:
    """The last touch of every scope: a spec-minimal server leaves out all that it may leave out.

    http.scope.state.optional, lifespan.scope.state.optional
    """
    if server.config.spec_minimal:
        del scope["asgi"]["spec_version"]
        for key, default in OPTIONAL_KEYS[scope["type"]].items():
            if default is None or scope[key] == default:
                del scope[key]
    return scope
