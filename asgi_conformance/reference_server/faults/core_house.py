"""Violations of what is looked at in the server's own house (suite ``core``)."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from ..log import logger
from . import around

#: The ways of leaving of which nothing may be told as an error.
LEAVING = (
    "no-request",
    "half-a-request",
    "half-a-body",
    "bad-chunk",
    "no-http",
    "response-left",
    "websocket-lost",
)
_KEPT: set[Any] = set()


@around("server.Server.serve_connection", name="core.house.descriptors/kept")
async def a_descriptor_stays(original: Any, self: Any, connection: Any) -> None:
    """A descriptor is opened for each connection, and never closed."""
    os.open(os.devnull, os.O_RDONLY)
    await original(self, connection)


@around("server.Server.serve_connection", name="core.house.tasks/endless")
async def a_task_stays(original: Any, self: Any, connection: Any) -> None:
    """A task is begun for each connection, and never ends."""
    _KEPT.add(asyncio.ensure_future(asyncio.Event().wait()))
    await original(self, connection)


@around(
    "server.Server.serve_connection",
    name="core.house.log/every-end",
    also=[f"core.house.log/{way}" for way in LEAVING],
    follows=["*.not-logged*", "core.error.send-error.*", "http.send-closed.chained-caught*"],
)
async def every_end_is_an_error(original: Any, self: Any, connection: Any) -> None:
    """The end of each connection is told as an error."""
    await original(self, connection)
    logger.error("a connection has ended")
