"""A double-callable application of ASGI 2: one instance for each connection."""

from __future__ import annotations

from typing import Any

from .hello import answer


class Application:
    """Tells how long the body of its request is."""

    def __init__(self, scope: Any) -> None:
        if scope["type"] != "http":
            raise ValueError("this application serves requests alone")
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        """Answer the request of this connection."""
        length, more = 0, True
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            length += len(event.get("body", b""))
            more = event.get("more_body", False)
        await answer(send, ("%s, %d bytes" % (self.scope["path"], length)).encode())


application = Application
