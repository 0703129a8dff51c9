"""The paths of the examples, with Falcon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from falcon import WebSocketDisconnected
from falcon.asgi import App, Request, Response, SSEvent, WebSocket

from .common import BLOCK, BLOCKS, CODE, PREPARED, SUBPROTOCOL, blocks, events, pieces, summed

#: The event loops in which it runs.
LOOPS = ("asyncio",)


class Prepared:
    """A middleware of the lifespan."""

    what = ""

    async def process_startup(self, scope: Any, event: Any) -> None:
        """Prepare at the startup."""
        self.what = PREPARED


class Page:
    """A page whose text a function makes of the request."""

    def __init__(self, text: Any) -> None:
        self.text = text

    async def on_get(self, request: Request, response: Response, **arguments: str) -> None:
        """Answer in plain text."""
        response.content_type = "text/plain; charset=utf-8"
        response.text = self.text(request, **arguments)


class Streamed:
    """A page that is streamed."""

    def __init__(self, stream: Any, content_type: str, length: int | None = None) -> None:
        self.stream = stream
        self.content_type = content_type
        self.length = length

    async def on_get(self, request: Request, response: Response) -> None:
        """Answer piece by piece."""
        response.content_type = self.content_type
        if self.length is not None:
            response.content_length = self.length
        response.stream = self.stream()


class Events:
    """Server-sent events."""

    async def on_get(self, request: Request, response: Response) -> None:
        """Send events, and then comments, which keep the response open."""
        response.sse = self.emit()

    async def emit(self) -> AsyncIterator[SSEvent | None]:
        """The events; None is a comment."""
        async for line in events():
            yield SSEvent(text=line[6:-2].decode()) if line.startswith(b"data:") else None


class Echo:
    """What was posted."""

    async def on_post(self, request: Request, response: Response) -> None:
        """Send it back."""
        response.content_type = request.content_type
        response.data = await request.stream.read()


class Upload:
    """Length and digest of an upload."""

    async def on_post(self, request: Request, response: Response) -> None:
        """Read it all."""
        response.content_type = "text/plain; charset=utf-8"
        response.text = await summed(request.stream)


class Visits:
    """A cookie that counts."""

    async def on_get(self, request: Request, response: Response) -> None:
        """Count."""
        count = str(int(request.cookies.get("visits", "0")) + 1)
        response.set_cookie("visits", count, secure=False)
        response.set_cookie("seen", "yes", secure=False)
        response.content_type = "text/plain; charset=utf-8"
        response.text = count


class Conversation:
    """A WebSocket that sends every message back."""

    async def on_websocket(self, request: Request, socket: WebSocket) -> None:
        """Receive and send until one side closes."""
        try:
            await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.subprotocols else None)
            while True:
                message = await self.received(socket)
                if message == "close":
                    await socket.close(CODE)
                    return
                await (socket.send_text(message) if isinstance(message, str) else socket.send_data(message))
        except WebSocketDisconnected:
            return

    async def received(self, socket: WebSocket) -> Any:
        """The next message, be it a text or bytes: the framework has a method for each, this takes either."""
        event = await socket._receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnected(event.get("code"))
        return event["text"] if event.get("text") is not None else event["bytes"]


def fail(request: Request) -> str:
    """Have a bug."""
    raise ValueError("this application has a bug")


prepared = Prepared()
application = App(middleware=[prepared])
application.add_route("/hello", Page(lambda request: "hello"))
application.add_route("/greet/{name}", Page(lambda request, name: f"{name}, from {request.get_param('from')}"))
application.add_route("/state", Page(lambda request: prepared.what))
application.add_route("/fail", Page(fail))
application.add_route("/echo", Echo())
application.add_route("/upload", Upload())
application.add_route("/visits", Visits())
application.add_route("/download", Streamed(blocks, "application/octet-stream", len(BLOCK) * BLOCKS))
application.add_route("/stream", Streamed(pieces, "text/plain"))
application.add_route("/events", Events())
application.add_route("/ws", Conversation())
