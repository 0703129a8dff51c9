"""Frames that are wrong where they stand, and control frames that are too long or cut (RFC 6455 § 5.4, § 5.5)."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..websocket.conversation import receives
from .failing import fails, some, talking

#: The code 1000 of a close frame.
NORMAL = b"\x03\xe8"
CUT = {
    "ping": Frame(Opcode.PING, b"cut", fin=False),
    "pong": Frame(Opcode.PONG, b"cut", fin=False),
    "close": Frame(Opcode.CLOSE, NORMAL, fin=False),
}
TOO_LONG = {
    "ping": Frame(Opcode.PING, bytes(126)),
    "pong": Frame(Opcode.PONG, bytes(126)),
    "close": Frame(Opcode.CLOSE, NORMAL + b"x" * 124),
    "ping-65536-bytes": Frame(Opcode.PING, bytes(65536)),
}
FIRST = {
    "last": Frame(Opcode.CONTINUATION, b"continued"),
    "not-last": Frame(Opcode.CONTINUATION, b"continued", fin=False),
    "empty": Frame(Opcode.CONTINUATION),
}
WHOLE = (Frame(Opcode.TEXT, b"one", fin=False), Frame(Opcode.CONTINUATION, b"two"))
NEW: dict[str, Sequence[Frame]] = {
    f"{name}/{kind}": (Frame(Opcode.TEXT, b"first", fin=False), Frame(opcode, b"second", fin=fin))
    for name, opcode in {"text": Opcode.TEXT, "binary": Opcode.BINARY}.items()
    for kind, fin in {"whole": True, "fragment": False}.items()
}
NEW["in-binary"] = (Frame(Opcode.BINARY, b"first", fin=False), Frame(Opcode.BINARY, b"second"))


@case("rfc.websocket.frame.control-fragmented", each=CUT)
@case("rfc.websocket.frame.control-fragmented", each=some(CUT, "ping"), circumstances=(HTTP2,))
async def a_fragmented_control_frame_ends_the_websocket(exchange: Exchange, frame: Frame) -> None:
    """A control frame without FIN ends the WebSocket with 1002."""
    await fails(exchange, frame)


@case("rfc.websocket.frame.control-length", each=TOO_LONG)
@case("rfc.websocket.frame.control-length", each=some(TOO_LONG, "ping"), circumstances=(HTTP2,))
async def a_long_control_frame_ends_the_websocket(exchange: Exchange, frame: Frame) -> None:
    """A control frame with more than 125 bytes ends the WebSocket with 1002."""
    await fails(exchange, frame)


@case("rfc.websocket.frame.control-length", "125-bytes", circumstances=(DEFAULT, HTTP2))
async def the_longest_control_frame_is_fine(exchange: Exchange) -> None:
    """A ping and a pong with 125 bytes are fine: the ping is answered, and the next message arrives."""
    client, app = await talking(exchange)
    waiting = app.begin_receive()
    longest = bytes(range(125))
    await client.send_frame(Frame(Opcode.PONG, longest))
    await client.ping(longest)
    expect(await client.pong(), "the payload of the pong").equals(longest)
    await client.send_text("after it")
    await receives(app, "after it", waiting)


@case("rfc.websocket.frame.continuation-first", each=FIRST)
@case("rfc.websocket.frame.continuation-first", each=some(FIRST, "last"), circumstances=(HTTP2,))
async def a_continuation_of_nothing_ends_the_websocket(exchange: Exchange, frame: Frame) -> None:
    """A continuation frame outside of a message is not delivered, and ends the WebSocket with 1002.

    The message before it was whole.
    """
    await fails(exchange, frame)


@case("rfc.websocket.frame.continuation-first", "after-fragments", circumstances=(DEFAULT, HTTP2))
async def a_continuation_after_the_last_ends_the_websocket(exchange: Exchange) -> None:
    """A continuation frame after the last fragment of a message is not delivered, and ends the WebSocket with 1002."""
    client, app = await talking(exchange)
    for frame in WHOLE:
        await client.send_frame(frame)
    await receives(app, "onetwo")
    await fails(exchange, Frame(Opcode.CONTINUATION, b"three"), on=(client, app))


@case("rfc.websocket.frame.new-message-in-fragments", each=NEW)
@case("rfc.websocket.frame.new-message-in-fragments", each=some(NEW, "text/whole"), circumstances=(HTTP2,))
async def a_new_message_within_another_ends_the_websocket(exchange: Exchange, frames: Sequence[Frame]) -> None:
    """A text or binary frame before the last fragment of a message ends the WebSocket with 1002, and none arrives."""
    await fails(exchange, *frames)
