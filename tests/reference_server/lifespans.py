"""Applications that behave in their own ways in lifespan; requests are answered with what happened."""

from __future__ import annotations

import os
from typing import Any

import anyio

from .apps import Receive, Scope, Send, respond


class Lifespan:
    """An application whose lifespan is the function it is made with."""

    def __init__(self, function: Any) -> None:
        self.function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the process and the state."""
        if scope["type"] == "lifespan":
            await self.function(scope, receive, send)
        else:
            scope["state"]["request"] = "own"
            await respond(send, repr([os.getpid(), sorted(scope["state"])]).encode())


@Lifespan
async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    """Take no part."""
    raise NotImplementedError


@Lifespan
async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    """Take no part, in silence."""


@Lifespan
async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail to start, then raise."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no-database"})
    raise RuntimeError


@Lifespan
async def full(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part, say on standard output what happens, and never return."""
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.0"}
    assert (await receive())["type"] == "lifespan.startup"
    scope["state"]["pid"] = os.getpid()
    for wrong in [{"type": "lifespan.shutdown.complete"}, {"type": "http.response.start", "status": 200}, {}]:
        try:
            await send(wrong)
        except Exception as error:
            say(type(error).__name__)
    await send({"type": "lifespan.startup.complete"})
    say((await receive())["type"] + " " + ",".join(scope["state"]))
    await send({"type": "lifespan.shutdown.complete"})
    await anyio.sleep_forever()


@Lifespan
async def bad_shutdown(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail to shut down."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "no-goodbye"})


@Lifespan
async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Never come up."""
    await receive()
    os.write(1, b"starting\n")
    await anyio.sleep_forever()


def say(line: str) -> None:
    """Print a line on standard error."""
    os.write(2, f"said: {line}\n".encode())
