"""Violations of how the application is called, and of what its ``receive`` and ``send`` are (suite ``core``)."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread

from ..application import Event, Receive, Scope, Send
from ..transport import ClientDisconnected
from . import around

# the calls


@around(
    "server.Server.begin",
    name="core.app.called-once-per-connection/echo",
    breaks="core.app.called-once-per-connection/new-connections",
    also=["core.app.called-once-per-connection/websocket"],
    follows=["*"],
)
def a_second_call_for_everything(original: Any, self: Any, stream: Any, handshake: Any) -> None:
    """Behind every call the application is called once more, with nothing to receive and nobody to send to."""
    original(self, stream, handshake)

    async def ignore(event: Any) -> None:
        await anyio.lowlevel.checkpoint()

    from .. import scope

    if handshake is not None:
        again = scope.websocket_scope(self, stream.transport, stream.request, handshake.subprotocols)
    else:
        again = scope.http_scope(self, stream.transport, stream.request)
    self.tasks.start_soon(self.guard, again, anyio.sleep_forever, ignore)


@around("server.Server.guard", name="core.app.awaited-in-event-loop/stepped-by-hand", follows=["*"])
async def no_loop_runs(original: Any, self: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    """The application is stepped by hand, in a thread in which no event loop runs."""
    if scope["type"] != "http":
        return await original(self, scope, receive, send)
    try:
        await anyio.to_thread.run_sync(lambda: self.app(scope, receive, send).send(None))
    except BaseException as error:
        return error
    return None


@around("server.Server.guard", name="core.app.main-thread/worker-thread", follows=["*"])
async def a_loop_in_another_thread(original: Any, self: Any, scope: Scope, receive: Any, send: Any) -> Any:
    """The application runs in an event loop of its own in a worker thread."""
    if scope["type"] != "http":
        return await original(self, scope, receive, send)

    async def receive_there() -> Event:
        event: Event = anyio.from_thread.run(receive)
        return event

    async def send_there(event: Any) -> None:
        anyio.from_thread.run(send, event)

    try:
        await anyio.to_thread.run_sync(lambda: asyncio.run(self.app(scope, receive_there, send_there)))
    except Exception as error:
        return error
    return None


@around(
    "server.Server.guard",
    name="core.app.cleanup-after-disconnect/never-resumed",
    follows=["core.*", "http.*", "websocket.*", "rfc.*"],
)
async def nobody_is_resumed_after_a_disconnect(
    original: Any, self: Any, scope: Scope, receive: Receive, send: Send
) -> Any:
    """A call that has received http.disconnect is never resumed again, nor cancelled."""
    told = False

    async def receive_and_tell() -> Event:
        nonlocal told
        event = await receive()
        told |= event["type"] == "http.disconnect"
        return event

    try:
        await _until(lambda: told, self.app(scope, receive_and_tell, send))
    except Exception as error:
        return error
    return None


@types.coroutine
def _until(frozen: Callable[[], bool], coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, None]:
    """Run a coroutine until ``frozen()``; then it stays where it is."""
    step: Callable[[Any], Any] = coroutine.send
    argument: Any = None
    while True:
        try:
            yielded = step(argument)
        except StopIteration:
            return
        try:
            argument = yield yielded
            step = coroutine.send
        except BaseException as error:
            step, argument = coroutine.throw, error
        if frozen() and step == coroutine.send:
            yield from anyio.sleep_forever().__await__()


# receive


@around("http_call.HttpCall.receive", name="core.receive.awaitable-callable/value", follows=["*"])
def receive_wants_an_argument(original: Any, self: Any, limit: int) -> Any:
    """Calling receive() without an argument raises TypeError."""
    return original(self)


@around(
    "websocket.WebSocketCall.receive",
    name="core.receive.waits-for-event/none-from-a-websocket",
    breaks="core.receive.waits-for-event/websocket",
    follows=["core.*", "websocket.*"],
)
async def receive_gives_none_for_silence(original: Any, self: Any) -> Any:
    """With no message to give, receive() returns None at once."""
    with anyio.move_on_after(0.05):
        return await original(self)
    return None


@around(
    "http_call.HttpCall.request_event",
    "http_call.HttpCall.disconnect_event",
    name="core.receive.new-dict-each-time/one-for-all",
    follows=["core.*", "http.*"],
)
def one_dict_for_all_events(original: Any, self: Any, *piece: Any) -> Event:
    """All events of all calls are the same dict, whose keys are set anew for each."""
    for key in ("body", "more_body"):
        _EVENT.pop(key, None)
    _EVENT.update(original(self, *piece))
    return _EVENT


_EVENT: Event = {}


@around(
    "http_call.HttpCall.receive",
    "websocket.WebSocketCall.receive",
    name="core.receive.cancellation-loses-nothing/next-event",
    breaks="core.receive.cancellation-loses-nothing/disconnect",
    also=["core.receive.cancellation-loses-nothing/websocket"],
    follows=["core.receive.*", "http.disconnect.*", "websocket.*"],
)
async def a_cancelled_receive_takes_the_next_event(original: Any, self: Any) -> Event:
    """After a receive() that the application cancelled, the next event is lost: a message, or the disconnect."""
    lost = getattr(self, "lost", 0)
    try:
        event: Event = await original(self)
    except anyio.get_cancelled_exc_class():
        self.lost = lost + 1
        raise
    if lost:
        self.lost = 0
        if event["type"] == "http.disconnect":
            await anyio.sleep_forever()
        event = await original(self)
    return event


# send


@around("http_call.HttpCall.send", name="core.send.awaitable-callable/plain", follows=["*"])
def send_is_a_plain_function(original: Any, self: Any, event: Any) -> None:
    """Calling send() sends in the background and gives None."""
    self.server.tasks.start_soon(original, self, event)


@around("http_call.HttpCall.send", name="core.send.returns-when-done/hangs-at-the-end", follows=["*"])
async def the_last_send_never_ends(original: Any, self: Any, event: Any) -> None:
    """The send() that completes a response never returns."""
    before = self.response.complete
    await original(self, event)
    if self.response.complete and not before:
        await anyio.sleep_forever()


@around(
    "http2_stream.Http2Stream.flush",
    "http3_stream.Http3Stream.flush",
    name="core.send.returns-when-closed/window-for-ever",
    breaks="core.send.returns-when-closed/connection-of-a-stream",
    also=[
        "core.send.returns-when-closed/closed/http-2",
        "core.send.returns-when-closed/reset/http-2",
        "core.send.returns-when-closed/one-large/closed/http-2",
        "core.send.returns-when-closed/one-large/reset/http-2",
    ],
    follows=["core.error.*", "http.*", "rfc.http2.*", "websocket.*"],
)
async def a_send_waits_for_the_window_of_a_lost_stream(original: Any, self: Any) -> None:
    """A send() that waits for the window of a stream goes on waiting when the stream is lost."""
    try:
        await original(self)
    except ClientDisconnected:
        await anyio.sleep_forever()


@around(
    "http2_stream.Http2Stream.flush",
    "http3_stream.Http3Stream.flush",
    name="core.send.backpressure/no-window-awaited",
    breaks="core.send.backpressure/http-2",
    follows=["core.send.*", "rfc.http2.*", "http.*"],
)
async def nobody_waits_for_the_window(original: Any, self: Any) -> None:
    """A send() over HTTP/2 or HTTP/3 returns at once, whatever the windows are."""
    await anyio.lowlevel.checkpoint()


@around(
    "http_call.HttpCall.receive",
    "http_call.HttpCall.send",
    "websocket.WebSocketCall.receive",
    "websocket.WebSocketCall.send",
    name="core.send-receive.usable-from-child-tasks/one-lock",
    also=["core.send-receive.usable-from-child-tasks/websocket"],
    follows=["core.*", "http.*", "websocket.*", "rfc.*"],
)
async def receive_and_send_exclude_each_other(original: Any, self: Any, *event: Any) -> Any:
    """While a receive() waits, send() waits too, and the other way round."""
    if not hasattr(self, "only_one"):
        self.only_one = anyio.Lock()
    async with self.only_one:
        return await original(self, *event)
