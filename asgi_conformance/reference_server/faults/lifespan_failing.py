"""Violations of the lifespan protocol: startups that fail, and events that are not valid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from ..application import Event
from ..checks import InvalidEvent
from ..lifespan import Phase
from ..log import logger
from . import around, on_sent, swallowed

# startup.failed


@around("lifespan.Lifespan.started", name="lifespan.startup.failed.exits/stays", follows=["lifespan.startup.failed.*"])
async def failure_is_sat_out(original: Any, self: Any) -> bool:
    """After startup.failed the process neither serves nor ends."""
    started: bool = await original(self)
    if not started and self.server.config.workers == 1:
        await anyio.sleep_forever()
    return started


@around(
    "lifespan.Lifespan.started",
    name="lifespan.startup.failed.serves-nothing/serves",
    follows=["lifespan.startup.failed.*", "lifespan.scope.asgi.spec-version.claim-2-0/*"],
)
async def failure_is_ignored(original: Any, self: Any) -> bool:
    """After startup.failed connections are served."""
    return await original(self) or not self.server.stop_asked.is_set()


@around(
    "lifespan.Lifespan.started",
    name="lifespan.startup.failed.then-raises/serves",
    also=["lifespan.startup.failed.then-raises/raises", "lifespan.startup.failed.then-raises/returns"],
    follows=["lifespan.startup.failed.*"],
)
async def end_of_the_call_outdoes_the_failure(original: Any, self: Any) -> bool:
    """An application whose call ends after startup.failed is served as one that does not take part."""
    started: bool = await original(self)
    with anyio.move_on_after(1):
        while not self._ended:
            await self._changed.wait()
    return started or self._ended


@around(
    "lifespan.Lifespan.started",
    name="lifespan.startup.failed.then-raises/waits-for-the-call",
    breaks="lifespan.startup.failed.then-raises/waits",
)
async def end_of_a_failed_call_is_waited_for(original: Any, self: Any) -> bool:
    """After startup.failed the process does not end before the application's call does."""
    started: bool = await original(self)
    while not started and not self._ended:
        await self._changed.wait()
    return started


def _is_silent(words: str) -> Callable[..., None]:
    def spoil(original: Any, message: str, *arguments: Any, **options: Any) -> None:
        if words not in message:
            original(logger, message, *arguments, **options)

    spoil.__doc__ = f"That the application {words} is logged nowhere."
    return spoil


for _event, _words in (("startup", "failed to start"), ("shutdown", "failed to shut down")):
    around("lifespan.logger.error", name=f"lifespan.{_event}.failed.message-logged/silent")(_is_silent(_words))


def _wants_message(kind: str) -> Callable[[Event], Event]:
    def spoil(event: Event) -> Event:
        if event.get("type") == kind and "message" not in event:
            raise InvalidEvent("message is missing")
        return event

    spoil.__doc__ = f"A {kind} without a message makes send() raise."
    return spoil


for _event in ("startup", "shutdown"):
    on_sent(f"lifespan.{_event}.failed.message-optional/required", kind="lifespan", follows=["lifespan.*"])(
        _wants_message(f"lifespan.{_event}.failed")
    )


def _raises_on(kind: str) -> Callable[..., Any]:
    async def spoil(original: Any, self: Any, event: Any) -> None:
        await original(self, event)
        if event["type"] == kind:
            raise RuntimeError(event.get("message", ""))

    spoil.__doc__ = f"{kind} takes effect, and makes send() raise."
    return spoil


for _event in ("startup", "shutdown"):
    around(
        "lifespan.Lifespan.send",
        name=f"lifespan.scope.asgi.spec-version.claim-2-0/{_event}-raises",
        breaks=f"lifespan.scope.asgi.spec-version.claim-2-0/{_event}-failed",
        follows=["lifespan.*"],
    )(_raises_on(f"lifespan.{_event}.failed"))


@on_sent("lifespan.startup.failed.message.wrong-type/coerced", kind="lifespan")
def message_is_coerced(event: Event) -> Event:
    """A message that is no Unicode string is made one."""
    if "message" in event and event.get("type") == "lifespan.startup.failed":
        event = event | {"message": str(event["message"])}
    return event


@around(
    "lifespan.Lifespan.started",
    name="lifespan.startup.failed.exits/restarts",
    breaks="lifespan.startup.failed.exits/workers",
)
async def failed_workers_begin_anew(original: Any, self: Any) -> bool:
    """A worker whose startup failed begins anew for ever."""
    while not await original(self):
        if self.server.config.workers == 1:
            return False
        while not self._ended:
            await self._changed.wait()
        await anyio.sleep(0.1)
        self.failed = self._ended = self._told_startup = False
        self.server.tasks.start_soon(self.run)
    return True


# invalid events


@swallowed("lifespan.error.unknown-type/ignored", kind="lifespan")
def unknown_type_is_ignored(event: Any) -> bool:
    """Events of an unknown type are dropped in silence."""
    return bool(event.get("type")) and event["type"].split(".")[1] not in ("startup", "shutdown")


@swallowed("lifespan.error.missing-type/ignored", kind="lifespan")
def missing_type_is_ignored(event: Any) -> bool:
    """Events without a type are dropped in silence."""
    return "type" not in event


@on_sent(
    "lifespan.error.extra-keys/startup-refused", kind="lifespan", breaks="lifespan.error.extra-keys/startup-complete"
)
def extra_keys_at_startup_are_refused(event: Event) -> Event:
    """An unknown key in startup.complete makes send() raise."""
    if "x-extra" in event and event.get("type") == "lifespan.startup.complete":
        raise InvalidEvent("unknown key")
    return event


@on_sent(
    "lifespan.error.extra-keys/shutdown-refused", kind="lifespan", breaks="lifespan.error.extra-keys/shutdown-complete"
)
def extra_keys_at_shutdown_are_refused(event: Event) -> Event:
    """An unknown key in shutdown.complete makes send() raise."""
    if "x-extra" in event and event.get("type") == "lifespan.shutdown.complete":
        raise InvalidEvent("unknown key")
    return event


def _hangs_on(kind: str) -> Callable[..., Any]:
    async def spoil(original: Any, self: Any, event: Any) -> None:
        if isinstance(event, dict) and event.get("type") == kind and self.phase is Phase.UP:
            await anyio.sleep_forever()
        await original(self, event)

    spoil.__doc__ = f"send() of a {kind} that is out of place never ends."
    return spoil


for _topic, _event in (("complete-twice", "startup.complete"), ("shutdown-message-early", "shutdown.complete")):
    around("lifespan.Lifespan.send", name=f"lifespan.error.{_topic}/hangs", follows=["lifespan.error.*"])(
        _hangs_on(f"lifespan.{_event}")
    )
