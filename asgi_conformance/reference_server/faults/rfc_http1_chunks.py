"""Violations in how chunked requests are read (suite ``rfc_http1``)."""

from __future__ import annotations

import re
from typing import Any

from ..streams import Piece
from . import around, on_arrival


@on_arrival("rfc.http1.request.chunk-size-invalid/repaired", follows=["rfc.http1.request.*"])
def wrong_sizes_are_repaired(data: bytes) -> bytes:
    """A chunk whose size is wrong is given the right one."""
    head, empty, content = data.partition(b"\r\n\r\n")
    content = re.sub(rb"(\A|(?<=Wiki\r\n))[^\r\n]*\r*\n(?=hello\r\n)", b"5\r\n", content)
    return head + empty + re.sub(rb"(?<=hello\r\n)[^\r\n]*\r\n(?=\r\n)", b"0\r\n", content)


@on_arrival("rfc.http1.request.chunk-framing/repaired")
def wrong_ends_are_repaired(data: bytes) -> bytes:
    """A chunk that does not end where it should is cut or filled to its size."""
    return re.sub(rb"[0-9]\r\nhello[X\r\n]*0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", data)


@on_arrival("rfc.http1.request.chunk-size-overflow/cut", follows=["rfc.http1.request.*"])
def sizes_have_32_bits(data: bytes) -> bytes:
    """Of a chunk size the lower 32 bits count."""
    return re.sub(rb"(?<=\r\n)[0-9A-Fa-f]{9,}(?=\r\n)", lambda size: b"%x" % (int(size[0][-300:], 16) % 2**32), data)


@around(
    "http1_stream.Http1Stream.watch",
    name="rfc.http1.request.chunk-extensions/refused",
    follows=["http.request.*", "rfc.http1.request.split-anywhere*", "property.request.*"],
)
def extensions_are_refused(original: Any, self: Any, data: bytes) -> None:
    """A chunk with an extension is refused."""
    original(self, data)
    if self._sizes is not None and re.match(rb"[0-9]+;", data):
        self.malformed = True


@on_arrival("rfc.http1.request.chunk-extensions/shifted", breaks="rfc.http1.request.chunk-extensions/line-end-inside*")
def a_cr_or_lf_ends_the_line(data: bytes) -> bytes:
    """A CR or LF alone in an extension ends the line of the size."""
    return re.sub(rb"(?<=;a=)[\r\n](?=x)", b"\r\n", data)


@around(
    "http1_stream.Http1Stream.take",
    "http1_stream.Http1Stream.refuse_content",
    name="rfc.http1.request.chunk-extensions/as-if-ended",
    breaks="rfc.http1.request.chunk-extensions/endless",
    follows=["rfc.http1.*", "http.*", "property.request.*"],
)
def wrong_content_ends(original: Any, self: Any) -> Any:
    """Content that cannot be framed is handed over as if it ended there."""
    if original.__name__ == "refuse_content":
        return None
    piece = original(self)
    return Piece(b"", False) if piece is None and self.malformed else piece


@on_arrival("rfc.http1.request.chunk-trailers/next-request", follows=["http.request.chunked.decoded*"])
def trailers_begin_the_next_request(data: bytes) -> bytes:
    """The trailers of a request are taken for the next one."""
    return re.sub(rb"(?<=\r\n0\r\n)(?=[^\r\n])", b"\r\n", data)


@on_arrival("rfc.http1.request.chunk-trailers/merged")
def trailers_are_merged(data: bytes) -> bytes:
    """Trailers that come with the head are among the headers."""
    found = re.search(rb"(?<=\r\n0\r\n)(?:[^\r\n]+\r\n)+(?=\r\n)", data)
    if found is None:
        return data
    head, _, content = (data[: found.start()] + data[found.end() :]).partition(b"\r\n\r\n")
    return head + b"\r\n" + found[0] + b"\r\n" + content
