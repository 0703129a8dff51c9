"""Pings and pongs (RFC 6455 § 5.5.2, § 5.5.3)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..websocket.conversation import receives, text
from ..websocket.sending import comes
from .failing import attends

PAYLOADS = {
    "empty": b"",
    "1-byte": b"x",
    "text": "é 😀".encode(),
    "binary": b"\x00\xff\xfe\xfd\x80",
    "125-bytes": bytes(range(125)),
}


@case("rfc.websocket.ping.pong-payload", each=PAYLOADS, circumstances=EVERY_WEBSOCKET)
async def a_pong_has_the_payload_of_its_ping(exchange: Exchange, payload: bytes) -> None:
    """A ping is answered with a pong that carries its payload, byte by byte."""
    client, app = await exchange.open_websocket()
    attends(app)
    await client.ping(payload)
    expect(await client.pong(), "the payload of the pong").equals(payload)


@case("rfc.websocket.ping.inside-fragments", circumstances=(DEFAULT, HTTP2))
async def a_ping_between_fragments_is_answered_there(exchange: Exchange) -> None:
    """A ping between fragments is answered before the last of them has come, and the message arrives whole.

    That the pong comes only behind the last fragment is no more than a warning.
    """
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await client.send_frame(Frame(Opcode.TEXT, b"one, ", fin=False))
    await client.ping(b"between")
    client.deadline = exchange.patience.prompt
    try:
        early: bytes | None = await client.pong()
    except TimedOut:
        early = None
    await client.send_frame(Frame(Opcode.CONTINUATION, b"two"))
    await receives(app, "one, two", waiting)
    expect(early if early is not None else await client.pong(), "the payload of the pong").equals(b"between")
    if early is None:
        raise Broken(
            "a ping between fragments is answered as soon as practical",
            "the pong came only when the last fragment had been sent",
            level=Level.SHOULD,
        )


@case("rfc.websocket.ping.inside-fragments", "every-gap", each={"ping": Opcode.PING, "pong": Opcode.PONG})
async def control_frames_fit_into_every_gap(exchange: Exchange, opcode: int) -> None:
    """A message arrives whole with control frames, empty and not, in every gap between its fragments."""
    client, app = await exchange.open_websocket()
    parts = [b"a", b"", b"b", b"\x80"]
    frames = [Frame(Opcode.BINARY, b"first", fin=False)]
    for part in parts:
        frames += [Frame(opcode, part), Frame(Opcode.CONTINUATION, part, fin=False)]
    await client.send_raw(b"".join(map(encode, [*frames, Frame(Opcode.CONTINUATION, b"last")])))
    await receives(app, b"firstab\x80last")
    attends(app)
    if opcode == Opcode.PING:
        await last_pong(client, parts)


@case("rfc.websocket.ping.unsolicited-pong", each=PAYLOADS, circumstances=(DEFAULT, HTTP2))
async def a_pong_that_nobody_asked_for_does_no_harm(exchange: Exchange, payload: bytes) -> None:
    """A pong that nobody asked for does no harm: messages go both ways after it, and nothing answers it."""
    client, app = await exchange.open_websocket()
    await client.send_frame(Frame(Opcode.PONG, payload))
    await client.send_text("after it")
    await receives(app, "after it")
    await app.send(text("answer"))
    await comes(client, "answer")
    answers = [str(frame) for frame in client.controls if frame.opcode == Opcode.PONG]
    expect(answers, "the pongs from the server").weakly().equals([])


@case("rfc.websocket.ping.many", circumstances=(DEFAULT, HTTP2))
async def pings_in_a_burst_are_answered_in_order(exchange: Exchange) -> None:
    """Of many pings that come at once the last one is answered, those before it in their order or not at all."""
    client, app = await exchange.open_websocket()
    attends(app)
    payloads = [b"ping %d" % number for number in range(10)]
    await client.send_raw(b"".join(encode(Frame(Opcode.PING, payload)) for payload in payloads))
    await last_pong(client, payloads)


async def last_pong(client: WebSocketClient, payloads: list[bytes]) -> None:
    """Expect pongs to these pings, in order and up to the last; some may be skipped."""
    left = iter(payloads)
    pong = None
    while pong != payloads[-1]:
        pong = await client.pong()
        expect(pong, "the payload of a pong").satisfies(
            f"is of one of the pings {payloads}, in their order", lambda payload: payload in left
        )
