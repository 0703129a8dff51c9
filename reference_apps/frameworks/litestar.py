"""The paths of the examples, with Litestar."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, MediaType, Request, Response, WebSocket, get, post, websocket
from litestar.datastructures import Cookie
from litestar.params import Parameter
from litestar.response import Stream

from .common import BLOCK, BLOCKS, CODE, PREPARED, SUBPROTOCOL, blocks, events, pieces, summed

#: The event loops in which it runs.
LOOPS = ("asyncio",)


async def prepare(app: Litestar) -> None:
    """Prepare at the startup."""
    app.state.what = PREPARED


@get("/hello", media_type=MediaType.TEXT, sync_to_thread=True)
def hello() -> str:
    """A page, made in a thread."""
    return "hello"


@get("/greet/{name:str}", media_type=MediaType.TEXT)
async def greet(name: str, sender: str = Parameter(query="from")) -> str:
    """A page that reads its address."""
    return f"{name}, from {sender}"


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What was posted."""
    return Response(await request.body(), media_type=request.headers["content-type"])


@post("/upload", status_code=200, media_type=MediaType.TEXT, request_max_body_size=None)
async def upload(request: Request[Any, Any, Any]) -> str:
    """Length and digest of an upload."""
    return await summed(request.stream())


@get("/download")
async def download() -> Stream:
    """A large file."""
    return Stream(blocks(), headers={"content-length": str(len(BLOCK) * BLOCKS)}, media_type="application/octet-stream")


@get("/stream")
async def stream() -> Stream:
    """A response in pieces."""
    return Stream(pieces(), media_type=MediaType.TEXT)


@get("/events")
async def sse() -> Stream:
    """Server-sent events."""
    return Stream(events(), media_type="text/event-stream")


@get("/visits", media_type=MediaType.TEXT)
async def visits(request: Request[Any, Any, Any]) -> Response[str]:
    """A cookie that counts."""
    count = str(int(request.cookies.get("visits", "0")) + 1)
    return Response(count, cookies=[Cookie("visits", value=count), Cookie("seen", value="yes")])


@get("/fail")
async def fail() -> str:
    """A page with a bug."""
    raise ValueError("this application has a bug")


@get("/state", media_type=MediaType.TEXT)
async def state(request: Request[Any, Any, Any]) -> str:
    """What was prepared."""
    return str(request.app.state.what)


@websocket("/ws")
async def conversation(socket: WebSocket[Any, Any, Any]) -> None:
    """Send every message back."""
    await socket.accept(subprotocols=SUBPROTOCOL if SUBPROTOCOL in socket.scope["subprotocols"] else None)
    while True:
        message: Any = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "close":
            await socket.close(CODE)
            return
        if message.get("text") is not None:
            await socket.send_text(message["text"])
        else:
            await socket.send_bytes(message["bytes"])


application = Litestar(
    [hello, greet, echo, upload, download, stream, sse, visits, fail, state, conversation],
    on_startup=[prepare],
    openapi_config=None,
)
