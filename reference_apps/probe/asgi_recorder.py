"""The recorder: it stands between a server and a reference application, and tells the harness what goes in and out.

``ASGI_RECORDER_APPLICATION`` names the application: the path of a file, absolute or in ``reference_apps``, without its
suffix, whose ``application`` is mounted: a single callable, or a class of the legacy, double-callable kind. It is
imported when this module is, as if the server had imported it itself. Where it cannot be, because a module that it
needs is not installed, or does not run in the server's event loop (``LOOPS`` of its module), the harness is told so.

The recorder changes nothing: scopes, events and exceptions are handed on as they are. It speaks over the probe's
control channel, and like the probe it is standard library only, for CPython 3.8 and later, asyncio and trio.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .asgi_probe import _Call, _current_loop, describe, encode
else:
    from asgi_probe import _Call, _current_loop, describe, encode  # the folder of both is on the server's path

_PACKAGE = "asgi_reference_apps"


class _Recorded(_Call):
    """One call: what ``receive()`` gives and what is sent is announced, and how the application ends."""

    sent = 0

    def take(self, step: Any) -> None:
        """Nobody tells a real application what to do."""

    async def serve(self, serving: Any) -> None:
        """Have the application served; ``serving`` is called with what to receive from and to send to."""
        try:
            await serving(self.recorded_receive, self.recorded_send)
        except BaseException as error:
            self.write(ended="cancelled" if isinstance(error, self.loop.Cancelled) else "raised", error=describe(error))
            raise
        else:
            self.write(ended="returned")
        finally:
            self.control.calls.pop(self.number, None)

    async def recorded_receive(self) -> Any:
        self.write(receiving=True)
        try:
            event = await self.receive()
        except BaseException as error:
            self.write(receive_failed=describe(error))
            raise
        self.write(received=encode(event))
        return event

    async def recorded_send(self, event: Any) -> None:
        event, number = _repeatable(event), self.sent
        self.sent += 1
        self.write(sent=encode(event))
        try:
            await self.send(event)
        except BaseException as error:
            self.write(refused=number, error=describe(error))
            raise


def _repeatable(event: Any) -> Any:
    """The event, with a list in the place of headers that could be gone through only once."""
    headers = event.get("headers") if isinstance(event, dict) else None
    if headers is None or not hasattr(headers, "__next__"):
        return event
    return dict(event, headers=list(headers))


async def _stand_in(scope: Any, receive: Any, send: Any) -> None:
    """Stands in for an application that is not there: a server can be started and stopped with it."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"unavailable"})
    elif scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": "lifespan.%s.complete" % phase})


def _imported(name: Any) -> Any:
    """The module of a file, in a package whose name no installed one has; or why it cannot be imported."""
    package: Any = types.ModuleType(_PACKAGE)
    package.__path__ = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    if os.path.isabs(name):
        folder, name = os.path.split(name)
        package.__path__ = [folder]
    sys.modules[_PACKAGE] = package
    try:
        return importlib.import_module("%s.%s" % (_PACKAGE, name.replace("/", ".")))
    except ImportError as error:
        return str(error)


_module = _imported(os.environ["ASGI_RECORDER_APPLICATION"])


def _served() -> Any:
    """What is served in the running event loop, and what is announced with it."""
    loop = _current_loop().name
    if isinstance(_module, str):
        return _stand_in, {"unimportable": _module}
    if loop not in getattr(_module, "LOOPS", (loop,)):
        return _stand_in, {"wrong_loop": loop}
    return _module.application, {}


async def _single(scope: Any, receive: Any, send: Any) -> None:
    application, more = _served()
    call = _Recorded(scope, receive, send, "recorded", **more)
    await call.serve(lambda receive, send: application(scope, receive, send))


class _Legacy:
    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.instance = _module.application(scope)

    async def __call__(self, receive: Any, send: Any) -> None:
        """Serve the call that began with the scope."""
        await _Recorded(self.scope, receive, send, "recorded").serve(self.instance)


app: Any = _Legacy if inspect.isclass(getattr(_module, "application", None)) else _single


def factory() -> Any:
    """A function without arguments that makes the application."""
    return app
