"""Mount points that are not plain ASCII."""

from __future__ import annotations

from typing import Any

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record

MOUNT_POINT = "/café"


class Mounted(Record):
    """What a life shows whose application is mounted at :data:`MOUNT_POINT`: the scope of a request under it."""

    scope: dict[str, Any]


async def serve_mounted(exchange: Exchange, seen: Mounted) -> None:
    """Send a request for a path under the mount point."""
    await exchange.lifecycle.listening()
    client = await exchange.http1()
    await client.request("GET", "/caf%C3%A9/x")
    app = await exchange.call(client)
    await exchange.answered(client, app)
    seen.scope = app.scope


@case(
    "http.scope.root-path.non-ascii", life=Life(serve_mounted, Mounted, launch=Launch(own=True, root_path=MOUNT_POINT))
)
async def a_mount_point_may_be_any_text(exchange: Exchange, seen: Mounted) -> None:
    """A mount point with a letter beyond ASCII is the root_path of a request, and the request is served."""
    expect(seen.scope.get("root_path"), "scope['root_path']").equals(MOUNT_POINT)
