"""Violations towards requests that are wrong as a whole: too large, no HTTP, in pieces (suite ``rfc_http1``)."""

from __future__ import annotations

from typing import Any

from ..requests import Refused
from . import around, on_arrival


@around(
    "http1.send_own_response",
    "http1_stream.Http1Stream.refuse_content",
    name="rfc.http1.request.error-response/silent",
    also=["rfc.http1.request.uri-too-long", "rfc.http1.request.headers-too-large"],
    follows=["rfc.*", "http.*", "websocket.*"],
)
def refusals_are_silent(original: Any, first: Any, *rest: Any) -> None:
    """A request that is refused gets no answer but the end of the connection."""
    if not rest:
        first.broken = True
        first.finish()


@around(
    "http1.Http1Connection.serve_one",
    name="rfc.http1.request.error-closes/open",
    also=["rfc.http1.connection.app-close/refusal/malformed*"],
    follows=["rfc.http1.*", "http.*"],
)
async def the_connection_stays_open(original: Any, self: Any) -> bool:
    """After a request that is refused the connection stays open, though nothing more is read from it."""
    going_on = bool(await original(self))
    if not going_on and (self.stream is None or self.stream.malformed):
        while await self.transport.more():
            self.transport.take()
    return going_on


@around("http1.status_of", name="rfc.http1.request.uri-too-long/error", also=["rfc.http1.request.headers-too-large"])
def too_large_is_an_error(original: Any, error: Any, received: bytes) -> int:
    """A head that is too large is answered with 500."""
    status = int(original(error, received))
    return 500 if status in (414, 431) else status


@around(
    "http1.Http1Connection.read_head",
    name="rfc.http1.request.uri-too-long/4096",
    breaks="rfc.http1.request.uri-too-long/8000-bytes",
)
async def request_lines_have_4096_bytes(original: Any, self: Any, parser: Any) -> Any:
    """A request line of more than 4096 bytes is refused."""
    head = await original(self, parser)
    if head is not None and len(head.target) > 4096:
        raise Refused(414, "the target is too long")
    return head


@around("http1.Http1Connection.read_head", name="rfc.http1.request.garbage/error", follows=["rfc.http1.*", "http.*"])
async def noise_is_an_error(original: Any, self: Any, parser: Any) -> Any:
    """What is no request head is answered with 500."""
    try:
        return await original(self, parser)
    except Refused as refused:
        raise Refused(500, refused.reason) from None


@around(
    "connection.Connection.begins_with_preface",
    name="rfc.http1.request.garbage/dies",
    breaks="rfc.http1.request.garbage/nothing*",
    follows=["*"],
)
async def a_silent_client_is_fatal(original: Any, self: Any, transport: Any) -> Any:
    """A client that leaves without a byte ends the server."""
    import os

    if not transport.inbox and not await transport.more():
        os._exit(1)
    return await original(self, transport)


@around("transport.Transport.receive", name="rfc.http1.request.split-anywhere/cr-between", follows=["*"])
async def a_cr_stands_between_pieces(original: Any, self: Any) -> bytes:
    """A CR stands before what comes behind the first piece of a request that is no GET."""
    data: bytes = await original(self)
    began = getattr(self, "began", False)
    self.began = began or data.startswith(b"P")
    return b"\r" + data if began and data else data


@on_arrival("rfc.http1.request.split-anywhere/one-piece", breaks="rfc.http1.request.split-anywhere/whole")
def one_piece_is_spoilt(data: bytes) -> bytes:
    """Content that comes in one piece with its head is changed."""
    return data.replace(b"sixteen", b"SIXTEEN") if data.startswith(b"P") else data
