"""A middleware: it wraps an application, sees what goes in and out, and keeps a log of it."""

from __future__ import annotations

from collections import deque
from typing import Any

from .hello import answer


class Logged:
    """Logs one line for each request, which is served at ``/log``: method, target, status, length of both bodies."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.lines: Any = deque(maxlen=1000)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a call on, with eyes on both of its directions."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif scope["path"] == "/log":
            await answer(send, "\n".join(self.lines).encode())
        else:
            await self.log(dict(scope), receive, send)

    async def log(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, and log it."""
        seen = {"in": 0, "out": 0, "status": 0}

        async def logged_receive() -> Any:
            event = await receive()
            seen["in"] += len(event.get("body", b""))
            return event

        async def logged_send(event: Any) -> None:
            seen["status"] = event.get("status", seen["status"])
            seen["out"] += len(event.get("body", b""))
            if event["type"] == "http.response.body" and not event.get("more_body", False):
                target = scope["path"] + "?" + scope["query_string"].decode("latin-1")
                self.lines.append("%s %s %s" % (scope["method"], target, "{status} {in} {out}".format(**seen)))
            await send(event)

        await self.application(scope, logged_receive, logged_send)
