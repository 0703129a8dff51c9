"""What is wrong with one frame: its mask, its reserved bits, its opcode (RFC 6455 § 5.1, § 5.2)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..websocket.conversation import DATA, TEXT, close, data, leave_when_closed, text
from ..websocket.sending import comes
from .failing import attends, fails, some

UNMASKED = {
    "text": Frame(Opcode.TEXT, b"unmasked", masked=False),
    "binary": Frame(Opcode.BINARY, b"unmasked", masked=False),
    "empty": Frame(Opcode.TEXT, masked=False),
    "ping": Frame(Opcode.PING, b"unmasked", masked=False),
    "pong": Frame(Opcode.PONG, masked=False),
}
KINDS = {"text": Opcode.TEXT, "binary": Opcode.BINARY, "ping": Opcode.PING, "pong": Opcode.PONG}
BITS = {"rsv1": 4, "rsv2": 2, "rsv3": 1, "all": 7}
RESERVED_BITS = {
    f"{bit}/{kind}": Frame(opcode, b"reserved", rsv=rsv) for bit, rsv in BITS.items() for kind, opcode in KINDS.items()
}
RESERVED_BITS["rsv1/close"] = Frame(Opcode.CLOSE, b"\x03\xe8", rsv=4)
RESERVED_OPCODES = {str(opcode): opcode for opcode in (*range(3, 8), *range(11, 16))}
UNFINISHED = Frame(Opcode.TEXT, b"unfinished", fin=False)


@case("rfc.websocket.frame.client-must-mask", each=UNMASKED)
@case("rfc.websocket.frame.client-must-mask", each=some(UNMASKED, "text", "ping"), circumstances=(HTTP2,))
async def an_unmasked_frame_ends_the_websocket(exchange: Exchange, frame: Frame) -> None:
    """A frame from the client that is not masked is not delivered, and the server closes the connection."""
    await fails(exchange, frame, codes=None, what=f"{frame}, which is not masked")


@case("rfc.websocket.frame.client-must-mask", "within-a-message", circumstances=(DEFAULT, HTTP2))
async def an_unmasked_fragment_ends_the_websocket(exchange: Exchange) -> None:
    """A message whose last fragment is not masked is not delivered, and the server closes the connection."""
    last = Frame(Opcode.CONTINUATION, b"unmasked", masked=False)
    await fails(exchange, UNFINISHED, last, codes=None, what=f"{last}, which is not masked")


@case("rfc.websocket.frame.server-never-masks", circumstances=(DEFAULT, HTTP2))
async def no_frame_of_the_server_is_masked(exchange: Exchange) -> None:
    """Text, binary and large messages, the pong and the close frame of the server all come without a mask."""
    client, app = await exchange.open_websocket()
    for message in (TEXT, "x" * 126, "x" * 65536):
        await app.send(text(message))
        await comes(client, message)
    await app.send(data(DATA))
    await comes(client, DATA)
    attends(app)
    await client.ping(b"ping")
    expect(await client.pong(), "the payload of the pong").equals(b"ping")
    app.begin_send(close(code=4000), beside=True)
    expect((await client.close_frame()).code, "the code of the close frame").equals(4000)
    leave_when_closed(client)


@case("rfc.websocket.frame.rsv", each=RESERVED_BITS)
@case("rfc.websocket.frame.rsv", each=some(RESERVED_BITS, "rsv1/text", "rsv2/ping"), circumstances=(HTTP2,))
async def a_reserved_bit_ends_the_websocket(exchange: Exchange, frame: Frame) -> None:
    """A frame with a reserved bit that no extension gave a meaning is not delivered, and ends the WebSocket with 1002.

    No extension was offered.
    """
    await fails(exchange, frame)


@case("rfc.websocket.frame.rsv", "continuation", each=BITS)
@case("rfc.websocket.frame.rsv", "continuation", each=some(BITS, "rsv3"), circumstances=(HTTP2,))
async def a_reserved_bit_of_a_continuation_ends_the_websocket(exchange: Exchange, rsv: int) -> None:
    """A message with a reserved bit on its last fragment is not delivered, and ends the WebSocket with 1002."""
    await fails(exchange, UNFINISHED, Frame(Opcode.CONTINUATION, b"reserved", rsv=rsv))


@case("rfc.websocket.frame.opcode", "empty", each=RESERVED_OPCODES)
@case("rfc.websocket.frame.opcode", "empty", each=some(RESERVED_OPCODES, "3", "11"), circumstances=(HTTP2,))
async def a_reserved_opcode_ends_the_websocket(exchange: Exchange, opcode: int) -> None:
    """An empty frame with an opcode that has no meaning ends the WebSocket with 1002."""
    await fails(exchange, Frame(opcode))


@case("rfc.websocket.frame.opcode", "with-payload", each=RESERVED_OPCODES)
async def a_reserved_opcode_with_a_payload_ends_the_websocket(exchange: Exchange, opcode: int) -> None:
    """A frame with a payload and an opcode that has no meaning ends the WebSocket with 1002."""
    await fails(exchange, Frame(opcode, b"reserved"))


@case("rfc.websocket.frame.opcode", "within-a-message", each={"data": 3, "control": 11})
async def a_reserved_opcode_within_a_message_ends_the_websocket(exchange: Exchange, opcode: int) -> None:
    """A frame with an opcode that has no meaning, between fragments, ends the WebSocket with 1002."""
    await fails(exchange, UNFINISHED, Frame(opcode, b"reserved"))
