"""The paths of the examples, with Sanic, served as an ASGI application."""

from __future__ import annotations

from typing import Any

from sanic import Request, Sanic, Websocket
from sanic.response import HTTPResponse, ResponseStream, raw, text

from .common import BLOCK, BLOCKS, CODE, PREPARED, SUBPROTOCOL, blocks, events, pieces, summed

#: The event loops in which it runs.
LOOPS = ("asyncio",)

application = Sanic("asgi-reference-sanic")
application.config.REQUEST_MAX_SIZE = 100_000_000
application.config.MOTD = False


@application.before_server_start
async def prepare(app: Any, *_: Any) -> None:
    """Prepare at the startup."""
    app.ctx.what = PREPARED


@application.get("/hello")
async def hello(request: Request) -> HTTPResponse:
    """A page."""
    return text("hello")


@application.get("/greet/<name:str>", unquote=True)
async def greet(request: Request, name: str) -> HTTPResponse:
    """A page that reads its address."""
    return text(f"{name}, from {request.args.get('from')}")


@application.post("/echo")
async def echo(request: Request) -> HTTPResponse:
    """What was posted."""
    return raw(request.body, content_type=request.headers["content-type"])


@application.post("/upload", stream=True)
async def upload(request: Request) -> HTTPResponse:
    """Length and digest of an upload."""
    return text(await summed(request.stream))


def streamed(content: Any, content_type: str, **headers: str) -> ResponseStream:
    """A response that is sent piece by piece."""

    async def send(response: Any) -> None:
        async for piece in content:
            await response.write(piece)

    return ResponseStream(send, headers=headers, content_type=content_type)


@application.get("/download")
async def download(request: Request) -> ResponseStream:
    """A large file."""
    length = str(len(BLOCK) * BLOCKS)
    return streamed(blocks(), "application/octet-stream", **{"content-length": length})


@application.get("/stream")
async def stream(request: Request) -> ResponseStream:
    """A response in pieces."""
    return streamed(pieces(), "text/plain")


@application.get("/events")
async def sse(request: Request) -> ResponseStream:
    """Server-sent events."""
    return streamed(events(), "text/event-stream")


@application.get("/visits")
async def visits(request: Request) -> HTTPResponse:
    """A cookie that counts."""
    count = str(int(request.cookies.get("visits", "0")) + 1)
    response = text(count)
    response.add_cookie("visits", count, secure=False)
    response.add_cookie("seen", "yes", secure=False)
    return response


@application.get("/fail")
async def fail(request: Request) -> HTTPResponse:
    """A page with a bug."""
    raise ValueError("this application has a bug")


@application.get("/state")
async def state(request: Request) -> HTTPResponse:
    """What was prepared."""
    return text(application.ctx.what)


@application.websocket("/ws", subprotocols=[SUBPROTOCOL])
async def conversation(request: Request, socket: Websocket) -> None:
    """Send every message back."""
    while (message := await socket.recv()) is not None:
        if message == "close":
            await socket.close(CODE)
            return
        await socket.send(message)
