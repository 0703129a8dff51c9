"""A lifespan: what it prepares is there for every request."""

from __future__ import annotations

from typing import Any

from .hello import answer

PREPARED = "prepared"


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Prepare at the startup, where the server keeps a state, and tidy up at the shutdown."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            if "state" in scope:
                scope["state"]["what"] = PREPARED
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tell what was prepared."""
    await answer(send, scope.get("state", {}).get("what", "nothing").encode())
