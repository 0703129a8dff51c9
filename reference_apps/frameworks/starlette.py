"""The paths of the examples, with Starlette."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .common import BLOCK, BLOCKS, CODE, PREPARED, SECRET, SUBPROTOCOL, blocks, events, pieces, summed


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Prepare at the startup."""
    app.state.what = PREPARED
    yield


def hello(request: Request) -> Response:
    """A page, made in a thread."""
    return PlainTextResponse("hello")


async def greet(request: Request) -> Response:
    """A page that reads its address."""
    return PlainTextResponse(f"{request.path_params['name']}, from {request.query_params['from']}")


async def echo(request: Request) -> Response:
    """What was posted."""
    return Response(await request.body(), media_type=request.headers["content-type"])


async def upload(request: Request) -> Response:
    """Length and digest of an upload."""
    return PlainTextResponse(await summed(request.stream()))


async def download(request: Request) -> Response:
    """A large file."""
    return StreamingResponse(blocks(), headers={"content-length": str(len(BLOCK) * BLOCKS)})


async def stream(request: Request) -> Response:
    """A response in pieces."""
    return StreamingResponse(pieces(), media_type="text/plain")


async def sse(request: Request) -> Response:
    """Server-sent events."""
    return StreamingResponse(events(anyio.sleep), media_type="text/event-stream")


async def visits(request: Request) -> Response:
    """A session that counts."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    response = PlainTextResponse(str(request.session["visits"]))
    response.set_cookie("seen", "yes")
    return response


async def fail(request: Request) -> Response:
    """A page with a bug."""
    raise ValueError("this application has a bug")


async def state(request: Request) -> Response:
    """What was prepared."""
    return PlainTextResponse(request.app.state.what)


async def websocket(socket: WebSocket) -> None:
    """Send every message back."""
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
    try:
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
    except WebSocketDisconnect:
        return


application = Starlette(
    routes=[
        Route("/hello", hello),
        Route("/greet/{name}", greet),
        Route("/echo", echo, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/download", download),
        Route("/stream", stream),
        Route("/events", sse),
        Route("/visits", visits),
        Route("/fail", fail),
        Route("/state", state),
        WebSocketRoute("/ws", websocket),
    ],
    middleware=[Middleware(SessionMiddleware, secret_key=SECRET)],
    lifespan=lifespan,
)
