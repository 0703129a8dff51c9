"""The target of the handshake in the scope of a WebSocket: path, raw_path and query_string, and the mount point."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2, KEPT
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show

from ..http import scope_path as paths
from ..http import scope_query as raw
from ..http.scope_root_path import MOUNTED, UNDER_ROOT_PATH
from .handshakes import call_unless_refused

DECODED = {
    "all-at-once": ("/a%20b/%E2%82%AC%2F%2520?x=1", "/a b/€/%20"),
    **{f"percent-{name}": given for name, given in paths.PERCENT_DECODED.items()},
    **{f"slash-{name}": given for name, given in paths.SLASH.items()},
    **{f"once-{name}": given for name, given in paths.ONCE.items()},
    **{f"utf8-{name}": given for name, given in paths.UTF8.items()},
    **{f"query-{name}": given for name, given in paths.QUERIES.items()},
    **{f"plain-{name}": given for name, given in paths.KEPT_AS_THEY_ARE.items()},
}
#: Targets, and what of them is the raw path.
RAW_PATHS = {
    "with-query": (b"/a%2fb%20c?x=1", b"/a%2fb%20c"),
    **{name: (path, path) for name, path in raw.RAW_PATHS.items() if name != "slashes-and-dots"},
    **{f"query-{name}": given for name, given in raw.WITH_QUERY.items()},
}
QUERIES = {
    "encoded": (b"/?a=%20b&c=d?e", b"a=%20b&c=d?e"),
    **raw.QUERIES,
    **{f"encoded-{name}": (b"/?" + query, query) for name, query in raw.ENCODED.items()},
}


def path_of(app: Call) -> object:
    """The path of a call's scope; None where there is none."""
    return app.scope.get("path")


@case("websocket.scope.path.decoded", each=DECODED, circumstances=(DEFAULT, HTTP2))
@case("websocket.scope.path.decoded", each={"all-at-once": DECODED["all-at-once"]}, circumstances=(KEPT,))
async def the_path_is_decoded(exchange: Exchange, given: tuple[str, str]) -> None:
    """The path is the target without its query, percent-decoded and UTF-8-decoded once."""
    target, path = given
    client, app = await exchange.knock(target)
    expect(path_of(app), f"scope['path'] of a WebSocket for {target!r}").equals(path)
    await exchange.accepted(client, app)


@case("websocket.scope.path.not-normalised", each=paths.NOT_NORMALISED, circumstances=(DEFAULT, HTTP2))
async def the_path_is_not_normalised(exchange: Exchange, given: tuple[str, str]) -> None:
    """Dot segments and double slashes of the target are in the path as they were sent.

    A server may refuse such a target.
    """
    target, path = given
    client = await exchange.websocket()
    await client.start_handshake(target)
    app = await call_unless_refused(exchange, client, f"a WebSocket handshake for {target!r}")
    if app is None:
        return
    expect(path_of(app), f"scope['path'] of a WebSocket for {target!r}").equals(path)
    await exchange.accepted(client, app)


@case("websocket.scope.path.invalid-utf8", each=paths.UNDECODABLE, circumstances=(DEFAULT, HTTP2))
async def undecodable_paths_break_nothing(exchange: Exchange, target: str) -> None:
    """A path that is no UTF-8 when it is decoded is handed over as some str, or the handshake is refused with 4xx."""
    client = await exchange.websocket()
    await client.start_handshake(target)
    app = await call_unless_refused(exchange, client, f"a WebSocket handshake for {target!r}", as_mistake=True)
    if app is None:
        return
    exchange.remark(f"{target!r} gives the path {show(path_of(app))}")
    await exchange.accepted(client, app)
    await exchange.still_serves()


@case("websocket.scope.path.includes-root-path", each=UNDER_ROOT_PATH, launch=MOUNTED)
async def the_path_keeps_the_root_path(exchange: Exchange, given: tuple[str, list[str]]) -> None:
    """The path has the root path at its beginning where the client sent it: no prefix is lost.

    A server may put the root path before a path that comes without it. It may have nothing at a path outside of it.
    """
    target, allowed = given
    client = await exchange.websocket()
    await client.start_handshake(target)
    app = await call_unless_refused(exchange, client, f"a WebSocket handshake for {target!r}")
    if app is None:
        raise exchange.not_applicable(f"under the root path '/api', a handshake for {target!r} is refused")
    expect(path_of(app), f"scope['path'] of a WebSocket for {target!r} under '/api'").is_one_of(allowed)
    await exchange.accepted(client, app)


@case("websocket.scope.root-path.type", "plain", circumstances=EVERY_WEBSOCKET)
async def without_a_mount_point_it_is_empty(exchange: Exchange) -> None:
    """Where the application is mounted at the root, root_path is "" or left out."""
    client, app = await exchange.knock("/a/b")
    expect(app.scope.get("root_path", ""), "scope['root_path']").equals("")
    await exchange.accepted(client, app)


@case("websocket.scope.root-path.value", launch=MOUNTED, circumstances=(DEFAULT, KEPT))
async def the_root_path_is_the_mount_point(exchange: Exchange) -> None:
    """root_path is the mount point with which the server was started."""
    client, app = await exchange.knock("/api/x")
    expect(app.scope.get("root_path"), "scope['root_path']").equals("/api")
    await exchange.accepted(client, app)


@case("websocket.scope.raw-path.unmodified", each=RAW_PATHS, circumstances=(DEFAULT, HTTP2))
async def the_raw_path_is_what_was_sent(exchange: Exchange, given: tuple[bytes, bytes]) -> None:
    """raw_path, where given, is the path of the target byte for byte, without the query."""
    target, path = given
    client, app = await exchange.knock(target)
    await exchange.accepted(client, app)
    expect(raw.raw_path_of(exchange, app), f"scope['raw_path'] of a WebSocket for {target!r}").equals(path)


@case("websocket.scope.query-string.value", each=QUERIES, circumstances=(DEFAULT, HTTP2))
@case("websocket.scope.query-string.value", each={"encoded": QUERIES["encoded"]}, circumstances=(KEPT,))
async def the_query_is_what_was_sent(exchange: Exchange, given: tuple[bytes, bytes]) -> None:
    """query_string is what stands behind the first question mark, byte for byte."""
    target, query = given
    client, app = await exchange.knock(target)
    expect(app.scope.get("query_string"), f"scope['query_string'] of a WebSocket for {target!r}").equals(query)
    await exchange.accepted(client, app)


@case("websocket.scope.query-string.value", each=raw.WITHOUT_QUERY, circumstances=(DEFAULT, HTTP2))
async def without_a_query_it_is_empty(exchange: Exchange, target: str) -> None:
    """Where the target has no query, query_string is empty, None or left out."""
    client, app = await exchange.knock(target)
    expect(app.scope.get("query_string") or b"", f"scope['query_string'] of a WebSocket for {target!r}").equals(b"")
    await exchange.accepted(client, app)
