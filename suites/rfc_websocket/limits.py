"""Messages beyond the size that a server was told to take (RFC 6455 § 7.4.1, § 10.4)."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange

from ..websocket.conversation import LIMIT, LIMITED
from .compression import DECIDED, compressing
from .failing import TOO_BIG, failed_by, fails, talking

TOO_LARGE: dict[str, Sequence[Frame]] = {
    "bytes": (Frame(Opcode.BINARY, bytes(LIMIT + 1)),),
    "text": (Frame(Opcode.TEXT, b"x" * (LIMIT + 1)),),
    "fragments": (
        Frame(Opcode.BINARY, bytes(LIMIT // 2), fin=False),
        Frame(Opcode.CONTINUATION, bytes(LIMIT // 2), fin=False),
        Frame(Opcode.CONTINUATION, b"too much"),
    ),
    "many-fragments": (
        Frame(Opcode.TEXT, b"x" * 512, fin=False),
        *(Frame(Opcode.CONTINUATION, b"x" * 512, fin=False) for _ in range(LIMIT // 512)),
        Frame(Opcode.CONTINUATION),
    ),
}


@case("rfc.websocket.close.too-big", each=TOO_LARGE, launch=LIMITED)
async def a_message_beyond_the_limit_ends_the_websocket(exchange: Exchange, frames: Sequence[Frame]) -> None:
    """A message beyond the server's limit is not delivered, in one frame or many, and ends the WebSocket with 1009."""
    await fails(exchange, *frames, codes=TOO_BIG, what="a message beyond the limit")


@case("rfc.websocket.frame.large-announced", launch=LIMITED)
async def a_frame_that_announces_too_much_ends_the_websocket(exchange: Exchange) -> None:
    """A frame that announces 1 GiB ends the WebSocket with 1009, at the latest when the limit has been passed."""
    client, app = await talking(exchange)
    head = encode(Frame(Opcode.BINARY), length_bytes=8, length=2**30)
    data = head + bytes(4 * LIMIT)
    await failed_by(exchange, client, app, data, "a frame that announces 1 GiB", TOO_BIG)


@case("rfc.websocket.deflate.bomb", launch=LIMITED)
async def the_limit_holds_for_what_is_inflated(exchange: Exchange) -> None:
    """A small message that inflates to 4 MiB is not delivered, and ends the WebSocket with 1009."""
    client, app = await compressing(exchange, DECIDED)
    bomb = client.deflate.deflate(bytes(4 * 2**20))
    frame = Frame(Opcode.BINARY, bomb, rsv=4)
    await failed_by(exchange, client, app, encode(frame), "a message that inflates to 4 MiB", TOO_BIG)
