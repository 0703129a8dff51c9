"""One HTTP call: what ``receive()`` gives and what ``send()`` takes, over every HTTP version.

The life of a call: ``http.request`` events until the content is complete, then nothing, then ``http.disconnect`` for
ever, once the response is complete or the client has gone (http.request.first-event, http.request.nothing-after-final,
http.scope.lifetime.single-request, http.scope.lifetime.ends-with-request, http.scope.lifetime.long-response).
``receive`` and ``send`` are bound methods that keep no thread and no task of their own
(core.receive.awaitable-callable, core.send.awaitable-callable, core.send-receive.usable-from-child-tasks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio.lowlevel

from . import events
from .application import Event, Scope
from .response_call import Response
from .streams import Piece, Stream
from .transport import ClientDisconnected

if TYPE_CHECKING:
    from .server import Server


class HttpCall:
    """One call of the application for one HTTP request.

    Attributes:
        disconnected: The application was told that the client has gone.
    """

    def __init__(self, server: Server, stream: Stream, scope: Scope) -> None:
        self.server = server
        self.stream = stream
        self.scope = scope
        self.response = Response(stream)
        self.disconnected = False
        self._request_complete = False
        self._sending = anyio.Lock()
        self._events = events.table_of(events.HTTP, scope.get("extensions", {}))

    async def run(self) -> None:
        """Call the application, and end what it left open."""
        failed = await self.server.call(self.scope, self.receive, self.send)
        # http.app.raises-before-start, http.app.returns-without-response
        # core.error.app-exception.terminates-connection
        self.response.abandon(500, "the application failed" if failed else "the application sent no response")

    async def receive(self) -> Event:
        """Give the next event, and wait for it where there is none yet (core.receive.waits-for-event)."""
        await anyio.lowlevel.checkpoint()
        while not self.over:
            piece = None if self._request_complete else self.stream.take()
            if piece is not None:
                return self.request_event(piece)
            if not self.over:
                await self.stream.changed.wait()
        return self.disconnect_event()

    @property
    def over(self) -> bool:
        """Whether nothing but ``http.disconnect`` is left to receive.

        A client that closed its side may still read: it counts as gone once nothing of its request is left to read,
        and its response goes on as long as the application does not ask (rfc.http1.connection.half-close).
        """
        # http.disconnect.after-response, .after-response-unread-body, .pending-receive-at-completion, .not-before-end
        if self.disconnected or self.response.complete or self.stream.gone:
            return True
        # http.disconnect.on-client-close, http.disconnect.on-client-close-while-sending
        return self._request_complete and self.stream.client_left

    def request_event(self, piece: Piece) -> Event:
        """An ``http.request`` event, a new dict of plain values.

        http.request.type, http.request.body.bytes, .body.empty, .body.complete; http.request.more-body.bool,
        http.request.more-body.true-means-more, http.request.more-body.false-means-complete, core.event.is-dict,
        core.event.type.str, core.event.type.namespaced, core.event.keys.str, core.event.serialisable,
        core.receive.new-dict-each-time
        """
        self._request_complete = not piece.more
        return {"type": "http.request", "body": piece.data, "more_body": piece.more}

    def disconnect_event(self) -> Event:
        """An ``http.disconnect`` event; it is the last word (http.disconnect.type, http.disconnect.repeatable)."""
        self.disconnected = True
        return {"type": "http.disconnect"}

    async def send(self, event: Any) -> None:
        """Take one event of the application; return when its data has left the server (core.send.returns-when-done).

        Raises:
            InvalidEvent: The event is not valid, or not at this point.
            ClientDisconnected: The client has gone.
        """
        async with self._sending:
            if self.response.complete and not self.stream.gone:
                return  # http.response.body.after-complete.ignored, http.response.body.after-complete.nothing-on-wire
            if self.stream.gone or self.disconnected:
                self.refuse_send()
                return
            message = events.read(event, self._events)
            try:
                await self.response.accept(message)
            except ClientDisconnected:
                self.refuse_send()

    def refuse_send(self) -> None:
        """Answer a ``send()`` on a closed connection as the claimed version says."""
        # http.send-closed.raises-oserror, http.send-closed.repeatable, core.error.send-after-close.does-not-hang
        # below 2.4 it is a no-op: core.error.send-after-close.no-op
        if not self.server.config.spec_minimal:
            raise ClientDisconnected("the client has closed the connection")
