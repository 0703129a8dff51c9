"""``websocket.send``: what the application sent, as the client gets it."""

from __future__ import annotations

import asyncio

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import Digest, payload, payload_there
from asgi_conformance.verdict import Broken

from .conversation import DATA, TEXT, Message, data, numbered, send, sent, text
from .receiving import SIZES, TEXTS

#: A key that is None beside the one that counts, before it and after it.
ONE_IS_NONE: dict[str, tuple[Message, str | bytes]] = {
    "text-and-none": (text(TEXT, bytes=None), TEXT),
    "none-and-text": ({"type": "websocket.send", "bytes": None, "text": TEXT}, TEXT),
    "bytes-and-none": (data(DATA, text=None), DATA),
    "none-and-bytes": ({"type": "websocket.send", "text": None, "bytes": DATA}, DATA),
}


async def comes(client: WebSocketClient, message: str | bytes) -> None:
    """Expect that the next message that comes to the client is this one, a text or bytes."""
    came = await client.message()
    kind = "a text" if isinstance(message, str) else "bytes"
    expect(came, "the message").satisfies(
        f"is {kind}", lambda value: type(value) is type(message), f"the message is {show(came)}"
    )
    if isinstance(message, bytes) and isinstance(came, bytes) and len(message) > 1000:
        expect(Digest.of(came), "the message").equals(Digest.of(message))
    else:
        expect(came, "the message").equals(message)


@case("websocket.send.text", each=TEXTS, circumstances=EVERY_WEBSOCKET)
async def a_text_goes_out_as_a_text(exchange: Exchange, content: str) -> None:
    """A websocket.send with text sends one text message with its UTF-8."""
    client, app = await exchange.open_websocket()
    await app.send(text(content))
    await comes(client, content)


@case("websocket.send.binary", each={"no-text": DATA, "also-text": b"plain"}, circumstances=EVERY_WEBSOCKET)
async def bytes_go_out_as_bytes(exchange: Exchange, content: bytes) -> None:
    """A websocket.send with bytes sends one binary message, also where they could be a text."""
    client, app = await exchange.open_websocket()
    await app.send(data(content))
    await comes(client, content)


@case("websocket.send.binary", each=SIZES, circumstances=EVERY_WEBSOCKET_AND_TLS)
async def large_bytes_go_out_whole(exchange: Exchange, size: int) -> None:
    """Bytes of any size go out whole as one binary message, and a small one after them."""
    client, app = await exchange.open_websocket()
    sending = app.begin_send(data(payload_there("large", size)), text("after it"))
    await comes(client, payload("large", size))
    await comes(client, "after it")
    await sending.result()


@case("websocket.send.text", each=SIZES, circumstances=(DEFAULT, HTTP2))
async def a_large_text_goes_out_whole(exchange: Exchange, size: int) -> None:
    """A text of any size goes out whole as one text message."""
    client, app = await exchange.open_websocket()
    content = "é" * (size // 2) + "x" * (size % 2)
    sending = app.begin_send(text(content))
    await comes(client, content)
    await sending.result()


@case("websocket.send.none-is-missing", each=ONE_IS_NONE, circumstances=EVERY_WEBSOCKET)
async def none_is_as_good_as_missing(exchange: Exchange, pair: tuple[Message, str | bytes]) -> None:
    """A websocket.send in which the other key is None sends the message as if that key were missing."""
    event, message = pair
    client, app = await exchange.open_websocket()
    await app.send(event)
    await comes(client, message)


@case(
    "websocket.send.empty-text",
    each={"alone": text(""), "other-is-none": text("", bytes=None)},
    circumstances=EVERY_WEBSOCKET,
)
async def an_empty_text_is_sent(exchange: Exchange, event: Message) -> None:
    """A websocket.send of an empty text sends an empty text message."""
    await empty_goes_out(exchange, event, "")


@case(
    "websocket.send.empty-binary",
    each={"alone": data(b""), "other-is-none": data(b"", text=None)},
    circumstances=EVERY_WEBSOCKET,
)
async def empty_bytes_are_sent(exchange: Exchange, event: Message) -> None:
    """A websocket.send of empty bytes sends an empty binary message."""
    await empty_goes_out(exchange, event, b"")


async def empty_goes_out(exchange: Exchange, event: Message, empty: str | bytes) -> None:
    """Expect that an empty message is sent, and the one after it next."""
    client, app = await exchange.open_websocket()
    await app.send(event)
    await app.send(text("after it"))
    await comes(client, empty)
    await comes(client, "after it")


@case("websocket.send.order", "one-after-another", circumstances=EVERY_WEBSOCKET)
async def messages_go_out_in_order(exchange: Exchange) -> None:
    """Texts and bytes in turn come to the client in the order of the sends, none lost or merged."""
    client, app = await exchange.open_websocket()
    many = numbered(200)
    sending = app.begin_send(*(sent(message) for message in many))
    for message in many:
        await comes(client, message)
    await sending.result()


@case("websocket.send.order", "large-and-small", circumstances=(DEFAULT, HTTP2))
async def a_small_message_does_not_overtake_a_large_one(exchange: Exchange) -> None:
    """A small message that is sent by another task after a large one comes after it, and not within it."""
    client, app = await exchange.open_websocket()
    large = app.begin_send(data(payload_there("large", 2**20)), beside=True)
    await app.progress(large)  # trio starts tasks that are begun together in any order
    small = app.begin_send(text("small"), beside=True)
    await comes(client, payload("large", 2**20))
    await comes(client, "small")
    await large.result()
    await small.result()


@case("websocket.send.order", "replies", circumstances=EVERY_WEBSOCKET)
async def replies_come_in_order(exchange: Exchange) -> None:
    """While messages come in, the answer to each goes out, in order."""
    client, app = await exchange.open_websocket()
    for message in numbered(20):
        await send(client, message)
        await app.receive()
        await app.send(sent(message))
        await comes(client, message)


@case("websocket.send.flushed", "receiving", circumstances=EVERY_WEBSOCKET)
async def a_message_goes_out_before_a_receive(exchange: Exchange) -> None:
    """A message whose send() has ended comes to the client while the application waits in receive()."""
    client, app = await exchange.open_websocket()
    await app.send(text("at once"))
    app.begin_receive()
    await comes_soon(exchange, client, app, "at once")


@case("websocket.send.flushed", "busy", circumstances=EVERY_WEBSOCKET)
async def a_message_goes_out_before_other_work(exchange: Exchange) -> None:
    """A message whose send() has ended comes to the client while the application awaits something else."""
    client, app = await exchange.open_websocket()
    await app.send(data(b"at once"))
    app.tell("sleep", seconds=exchange.patience.deadline, beside=True)
    await comes_soon(exchange, client, app, b"at once")


async def comes_soon(exchange: Exchange, client: WebSocketClient, app: Call, message: str | bytes) -> None:
    """Expect that a message comes to the client while the application does nothing more for it."""
    try:
        await asyncio.wait_for(comes(client, message), exchange.patience.prompt)
    except asyncio.TimeoutError:
        raise Broken(
            "a message comes to the client when its send() has ended",
            f"{exchange.patience.prompt:.1f} s later it had not come{app.state()}",
        ) from None
