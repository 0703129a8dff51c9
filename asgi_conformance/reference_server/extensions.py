"""Which extensions a call has, and the sending of files."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from .checks import InvalidEvent

if TYPE_CHECKING:
    from .requests import Request
    from .transport import Link

Extensions = dict[str, dict[str, Any]]


def of_http(transport: Link, request: Request) -> Extensions:
    """The extensions of an HTTP call, each with a dict of its own; debug is for test clients, not for servers.

    core.extensions.is-dict, .names-str, .values-dict, .listed-when-supported; extension.debug.not-in-servers
    """
    offered: Extensions = {
        "http.response.early_hint": {},  # extension.early-hint.advertised
        "http.response.pathsend": {},  # extension.pathsend.advertised
        "http.response.trailers": {},  # extension.trailers.advertised
        "http.response.zerocopysend": {},  # extension.zerocopysend.advertised
    }
    if request.http_version == "2":
        offered["http.response.push"] = {}  # extension.push.advertised
    return with_tls(offered, transport)


def of_websocket(transport: Link) -> Extensions:
    """The extensions of a WebSocket call."""
    return with_tls({"websocket.http.response": {}}, transport)  # extension.websocket-denial.advertised


def with_tls(offered: Extensions, transport: Link) -> Extensions:
    """Add the ``tls`` entry, on connections that have TLS and on no others."""
    # tls.extension.absent-without-tls, tls.base.websocket, tls.base.http2
    if transport.tls_entry is not None:
        offered["tls"] = transport.tls_entry()
    return offered


class FilePart:
    """A part of an open file that stands for its bytes: ``len()`` of it is their number.

    Without ``offset`` the part begins where the file stands, and the file stands behind it afterwards
    (extension.zerocopysend.offset, extension.zerocopysend.offset-default); without ``count`` it reaches to the end
    (extension.zerocopysend.count, extension.zerocopysend.count-default, extension.zerocopysend.whole-file). The file
    is never closed here (extension.zerocopysend.file-not-closed).

    Raises:
        InvalidEvent: The descriptor is not that of a regular file.
    """

    def __init__(self, descriptor: int, file: Any, offset: int | None = None, count: int | None = None) -> None:
        details = os.fstat(descriptor)
        if not stat.S_ISREG(details.st_mode):
            raise InvalidEvent(f"{file!r} is not a regular file")
        self.descriptor = descriptor
        self.offset = file.tell() if offset is None else offset
        left = max(0, details.st_size - self.offset)
        self.count = left if count is None else min(count, left)
        if offset is None:
            file.seek(self.offset + self.count)

    def __len__(self) -> int:
        return self.count

    def pieces(self, size: int = 65536) -> list[tuple[int, int]]:
        """Offset and length of the pieces that the part falls into, each of at most ``size`` bytes."""
        end = self.offset + self.count
        return [(start, min(size, end - start)) for start in range(self.offset, end, size)]

    def read(self, offset: int, length: int) -> bytes:
        """The bytes of one piece, where they cannot be sent without a copy."""
        return os.pread(self.descriptor, length, offset)
