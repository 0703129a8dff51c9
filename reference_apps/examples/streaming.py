"""A response in pieces, and events that are sent for as long as a client stays."""

from __future__ import annotations

from typing import Any

from .hello import TEXT

PIECES = 10
EVENTS = 3


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Send a response in pieces, without saying how long it will be."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", TEXT)]})
    for number in range(PIECES):
        await send({"type": "http.response.body", "body": b"piece %d\n" % number, "more_body": True})
    await send({"type": "http.response.body"})


async def events(scope: Any, receive: Any, send: Any) -> None:
    """Send server-sent events, and then keep the response open until the client leaves."""
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(EVENTS):
        await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass
