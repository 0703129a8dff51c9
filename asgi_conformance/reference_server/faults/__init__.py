"""Faults: deliberate violations of one requirement each, to prove that the suite's cases can fail.

The server has no hooks in it. A fault is a few lines in ``faults/<suite>.py`` that stand in the way of one small
function of the server, which is put in place when the server starts with ``--fault NAME`` and at no other time::

    @on_scope("http.scope.client.shape/port-as-str")
    def port_as_str(scope: Scope) -> None:
        \"""The port of the client is a Unicode string.\"""
        scope["client"][1] = str(scope["client"][1])

The name is the requirement that is broken, a slash, and how; the docstring is the summary. The ways in, narrowest
first (each is described at its function):

===================== ========================================================================================
``on_scope``          a scope, when it is made
``on_received``       an event, on its way to the application
``on_sent``           an event, on its way from the application, before it is checked
``swallowed``         the exception for an invalid event, which is kept from the application
``on_bytes``          bytes, on their way to the socket
``on_arrival``        bytes, on their way from the socket to the parser of HTTP/1
``around``            any function or method of the server: the original is handed in, to be called, or not
===================== ========================================================================================
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from ...errors import UsageError
from ..application import Event, Receive, Scope, Send
from ..checks import InvalidEvent

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Fault:
    """One violation.

    Attributes:
        name: What ``--fault`` takes: a requirement, a slash, and how it is broken.
        breaks: The requirement or the case that must notice it.
        also: Further cases or requirements that must notice it.
        follows: Patterns of cases that may fail with it, because what they look at hangs on what is broken.
        summary: What the server does wrong, as a sentence.
        targets: The functions of the server that it stands in the way of, as ``module.name`` or ``module.Class.name``.
        stand_in: Makes the replacement of a target out of its original.
    """

    name: str
    breaks: str
    also: tuple[str, ...]
    follows: tuple[str, ...]
    summary: str
    targets: tuple[str, ...]
    stand_in: Callable[[Any], Any] = field(repr=False)


REGISTRY: dict[str, Fault] = {}


def around(
    *targets: str, name: str, breaks: str | None = None, also: Iterable[str] = (), follows: Iterable[str] = ()
) -> Callable[[F], F]:
    """Put a function around functions, methods or properties of the server.

    The decorated function is called with the original and then with the original's own arguments, and its result is
    the result; it may be a coroutine function where the original is one. A name that a module imported is a target
    in the module that uses it: ``response_call.make_head``, not ``responses.make_head``.

    Args:
        targets: ``module.name`` or ``module.Class.name``, relative to the server's package.
        name: The name of the fault.
        breaks: The requirement or the case that must notice, if it is not what stands before the slash in the name.
        also: See :class:`Fault`.
        follows: See :class:`Fault`.

    Raises:
        ValueError: The name is taken, or the function has no docstring.
    """

    def register(function: F) -> F:
        def stand_in(original: Any) -> Any:
            @functools.wraps(original)
            def replaced(*args: Any, **kwargs: Any) -> Any:
                return function(original, *args, **kwargs)

            return replaced

        summary = " ".join((function.__doc__ or "").split())
        if name in REGISTRY or not summary:
            raise ValueError(f"the fault {name!r} is there already, or has no docstring")
        broken = breaks or name.rpartition("/")[0]
        REGISTRY[name] = Fault(name, broken, tuple(also), tuple(follows), summary, targets, stand_in)
        return function

    return register


def on_scope(name: str, *, kind: str = "http", **registration: Any) -> Callable[[F], F]:
    """Change the scopes of one kind (``http``, ``websocket``, ``lifespan``) in place, when they are made.

    The decorated function is called with the scope. What it returns is ignored.
    """

    def register(function: F) -> F:
        def spoil(original: Any, scope: Scope, server: Any) -> Scope:
            scope = original(scope, server)
            if scope["type"] == kind:
                function(scope)
            return scope

        spoil.__doc__ = function.__doc__
        around("scope.made", name=name, **registration)(spoil)
        return function

    return register


def on_received(name: str, *, kind: str = "http", **registration: Any) -> Callable[[F], F]:
    """Change the events that calls of one kind receive.

    The decorated function is called with the event and the scope, and returns the event that the application gets.
    """

    def register(function: F) -> F:
        def spoil(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
            async def spoilt() -> Event:
                event: Event = function(await receive(), scope)
                return event

            return original(self, scope, spoilt if scope["type"] == kind else receive, send)

        spoil.__doc__ = function.__doc__
        around("server.Server.guard", name=name, **registration)(spoil)
        return function

    return register


def on_send(name: str, *, kind: str = "http", **registration: Any) -> Callable[[F], F]:
    """Stand between the application and the server's ``send()``, in calls of one kind.

    The decorated coroutine function is called with ``send``, the event and the scope.
    """

    def register(function: F) -> F:
        def spoil(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
            def spoilt(event: Any) -> Awaitable[None]:
                result: Awaitable[None] = function(send, event, scope)
                return result

            return original(self, scope, receive, spoilt if scope["type"] == kind else send)

        spoil.__doc__ = function.__doc__
        around("server.Server.guard", name=name, **registration)(spoil)
        return function

    return register


def on_sent(name: str, *, kind: str = "http", **registration: Any) -> Callable[[F], F]:
    """Change the events that applications send, before the server checks them.

    The decorated function is called with the event and returns the one that the server takes, or None for nothing.
    """

    def register(function: F) -> F:
        async def spoil(send: Send, event: Any, scope: Scope) -> None:
            changed = function(event)
            if changed is not None or event is None:
                await send(changed)

        spoil.__doc__ = function.__doc__
        on_send(name, kind=kind, **registration)(spoil)
        return function

    return register


def swallowed(name: str, *, kind: str = "http", **registration: Any) -> Callable[[F], F]:
    """Keep the exception for certain invalid events from the application, so that they are dropped in silence.

    The decorated function is called with the event, which may be anything, and says whether it is such a one.
    """

    def register(function: F) -> F:
        async def spoil(send: Send, event: Any, scope: Scope) -> None:
            try:
                await send(event)
            except InvalidEvent:
                if not function(event):
                    raise

        spoil.__doc__ = function.__doc__
        on_send(name, kind=kind, **registration)(spoil)
        return function

    return register


def on_bytes(name: str, **registration: Any) -> Callable[[F], F]:
    """Change bytes on their way to the socket.

    The decorated function is called with the bytes of one write, and returns what is written.
    """

    def register(function: F) -> F:
        def spoil(original: Any, self: Any, data: bytes) -> None:
            original(self, function(bytes(data)))

        spoil.__doc__ = function.__doc__
        around("transport.Transport.write", name=name, **registration)(spoil)
        return function

    return register


def on_arrival(name: str, **registration: Any) -> Callable[[F], F]:
    """Change bytes between the socket and the parser of HTTP/1: the server then takes what it would not take.

    The decorated function is called with the bytes that are read at once, and returns what is parsed. Only small reads
    with the tag of a request in them go through it, so that the content of other requests stays as it is.
    """

    def register(function: F) -> F:
        def spoil(original: Any, self: Any, *limit: int) -> Any:
            data: bytes = original(self, *limit)
            return function(data) if len(data) < 16384 and b"xc-" in data else data

        spoil.__doc__ = function.__doc__
        around("transport.Transport.take", name=name, **registration)(spoil)
        return function

    return register


def load(suite: str | None = None) -> None:
    """Import the faults of one suite, or of all; the modules of a suite begin with its name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    for module in names:
        if suite is None or f"{module}_".startswith(f"{suite}_"):
            importlib.import_module(f"{__name__}.{module}")


def suite_of(name: str) -> str:
    """The suite that a fault's name points to, which names the module that has it."""
    first, *rest = name.partition("/")[0].split(".")
    if first == "rfc" and rest:
        return f"rfc_{rest[0]}"
    return {"extension": "extensions", "property": "properties"}.get(first, first)


def activate(name: str) -> None:
    """Break the server of this process.

    Raises:
        UsageError: There is no fault of this name.
    """
    load(suite_of(name))
    if name not in REGISTRY:
        load()
    fault = REGISTRY.get(name)
    if fault is None:
        raise UsageError(f"there is no fault {name!r}", hint="--list-faults names all of them")
    for target in fault.targets:
        owner, attribute = resolve(target)
        original = inspect.getattr_static(owner, attribute)
        if isinstance(original, property):
            setattr(owner, attribute, property(fault.stand_in(original.fget)))
        else:
            setattr(owner, attribute, fault.stand_in(original))


def resolve(target: str) -> tuple[Any, str]:
    """The object that has a target, and the name that it has there.

    Raises:
        AttributeError: The server has no such function.
        ModuleNotFoundError: The server has no such module.
    """
    module, *path = target.split(".")
    owner: Any = importlib.import_module(f"{__name__.rpartition('.')[0]}.{module}")
    for part in path[:-1]:
        owner = getattr(owner, part)
    getattr(owner, path[-1])
    return owner, path[-1]


def as_json() -> str:
    """All faults as a JSON list of objects with name, breaks, also, follows and summary, in the order of names."""
    load()
    faults = [asdict(REGISTRY[name]) for name in sorted(REGISTRY)]
    for fault in faults:
        del fault["targets"], fault["stand_in"]
    return json.dumps(faults, indent=1, ensure_ascii=False) + "\n"
