"""The root path in the scope, and what it does to the path."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect

MOUNTED = Launch(root_path="/api")
#: Targets, and the paths that they may give: the proxy keeps the prefix, or strips it and the server puts it back.
UNDER_ROOT_PATH = {
    "with-prefix": ("/api/x", ["/api/x", "/api/api/x"]),
    "prefix-alone": ("/api", ["/api", "/api/api"]),
    "prefix-of-a-word": ("/apiary", ["/apiary", "/api/apiary"]),
    "without-prefix": ("/x", ["/x", "/api/x"]),
}


@case("http.scope.root-path.type", "plain", circumstances=EVERY_HTTP)
async def without_a_mount_point_it_is_empty(exchange: Exchange) -> None:
    """Where the application is mounted at the root, root_path is "" or left out."""
    client, app = await exchange.dialogue("GET", "/a/b")
    expect(app.scope.get("root_path", ""), "scope['root_path']").equals("")
    await exchange.answered(client, app)


@case("http.scope.root-path.value", launch=MOUNTED, circumstances=(DEFAULT, KEPT))
async def the_root_path_is_the_mount_point(exchange: Exchange) -> None:
    """root_path is the mount point with which the server was started."""
    client, app = await exchange.dialogue("GET", "/api/x")
    expect(app.scope.get("root_path"), "scope['root_path']").equals("/api")
    await exchange.answered(client, app)


@case("http.scope.path.includes-root-path", each=UNDER_ROOT_PATH, launch=MOUNTED, circumstances=(DEFAULT, KEPT))
async def the_path_keeps_the_root_path(exchange: Exchange, given: tuple[str, list[str]]) -> None:
    """The path has the root path at its beginning where the client sent it: no prefix is lost.

    A server may put the root path before a path that comes without it. It may have nothing at a path outside of it.
    """
    target, paths = given
    client = await exchange.connect()
    await client.request("GET", target)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        raise exchange.not_applicable(f"under the root path '/api', a request for {target!r}: {app.what}")
    expect(app.scope.get("path"), f"scope['path'] of a request for {target!r} under '/api'").is_one_of(paths)
    await exchange.answered(client, app)
