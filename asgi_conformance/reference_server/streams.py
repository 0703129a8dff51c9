"""The wire side of one call: a request with its response, or a WebSocket, over any HTTP version.

What goes out is handed over at once and never waits, so that it cannot be torn apart when the application cancels
``send()``; :meth:`Stream.flush` is the waiting. What comes in is taken without waiting too, and whoever finds nothing
waits for :attr:`Stream.changed`, so that a cancelled ``receive()`` loses nothing
(core.receive.cancellation-loses-nothing).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from .checks import Headers
from .extensions import FilePart
from .requests import Request
from .responses import Head
from .transport import Link, Signal


class Piece(NamedTuple):
    """A piece of request content, and whether more may follow."""

    data: bytes
    more: bool


class Stream(ABC):
    """One request and its response on the wire.

    Attributes:
        request: The request.
        transport: The connection that it came on.
        changed: Fired when anything of the stream may have changed.
        finished: The response is complete, or was cut off: nothing more goes out.
        closing: The connection ends with this response; only HTTP/1.1 says so.
        on_stop: Called when the server begins to stop, or None.
        broken: The request turned out to be broken, or the stream was reset or cut off.
    """

    def __init__(self, request: Request, transport: Link, changed: Signal) -> None:
        self.request = request
        self.transport = transport
        self.changed = changed
        self.finished = False
        self.broken = False
        self.closing = False
        self.on_stop: Callable[[], None] | None = None

    @property
    def gone(self) -> bool:
        """Whether the client cannot be reached any more."""
        return self.broken or self.transport.lost

    @abstractmethod
    def take(self) -> Piece | None:
        """The next piece of content if there is one; None when it has yet to come, or never will."""

    @property
    @abstractmethod
    def client_left(self) -> bool:
        """Whether the client has closed its side, which may be the whole of its connection."""

    @abstractmethod
    def send_informational(self, status: int, headers: Headers) -> None:
        """Send an interim response, where the HTTP version has them."""

    @abstractmethod
    def send_head(self, head: Head) -> None:
        """Send the head of the final response."""

    @abstractmethod
    def send_body(self, data: bytes) -> None:
        """Send content."""

    @abstractmethod
    async def send_file(self, part: FilePart) -> None:
        """Send content that lies in a file, and wait until it has gone out."""

    @abstractmethod
    def send_end(self, trailers: Headers) -> None:
        """Complete the response; trailers go out where the framing has a place for them."""

    @abstractmethod
    def accept_websocket(self, headers: Headers) -> None:
        """Complete a WebSocket handshake; content is WebSocket frames from here on."""

    @abstractmethod
    def cut(self) -> None:
        """End the stream so that the client sees that the response is incomplete."""

    @abstractmethod
    async def flush(self) -> None:
        """Wait until everything has been handed to the operating system.

        Raises:
            ClientDisconnected: The stream or its connection was lost before.
        """

    def push(self, path: str, headers: Headers) -> None:  # noqa: B027
        """Promise a response to a request that the client did not make, where that is possible."""

    def stop(self) -> None:
        """Make this the last thing on its connection, and have the call told if it wants to know."""
        self.closing = True
        if self.on_stop is not None:
            self.on_stop()

    def finish(self) -> None:
        """Take note that nothing more goes out."""
        self.finished = True
        self.changed.fire()
