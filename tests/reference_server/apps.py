"""Applications that the tests of the reference server mount in it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import trio

from asgi_conformance.reference_server.transport import Signal

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Any], Awaitable[None]]

#: What the calls of this process noted down, by the query string of their request.
NOTES: dict[str, list[Any]] = {}
NOTED = Signal()
#: A file to send; where servers of tests that end without a shutdown may leave it.
FILE = Path(os.environ["TESTED_FILES"]) / f"{os.getpid()}.bin"


def note(scope: Scope, value: Any) -> None:
    """Remember a value under the query string of the request."""
    NOTES.setdefault(scope["query_string"].decode(), []).append(value)
    NOTED.fire()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Do what the first part of the path names."""
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
        return
    name = scope["path"].split("/")[1].replace("-", "_") or "hello"
    from . import websocket_apps

    application = getattr(websocket_apps, name, None) or globals()[name]
    await application(scope, receive, send)


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part in lifespan, with a state."""
    await receive()
    scope["state"]["list"] = []
    FILE.write_bytes(bytes(range(256)) * 4096)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    FILE.unlink()
    await send({"type": "lifespan.shutdown.complete"})


async def body_of(receive: Receive) -> bytes:
    """The whole body of a request."""
    body = b""
    while True:
        event = await receive()
        body += bytes(event.get("body", b""))
        if not event.get("more_body"):
            return body


async def respond(send: Send, body: bytes, status: int = 200, headers: Any = ()) -> None:
    """Send a whole response with its length."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once."""
    note(scope, "called")
    await respond(send, b"hello")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body of the request."""
    await respond(send, await body_of(receive))


async def patient(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the body of the request, which is not read before something is noted under the query."""
    while scope["query_string"].decode() not in NOTES:
        await NOTED.wait()
    await respond(send, await body_of(receive))


async def house(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the number of tasks, of open files, and of HTTP/3 connections in this process."""
    from asgi_conformance.reference_server.http3 import Http3Connection

    gc.collect()
    connections = sum(isinstance(thing, Http3Connection) for thing in gc.get_objects())
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:
        tasks = trio.lowlevel.current_statistics().tasks_living
    await respond(send, json.dumps([tasks, len(os.listdir("/proc/self/fd")), connections]).encode())


async def scope(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the scope."""
    await respond(send, repr(scope).encode())


async def notes(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was noted under the query, once there are as many notes as the path says."""
    wanted = int(scope["path"].rpartition("/")[2])
    key = scope["query_string"].decode()
    with anyio.move_on_after(5):
        while len(NOTES.get(key, [])) < wanted:
            await NOTED.wait()
    await respond(send, json.dumps(NOTES.get(key, [])).encode())


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in three messages without a length, with an empty one among them."""
    await send({"type": "http.response.start", "status": 200})
    for piece in (b"", b"one ", b"", b"two"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


async def status(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the status of the path, a length of 4 and a body."""
    await respond(send, b"body", int(scope["path"].rpartition("/")[2]))


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise in the middle of a response."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("broken on purpose")


async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise before anything was sent."""
    raise RuntimeError("raised on purpose")


async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    """Return before anything was sent."""


async def length(scope: Scope, receive: Receive, send: Send) -> None:
    """Declare 5 bytes and send as many as the path says."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    try:
        await send({"type": "http.response.body", "body": b"x" * int(scope["path"].rpartition("/")[2])})
    except Exception as error:
        note(scope, type(error).__name__)


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """Note all events down until the third disconnect."""
    disconnects = 0
    while disconnects < 3:
        event = await receive()
        disconnects += event["type"] == "http.disconnect"
        note(scope, [event["type"], event.get("body", b"").decode(), event.get("more_body")])


async def after_response(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading, then note what is received, and what sending more does."""
    await respond(send, b"done")
    for _ in range(2):
        note(scope, (await receive())["type"])
    await send({"type": "http.response.body", "body": b"extra"})
    note(scope, "ignored")


async def left(scope: Scope, receive: Receive, send: Send) -> None:
    """Note what sending does once the client has left."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass
    for _ in range(2):
        try:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except Exception as error:
            note(scope, [isinstance(error, OSError), type(error) is OSError])
            last = error
    raise last


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Send without end, note how much when it ends."""
    await send({"type": "http.response.start", "status": 200})
    sent = 0
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            sent += 1
    except OSError:
        note(scope, sent)


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    """Cancel a receive() that waits, then answer with the body."""
    with anyio.move_on_after(0.1):
        await receive()
    note(scope, "cancelled")
    await respond(send, await body_of(receive))


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the path, half a second later."""
    await anyio.sleep(0.5)
    await respond(send, scope["path"].encode())


async def invalid(scope: Scope, receive: Receive, send: Send) -> None:
    """Send an invalid event out of the body of the request, after the valid ones before it; answer with the error."""
    *before, wrong = eval(await body_of(receive))
    for event in before:
        await send(event)
    try:
        await send(wrong)
    except Exception as error:
        note(scope, type(error).__name__)
    else:
        note(scope, "accepted")


async def headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with headers in a given order, from a generator."""
    pairs = ((b"x-%d" % number, b"caf\xe9  \t" + b"%d" % number) for number in (3, 1, 2, 1))
    await send({"type": "http.response.start", "status": 200, "headers": pairs})
    await send({"type": "http.response.body", "body": b"ok"})


async def close(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with Connection: close."""
    await respond(send, b"bye", headers=[(b"connection", b"close")])


async def extension(scope: Scope, receive: Receive, send: Send) -> None:
    """Use the extension that the path names."""
    name = scope["path"].rpartition("/")[2]
    start: Event = {"type": "http.response.start", "status": 200, "headers": []}
    if name == "pathsend":
        await send(start)
        await send({"type": "http.response.pathsend", "path": str(FILE)})
    elif name == "zerocopysend":
        await send(start)
        await send({"type": "http.response.body", "body": b"<", "more_body": True})
        with FILE.open("rb") as file:
            file.seek(65)
            await send({"type": "http.response.zerocopysend", "file": file, "count": 3, "more_body": True})
            await send(
                {"type": "http.response.zerocopysend", "file": file, "offset": 0x61, "count": 2, "more_body": True}
            )
            await send({"type": "http.response.zerocopysend", "file": file, "count": 2, "more_body": True})
        await send({"type": "http.response.body", "body": b">"})
    elif name == "early_hint":
        await send(start)
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.js>"]})
        await send({"type": "http.response.body", "body": b"hinted"})
    elif name == "trailers":
        await send({**start, "trailers": True})
        await send({"type": "http.response.body", "body": b"content"})
        await send({"type": "http.response.trailers", "headers": [(b"x-a", b"1")], "more_trailers": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-b", b"2")]})
    elif name == "push":
        await send(start)
        await send({"type": "http.response.push", "path": "/scope/é x", "headers": [(b"x-pushed", b"yes")]})
        await send({"type": "http.response.body", "body": b"pushed"})


def legacy(scope: Scope) -> Callable[[Receive, Send], Awaitable[None]]:
    """The same application in the legacy style."""

    async def instance(receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return instance


def make() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Make the application."""
    return app
