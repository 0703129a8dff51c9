"""WebSocket applications that the tests of the reference server mount in it."""

from __future__ import annotations

import anyio

from .apps import Receive, Scope, Send, note


async def ws(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo messages, and note the disconnect; some texts are orders."""
    await receive()
    subprotocol = scope["subprotocols"][-1] if scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            note(scope, [event["code"], event["reason"]])
            break
        if event.get("text") == "close":
            await send({"type": "websocket.close", "code": 3001, "reason": "går"})
        elif event.get("text") == "raise":
            raise RuntimeError("raised on purpose")
        elif event.get("text") == "return":
            return
        elif event.get("text") == "nap":
            await anyio.sleep(0.3)
        elif (event.get("text") or "").startswith("note"):
            note(scope, event["text"])
        else:
            await send({**event, "type": "websocket.send"})
    try:
        await send({"type": "websocket.send", "text": "late"})
    except OSError:
        note(scope, "OSError")


async def ws_reject(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the WebSocket."""
    await receive()
    await send({"type": "websocket.close", "code": 4001})
    note(scope, (await receive())["type"])


async def ws_deny(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse the WebSocket with a response of its own."""
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"content-length", b"8")]})
    await send({"type": "websocket.http.response.body", "body": b"no ", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"entry"})
    note(scope, (await receive())["type"])


async def ws_invalid(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept, then send the event that the first message describes; answer with the error."""
    await receive()
    await send({"type": "websocket.accept"})
    wrong = eval((await receive())["text"])
    try:
        await send(wrong)
    except Exception as error:
        await send({"type": "websocket.send", "text": type(error).__name__})
