"""Violations of the lifespan protocol: the state, and where lifespans run."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from ..application import Receive, Scope, Send
from . import around, on_scope

#: What most faults of the state show beside their own requirement.
_STATE = ["lifespan.state.*"]

# the state in scopes


@on_scope("lifespan.state.in-http/empty", follows=_STATE)
def state_is_empty_in_http(scope: Scope) -> None:
    """The state of requests is empty."""
    scope["state"] = {}


@on_scope("lifespan.state.in-websocket/empty", kind="websocket", follows=_STATE)
def state_is_empty_in_websockets(scope: Scope) -> None:
    """The state of WebSockets is empty."""
    scope["state"] = {}


@on_scope("lifespan.state.in-http2/empty", follows=["lifespan.state.*/http-2"])
def state_is_empty_in_http2(scope: Scope) -> None:
    """The state of requests over HTTP/2 is empty."""
    if scope["http_version"] == "2":
        scope["state"] = {}


@on_scope("lifespan.state.provided-everywhere/missing", follows=_STATE)
def state_is_missing(scope: Scope) -> None:
    """Requests have no state."""
    del scope["state"]


def _common(name: str, **registration: Any) -> Callable[[Callable[[Any, Any], Any]], Callable[[Any, Any], Any]]:
    """Make the state of requests otherwise: the decorated function gets server and transport, and returns it."""

    def register(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def spoil(original: Any, server: Any, transport: Any, request: Any) -> Scope:
            scope: Scope = original(server, transport, request)
            scope["state"] = function(server, transport)
            return scope

        spoil.__doc__ = function.__doc__
        around("scope.common", name=name, follows=_STATE, **registration)(spoil)
        return function

    return register


@_common("lifespan.state.copy-not-same-object/same", also=["lifespan.state.not-written-back"])
def state_is_the_lifespans_own(server: Any, transport: Any) -> Any:
    """Requests get the dict of the lifespan itself."""
    return server.state


@_common("lifespan.state.shallow/deep")
def state_is_copied_deeply(server: Any, transport: Any) -> Any:
    """The values in the state are copied, too."""
    return copy.deepcopy(server.state)


@_common("lifespan.state.isolated-between-requests/shared", also=["lifespan.state.isolated-concurrent"])
def state_is_shared_by_requests(server: Any, transport: Any) -> Any:
    """All requests get one and the same copy."""
    server.shared = getattr(server, "shared", None) or dict(server.state)
    return server.shared


@_common("lifespan.state.isolated-on-keep-alive/per-connection")
def state_is_copied_for_each_connection(server: Any, transport: Any) -> Any:
    """All requests of a connection get one and the same copy."""
    transport.state = getattr(transport, "state", None) or dict(server.state)
    return transport.state


@_common("lifespan.state.any-values/serialised")
def state_is_serialised(server: Any, transport: Any) -> Any:
    """Only what can be serialised can be in the state."""
    json.dumps(server.state)
    return dict(server.state)


@on_scope("lifespan.state.untouched-by-server/added", follows=_STATE)
def state_has_a_key_more(scope: Scope) -> None:
    """The server puts a key of its own into the state of requests."""
    scope["state"]["server"] = "reference"


@around("lifespan.Lifespan.shut_down", name="lifespan.state.untouched-by-server/cleared")
async def state_is_cleared(original: Any, self: Any) -> None:
    """The server clears the state before the shutdown."""
    self.server.state.clear()
    await original(self)


# processes, threads and loops


@around("scope.common", name="lifespan.state.per-loop/of-another")
def state_is_of_another_process(original: Any, server: Any, transport: Any, request: Any) -> Scope:
    """With several workers, requests get a state that is not that of their own process."""
    scope: Scope = original(server, transport, request)
    if server.config.workers > 1:
        scope["state"] = dict.fromkeys(scope["state"], "of another process")
    return scope


@around("lifespan.Lifespan.run", name="lifespan.loop.once-per-loop/twice", follows=["lifespan.*"])
async def lifespan_is_called_twice(original: Any, self: Any) -> None:
    """Two lifespan calls are made beside each other."""
    self.server.tasks.start_soon(original, type(self)(self.server))
    await original(self)


@around(
    "server.Server.guard",
    name="lifespan.loop.same-as-requests/another-thread",
    also=["lifespan.loop.per-thread"],
    follows=["*"],
)
async def requests_run_in_other_threads(
    original: Any, self: Any, scope: Scope, receive: Receive, send: Send
) -> BaseException | None:
    """Each request runs in a thread and an event loop of its own."""
    if scope["type"] == "lifespan":
        return await original(self, scope, receive, send)  # type: ignore[no-any-return]
    loop = asyncio.get_running_loop()

    def across(function: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        async def awaited(*arguments: Any) -> Any:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(function(*arguments), loop))

        return awaited

    async def call() -> None:
        await self.app(scope, across(receive), across(send))  # type: ignore[arg-type]

    try:
        await asyncio.to_thread(asyncio.run, call())
    except BaseException as error:
        return error
    return None


_workers: list[int] = []


@around("workers.os.fork", "workers.work", name="lifespan.loop.per-process/one", follows=["lifespan.*"])
def only_one_worker_has_a_lifespan(original: Any, *arguments: Any) -> Any:
    """Of several workers only the first has a lifespan."""
    if not arguments:
        _workers.append(len(_workers))
        return original()
    config, *others = arguments
    return original(config if len(_workers) == 1 else replace(config, lifespan="off"), *others)
