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
    from .asgi_probe import _current_loop
    from .asgi_recording import Recorded, stand_in
else:
    from asgi_probe import _current_loop  # the folder of all of them is on the server's path
    from asgi_recording import Recorded, stand_in

_PACKAGE = "asgi_reference_apps"


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
        return stand_in, {"unimportable": _module}
    if loop not in getattr(_module, "LOOPS", (loop,)):
        return stand_in, {"wrong_loop": loop}
    return _module.application, {}


async def _single(scope: Any, receive: Any, send: Any) -> None:
    application, more = _served()
    call = Recorded(scope, receive, send, "recorded", **more)
    await call.serve(lambda receive, send: application(scope, receive, send))


class _Legacy:
    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.instance = _module.application(scope)

    async def __call__(self, receive: Any, send: Any) -> None:
        """Serve the call that began with the scope."""
        await Recorded(self.scope, receive, send, "recorded").serve(self.instance)


app: Any = _Legacy if inspect.isclass(getattr(_module, "application", None)) else _single


def factory() -> Any:
    """A function without arguments that makes the application."""
    return app
