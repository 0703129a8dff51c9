"""What is to be sent on a socket and has not been taken by the system yet."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class Outbox:
    """Writes to a non-blocking socket in order, at once where the system takes it.

    ``drained`` is called when what had to wait has been taken, ``lost`` with the error of a failed write; after
    that, ``failed`` is True and everything else goes into the void.
    """

    def __init__(self, sock: socket.socket, *, drained: Callable[[], None], lost: Callable[[OSError], None]) -> None:
        self.unsent = bytearray()
        self.failed = False
        self._socket = sock
        self._drained = drained
        self._lost = lost
        self._loop = asyncio.get_running_loop()

    def put(self, data: bytes) -> None:
        """Send ``data`` after everything before it."""
        if not self.unsent:
            data = data[self._taken(data) :]
            if data:
                self._loop.add_writer(self._socket.fileno(), self._flush)
        self.unsent += data

    def drop(self) -> None:
        """Forget what has not been taken."""
        if self.unsent:
            self._loop.remove_writer(self._socket.fileno())
            self.unsent.clear()

    def _flush(self) -> None:
        del self.unsent[: self._taken(self.unsent)]
        if not self.unsent:
            self._loop.remove_writer(self._socket.fileno())
            self._drained()

    def _taken(self, data: bytes | bytearray) -> int:
        if self.failed or not data:
            return len(data)
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            self.failed = True
            self._lost(error)
            return len(data)
