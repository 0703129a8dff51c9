"""Violations in what a scope says of its connection, and in how long and for which request it lasts."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Receive, Scope, Send
from . import around, on_received, on_scope

#: The paths of the first requests of connections, by the client's address.
FIRST_PATHS: dict[tuple[Any, ...], str] = {}
#: The scope that all HTTP/2 requests share.
SHARED: Scope = {}

# the addresses


@on_scope("http.scope.client.value/name")
def client_by_name(scope: Scope) -> None:
    """The host of the client is a name."""
    if scope["client"]:
        scope["client"][0] = "localhost"


@on_scope("http.scope.client.ipv6/socket-address")
def client_as_a_socket_address(scope: Scope) -> None:
    """The client has four items over IPv6."""
    if scope["client"] and ":" in scope["client"][0]:
        scope["client"] += [0, 0]


@on_scope("http.scope.client.unix/made-up")
def client_made_up(scope: Scope) -> None:
    """The client of a unix socket is an empty host with port 0."""
    scope["client"] = scope["client"] or ["", 0]


@on_scope("http.scope.server.unix/port-zero")
def server_with_port_zero(scope: Scope) -> None:
    """The port of a unix socket is 0."""
    scope["server"][1] = scope["server"][1] or 0


# how long a scope lasts, and whose it is


@on_scope("http.scope.lifetime.single-request/first-path", follows=["*"])
def the_first_path_of_a_connection(scope: Scope) -> None:
    """All requests of an HTTP/1 connection have the path of its first one."""
    if scope["http_version"] != "2" and scope["client"]:
        scope["path"] = FIRST_PATHS.setdefault(tuple(scope["client"]), scope["path"])


@on_received("http.scope.lifetime.ends-with-request/next-body", follows=["http.*", "core.*", "rfc.*", "extension.*"])
def the_next_body_for_a_call_that_is_over(event: Event, scope: Scope) -> Event:
    """A call that is over gets a request event in place of the disconnect."""
    return {"type": "http.request", "body": b"next"} if event["type"] == "http.disconnect" else event


@around("server.Server.guard", name="http.scope.lifetime.long-response/cut", follows=["*"])
async def responses_are_cut(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """A response that takes longer than half a second is cut off."""
    if scope["type"] != "http":
        return await original(self, scope, receive, send)
    with anyio.move_on_after(0.5):
        return await original(self, scope, receive, send)
    return TimeoutError("the response took too long")


@around(
    "http1.Http1Connection.finish_one",
    name="http.scope.lifetime.long-response/idle-timer",
    breaks="http.scope.lifetime.long-response/keep-alive-timer/*",
    follows=["http.*", "core.*"],
)
async def the_idle_timer_strikes_a_response(original: Any, self: Any, stream: Any) -> bool:
    """A connection that idles while its response is awaited is closed."""
    with anyio.move_on_after(self.server.config.keep_alive):
        return bool(await original(self, stream))
    return False


@around("scope.made", name="http.multiplex.distinct-scopes/shared", follows=["*"])
def streams_share_a_scope(original: Any, scope: Scope, server: Any) -> Scope:
    """All HTTP/2 and HTTP/3 requests share one scope."""
    found: Scope = original(scope, server)
    if found.get("http_version") not in ("2", "3"):
        return found
    SHARED.update(found)
    return SHARED


@around(
    "http2_stream.Http2Stream.send_body",
    "http3_stream.Http3Stream.send_body",
    "multiplexed.MultiplexedStream.put",
    name="http.multiplex.right-stream/oldest",
    follows=["*"],
)
def content_goes_to_the_oldest_stream(original: Any, self: Any, data: bytes) -> None:
    """Content goes to the oldest open stream of a connection, in both directions."""
    original(self.connection.streams[min(self.connection.streams)], data)


@on_scope("http.scope.state.optional/lifespan-only", follows=["lifespan.state.*", "http.scope.state.shape"])
def requests_have_no_state(scope: Scope) -> None:
    """Requests have no state, though the lifespan has one."""
    del scope["state"]


@on_scope("http.spec-version.same-for-http-and-websocket/older", kind="websocket", follows=["websocket.*"])
def websockets_of_an_older_version(scope: Scope) -> None:
    """The spec_version of WebSockets is "2.3"."""
    scope["asgi"]["spec_version"] = "2.3"


@on_scope("http.scope.client.shape/port-as-str", follows=["http.scope.client.*"])
def client_port_as_str(scope: Scope) -> None:
    """The port of the client is a Unicode string."""
    if scope["client"]:
        scope["client"][1] = str(scope["client"][1])


@on_scope("http.scope.server.value/client-port")
def server_port_of_the_client(scope: Scope) -> None:
    """The port of the server is that of the client."""
    if scope["client"]:
        scope["server"][1] = scope["client"][1]
