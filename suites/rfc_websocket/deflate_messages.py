"""Compressed messages, both ways (RFC 7692 § 6, § 7.2)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.deflate import RSV1, TAIL
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import payload

from ..websocket.conversation import DATA, TEXT, close, data, leave_when_closed, receives, sent, text
from ..websocket.sending import comes
from .compression import DECIDED, NAME, OPEN, compressing
from .failing import NOT_TEXT, PROTOCOL_ERROR, attends, failed_by

MESSAGES: dict[str, str | bytes] = {
    "text": TEXT,
    "binary": DATA,
    "repetitive": "all work and no play " * 500,
    "incompressible": payload("noise", 5000),
    "large": payload("large", 200_000) + bytes(800_000),
    "empty-text": "",
    "empty-binary": b"",
}
#: What the application sends; that an empty message goes out at all is the matter of websocket.send.empty-text.
SENT = {name: message for name, message in MESSAGES.items() if message}
AGREEMENTS: dict[str, Sequence[str]] = {
    "no-context-takeover": (f"{NAME}; server_no_context_takeover",),
    "window-9": (f"{NAME}; server_max_window_bits=9",),
    "window-12": (f"{NAME}; server_max_window_bits=12",),
    "both": (f"{NAME}; server_no_context_takeover; server_max_window_bits=10",),
}
FRAGMENTED = {"two": 2, "seven": 7, "bytes": 0}
BAD_DATA = {
    "no-such-block": b"\xff\xff\xff\xff",
    "random": payload("no deflate data", 200),
    "dynamic-tables": b"\x05" + b"\xff" * 20,
    "stored-length": b"\x00\x05\x00\x00\x00hello",
}
INVALID_TEXT = {"0xff": b"\xff", "surrogate": b"\xed\xa0\x80", "overlong": b"\xc0\xaf", "cut": b"hello \xe2\x82"}
CONTROL = {"ping": Frame(Opcode.PING, b"x", rsv=RSV1), "pong": Frame(Opcode.PONG, b"x", rsv=RSV1)}
CONTROL["close"] = Frame(Opcode.CLOSE, b"\x03\xe8", rsv=RSV1)


def opcode_of(message: str | bytes) -> int:
    """The opcode of a message of this kind."""
    return Opcode.TEXT if isinstance(message, str) else Opcode.BINARY


def compressed(client: WebSocketClient, message: str | bytes) -> bytes:
    """The payload of a message, compressed under what was agreed."""
    return client.deflate.deflate(message.encode() if isinstance(message, str) else message)


@case("rfc.websocket.deflate.receive", each=MESSAGES, circumstances=(DEFAULT, HTTP2))
async def a_compressed_message_arrives_as_it_was(exchange: Exchange, message: str | bytes) -> None:
    """A compressed message arrives as it was before, and so does the one behind it that is not compressed."""
    client, app = await compressing(exchange)
    waiting = app.begin_receive()
    await client.send_frame(Frame(opcode_of(message), compressed(client, message), rsv=RSV1))
    await receives(app, message, waiting)
    await client.send_text("uncompressed")
    await receives(app, "uncompressed")


@case("rfc.websocket.deflate.receive", "fragmented", each=FRAGMENTED, circumstances=(DEFAULT, HTTP2))
async def a_compressed_message_may_be_fragmented(exchange: Exchange, count: int) -> None:
    """A compressed message in fragments, RSV1 on the first, arrives whole, with a ping answered between them."""
    client, app = await compressing(exchange)
    content = compressed(client, TEXT * 20)
    size = -(-len(content) // count) if count else 1
    parts = [content[start : start + size] for start in range(0, len(content), size)] + [b""]
    last = len(parts) - 1
    frames = [
        Frame(Opcode.CONTINUATION if number else Opcode.TEXT, part, number == last, 0 if number else RSV1)
        for number, part in enumerate(parts)
    ]
    frames.insert(1, Frame(Opcode.PING, b"between"))
    await client.send_raw(b"".join(map(encode, frames)))
    await receives(app, TEXT * 20)
    attends(app)
    expect(await client.pong(), "the payload of the pong").equals(b"between")


@case("rfc.websocket.deflate.receive", "context", each={"taken-over": OPEN, "not-taken-over": DECIDED})
async def the_context_goes_from_message_to_message(exchange: Exchange, offers: Sequence[str]) -> None:
    """Messages that repeat one another arrive as they were, whether or not the client refers to those before."""
    client, app = await compressing(exchange, offers)
    for number in range(4):
        message = f"the same words again and again, {number % 2}"
        await client.send_text(message, compressed=True)
        await receives(app, message)
        await client.send_text(f"uncompressed {number}")
        await receives(app, f"uncompressed {number}")


@case("rfc.websocket.deflate.receive", "blocks")
async def a_message_may_have_several_blocks(exchange: Exchange) -> None:
    """A message of several deflate blocks, stored, fixed and one that is marked as the last, arrives as it was."""
    client, app = await compressing(exchange)
    stored = zlib.compressobj(0, wbits=-15)
    first = stored.compress(b"stored, ") + stored.flush(zlib.Z_SYNC_FLUSH)
    fixed = zlib.compressobj(9, wbits=-15, strategy=zlib.Z_FIXED)
    second = fixed.compress(b"fixed") + fixed.flush(zlib.Z_SYNC_FLUSH)
    await client.send_frame(Frame(Opcode.BINARY, first + second[: -len(TAIL)], rsv=RSV1))
    await receives(app, b"stored, fixed")
    final = zlib.compressobj(9, wbits=-15)
    await client.send_frame(Frame(Opcode.BINARY, final.compress(b"last") + final.flush() + b"\0", rsv=RSV1))
    await receives(app, b"last")


@case("rfc.websocket.deflate.send", each=SENT, circumstances=(DEFAULT, HTTP2))
async def a_message_sent_can_be_inflated(exchange: Exchange, message: str | bytes) -> None:
    """Messages of the application come to the client as they were, RSV1 on the first frame of those compressed only.

    Each is sent twice, so that the second may refer to the first. They may be uncompressed, too.
    """
    client, app = await compressing(exchange)
    sending = app.begin_send(sent(message), sent(message), text("after them"))
    for expected in (message, message, "after them"):
        await comes(client, expected)
    await sending.result()


@case("rfc.websocket.deflate.server-parameters-kept", each=AGREEMENTS, circumstances=(DEFAULT, HTTP2))
async def the_server_keeps_to_its_parameters(exchange: Exchange, offers: Sequence[str]) -> None:
    """A client that keeps no more context, and no larger window, than was agreed can inflate every message."""
    client, app = await compressing(exchange, offers)
    far = payload("far apart", 6000)
    messages: tuple[str | bytes, ...] = (far + far, "once more " * 30, "once more " * 30, far, DATA)
    sending = app.begin_send(*map(sent, messages))
    for message in messages:
        await comes(client, message)
    await sending.result()


@case("rfc.websocket.deflate.control-frames", each=CONTROL, circumstances=(DEFAULT, HTTP2))
async def rsv1_on_a_control_frame_is_a_failure(exchange: Exchange, frame: Frame) -> None:
    """A control frame with RSV1 ends the WebSocket with 1002, though compression was agreed."""
    client, app = await compressing(exchange)
    client.close_sent = frame.opcode == Opcode.CLOSE
    await failed_by(exchange, client, app, encode(frame), str(frame), PROTOCOL_ERROR)


@case("rfc.websocket.deflate.control-frames", "continuation", circumstances=(DEFAULT, HTTP2))
async def rsv1_on_a_continuation_is_a_failure(exchange: Exchange) -> None:
    """A compressed message with RSV1 on its second frame too ends the WebSocket with 1002."""
    client, app = await compressing(exchange)
    content = compressed(client, TEXT)
    first = Frame(Opcode.TEXT, content[:3], fin=False, rsv=RSV1)
    second = Frame(Opcode.CONTINUATION, content[3:], rsv=RSV1)
    await failed_by(exchange, client, app, encode(first) + encode(second), str(second), PROTOCOL_ERROR)


@case("rfc.websocket.deflate.control-frames", "sent", circumstances=(DEFAULT, HTTP2))
async def control_frames_are_sent_uncompressed(exchange: Exchange) -> None:
    """The pong and the close frame of the server have no RSV1, and their payloads are as they were."""
    client, app = await compressing(exchange)
    await app.send(data(bytes(200)))
    attends(app)
    await client.ping(b"p" * 100)
    expect(await client.pong(), "the payload of the pong").equals(b"p" * 100)
    app.begin_send(close(code=4000), beside=True)
    expect((await client.close_frame()).code, "the code of the close frame").equals(4000)
    leave_when_closed(client)


@case("rfc.websocket.deflate.bad-data", each=BAD_DATA, circumstances=(DEFAULT, HTTP2))
async def what_does_not_inflate_ends_the_websocket(exchange: Exchange, content: bytes) -> None:
    """A message with RSV1 whose payload does not inflate is not delivered, and ends the WebSocket."""
    client, app = await compressing(exchange)
    frame = Frame(Opcode.BINARY, content, rsv=RSV1)
    await failed_by(exchange, client, app, encode(frame), f"{frame} that does not inflate", None)


@case("rfc.websocket.deflate.utf8", each=INVALID_TEXT, circumstances=(DEFAULT, HTTP2))
async def what_is_inflated_has_to_be_utf8(exchange: Exchange, content: bytes) -> None:
    """A compressed text that is not valid UTF-8 once inflated is not delivered, and ends the WebSocket with 1007."""
    client, app = await compressing(exchange)
    frame = Frame(Opcode.TEXT, client.deflate.deflate(content), rsv=RSV1)
    await failed_by(exchange, client, app, encode(frame), f"a compressed text of {content!r}", NOT_TEXT)
