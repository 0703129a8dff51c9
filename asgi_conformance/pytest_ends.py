"""Both ends of a server from a test that does not run in the engine's loop.

What the engine's objects give is wrapped alike, and what they are given is unwrapped, so that a test reads as a case
does. Attributes, plain values and errors pass through.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from asgi_conformance.background import Background

#: The classes whose objects live in the engine's loop are all of this package.
_HOME = "asgi_conformance."
#: Those are plain values, also of this package.
_VALUES = (
    "asgi_conformance.values",
    "asgi_conformance.verdict",
    "asgi_conformance.clients.http",
    "asgi_conformance.trace",
)


class Ends:
    """Wraps objects of the engine; ``blocking`` says that coroutine methods give their results at once."""

    def __init__(self, background: Background, *, blocking: bool) -> None:
        self.background = background
        self.blocking = blocking

    def wrap(self, value: Any) -> Any:
        """The value as the test is to use it."""
        if inspect.iscoroutine(value):
            return self._finish(value)
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return tuple(self.wrap(item) for item in value)
        if callable(value) and inspect.ismethod(value):
            return self._method(value)
        home = type(value).__module__
        return End(self, value) if home.startswith(_HOME) and home not in _VALUES else value

    def _method(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            given = [unwrap(argument) for argument in arguments]
            given_named = {name: unwrap(argument) for name, argument in named.items()}
            if inspect.iscoroutinefunction(method):
                return self._finish(method(*given, **given_named))
            return self.wrap(self.background.run(_in_loop(method, given, given_named)))

        return call

    def _finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if self.blocking:
            return self.wrap(self.background.run(coroutine))
        return self._await(coroutine)

    async def _await(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        import anyio.to_thread

        future = self.background.start(coroutine)
        try:
            return self.wrap(await anyio.to_thread.run_sync(future.result, abandon_on_cancel=True))
        finally:
            future.cancel()


async def _in_loop(method: Callable[..., Any], arguments: list[Any], named: dict[str, Any]) -> Any:
    """Call a plain method in the engine's loop, where it may make futures and tasks."""
    return method(*arguments, **named)


class End:
    """An object of the engine in a test's hand."""

    def __init__(self, ends: Ends, value: Any) -> None:
        self._ends = ends
        self._value = value

    def __getattr__(self, name: str) -> Any:
        return self._ends.wrap(getattr(self._value, name))

    def __repr__(self) -> str:
        return repr(self._value)


def unwrap(value: Any) -> Any:
    """What the engine is given for an object in the test's hand."""
    return value._value if isinstance(value, End) else value
