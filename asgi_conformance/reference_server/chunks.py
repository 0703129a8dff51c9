"""The sizes of chunks, of which :mod:`h11` takes some that the grammar does not have."""

from __future__ import annotations

import re

#: RFC 9112, section 7.1, without the bad white space before an extension, which h11 refuses too
SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,20})(?:;[^\r\n]*)?\r\n")


class ChunkSizes:
    """Watches over the size lines of one request's content, as its bytes come in."""

    def __init__(self) -> None:
        self._line = b""
        self._skip = 0
        self._ended = False

    def valid(self, data: bytes) -> bool:
        """Look at the next bytes of the content; False when a size line in them is not valid.

        rfc.http1.request.chunk-size-invalid
        """
        while data and not self._ended:
            if self._skip:
                passed = min(self._skip, len(data))
                self._skip -= passed
                data = data[passed:]
                continue
            line, newline, data = data.partition(b"\n")
            self._line += line + newline
            if newline:
                match = SIZE_LINE.fullmatch(self._line)
                if match is None:
                    return False
                size = int(match[1], 16)
                self._line, self._skip, self._ended = b"", size + 2, size == 0
        return True
