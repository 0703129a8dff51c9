"""One stream of an HTTP/2 connection as the client sees it (RFC 9113 § 5): its windows and its end, without I/O."""

from __future__ import annotations

from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.http2_frames import Http2Error
from asgi_conformance.clients.http_stream import HttpStream


class Stream(HttpStream):
    """What has come on one stream.

    ``send_window`` and ``receive_window`` are what either side may still send, in bytes. ``acknowledging``: the client
    gives window back as it is used; ``unacknowledged`` is what it has held back.
    """

    def __init__(self, number: int, method: str, *, send_window: int, receive_window: int) -> None:
        super().__init__(number, method, "2")
        self.send_window = send_window
        self.receive_window = receive_window
        self.acknowledging = True
        self.unacknowledged = 0

    def on_headers(self, fields: Headers, end_stream: bool) -> None:
        """Take a header block: 1xx, head, or trailers. Raises Http2Error after the end of the stream."""
        self._expect_open("HEADERS")
        super().on_headers(fields, end_stream)

    def on_data(self, data: bytes, end_stream: bool) -> None:
        """Take content. Raises Http2Error after the end of the stream."""
        self._expect_open("DATA")
        super().on_data(data, end_stream)

    def _expect_open(self, name: str) -> None:
        if self.ended:
            raise Http2Error(f"{name} on stream {self.number} after END_STREAM")
        if self.reset_code is not None:
            raise Http2Error(f"{name} on stream {self.number} after the server's RST_STREAM")
