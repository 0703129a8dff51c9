"""Violations of the lifespan protocol (suite ``lifespan``): how the call begins and what it receives."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Scope
from ..lifespan import Phase
from . import around, on_received, on_scope

# the scope


@on_scope("lifespan.scope.type/other", kind="lifespan", follows=["lifespan.*"])
def type_is_another(scope: Scope) -> None:
    """The type of the scope is "startup"."""
    scope["type"] = "startup"


@on_scope("lifespan.scope.asgi.version/missing", kind="lifespan", follows=["core.scope.asgi.*"])
def version_is_missing(scope: Scope) -> None:
    """The scope does not name the version of ASGI."""
    del scope["asgi"]["version"]


@on_scope("lifespan.scope.asgi.version/another", kind="lifespan", breaks="lifespan.scope.asgi.version/same-as-requests")
def version_is_another(scope: Scope) -> None:
    """The version of ASGI is another one than in requests."""
    scope["asgi"]["version"] = "2.0"


@on_scope("lifespan.scope.asgi.spec-version/of-http", kind="lifespan")
def spec_version_of_http(scope: Scope) -> None:
    """The spec_version is that of HTTP."""
    scope["asgi"]["spec_version"] = "2.5"


@on_scope("lifespan.scope.state.empty-dict/filled", kind="lifespan", follows=["lifespan.state.*"])
def state_is_filled(scope: Scope) -> None:
    """The state has a key of the server's own at the start."""
    scope["state"]["server"] = "reference"


@around("server.Server.guard", name="lifespan.scope.lasts/ended")
async def call_is_ended(original: Any, self: Any, scope: Scope, receive: Any, send: Any) -> BaseException | None:
    """The lifespan call is cancelled when ten requests have come."""
    if scope["type"] == "lifespan":
        with anyio.CancelScope() as self.lasts:
            return await original(self, scope, receive, send)  # type: ignore[no-any-return]
        return None
    self.requests = getattr(self, "requests", 0) + 1
    if self.requests == 10:
        self.lasts.cancel()
    return await original(self, scope, receive, send)  # type: ignore[no-any-return]


# the startup


@on_received("lifespan.startup.first-event/other", kind="lifespan", follows=["lifespan.*"])
def first_event_is_another(event: Event, scope: Scope) -> Event:
    """The first event is called "lifespan.begin"."""
    return {"type": "lifespan.begin"} if event["type"] == "lifespan.startup" else event


@around("lifespan.Lifespan.receive", name="lifespan.startup.once/twice", follows=["lifespan.startup.*"])
async def startup_comes_twice(original: Any, self: Any) -> Event:
    """The startup event is given twice."""
    if self._told_startup and self.phase is Phase.STARTING:
        self._told_startup = False
    event: Event = await original(self)
    return event


@around(
    "lifespan.Lifespan.run",
    "lifespan.Lifespan.started",
    name="lifespan.startup.before-connections/late",
    also=["lifespan.startup.complete.waited-for"],
    follows=["lifespan.*"],
)
async def startup_comes_late(original: Any, self: Any) -> Any:
    """Connections are served from the start, and the lifespan call is made later."""
    if original.__name__ == "started":
        return True
    await anyio.sleep(0.3)
    return await original(self)


@around("lifespan.Lifespan.started", name="lifespan.startup.complete.waited-for/not", follows=["lifespan.*"])
async def startup_is_not_waited_for(original: Any, self: Any) -> bool:
    """Connections are served while the application starts up."""
    return True


@around("server.Server.accept", name="lifespan.startup.complete.then-serves/never", follows=["*"])
async def nothing_is_served(original: Any, self: Any, listener: Any) -> None:
    """No connection is ever served."""
    await anyio.sleep_forever()


@around("lifespan.Lifespan.send", name="lifespan.startup.complete.send-returns/raises", follows=["lifespan.*"])
async def sending_complete_raises(original: Any, self: Any, event: Any) -> None:
    """send() of startup.complete raises, though it takes effect."""
    await original(self, event)
    if event["type"] == "lifespan.startup.complete":
        raise RuntimeError("the server has started")


@around("lifespan.Lifespan.receive", name="lifespan.receive.waits-between/tick", follows=["lifespan.*"])
async def event_comes_between(original: Any, self: Any) -> Event:
    """An event of the server's own comes when startup is complete."""
    while self._told_startup and not hasattr(self, "ticked") and self.phase in (Phase.STARTING, Phase.UP):
        if self.phase is Phase.UP:
            self.ticked = True
            return {"type": "lifespan.tick"}
        await self._changed.wait()
    event: Event = await original(self)
    return event


# exceptions and returns


def _ended_unled(self: Any) -> bool:
    return bool(self._ended and self.phase is Phase.STARTING and not self.failed)


def _fail(self: Any) -> None:
    self.failed = True
    self._changed.fire()


@around("lifespan.Lifespan.run", name="lifespan.exception.at-call/fatal", follows=["lifespan.*"])
async def exception_at_the_call_is_fatal(original: Any, self: Any) -> None:
    """An application that ends for the lifespan scope is not served."""
    await original(self)
    if _ended_unled(self) and not self._told_startup:
        _fail(self)


@around("lifespan.Lifespan.run", name="lifespan.exception.at-startup-event/fatal", follows=["lifespan.*"])
async def exception_at_startup_is_fatal(original: Any, self: Any) -> None:
    """An application that ends when it gets startup is not served."""
    await original(self)
    if _ended_unled(self) and self._told_startup:
        _fail(self)


def _fatal(kind: type[Exception], variation: str) -> None:
    async def spoil(original: Any, self: Any, scope: Scope, receive: Any, send: Any) -> BaseException | None:
        error: BaseException | None = await original(self, scope, receive, send)
        if scope["type"] == "lifespan" and type(error) is kind:
            raise SystemExit(1)
        return error

    spoil.__doc__ = f"A {kind.__name__} from the lifespan call ends the server."
    around(
        "server.Server.guard",
        name=f"lifespan.exception.kinds/{variation}-is-fatal",
        breaks=f"lifespan.exception.kinds/{variation}",
        follows=["lifespan.exception.*"],
    )(spoil)


for _kind, _variation in (
    (AssertionError, "assertion-error"),
    (KeyError, "key-error"),
    (RuntimeError, "runtime-error"),
):
    _fatal(_kind, _variation)


@around("lifespan.Lifespan.run", name="lifespan.exception.no-more-events/again", follows=["lifespan.*"])
async def lifespan_is_called_again(original: Any, self: Any) -> None:
    """An application whose lifespan call ended before startup was complete is called again."""
    await original(self)
    if _ended_unled(self):
        await original(self)


@around(
    "lifespan.Lifespan.run",
    name="lifespan.exception.after-complete/limbo",
    also=["lifespan.return.after-complete"],
    follows=["lifespan.*"],
)
async def end_of_the_call_is_limbo(original: Any, self: Any) -> None:
    """When the lifespan call ends after startup, the server neither serves nor ends."""
    await original(self)
    if self.phase is Phase.UP:
        for sock in self.server.sockets:
            sock.close()
        with anyio.CancelScope(shield=True):
            await anyio.sleep_forever()


@around("lifespan.Lifespan.started", name="lifespan.return.without-events/hangs", follows=["lifespan.*"])
async def complete_is_waited_for_for_ever(original: Any, self: Any) -> bool:
    """A startup.complete that cannot come any more is waited for for ever."""
    while self.phase is Phase.STARTING and not self.failed:
        await self._changed.wait()
    return not self.failed
