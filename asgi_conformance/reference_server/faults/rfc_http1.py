"""Violations of HTTP/1.1 on the wire (suite ``rfc_http1``)."""

from __future__ import annotations

import re
from typing import Any

from . import around, on_bytes


@on_bytes("rfc.http1.response.status-line/no-second-space")
def no_space_before_the_phrase(data: bytes) -> bytes:
    """A status line without a phrase ends with the status."""
    return data.replace(b" 299 \r\n", b" 299\r\n") if data.startswith(b"HTTP/1.1") else data


@around("http1_stream.Http1Stream.send_end", name="rfc.http1.response.chunked-valid/no-last-chunk", follows=["*"])
def no_last_chunk(original: Any, self: Any, trailers: Any) -> None:
    """A chunked response ends without its last chunk, and its connection stays open."""
    if self.framing == "chunked":
        self.transport, transport = _Silent(), self.transport
        original(self, trailers)
        self.transport = transport
    else:
        original(self, trailers)


class _Silent:
    def write(self, data: bytes) -> None:
        """Lose bytes."""


@around("http1_stream.Http1Stream.send_end", name="rfc.http1.response.one-per-request/trailing-bytes", follows=["*"])
def bytes_behind_the_response(original: Any, self: Any, trailers: Any) -> None:
    """Two bytes stand behind each response."""
    original(self, trailers)
    self.transport.write(b"\r\n")


@on_bytes("rfc.http1.response.never-both/both", follows=["*"])
def both_framings(data: bytes) -> bytes:
    """A chunked response has a Content-Length too."""
    return data.replace(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 1)


@around(
    "responses.is_bodyless",
    name="rfc.http1.response.head.no-body/with-body",
    follows=["extension.*", "rfc.http1.response.head.*"],
)
def head_with_a_body(original: Any, method: str, status: int) -> bool:
    """A response to HEAD has the body that the application sent."""
    return bool(original("GET", status))


@around(
    "http1_stream.Http1Stream.discard_request",
    name="rfc.http1.connection.unread-body/taken-for-a-request",
    follows=["rfc.http1.connection.*"],
)
async def the_rest_is_a_request(original: Any, self: Any) -> bool:
    """What the application did not read of a request is taken for the next one."""
    return True


@around("http1.check_head", name="rfc.http1.request.cl-and-te/length-alone")
def length_beats_coding(original: Any, head: Any, *rest: Any) -> Any:
    """A request with both Content-Length and Transfer-Encoding is served on a connection that stays open."""
    import h11

    names = {name for name, _ in head.headers}
    if {b"transfer-encoding", b"content-length"} <= names:
        kept = [header for header in head.headers if header[0] != b"content-length"]
        head = h11.Request(method=head.method, target=head.target, headers=kept, http_version=head.http_version)
    return original(head, *rest)


@around("transport.Transport.take", name="rfc.http1.request.cl-and-te/length-counts", follows=["rfc.http1.request.*"])
def length_counts(original: Any, self: Any, *limit: Any) -> bytes:
    """A request with both Content-Length and Transfer-Encoding is read by its Content-Length."""
    data = bytes(original(self, *limit))
    both = b"\r\ncontent-length: " in data.lower() and b"\r\ntransfer-encoding: " in data.lower()
    return re.sub(rb"(?i)\r\ntransfer-encoding: ", b"\r\nx-coding: ", data) if both else data


@on_bytes("rfc.http1.connection.close-announced/silent", follows=["rfc.http1.*", "http.app.*"])
def the_close_is_not_announced(data: bytes) -> bytes:
    """Responses after which the connection is closed do not say so."""
    return re.sub(rb"(?i)\r\nconnection: close(?=\r\n)", b"", data, count=1) if data.startswith(b"HTTP/1.1") else data


@around(
    "http1_stream.Http1Stream.discard_request",
    name="rfc.http1.connection.close-announced/unread-body",
    follows=["rfc.http1.connection.*", "http.disconnect.*", "http.app.*", "http.response.body.*"],
)
async def content_that_is_left_ends_the_connection(original: Any, self: Any) -> bool:
    """A connection is closed without a word when the application did not read all of the request."""
    return bool(self.request_ended)
