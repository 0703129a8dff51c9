"""How a file looks at what its client and its application saw. Their source goes into the files that use them."""

from __future__ import annotations

import re
from typing import Any

from asgi_conformance.repro.header_blocks import codes, unpacked

#: In a file these are its own.
CONNECTIONS: list[Any] = []


def heard(number: int) -> bytes:
    """All that came on a connection, without the date and the server's name."""
    return re.sub(rb"(?im)^(date|server):.*\r\n", b"", CONNECTIONS[number - 1].got)


def ending(number: int) -> str:
    """How the server ended a connection: closed, reset, or None."""
    end: str = CONNECTIONS[number - 1].end
    return end


def statuses(number: int) -> list[int]:
    """The status codes on a connection."""
    lines = re.findall(rb"(?m)^HTTP/1\.[01] (\d{3})", CONNECTIONS[number - 1].got)
    return [int(code) for code in lines]


def field(number: int, name: bytes) -> list[bytes]:
    """The values of a header field in what came on a connection."""
    return re.findall(rb"(?im)^" + re.escape(name) + rb":[ \t]*(.*?)\r$", CONNECTIONS[number - 1].got)


def after_head(number: int) -> bytes:
    """What came on a connection behind the head of the first response."""
    got: bytes = CONNECTIONS[number - 1].got
    return got.partition(b"\r\n\r\n")[2]


def all_frames(number: int) -> list[tuple[int, int, int, object]]:
    """The HTTP/2 frames that came: type, flags, stream and payload, or fields for a header block."""
    got: bytes = CONNECTIONS[number - 1].got
    found: list[tuple[int, int, int, object]] = []
    table, huffman = [], codes()  # type: ignore[var-annotated]
    while len(got) >= 9:
        size, kind, flags, stream = int.from_bytes(got[:3], "big"), got[3], got[4], int.from_bytes(got[5:9], "big")
        payload, got = got[9 : 9 + size], got[9 + size :]
        if kind == 1:
            begin, padding = 5 * bool(flags & 32) + bool(flags & 8), payload[0] if flags & 8 else 0
            found.append((kind, flags, stream, unpacked(payload[begin : len(payload) - padding], table, huffman)))
        else:
            found.append((kind, flags, stream, payload[:8] if kind == 7 else payload))  # GOAWAY without its text
    return found


def frames(number: int, *types: int) -> list[object]:
    """The HTTP/2 frames of some types that came: flags, stream and payload; date and server are left out."""
    found: list[tuple[int, int, object]] = []
    for kind, flags, stream, payload in all_frames(number):
        before = found[-1][2] if found and found[-1][1] == stream else None
        if kind == 0 and isinstance(payload, bytes) and isinstance(before, bytes):
            payload = before + payload  # however the data was cut up
            found.pop()
        if isinstance(payload, list):
            payload = [field for field in payload if field[0] not in (b"date", b"server")]
        if kind in types:
            found.append((flags, stream, payload))
    return list(found)


def packed_field(number: int, name: bytes) -> list[bytes]:
    """The values of a header field in what came over HTTP/2."""
    blocks = [payload for _, _, _, payload in all_frames(number) if isinstance(payload, list)]
    return [value for block in blocks for key, value in block if key == name]


def kinds(value: object) -> object:
    """The types in a value."""
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(kinds, value)]
    return type(value).__name__
