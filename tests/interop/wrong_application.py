"""An application that breaks the documents where a server has nothing against it."""

from __future__ import annotations

from typing import Any


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer, and send the body again when the response is complete, which servers ignore."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = ((name, value) for name, value in [(b"content-type", b"text/plain")])
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})
    await send({"type": "http.response.body", "body": b"hello"})
