"""TLS between a client and its socket: plain bytes on one side, records on the other, no I/O of its own."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence

READ_SIZE = 256 * 1024


class TlsLayer:
    """The client's side of one TLS session."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None, alpn: Sequence[str]) -> None:
        # OpenSSL copies the list into the session as it is made, so connections may share the context.
        context.set_alpn_protocols(list(alpn))
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.said_goodbye = False

    def handshake(self, records: bytes = b"") -> bool:
        """Take the peer's records; True when the handshake is complete. Raises ssl.SSLError when it failed."""
        self._incoming.write(records)
        try:
            self.session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def outgoing(self) -> bytes:
        """The records that are to be sent now, possibly none."""
        return self._outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        """The records that carry ``data``."""
        if data:
            self.session.write(data)
        return self.outgoing()

    def decrypt(self, records: bytes) -> bytes:
        """What the peer's records carry. Sets ``said_goodbye`` at its close_notify; raises ssl.SSLError on an alert."""
        self._incoming.write(records)
        plain = bytearray()
        while True:
            try:
                piece = self.session.read(READ_SIZE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            if not piece:
                self.said_goodbye = True
                break
            plain += piece
        return bytes(plain)

    def goodbye(self) -> bytes:
        """The records that end the session (close_notify)."""
        with contextlib.suppress(ssl.SSLError):  # the peer has not said goodbye yet: it does not have to
            self.session.unwrap()
        return self.outgoing()
