"""Loading an application, and calling either style of it alike."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import UsageError

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def load(import_string: str, *, factory: bool, interface: str) -> Application:
    """Import an application and adapt it to the single-callable style.

    Args:
        import_string: ``module:attribute``; the attribute may be dotted. The working directory is searched first.
        factory: Whether the attribute makes the application when it is called.
        interface: ``asgi3``, ``asgi2`` or ``auto``.

    Returns:
        A single callable of scope, receive and send.

    Raises:
        UsageError: The import string does not lead to a callable.
    """
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    module_name, _, attributes = import_string.partition(":")
    hint = "name the application as module:attribute"
    if not module_name or not attributes:
        raise UsageError(f"{import_string!r} is not an import string", hint=hint)
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        raise UsageError(f"could not load {import_string!r}: {error}", hint=hint) from error
    if factory:
        found = found()
    if not callable(found):
        raise UsageError(f"{import_string!r} is {found!r}, which is not callable", hint=hint)
    return adapt(found, interface)


def adapt(application: Callable[..., Any], interface: str) -> Application:
    """Give a legacy application the face of a single callable; a single callable is returned as it is."""
    if interface == "asgi2" or (interface == "auto" and is_legacy(application)):
        return adapt_legacy(application)
    return application


def is_legacy(application: Callable[..., Any]) -> bool:
    """Whether an application can be called with a scope alone and not with scope, receive and send.

    Arguments are counted rather than kinds of callables, so that an instance, a bound method, a partial and a plain
    function that returns a coroutine are told right; the application is never called to find out.
    """
    # core.legacy.not-misdetected, core.app.callable-kinds
    try:
        signature = inspect.signature(application)
    except (TypeError, ValueError):
        return False
    return not _takes(signature, 3) and _takes(signature, 1)


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def adapt_legacy(application: Callable[..., Any]) -> Application:
    """Wrap ``application(scope)(receive, send)``."""

    # core.legacy.supported, core.legacy.same-semantics
    async def single(scope: Scope, receive: Receive, send: Send) -> None:
        instance = application(scope)  # core.legacy.first-call-scope-only
        await instance(receive, send)  # core.legacy.second-call-awaited

    return single
