"""The version of ASGI in the scopes."""

from __future__ import annotations

import contextlib
import re

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Unsupported

NEWER = re.compile(r"3\.[1-9]\d*")


def version_in(app: Call) -> object:
    """The version of ASGI that a scope names, or None."""
    asgi = app.scope.get("asgi")
    return asgi.get("version") if isinstance(asgi, dict) else None


def is_of_single_callables(exchange: Exchange, app: Call) -> None:
    """See that a scope names the version of ASGI that has single callables. Raises Broken when not."""
    version = version_in(app)
    if isinstance(version, str) and NEWER.fullmatch(version):
        exchange.remark(f"the version of ASGI is {version}, which is newer than this catalogue")
        return
    expect(version, "scope['asgi']['version']").equals("3.0")


@case("core.scope.asgi.version.value", "http", circumstances=EVERY_HTTP)
async def requests_name_version_3(exchange: Exchange) -> None:
    """The ASGI version in the scope of a request is "3.0", for an application that is a single callable."""
    client, app = await exchange.dialogue()
    is_of_single_callables(exchange, app)
    await exchange.answered(client, app)


@case("core.scope.asgi.version.value", "websocket")
async def websockets_name_version_3(exchange: Exchange) -> None:
    """The ASGI version in the scope of a WebSocket is "3.0", for an application that is a single callable."""
    _, app = await exchange.open_websocket()
    is_of_single_callables(exchange, app)


@case("core.scope.asgi.version.value", "lifespan")
async def lifespans_name_version_3(exchange: Exchange) -> None:
    """The ASGI version in the scope of the lifespan is "3.0", for an application that is a single callable."""
    is_of_single_callables(exchange, exchange.look_at_lifespan().call)
    await exchange.still_serves()


@case("core.scope.asgi.version.same-in-all-scopes")
async def all_scopes_name_one_version(exchange: Exchange) -> None:
    """The ASGI version is the same in the scopes of requests, WebSockets and the lifespan."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    found = {"http": version_in(app)}
    with contextlib.suppress(Unsupported):
        found["lifespan"] = version_in(exchange.look_at_lifespan().call)
    with contextlib.suppress(Unsupported):
        found["websocket"] = version_in((await exchange.open_websocket())[1])
    if len(found) == 1:
        raise exchange.unsupported("the candidate makes http scopes only: it has neither lifespan nor WebSockets")
    if len(set(map(repr, found.values()))) > 1:
        told = ", ".join(f"{version!r} for {kind}" for kind, version in found.items())
        raise Broken("scope['asgi']['version'] is the same in all scopes", f"it is {told}")
