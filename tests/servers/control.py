"""Control servers: nothing that a conformance suite asks for is right in them, so none may pass a single case.

``python control.py KIND APP HOST PORT``. Standard library only; the application is never called, except by the last.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable


def never_answers(connection: socket.socket) -> None:
    """Take the connection, read, and say nothing."""
    while connection.recv(65536):
        pass


def closes_at_once(connection: socket.socket) -> None:
    """Close without a word."""


def resets_at_once(connection: socket.socket) -> None:
    """Reset without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def always_200(connection: socket.socket) -> None:
    """Answer whatever comes with an empty 200."""
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


def random_bytes(connection: socket.socket) -> None:
    """Answer with noise."""
    while connection.recv(65536):
        connection.sendall(random.Random(7).randbytes(500))


def echoes(connection: socket.socket) -> None:
    """Send back what was received."""
    while data := connection.recv(65536):
        connection.sendall(data)


def silent_websocket(connection: socket.socket) -> None:
    """Accept every WebSocket handshake, answer every other request with 200, and never speak again."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return
        head += data
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
    if key is None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    else:
        accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-accept: " + accept + b"\r\n\r\n"
        )
    never_answers(connection)


def _handle(connection: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    try:
        with connection:
            behave(connection)
    except OSError:
        pass


def main() -> None:
    """Listen and behave."""
    kind, _, host, port = sys.argv[1:]
    behave: Callable[[socket.socket], None] = globals()[kind.replace("-", "_")]
    listener = socket.create_server((host, int(port)), backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_handle, args=(connection, behave), daemon=True).start()


if __name__ == "__main__":
    main()
