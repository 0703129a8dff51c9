"""Violations of the HTTP part of www.rst by a server that stops."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Receive, Scope, Send
from . import around


@around(
    "server.Server.guard",
    "server.Server.close_connections",
    name="http.disconnect.on-server-close/not-told",
    follows=["lifespan.*"],
)
async def stop_is_not_told(original: Any, self: Any, *arguments: Any) -> Any:
    """A call whose connection the stopping server has closed is never told, and the server waits for it."""
    if not arguments:
        await original(self)
        while self._calls > 1:
            await self._changed.wait()
        return None
    scope: Scope
    receive: Receive
    send: Send
    scope, receive, send = arguments

    async def spoilt() -> Event:
        event = await receive()
        if event["type"] == "http.disconnect" and self.stop_asked.is_set():
            await anyio.sleep_forever()
        return event

    return await original(self, scope, spoilt, send)


@around("scope.http_scope", name="http.scope.root-path.non-ascii/crashes")
def root_path_is_encoded(original: Any, server: Any, transport: Any, request: Any) -> Scope:
    """A mount point beyond ASCII makes every request fail inside the server."""
    server.config.root_path.encode("ascii")
    scope: Scope = original(server, transport, request)
    return scope
