"""The paths of the examples, with Quart."""

from __future__ import annotations

from quart import Quart, Response, request, session, websocket

from .common import BLOCK, BLOCKS, CODE, PREPARED, SECRET, SUBPROTOCOL, blocks, events, pieces, summed

#: The event loops in which it runs.
LOOPS = ("asyncio",)

application = Quart("asgi_reference_quart")
application.secret_key = SECRET


@application.before_serving
async def prepare() -> None:
    """Prepare at the startup."""
    application.config["what"] = PREPARED


def text(content: str) -> Response:
    """A response in plain text."""
    return Response(content, content_type="text/plain; charset=utf-8")


@application.get("/hello")
async def hello() -> Response:
    """A page."""
    return text("hello")


@application.get("/greet/<name>")
async def greet(name: str) -> Response:
    """A page that reads its address."""
    return text(f"{name}, from {request.args['from']}")


@application.post("/echo")
async def echo() -> Response:
    """What was posted."""
    return Response(await request.get_data(), content_type=request.headers["content-type"])


@application.post("/upload")
async def upload() -> Response:
    """Length and digest of an upload."""
    return text(await summed(request.body))


@application.get("/download")
async def download() -> Response:
    """A large file."""
    return Response(blocks(), headers={"content-length": str(len(BLOCK) * BLOCKS)})


@application.get("/stream")
async def stream() -> Response:
    """A response in pieces."""
    return Response(pieces(), content_type="text/plain")


@application.get("/events")
async def sse() -> Response:
    """Server-sent events, without an end."""
    response = Response(events(), content_type="text/event-stream")
    response.timeout = None
    return response


@application.get("/visits")
async def visits() -> Response:
    """A session that counts."""
    session["visits"] = session.get("visits", 0) + 1
    response = text(str(session["visits"]))
    response.set_cookie("seen", "yes")
    return response


@application.get("/fail")
async def fail() -> Response:
    """A page with a bug."""
    raise ValueError("this application has a bug")


@application.get("/state")
async def state() -> Response:
    """What was prepared."""
    return text(application.config["what"])


@application.websocket("/ws")
async def conversation() -> None:
    """Send every message back."""
    offered = websocket.requested_subprotocols
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    while True:
        message = await websocket.receive()
        if message == "close":
            await websocket.close(CODE)
            return
        await websocket.send(message)
