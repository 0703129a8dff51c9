"""``websocket.receive``: what the client sent, as the application receives it."""

from __future__ import annotations

import asyncio

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2, TLS
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.shaped import shape_cases
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken

from ..beside import beside
from .conversation import DATA, TEXT, numbered, receives, send

TEXTS = {
    "mixed": TEXT,
    "ascii": "plain",
    "white-space": " \t\r\n\u00a0\ufeff",
    "nul": "a\x00b",
    "beyond-the-plane": "\U0010ffff",
}
#: The sizes at which the length of a frame is written in another way, and one that is large.
SIZES = {"125-bytes": 125, "126-bytes": 126, "65535-bytes": 65535, "65536-bytes": 65536, "1-mebibyte": 2**20}
BINARY = Opcode.BINARY
PARTS: dict[str, tuple[int, list[bytes]]] = {
    "text": (Opcode.TEXT, [b"one, ", b"two, ", b"three"]),
    "binary": (BINARY, [bytes([number]) for number in range(100)]),
    "within-a-character": (Opcode.TEXT, [b"h\xc3", b"\xa9llo \xf0\x9f", b"\x98", b"\x80"]),
    "empty-first-and-last": (Opcode.TEXT, [b"", b"content", b""]),
    "all-empty": (BINARY, [b"", b"", b""]),
    "large": (BINARY, [payload(f"part {number}", 40_000) for number in range(5)]),
}


async def two_messages(exchange: Exchange) -> None:
    """A text and bytes, and empty ones of both kinds, on one WebSocket."""
    client, app = await exchange.open_websocket()
    for message in (TEXT, DATA, "", b""):
        await send(client, message)
        await app.receive()


shape_cases(
    {"websocket.receive.exactly-one": "In every websocket.receive exactly one of text and bytes is not None."},
    two_messages,
    circumstances=EVERY_WEBSOCKET,
)


@case("websocket.receive.text", each=TEXTS, circumstances=EVERY_WEBSOCKET)
async def a_text_arrives_as_a_str(exchange: Exchange, content: str) -> None:
    """A text message arrives in text as a str, with bytes missing or None."""
    client, app = await exchange.open_websocket()
    await client.send_text(content)
    event = await receives(app, content)
    expect(event.get("text"), "text in the event").is_a(str)


@case("websocket.receive.binary", each={"no-text": DATA, "also-text": b"plain"}, circumstances=EVERY_WEBSOCKET)
async def bytes_arrive_as_bytes(exchange: Exchange, content: bytes) -> None:
    """A binary message arrives in bytes as bytes, with text missing or None, also where it could be a text."""
    client, app = await exchange.open_websocket()
    await client.send_bytes(content)
    event = await receives(app, content)
    expect(event.get("bytes"), "bytes in the event").is_a(bytes)


@case("websocket.receive.empty-text", circumstances=EVERY_WEBSOCKET)
async def an_empty_text_is_a_message(exchange: Exchange) -> None:
    """An empty text message arrives as one whose text is "", and not None."""
    await empty_arrives(exchange, "", "after it")


@case("websocket.receive.empty-binary", circumstances=EVERY_WEBSOCKET)
async def empty_bytes_are_a_message(exchange: Exchange) -> None:
    """An empty binary message arrives as one whose bytes are b"", and not None."""
    await empty_arrives(exchange, b"", b"after it")


async def empty_arrives(exchange: Exchange, empty: str | bytes, following: str | bytes) -> None:
    """Expect that an empty message arrives, and the one after it next."""
    client, app = await exchange.open_websocket()
    await send(client, empty)
    await send(client, following)
    await receives(app, empty)
    await receives(app, following)


@case("websocket.receive.type", each={"text": TEXT, "bytes": DATA}, circumstances=EVERY_WEBSOCKET)
async def the_event_has_its_type(exchange: Exchange, message: str | bytes) -> None:
    """A message arrives in an event of type "websocket.receive"."""
    client, app = await exchange.open_websocket()
    await send(client, message)
    event = await app.receive()
    expect(event.get("type"), "the type of the event").is_a(str)
    expect(event.get("type"), "the type of the event").equals("websocket.receive")


@case("websocket.receive.one-per-message", "burst", circumstances=EVERY_WEBSOCKET)
async def a_burst_arrives_message_by_message(exchange: Exchange) -> None:
    """Messages that were sent in one burst arrive one by one, in order, none lost or merged."""
    client, app = await exchange.open_websocket()
    burst = numbered(60)
    await client.send_raw(b"".join(framed(message) for message in burst))
    for message in burst:
        await receives(app, message)


@case("websocket.receive.one-per-message", "byte-by-byte", circumstances=(DEFAULT, HTTP2))
async def bytes_that_trickle_in_make_whole_messages(exchange: Exchange) -> None:
    """Messages whose bytes come one by one arrive whole, and each once."""
    client, app = await exchange.open_websocket()
    trickle: list[str | bytes] = [TEXT, DATA, ""]
    for byte in b"".join(framed(message) for message in trickle):
        await client.send_raw(bytes([byte]))
        await asyncio.sleep(0)
    for message in trickle:
        await receives(app, message)
    waiting = app.begin_receive()
    await client.send_text("after them")
    await receives(app, "after them", waiting)


@case(
    "websocket.receive.before-disconnect",
    each={"close-frame": Frame(Opcode.CLOSE, b"\x03\xe8"), "fin": None},
    circumstances=EVERY_WEBSOCKET,
)
async def messages_come_before_the_disconnect(exchange: Exchange, last: Frame | None) -> None:
    """Messages that came before the end of the WebSocket are received before websocket.disconnect.

    The application receives only when the server has answered the close frame, or has had time to.
    """
    client, app = await exchange.open_websocket()
    before = numbered(10)
    burst = b"".join(framed(message) for message in before)
    await client.send_raw(burst + (encode(last) if last else b""))
    if last is None:
        await client.drop()
        await app.tell("sleep", seconds=exchange.patience.quiet).result()
    else:
        client.close_sent = True
        async with beside(client.closed()) as closing:
            await asyncio.wait({closing}, timeout=exchange.patience.quiet)
    for message in before:
        await receives(app, message)


@case("websocket.receive.large", "bytes", each=SIZES, circumstances=EVERY_WEBSOCKET_AND_TLS)
async def large_bytes_arrive_whole(exchange: Exchange, size: int) -> None:
    """A binary message arrives whole, whatever its size below the server's limit."""
    await arrives_whole(exchange, payload("large", size))


@case("websocket.receive.large", "text", each=SIZES, circumstances=(DEFAULT, HTTP2, TLS))
async def a_large_text_arrives_whole(exchange: Exchange, size: int) -> None:
    """A text message arrives whole, whatever its size below the server's limit."""
    await arrives_whole(exchange, ("é" * (size // 2)) + "x" * (size % 2))


async def arrives_whole(exchange: Exchange, message: str | bytes) -> None:
    """Expect that a message arrives while the application receives, and a small one after it."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    async with beside(send(client, message)):
        await receives(app, message, waiting)
    await client.send_text("after it")
    await receives(app, "after it")


@case("websocket.fragmentation.reassembled", each=PARTS, circumstances=EVERY_WEBSOCKET)
async def fragments_arrive_as_one_message(exchange: Exchange, parts: tuple[int, list[bytes]]) -> None:
    """A message in several frames arrives as one event with all of it."""
    opcode, fragments = parts
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    last = len(fragments) - 1
    for number, part in enumerate(fragments):
        await client.send_frame(Frame(Opcode.CONTINUATION if number else opcode, part, fin=number == last))
    whole = b"".join(fragments)
    await receives(app, whole if opcode == BINARY else whole.decode(), waiting)
    await client.send_text("after it")
    await receives(app, "after it")


@case("websocket.fragmentation.reassembled", "around-a-ping", circumstances=EVERY_WEBSOCKET)
async def a_ping_may_stand_between_fragments(exchange: Exchange) -> None:
    """A ping between the frames of a message is answered there, and the message arrives as one event."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive(beside=True)
    await client.send_frame(Frame(Opcode.TEXT, b"one, ", fin=False))
    await client.ping(b"between")
    expect(await client.pong(), "the payload of the pong").equals(b"between")
    if waiting.done:
        raise Broken("receive() waits for the end of the message", f"it gave {show(await app.event_of(waiting))}")
    await client.send_frame(Frame(Opcode.CONTINUATION, b"two"))
    await receives(app, "one, two", waiting)


def framed(message: str | bytes) -> bytes:
    """The bytes of a message in one frame."""
    if isinstance(message, str):
        return encode(Frame(Opcode.TEXT, message.encode()))
    return encode(Frame(Opcode.BINARY, message))
