"""Violations of the base document (suite ``core``)."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Scope, Send
from ..checks import InvalidEvent
from ..transport import ClientDisconnected
from . import around, on_received, on_scope, on_send

SHARED_ASGI = {"version": "3.0", "spec_version": "2.5"}
ONE_AT_A_TIME = anyio.Lock()


@on_scope("core.scope.asgi.version.value/as-spec-version", follows=["core.scope.asgi.version.*"])
def asgi_version_is_that_of_the_protocol(scope: Scope) -> None:
    """The ASGI version is that of the protocol specification."""
    scope["asgi"]["version"] = scope["asgi"]["spec_version"]


@on_scope("core.scope.own-dict-per-call/shared-asgi")
def one_asgi_dict_for_all_calls(scope: Scope) -> None:
    """All calls share one asgi dict, so that what one of them deletes is missing in the next."""
    scope["asgi"] = SHARED_ASGI


@on_scope(
    "core.scope.asgi.spec-version.str/float", breaks="http.spec-version.known-value", follows=["http.spec-version.*"]
)
def spec_version_as_a_number(scope: Scope) -> None:
    """The spec_version is a float."""
    scope["asgi"]["spec_version"] = 2.5


@around("scope.made", name="core.extensions.values-dict/none")
def extensions_without_dicts(original: Any, scope: Scope, server: Any) -> Scope:
    """The entries of extensions are None, but for that of TLS, which has requirements of its own."""
    found: Scope = original(scope, server)
    for name in found.get("extensions", {}).keys() - {"tls"}:
        found["extensions"][name] = None
    return found


@on_received("core.event.serialisable/memoryview")
def an_object_in_an_event(event: Event, scope: Scope) -> Event:
    """An event has a memoryview in a key of the server's own."""
    return {**event, "x-view": memoryview(b"x")}


@around("http_call.HttpCall.receive", name="core.receive.waits-for-event/none")
async def receive_gives_none(original: Any, self: Any) -> Any:
    """With no event to give, receive() returns None at once."""
    with anyio.move_on_after(0.05):
        return await original(self)
    return None


@around("http_call.HttpCall.receive", name="core.receive.cancellation-loses-nothing/event-lost")
async def a_cancelled_receive_takes_an_event_with_it(original: Any, self: Any) -> Event:
    """After a receive() that the application cancelled, the next piece of the body is lost."""
    try:
        event: Event = await original(self)
    except anyio.get_cancelled_exc_class():
        self.loses = True
        raise
    if event.get("body") and getattr(self, "loses", False):
        self.loses = False
        return {**event, "body": b""}
    return event


@around("transport.Transport.drained", name="core.send.backpressure/never-waits", follows=["extension.zerocopysend.*"])
async def nobody_waits_for_a_slow_client(original: Any, self: Any) -> None:
    """A send() returns at once, however much is waiting for the client."""
    await anyio.lowlevel.checkpoint()


@around("transport.Transport.drained", name="core.send.returns-when-closed/waits-for-ever")
async def a_blocked_send_never_ends(original: Any, self: Any) -> None:
    """A send() that waits for a slow client goes on waiting when the client has gone."""
    try:
        await original(self)
    except OSError:
        await anyio.sleep_forever()


@around(
    "http_call.HttpCall.send",
    name="core.error.send-after-close.does-not-hang/hangs",
    follows=["http.send-closed.*", "core.send.returns-when-closed*"],
)
async def refusal_that_hangs(original: Any, self: Any, event: Any) -> None:
    """A send() on a closed connection never returns."""
    try:
        await original(self, event)
    except ClientDisconnected:
        await anyio.sleep_forever()


@around(
    "response_call.Response.abandon",
    name="core.error.app-exception.terminates-connection/left-open",
    also=["http.app.raises-before-start", "http.app.raises-mid-body"],
    follows=["http.app.*", "extension.*"],
)
def nothing_is_ended(original: Any, self: Any, status: int, text: str) -> None:
    """A connection whose application failed is left open, without an answer."""


@around("server.Server.call", name="core.error.app-exception.server-survives/stops", follows=["*"])
async def an_exception_stops_the_server(original: Any, self: Any, *call: Any) -> bool:
    """An exception of one call stops the whole server."""
    failed: bool = await original(self, *call)
    if failed:
        self.cancel_all()
    return failed


@around("server.Server.begin", name="core.app.called-once-per-connection/twice")
def two_calls_for_one_request(original: Any, self: Any, stream: Any, handshake: Any) -> None:
    """The application is called twice for the later requests of a connection; nothing of the second call goes out."""
    original(self, stream, handshake)

    async def ignore(event: Any) -> None:
        await anyio.lowlevel.checkpoint()

    if stream.request.number > 1:
        from .. import scope

        again = scope.http_scope(self, stream.transport, stream.request)
        self.tasks.start_soon(self.guard, again, anyio.sleep_forever, ignore)


@around(
    "server.Server.call",
    name="core.app.concurrent-connections/one-at-a-time",
    follows=[
        "*",
    ],
)
async def one_call_at_a_time(original: Any, self: Any, *call: Any) -> bool:
    """A call begins when the one before it has ended."""
    async with ONE_AT_A_TIME:
        failed: bool = await original(self, *call)
        return failed


@around(
    "http_call.HttpCall.run",
    name="core.app.cleanup-after-completion/cancelled",
    follows=["http.*", "http.disconnect.after-response-unread-body", "extension.*"],
)
async def a_call_ends_with_its_response(original: Any, self: Any) -> None:
    """A call is cancelled as soon as its response is complete."""
    async with anyio.create_task_group() as tasks:

        async def cancel_when_complete() -> None:
            while not self.response.complete:
                await self.stream.changed.wait()
            tasks.cancel_scope.cancel()

        tasks.start_soon(cancel_when_complete)
        await original(self)
        tasks.cancel_scope.cancel()


@on_send("core.error.send.nothing-on-wire/text-encoded")
async def text_is_sent_and_then_refused(send: Send, event: Any, scope: Scope) -> None:
    """A body of type str makes send() raise when its bytes are on the wire."""
    if isinstance(event, dict) and isinstance(event.get("body"), str):
        await send({**event, "body": event["body"].encode(), "more_body": True})
        raise InvalidEvent("the body is a str")
    await send(event)


@around("application.is_legacy", name="core.legacy.not-misdetected/by-kind")
def legacy_by_kind(original: Any, application: Any) -> bool:
    """Everything that is not written as a coroutine function is taken for a legacy application."""
    import inspect

    return not (inspect.isfunction(application) and inspect.iscoroutinefunction(application))


@around("application.adapt_legacy", name="core.legacy.first-call-scope-only/with-receive")
def legacy_applications_get_more(original: Any, application: Any) -> Any:
    """A legacy application's first callable is called with None beside the scope."""
    return original(lambda scope: application(scope, None))
