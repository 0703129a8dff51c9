"""What comes is sent back: the body of a request, the messages of a WebSocket."""

from __future__ import annotations

from typing import Any

#: The subprotocol that is chosen where it is offered, and the code with which the application closes when it is told.
SUBPROTOCOL = "echo"
CODE = 4001


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Send the body back as it comes, with the type that it came with."""
    headers = [(name, value) for name, value in scope["headers"] if name == b"content-type"]
    started = False
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        if not started:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            started = True
        more = event.get("more_body", False)
        await send({"type": "http.response.body", "body": event.get("body", b""), "more_body": more})
        if not more:
            return


async def websocket(scope: Any, receive: Any, send: Any) -> None:
    """Send every message back, until the client closes, or asks for a close."""
    assert (await receive())["type"] == "websocket.connect"
    chosen = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        if event.get("text") == "close":
            await send({"type": "websocket.close", "code": CODE, "reason": "as you wish"})
            return
        if event.get("text") is not None:
            await send({"type": "websocket.send", "text": event["text"]})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def refused(scope: Any, receive: Any, send: Any) -> None:
    """Take no WebSocket."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.close"})
