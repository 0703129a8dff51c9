"""The probe behind somebody's middleware, with a recorder on either face of it.

``ASGI_MIDDLEWARE`` names the middleware's factory, ``package.module:factory``: called with an application, it gives
one. What is mounted is, from the server inwards: a recorder of the upper face (what the middleware asks of the server
and sends to it), the middleware, a recorder of the lower face (what the wrapped application sent), the probe. Each of
the probe's single callables is there under its name. Where there is no such factory, an application stands in whose
calls tell why.

Like the probe it is standard library only, for CPython 3.8 and later, asyncio and trio.
"""

from __future__ import annotations

import contextvars
import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import asgi_probe
    from .asgi_recording import Recorded, stand_in
else:
    import asgi_probe  # the folder of all of them is on the server's path
    from asgi_recording import Recorded, stand_in

#: The number of the upper call inside of which the running code is.
_above: Any = contextvars.ContextVar("above", default=None)


class _Face(Recorded):
    """A call on one face, judged by the kinds and the order of events, whatever is in their bodies."""

    brief = True


class _Unusable(Exception):
    """There is no middleware to be had: the text says why."""


def _factory(name: Any) -> Any:
    module_name, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name + ".").startswith(error.name + "."):
            raise _Unusable("there is no module %r in the server's environment" % error.name) from None
        raise _Unusable("the module %r cannot be imported: %s" % (module_name, error)) from None
    except Exception as error:
        raise _Unusable("the module %r cannot be imported: %s" % (module_name, _told(error))) from None
    for attribute in path.split("."):
        if not hasattr(found, attribute):
            raise _Unusable("the module %r has no attribute %r" % (module_name, path))
        found = getattr(found, attribute)
    if not callable(found):
        raise _Unusable("%s is no callable, but of type %s" % (name, type(found).__name__))
    return found


def _told(error: Any) -> Any:
    return "%s: %s" % (type(error).__name__, error)


def _wrapped(name: Any, application: Any) -> Any:
    """The application that the factory makes of one. Raises _Unusable."""
    factory = _factory(name)
    try:
        middleware = factory(application)
    except Exception as error:
        raise _Unusable("%s, called with an application, raised %s" % (name, _told(error))) from None
    if not callable(middleware):
        raise _Unusable("%s, called with an application, gave no application, but %r" % (name, middleware))
    return middleware


def behind(name: Any, application: Any) -> Any:
    """An application behind the middleware of a factory's name, with a recorder on both faces."""

    async def lower(scope: Any, receive: Any, send: Any) -> None:
        call = _Face(scope, receive, send, "lower", above=_above.get())
        await call.serve(lambda receive, send: application(scope, receive, send))

    try:
        middleware = _wrapped(name, lower)
    except _Unusable as unusable:
        return _stand_in(str(unusable))

    async def upper(scope: Any, receive: Any, send: Any) -> None:
        call = _Face(scope, receive, send, "upper")
        _above.set(call.number)
        await call.serve(lambda receive, send: middleware(scope, receive, send))

    return upper


def _stand_in(why: Any) -> Any:
    async def unwrapped(scope: Any, receive: Any, send: Any) -> None:
        call = Recorded(scope, receive, send, "recorded", unwrapped=why)
        await call.serve(lambda receive, send: stand_in(scope, receive, send))

    return unwrapped


def _behind(application: Any) -> Any:
    return behind(os.environ["ASGI_MIDDLEWARE"], application)


app = _behind(asgi_probe.app)
instance = _behind(asgi_probe.instance)
bound = _behind(asgi_probe.bound)
partial = _behind(asgi_probe.partial)
plain = _behind(asgi_probe.plain)
raises_for_lifespan = _behind(asgi_probe.raises_for_lifespan)
returns_for_lifespan = _behind(asgi_probe.returns_for_lifespan)


def factory() -> Any:
    """A function without arguments that makes the application."""
    return app
