"""Control servers: nothing that a conformance suite asks for is right in them, so no case may pass on any.

``python -m asgi_conformance.reference_server.control_servers KIND APP HOST PORT``, where ``--uds PATH`` takes the place
of host and port, ``--certfile PEM --keyfile PEM`` serve TLS, and ``--quic-port N`` takes datagrams, in which none of
them speaks QUIC. Standard library only; the application is never called, except for its lifespan by
``starts-up-and-dies``.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import os
import random
import re
import socket
import ssl
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


def always_400(connection: socket.socket) -> None:
    """Refuse whatever comes, and close."""
    if connection.recv(65536):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


def noise(_: bytes) -> bytes:
    """The same random bytes each time."""
    return random.Random(7).randbytes(500)


def random_bytes(connection: socket.socket) -> None:
    """Answer with noise."""
    while data := connection.recv(65536):
        connection.sendall(noise(data))


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


#: What each kind does with a connection.
KINDS: dict[str, Callable[[socket.socket], None]] = {
    behaviour.__name__.replace("_", "-"): behaviour
    for behaviour in (
        never_answers,
        closes_at_once,
        resets_at_once,
        always_200,
        always_400,
        random_bytes,
        echoes,
        silent_websocket,
    )
}
#: What those that answer datagrams answer.
DATAGRAMS: dict[str, Callable[[bytes], bytes]] = {"random-bytes": noise, "echoes": bytes}
#: The kind that has the application start up, and ends with status 9 when a client speaks to it.
DIES = "starts-up-and-dies"


def _handle(connection: socket.socket, behave: Callable[[socket.socket], None], tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), connection:
        if tls is None:
            behave(connection)
        else:
            with tls.wrap_socket(connection, server_side=True) as wrapped:
                behave(wrapped)


def _take_datagrams(sock: socket.socket, answer: Callable[[bytes], bytes] | None) -> None:
    while True:
        with contextlib.suppress(OSError):
            data, address = sock.recvfrom(65536)
            if answer is not None:
                sock.sendto(answer(data), address)


def _serve_and_die(application: str, host: str, port: int) -> int:
    import anyio

    from . import server
    from .__main__ import main

    async def die_when_spoken_to(connection: socket.socket) -> None:
        await anyio.wait_readable(connection)
        if connection.recv(1, socket.MSG_PEEK):
            os._exit(9)

    async def accept(self: server.Server, listener: socket.socket) -> None:
        while True:
            await anyio.wait_readable(listener)
            self.tasks.start_soon(die_when_spoken_to, listener.accept()[0])

    server.Server.accept = accept  # type: ignore[method-assign]
    return main([application, "--host", host, "--port", str(port)])


def main(arguments: list[str] | None = None) -> int:
    """Listen and behave; ends by a signal only."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=[*KINDS, DIES])
    parser.add_argument("application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds")
    parser.add_argument("--quic-port", type=int)
    parser.add_argument("--certfile")
    parser.add_argument("--keyfile")
    given = parser.parse_args(arguments)
    if given.kind == DIES:
        return _serve_and_die(given.application, given.host, given.port)
    tls = None
    if given.certfile:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.certfile, given.keyfile)
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    if given.quic_port is not None:
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        datagrams.bind((given.host, given.quic_port))
        threading.Thread(target=_take_datagrams, args=(datagrams, DATAGRAMS.get(given.kind)), daemon=True).start()
    if given.uds:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(given.uds)
        listener.listen(512)
    else:
        listener = socket.create_server((given.host, given.port), family=family, backlog=512)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_handle, args=(connection, KINDS[given.kind], tls), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
