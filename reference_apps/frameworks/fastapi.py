"""The paths of the examples, with FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import Cookie, FastAPI, Query, Request, Response, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

from .common import BLOCK, BLOCKS, CODE, PREPARED, SUBPROTOCOL, blocks, events, pieces, summed


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare at the startup."""
    app.state.what = PREPARED
    yield


application = FastAPI(lifespan=lifespan, default_response_class=PlainTextResponse)


@application.get("/hello")
def hello() -> str:
    """A page, made in a thread."""
    return "hello"


@application.get("/greet/{name}")
async def greet(name: str, sender: str = Query(alias="from")) -> str:
    """A page that reads its address."""
    return f"{name}, from {sender}"


@application.post("/echo")
async def echo(request: Request) -> Response:
    """What was posted."""
    return Response(await request.body(), media_type=request.headers["content-type"])


@application.post("/upload")
async def upload(request: Request) -> str:
    """Length and digest of an upload."""
    return await summed(request.stream())


@application.get("/download")
async def download() -> Response:
    """A large file."""
    return StreamingResponse(blocks(), headers={"content-length": str(len(BLOCK) * BLOCKS)})


@application.get("/stream")
async def stream() -> Response:
    """A response in pieces."""
    return StreamingResponse(pieces(), media_type="text/plain")


@application.get("/events")
async def sse() -> Response:
    """Server-sent events."""
    return StreamingResponse(events(anyio.sleep), media_type="text/event-stream")


@application.get("/visits")
async def count(response: Response, visits: int = Cookie(default=0)) -> str:
    """A cookie that counts."""
    response.set_cookie("visits", str(visits + 1))
    response.set_cookie("seen", "yes")
    return str(visits + 1)


@application.get("/fail")
async def fail() -> str:
    """A page with a bug."""
    raise ValueError("this application has a bug")


@application.get("/state")
async def state(request: Request) -> str:
    """What was prepared."""
    return str(request.app.state.what)


@application.websocket("/ws")
async def websocket(socket: WebSocket) -> None:
    """Send every message back."""
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "close":
            await socket.close(CODE)
            return
        if message.get("text") is not None:
            await socket.send_text(message["text"])
        else:
            await socket.send_bytes(message["bytes"])
