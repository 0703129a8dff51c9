"""Compressed WebSocket messages: permessage-deflate as both sides agreed on it (RFC 7692)."""

from __future__ import annotations

import zlib

TAIL = b"\x00\x00\xff\xff"
RSV1 = 4


class Deflate:
    """The client's compressor and decompressor for one connection.

    ``parameters`` are those of the acceptance, ``True`` for one without a value. The decompressor holds the server
    to them: a message that needs a larger window, or the one before, does not inflate.
    """

    def __init__(self, parameters: dict[str, str | bool]) -> None:
        self.parameters = parameters
        self._server_bits = _bits(parameters.get("server_max_window_bits"))
        # zlib has no compressor for a window of 8 bits.
        self._client_bits = max(9, _bits(parameters.get("client_max_window_bits")))
        self._inflater = zlib.decompressobj(-self._server_bits)
        self._deflater = self._new_deflater()

    def inflate(self, payload: bytes) -> bytes:
        """The message that ``payload`` compresses. Raises zlib.error."""
        if "server_no_context_takeover" in self.parameters:
            self._inflater = zlib.decompressobj(-self._server_bits)
        return self._inflater.decompress(payload + TAIL)

    def deflate(self, message: bytes) -> bytes:
        """The payload that compresses ``message``."""
        if "client_no_context_takeover" in self.parameters:
            self._deflater = self._new_deflater()
        compressed = self._deflater.compress(message) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
        return compressed[: -len(TAIL)]

    def _new_deflater(self) -> zlib._Compress:
        return zlib.compressobj(wbits=-self._client_bits)


def _bits(value: str | bool | None) -> int:
    """A window size in bits; the largest where none, or no valid one, was agreed."""
    valid = isinstance(value, str) and value.isdecimal() and 8 <= int(value) <= 15
    return int(value) if valid and value is not None else 15


def agreed(extensions: str) -> Deflate | None:
    """What a server's Sec-WebSocket-Extensions agreed to, or None where it agreed to no compression."""
    for extension in extensions.split(","):
        name, *parameters = (part.strip() for part in extension.split(";"))
        if name == "permessage-deflate":
            pairs = (parameter.partition("=") for parameter in parameters)
            return Deflate({key.strip(): value.strip().strip('"') if sep else True for key, sep, value in pairs})
    return None
