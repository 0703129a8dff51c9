"""The closing handshake, from either side (RFC 6455 § 5.5.1, § 7.1)."""

from __future__ import annotations

from contextlib import suppress

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..websocket.closing import nothing_after_close
from ..websocket.conversation import close, leave_when_closed, text, until_closed
from .failing import attends, expect_clean, talking

CLOSES: dict[str, bytes] = {
    "1000": b"\x03\xe8",
    "3000": b"\x0b\xb8",
    "with-a-reason": b"\x03\xe8" + "bye é 😀".encode(),
    "with-the-longest-reason": b"\x03\xe8" + b"x" * 123,
    "empty": b"",
}

#: How often a close that takes a while to be answered is tried: more than a second goes by with that.
MOMENTS = 3


@case("rfc.websocket.close.echo", each=CLOSES, circumstances=EVERY_WEBSOCKET)
async def a_close_frame_is_answered(exchange: Exchange, payload: bytes) -> None:
    """A close frame is answered with one with the same code, an empty one with an empty one or 1000.

    Another code that may be sent is no more than a warning.
    """
    client, app = await talking(exchange)
    attends(app)
    await client.send_frame(Frame(Opcode.CLOSE, payload))
    await answered(exchange, client, int.from_bytes(payload[:2], "big") or None)


@case("rfc.websocket.close.echo", "while-idle", circumstances=(DEFAULT, HTTP2))
async def a_close_frame_is_answered_beside_an_idle_application(exchange: Exchange) -> None:
    """A close frame is answered as soon as practical, also while the application receives nothing.

    That the answer waits for the application is no more than a warning.
    """
    client, _ = await talking(exchange)
    await client.close(1000)
    client.deadline = exchange.patience.prompt
    try:
        seen = await client.failed()
    except TimedOut as late:
        raise Broken("a close frame is answered as soon as practical", late.observed, level=Level.SHOULD) from None
    leave_when_closed(client)
    expect_clean(seen)


async def answered(exchange: Exchange, client: WebSocketClient, code: int | None) -> None:
    """Expect that a close frame with this code, or an empty one, is answered soon with a close frame."""
    client.deadline = exchange.patience.prompt
    seen = await client.failed()
    leave_when_closed(client)
    if not seen.clean:
        raise Broken("a close frame is answered with a close frame", f"the connection was {seen.ended} without one")
    usual = (code,) if code else (None, 1000)
    expect(seen.code, "the code of the answer").weakly().is_one_of(usual)


@case("rfc.websocket.close.echo", "within-a-message", circumstances=(DEFAULT, HTTP2))
async def a_close_frame_between_fragments_is_answered(exchange: Exchange) -> None:
    """A close frame in the middle of a fragmented message is answered as any other."""
    client, app = await talking(exchange)
    attends(app)
    await client.send_frame(Frame(Opcode.TEXT, b"unfinished", fin=False))
    await client.close(1000)
    await answered(exchange, client, 1000)


@case("rfc.websocket.close.echo", "behind-messages", circumstances=(DEFAULT, HTTP2))
async def a_close_frame_behind_messages_is_answered(exchange: Exchange) -> None:
    """A close frame that comes in one piece with messages and a ping before it is answered."""
    client, app = await talking(exchange)
    attends(app)
    frames = [Frame(Opcode.TEXT, b"last words"), Frame(Opcode.PING, b"?"), Frame(Opcode.CLOSE, CLOSES["1000"])]
    await client.send_raw(b"".join(map(encode, frames)))
    client.close_sent = True
    await answered(exchange, client, 1000)


@case("rfc.websocket.close.tcp-by-server", "client-closes", circumstances=EVERY_WEBSOCKET_AND_TLS, revision=2)
async def the_server_ends_the_connection_that_a_client_closed(exchange: Exchange) -> None:
    """When it has answered the client's close frame, the server ends the connection, or the stream, by itself."""
    client, app = await talking(exchange)
    attends(app)
    await client.close(1000)
    await ended_by_server(exchange, client)


@case("rfc.websocket.close.tcp-by-server", "application-closes", circumstances=EVERY_WEBSOCKET_AND_TLS, revision=2)
async def the_server_ends_the_connection_that_it_closed(exchange: Exchange) -> None:
    """When the client has answered its close frame, the server ends the connection, or the stream, by itself."""
    client, app = await talking(exchange)
    attends(app)
    app.begin_send(close(code=1000), beside=True)
    await ended_by_server(exchange, client)


async def ended_by_server(exchange: Exchange, client: WebSocketClient) -> None:
    """Expect the end of the connection after both close frames; none at once, but when it has idled, is a warning."""
    await client.close_frame()
    client.deadline = exchange.patience.prompt
    try:
        seen = await client.closed()
    except TimedOut as late:
        raise Broken("the server closes the connection at once", late.observed, level=Level.SHOULD) from None
    await client.drop()
    expect_clean(seen)


@case("rfc.websocket.close.nothing-after-close", "application-closes", circumstances=(DEFAULT, HTTP2))
async def nothing_follows_the_close_of_the_application(exchange: Exchange) -> None:
    """After the close frame that the application asked for, no message of the application's goes out."""
    await nothing_after_close(exchange, text("too late"))


@case("rfc.websocket.close.nothing-after-close", "client-closes", circumstances=(DEFAULT, HTTP2))
async def nothing_follows_the_answer_to_a_close(exchange: Exchange) -> None:
    """When the client closes while the application sends one message after the other, none follows the answer."""
    client, app = await talking(exchange)
    attends(app)
    app.begin_flood(text("flood"), 2000)
    await client.message()
    await client.close(1000)
    seen = await client.failed()
    expect_clean(seen)
    client.deadline = exchange.patience.quiet
    with suppress(TimedOut):  # an end that is late is the matter of tcp-by-server
        await until_closed(client)
    expect([str(frame) for frame in client.after_close], "what came after the close frame").equals([])


@case("rfc.websocket.close.waits-for-peer", circumstances=(DEFAULT, HTTP2), revision=2)
async def the_server_waits_for_the_answer_to_its_close(exchange: Exchange) -> None:
    """After its close frame the server leaves the connection open until the answer comes, which may take a while.

    Asked at several moments: what a server that goes by whole seconds grants hangs on when the second ends.
    """
    for _ in range(MOMENTS):
        client, app = await talking(exchange)
        client.answers_close = False
        app.begin_send(close(code=1000), beside=True)
        await client.close_frame()
        client.deadline = exchange.patience.quiet * 2
        try:
            ended = (await client.closed()).ended
        except TimedOut:
            ended = None
        expect(ended, "what the server did to the connection before the client answered").is_none()
        client.deadline = exchange.patience.deadline
        await client.close(1000)
        await until_closed(client)


@case(
    "rfc.websocket.close.simultaneous",
    each={"at-once": False, "crossing": True},
    circumstances=(DEFAULT, HTTP2),
    revision=2,
)
async def both_sides_may_close_at_once(exchange: Exchange, crossing: bool) -> None:
    """When both sides close at once there is one close frame of the server, and the end.

    At once: the client's is on its way when the application closes. Crossing: the server's is out, and the client has
    not read it. That the end is missing is the weaker breach.
    """
    client, app = await talking(exchange)
    client.answers_close = False
    attends(app)
    client.deadline = exchange.patience.prompt
    if crossing:
        app.begin_send(close(code=4001), beside=True)
        await app.ask("loop-works")
        await client.close(1000)
    else:
        await client.close(1000)
        app.begin_send(close(code=4001), beside=True)
    try:
        seen = await until_closed(client)
    except TimedOut as late:  # no later than promptly, as rfc.websocket.close.tcp-by-server has it
        raise Broken(late.expected, late.observed, level=Level.SHOULD) from None
    expect_clean(seen)
    expect(seen.code, "the code of the close frame").is_one_of((1000, 4001))
    expect([str(frame) for frame in client.after_close], "what came after the close frame").equals([])
    await exchange.still_serves()


@case("rfc.websocket.close.internal-error", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def a_failing_application_closes_with_1011(exchange: Exchange) -> None:
    """When the application raises, the client gets a close frame with 1011."""
    client, app = await talking(exchange)
    app.tell("raise", error="exception", text="the application was told to fail")
    seen = await client.failed()
    leave_when_closed(client)
    expect_clean(seen)
    expect(seen.code, "the code of the close frame").equals(1011)
    await exchange.still_serves()
