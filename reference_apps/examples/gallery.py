"""All the examples as one application: the first part of the path says which, and a middleware logs it all."""

from __future__ import annotations

from typing import Any

from . import echo, hello, stateful, streaming, transfer
from .logged import Logged

REQUESTS: Any = {
    "download": transfer.download,
    "echo": echo.application,
    "events": streaming.events,
    "fail": hello.fail,
    "greet": hello.greet,
    "hello": hello.application,
    "state": stateful.application,
    "stream": streaming.application,
    "upload": transfer.upload,
    "visits": hello.visits,
}
WEBSOCKETS: Any = {"ws": echo.websocket}


async def routed(scope: Any, receive: Any, send: Any) -> None:
    """Call the example that is asked for."""
    if scope["type"] == "lifespan":
        await stateful.lifespan(scope, receive, send)
        return
    first = scope["path"].split("/")[1]
    if scope["type"] == "websocket":
        await WEBSOCKETS.get(first, echo.refused)(scope, receive, send)
    elif first in REQUESTS:
        await REQUESTS[first](scope, receive, send)
    else:
        await hello.answer(send, b"there is no such example", status=404)


application = Logged(routed)
