"""Violations of the base document in how extensions are listed, and in which applications are called how."""

from __future__ import annotations

import inspect
from typing import Any

from ..application import Event, Receive, Scope, Send, adapt_legacy
from ..checks import InvalidEvent
from . import around

EXTENSIONS = (
    "http.response.early_hint",
    "http.response.push",
    "http.response.zerocopysend",
    "http.response.pathsend",
    "http.response.trailers",
    "http.response.debug",
    "websocket.http.response.",
)


def is_of_extension(event: Any) -> bool:
    """Whether an event is one of an extension."""
    return isinstance(event, dict) and str(event.get("type")).startswith(EXTENSIONS)


# extensions


@around(
    "scope.made",
    "server.Server.guard",
    name="core.extensions.listed-means-usable/refused",
    follows=["core.extensions.*", "extension.*"],
)
def events_of_extensions_are_refused(original: Any, *arguments: Any) -> Any:
    """All extensions are listed, and their events make send() raise."""
    if len(arguments) == 2:
        found: Scope = original(*arguments)
        if found["type"] == "http":
            found["extensions"].update({"http.response.push": {}, "http.response.debug": {}})
        return found
    server, scope, receive, send = arguments

    async def spoilt(event: Any) -> None:
        if is_of_extension(event):
            raise InvalidEvent("the event is unknown")
        await send(event)

    return original(server, scope, receive, spoilt)


@around(
    "server.Server.guard",
    name="core.extensions.listed-when-supported/hidden",
    follows=["core.extensions.*", "extension.*", "tls.*"],
)
def extensions_are_hidden(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """No extension is listed, and their events are taken."""
    told = {key: value for key, value in scope.items() if key != "extensions"}
    return original(self, told, receive, send)


@around(
    "scope.made",
    "server.Server.guard",
    name="core.extensions.unlisted-event-rejected/dropped",
    follows=["core.*", "extension.*", "http.error.*", "tls.*"],
)
def events_of_extensions_are_dropped(original: Any, *arguments: Any) -> Any:
    """No extension is listed, and their events are dropped without an exception."""
    if len(arguments) == 2:
        found: Scope = original(*arguments)
        found.pop("extensions", None)
        return found
    server, scope, receive, send = arguments

    async def spoilt(event: Any) -> None:
        if not is_of_extension(event):
            await send(event)

    return original(server, scope, receive, spoilt)


# kinds of applications


@around("application.adapt", name="core.app.callable-kinds/functions-only", follows=["core.legacy.*"])
def only_functions_are_single(original: Any, application: Any, interface: str) -> Any:
    """Everything but a coroutine function is called as a legacy application, whatever the option says."""
    if not inspect.isfunction(application):
        return adapt_legacy(application)
    return original(application, interface)


@around("server.Server.guard", name="core.app.single-callable/scope-alone", follows=["*"])
async def the_application_gets_the_scope_alone(original: Any, self: Any, scope: Scope, *rest: Any) -> Any:
    """For a POST request the application is called with the scope alone."""
    if scope.get("method") != "POST":
        return await original(self, scope, *rest)
    try:
        self.app(scope)
    except TypeError as error:
        return error


@around(
    "application.adapt_legacy",
    name="core.legacy.supported/no-body",
    also=["core.legacy.second-call-awaited", "core.legacy.same-semantics/http"],
    follows=["core.legacy.*"],
)
def legacy_applications_get_no_body(original: Any, application: Any) -> Any:
    """A legacy application gets the first event without its body."""
    adapted = original(application)

    async def single(scope: Scope, receive: Receive, send: Send) -> None:
        async def spoilt() -> Event:
            return {key: value for key, value in (await receive()).items() if key != "body"}

        await adapted(scope, spoilt, send)

    return single


@around(
    "application.adapt_legacy",
    name="core.legacy.same-semantics/silent",
    breaks="core.legacy.same-semantics/websocket",
    follows=["core.legacy.*"],
)
def legacy_websockets_are_silent(original: Any, application: Any) -> Any:
    """What a legacy application sends over a WebSocket is empty."""
    adapted = original(application)

    async def single(scope: Scope, receive: Receive, send: Send) -> None:
        async def spoilt(event: Event) -> None:
            await send({**event, "text": ""} if event["type"] == "websocket.send" else event)

        await adapted(scope, receive, spoilt)

    return single


@around("application.is_legacy", name="core.legacy.dropped-by-default/never-found")
def legacy_applications_are_not_found(original: Any, application: Any) -> bool:
    """Without an option no application is taken for a legacy one."""
    return False
