"""Bytes where none belong, over every version of HTTP."""

from __future__ import annotations

from typing import Any

#: A DATA frame without content, which has no place on a control stream (RFC 9114, section 7.2.1).
MISPLACED = b"\0\0"


def scribble(stream: Any, data: bytes) -> None:
    """Write bytes to the connection of a stream, behind whatever was written before.

    Over HTTP/3 they go to the server's control stream, as nothing goes to a connection but by a stream.
    """
    if stream.request.http_version == "3":
        frames = stream.connection.h3
        stream.transport.quic.send_stream_data(frames._local_control_stream_id, MISPLACED + data)
        stream.transport.poke()
    else:
        stream.transport.write(data)
