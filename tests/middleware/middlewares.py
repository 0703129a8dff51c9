"""Middlewares: a right one, two that are wrong on one face each, and what cannot be used as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[..., Awaitable[None]]


def transparent(application: Application) -> Application:
    """Changes nothing."""
    return application


def text_query(application: Application) -> Application:
    """Hands on the query string as text: wrong on its lower face."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "query_string": scope["query_string"].decode("latin-1")}
        await application(scope, receive, send)

    return middleware


def capital_header(application: Application) -> Application:
    """Adds a header whose name has capitals: wrong on its upper face."""

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def adding(event: Any) -> None:
            if event["type"] == "http.response.start":
                event = {**event, "headers": [*event.get("headers", ()), (b"X-Added", b"yes")]}
            await send(event)

        await application(scope, receive, adding if scope["type"] == "http" else send)

    return middleware


def raises(application: Application) -> Application:
    """Fails when it is asked for a middleware."""
    raise ValueError("a setting is missing")


def gives_nothing(application: Application) -> None:
    """Forgets to return what it made."""


not_callable = 3
