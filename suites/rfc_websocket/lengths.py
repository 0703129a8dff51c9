"""The lengths of frames, and how their bytes are cut (RFC 6455 § 5.2, § 6.2)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import payload

from ..websocket.conversation import data, receives, text
from ..websocket.receiving import arrives_whole
from ..websocket.sending import comes
from .failing import attends, failed_by, some, talking

SIZES = {str(size): size for size in (0, 1, 125, 126, 127, 65535, 65536, 2**20)}
#: That an empty message goes out is the matter of websocket.send.empty-binary.
SIZES_SENT = {name: size for name, size in SIZES.items() if size}
TOP_BIT = {"least": 1 << 63, "one-more": (1 << 63) + 1, "most": (1 << 64) - 1}


@case("rfc.websocket.frame.lengths-received", each=SIZES, circumstances=(DEFAULT, HTTP2))
async def every_form_of_a_length_is_read(exchange: Exchange, size: int) -> None:
    """A message arrives whole, whichever of the three forms its length is written in, and the one after it too."""
    await arrives_whole(exchange, payload("received", size))


@case("rfc.websocket.frame.lengths-sent", each=SIZES_SENT, circumstances=(DEFAULT, HTTP2))
async def lengths_are_sent_in_the_shortest_form(exchange: Exchange, size: int) -> None:
    """A message of the application comes in frames whose lengths are written in the shortest form, and the next too."""
    client, app = await exchange.open_websocket()
    content = payload("sent", size)
    sending = app.begin_send(data(content), text("after it"))
    await comes(client, content)
    await comes(client, "after it")
    await sending.result()


@case("rfc.websocket.frame.length-64bit-msb", each=TOP_BIT)
@case("rfc.websocket.frame.length-64bit-msb", each=some(TOP_BIT, "most"), circumstances=(HTTP2,))
async def a_length_with_its_top_bit_set_ends_the_websocket(exchange: Exchange, length: int) -> None:
    """A frame whose 64-bit length has its top bit set ends the WebSocket, and the server serves on."""
    client, app = await talking(exchange)
    head = encode(Frame(Opcode.BINARY), length_bytes=8, length=length)
    await failed_by(exchange, client, app, head + b"x" * 64, f"a frame with the length {length:#x}", None)


@case(
    "rfc.websocket.frame.split-anywhere",
    "byte-by-byte",
    each={"short": 20, "16-bit": 300},
    circumstances=(DEFAULT, HTTP2),
)
async def frames_may_come_byte_by_byte(exchange: Exchange, size: int) -> None:
    """A fragmented message with a ping in it, sent in pieces of one byte, arrives whole, and the ping is answered."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive(beside=True)
    content = payload("trickle", size)
    frames = (
        Frame(Opcode.BINARY, content[:7], fin=False),
        Frame(Opcode.PING, b"!"),
        Frame(Opcode.CONTINUATION, content[7:]),
    )
    for number, byte in enumerate(b"".join(map(encode, frames))):
        await client.send_raw(bytes([byte]))
        if number % 16 == 0:
            await app.ask("loop-works")  # the server has had a turn for what came so far
    await receives(app, content, waiting)
    attends(app)
    expect(await client.pong(), "the payload of the pong").equals(b"!")


@case("rfc.websocket.frame.split-anywhere", "at-every-byte")
async def a_frame_may_be_cut_anywhere(exchange: Exchange) -> None:
    """A message arrives whole wherever its frame is cut in two: in the header, the length, the mask, the payload."""
    client, app = await exchange.open_websocket()
    content = payload("cut", 126)
    whole = encode(Frame(Opcode.BINARY, content))
    for cut in range(1, 16):
        await client.send_raw(whole[:cut])
        await app.ask("loop-works")  # the server has had a turn for the first piece
        await client.send_raw(whole[cut:])
        await receives(app, content)


@case("rfc.websocket.frame.split-anywhere", "burst", circumstances=(DEFAULT, HTTP2))
async def many_frames_may_come_at_once(exchange: Exchange) -> None:
    """A message in 1000 fragments and one behind it, sent in one piece right after the handshake, arrive whole."""
    client, app = await exchange.open_websocket()
    parts = [b"%d," % number for number in range(1000)]
    frames = [
        Frame(Opcode.CONTINUATION if number else Opcode.BINARY, part, fin=False) for number, part in enumerate(parts)
    ]
    burst = [*frames, Frame(Opcode.CONTINUATION), Frame(Opcode.TEXT, b"after it")]
    await client.send_raw(b"".join(map(encode, burst)))
    await receives(app, b"".join(parts))
    await receives(app, "after it")
