"""``websocket.close`` on an open WebSocket: what the client sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.clients.websocket import CloseSeen, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.step import Raised, Step
from asgi_conformance.verdict import Broken

from ..beside import beside
from .conversation import Message, close, closing_with, leave_when_closed, numbered, sent, text, told, until_closed
from .sending import comes

T = TypeVar("T")

CODES = {str(code): code for code in (1000, 1001, 1003, 1007, 1008, 1011, 3000, 4001, 4999)}
NOT_SENDABLE = {
    str(code) if code >= 0 else "negative": code for code in (-1, 0, 999, 1004, 1005, 1006, 1015, 5000, 65536 + 1000)
}
CODE_OF_WRONG_TYPE: dict[str, object] = {"str": "1000", "float": 1000.5, "bytes": b"\x03\xe8", "list": [1000]}
REASONS = {"ascii": "over and out", "beyond-ascii": "går 😀", "123-bytes": "é" * 61 + "x"}
TOO_LONG = {"ascii": "x" * 200, "two-byte-characters": "é" * 100, "four-byte-characters": "😀" * 60}
REASON_OF_WRONG_TYPE: dict[str, object] = {"bytes": b"x", "int": 5, "list": ["x"]}
EMPTY_REASONS = {"with-a-code": close(code=4000), "without-a-code": close()}


async def closes(exchange: Exchange, event: Message) -> CloseSeen:
    """Have the application of an open WebSocket send this event, which is valid; the close frame that the client gets.

    Raises:
        Broken: send() raised, or the connection ended without a close frame.
        TimedOut: no close frame came.
    """
    client, app = await exchange.open_websocket()
    return await closed_by(client, app, event)


async def closed_by(client: WebSocketClient, app: Call, event: Message) -> CloseSeen:
    """Have the application send a valid ``websocket.close``; the close frame that the client gets, and answers.

    The send() may end only with that answer. Raises as :func:`closes`.
    """
    sending = app.begin_send(event, beside=True)
    async with until_either(client.close_frame(), sending) as reading:
        if sending.done and not reading.done():
            await sending.result()
        seen = await reading
        leave_when_closed(client)
        await sending.result()
        return seen


@asynccontextmanager
async def until_either(awaited: Coroutine[Any, Any, T], sending: Step) -> AsyncIterator[asyncio.Future[T]]:
    """Let the client await something while a send() is under way; the block begins when either has ended."""
    async with beside(awaited) as reading:
        either: set[asyncio.Future[Any]] = {reading, sending.answer}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        yield reading


async def closing(exchange: Exchange, event: Message) -> tuple[Raised | None, CloseSeen | None]:
    """Have the application send an event that may be refused, and return; what send() raised, and how it all ended.

    The WebSocket has to end unless send() raised; then it may be left open, and the second is None. The server has to
    go on serving.

    Raises:
        Broken: something came that a server must not send, such as a close frame with a code that no frame may have.
        TimedOut: the WebSocket was left open though send() had not raised.
    """
    client, app = await exchange.open_websocket()
    sending = app.begin_send(event, beside=True)
    async with until_either(until_closed(client), sending) as reading:
        if reading.done():
            await reading
        raised = await sending.outcome()
        if raised is not None:
            await app.finish()
            await asyncio.wait({reading}, timeout=exchange.patience.prompt)
        seen = await reading if raised is None or reading.done() else None
    await exchange.still_serves()
    return raised, seen


@case("websocket.close.after-accept.code", each=CODES, circumstances=EVERY_WEBSOCKET)
async def the_code_goes_out(exchange: Exchange, code: int) -> None:
    """A websocket.close with a code closes the WebSocket with that code."""
    seen = await closes(exchange, close(code=code))
    expect(seen.code, "the code of the close frame").equals(code)


@case("websocket.close.after-accept.code", "after-messages", circumstances=EVERY_WEBSOCKET)
async def the_code_goes_out_after_a_conversation(exchange: Exchange) -> None:
    """A websocket.close with a code closes a WebSocket over which messages went both ways, one of them unread."""
    client, app = await exchange.open_websocket()
    await client.send_text("hello")
    await app.receive()
    await app.send(text("goodbye"))
    await comes(client, "goodbye")
    await client.send_text("unread")
    expect((await closed_by(client, app, close(code=4001))).code, "the code of the close frame").equals(4001)


@case("websocket.close.after-accept.code", "while-receiving", circumstances=EVERY_WEBSOCKET)
async def the_code_goes_out_beside_a_receive(exchange: Exchange) -> None:
    """A websocket.close with a code closes the WebSocket while another task of the application waits in receive()."""
    client, app = await exchange.open_websocket()
    app.begin_receive(beside=True)
    await app.ask("loop-works")
    expect((await closed_by(client, app, close(code=4001))).code, "the code of the close frame").equals(4001)


@case("websocket.close.after-accept.default-code", circumstances=EVERY_WEBSOCKET)
async def the_code_is_1000_by_default(exchange: Exchange) -> None:
    """A websocket.close without a code closes the WebSocket with 1000."""
    seen = await closes(exchange, close())
    expect(seen.code, "the code of the close frame").equals(1000)


@case("websocket.close.after-accept.default-code", "with-a-reason", circumstances=(DEFAULT, HTTP2))
async def the_code_is_1000_beside_a_reason(exchange: Exchange) -> None:
    """A websocket.close with a reason and without a code closes the WebSocket with 1000."""
    seen = await closes(exchange, close(reason="over and out"))
    expect(seen.code, "the code of the close frame").equals(1000)


@case("websocket.close.code.none", circumstances=(DEFAULT, HTTP2))
async def a_code_of_none_is_refused_or_1000(exchange: Exchange) -> None:
    """A websocket.close whose code is None makes send() raise, or closes with 1000 as if it were missing."""
    raised, seen = await closing(exchange, close(code=None))
    if seen is not None and raised is None:
        expect(seen.code, "the code of the close frame").equals(1000)


@case("websocket.close.code.wrong-type", each=CODE_OF_WRONG_TYPE, circumstances=(DEFAULT, HTTP2))
async def a_code_that_is_no_int_is_refused(exchange: Exchange, code: object) -> None:
    """A websocket.close whose code is no integer makes send() raise."""
    await expect_refusal(exchange, f"the code {code!r}", close(code=code))


@case("websocket.close.code.not-sendable", each=NOT_SENDABLE, circumstances=(DEFAULT, HTTP2))
async def a_code_that_no_frame_may_have_is_not_sent(exchange: Exchange, code: int) -> None:
    """A websocket.close with a code that must not be sent makes send() raise, or closes with another one or none."""
    raised, seen = await closing(exchange, close(code=code))
    exchange.remark(f"send() raised {raised}" if raised else f"this was seen: {seen}")


@case("websocket.close.reason.sent", each=REASONS, circumstances=EVERY_WEBSOCKET, since="2.3")
async def the_reason_goes_out(exchange: Exchange, reason: str) -> None:
    """The reason of a websocket.close stands in the close frame."""
    seen = await closes(exchange, close(code=4000, reason=reason))
    expect(seen.reason, "the reason in the close frame").equals(reason)
    expect(seen.code, "the code of the close frame").equals(4000)


@case("websocket.close.reason.default", each=EMPTY_REASONS, circumstances=EVERY_WEBSOCKET)
async def the_reason_is_empty_by_default(exchange: Exchange, event: Message) -> None:
    """A websocket.close without a reason sends a close frame with an empty one."""
    seen = await closes(exchange, event)
    expect(seen.reason, "the reason in the close frame").equals("")


@case("websocket.close.reason.none", circumstances=EVERY_WEBSOCKET, since="2.3")
async def a_reason_of_none_is_an_empty_one(exchange: Exchange) -> None:
    """A websocket.close whose reason is None closes the WebSocket with its code and an empty reason."""
    seen = await closes(exchange, close(code=4000, reason=None))
    expect(seen.code, "the code of the close frame").equals(4000)
    expect(seen.reason, "the reason in the close frame").equals("")


@case("websocket.close.reason.too-long", each=TOO_LONG, circumstances=(DEFAULT, HTTP2), since="2.3")
async def a_reason_that_is_too_long_does_no_harm(exchange: Exchange, reason: str) -> None:
    """A reason over 123 bytes makes send() raise, or is cut to valid UTF-8 or left out; the WebSocket is closed."""
    raised, seen = await closing(exchange, close(code=4000, reason=reason))
    if seen is not None and raised is None:
        expect(seen.clean, "the WebSocket").is_true("is closed by a close frame", "the connection was cut without one")
        expect(reason, "the reason").satisfies(
            "begins with what stands in the close frame",
            lambda whole: whole.startswith(seen.reason),
            f"the reason in the close frame is {seen.reason!r}",
        )


@case("websocket.close.reason.wrong-type", each=REASON_OF_WRONG_TYPE, circumstances=(DEFAULT, HTTP2), since="2.3")
async def a_reason_that_is_no_str_is_refused(exchange: Exchange, reason: object) -> None:
    """A websocket.close whose reason is neither a str nor None makes send() raise."""
    await expect_refusal(exchange, f"the reason {reason!r}", close(reason=reason))


async def expect_refusal(exchange: Exchange, what: str, event: Message) -> None:
    """Expect that a websocket.close makes send() raise, and that the WebSocket ends all the same."""
    raised, seen = await closing(exchange, event)
    if seen is not None and raised is None:
        how = f"{seen.code} and the reason {seen.reason!r}" if seen.clean else "no close frame"
        raise Broken(f"send() raises an exception for {what}", f"it returned, and the WebSocket was closed with {how}")


@case("websocket.close.after-sends", circumstances=EVERY_WEBSOCKET)
async def messages_come_before_the_close(exchange: Exchange) -> None:
    """Messages that were sent right before a websocket.close come to the client before the close frame."""
    client, app = await exchange.open_websocket()
    many = numbered(50)
    sending = app.begin_send(*(sent(message) for message in many), close(code=4000))
    for message in many:
        await comes(client, message)
    seen = await client.close_frame()
    leave_when_closed(client)
    expect(list(client.messages), "the messages after these").equals([])
    expect(seen.code, "the code of the close frame").equals(4000)
    await sending.result()


@case("websocket.close.twice", circumstances=EVERY_WEBSOCKET)
async def a_second_close_does_nothing(exchange: Exchange) -> None:
    """A second websocket.close sends nothing; its send() returns or raises."""
    await nothing_after_close(exchange, close(code=4001))


async def nothing_after_close(exchange: Exchange, event: Message) -> None:
    """Expect that an event that the application sends after its own close sends nothing; its send() returns or raises.

    The client answers the close frame only when what was sent after it has had time to come.
    """
    client, app = await exchange.open_websocket()
    client.answers_close = False
    app.begin_send(close(code=4000), beside=True)
    seen = await client.close_frame()
    expect(seen.code, "the code of the close frame").equals(4000)
    sending = app.begin_send(event, beside=True)
    await app.ask("loop-works")
    await client.close(4000)
    await until_closed(client)
    expect([str(frame) for frame in client.after_close], "what came after the close frame").equals([])
    raised = await sending.outcome()
    exchange.remark(f"the second send() raised {raised}" if raised else "the second send() returned")
    await exchange.still_serves()


@case("websocket.close.extra-data-ignored", circumstances=EVERY_WEBSOCKET)
async def what_comes_after_the_close_is_dropped_or_delivered(exchange: Exchange) -> None:
    """A message that the client sends after the application's close is dropped, or delivered before the disconnect."""
    client, app = await exchange.open_websocket()
    client.answers_close = False
    app.begin_send(close(code=4000), beside=True)
    await client.close_frame()
    await client.send_text("too late")
    await closing_with(4000)(client)
    event = await app.event_of(app.begin_receive(beside=True))
    if event.get("type") == "websocket.receive":
        expect(event.get("text"), "the text of the message").equals("too late")
        await told(exchange, app, app.begin_receive(beside=True))
        raise exchange.observed("it delivers a message that came after the application's close")
    expect(event.get("type"), "the type of the event").equals("websocket.disconnect")
    again = app.begin_receive(beside=True)
    if not await again.pending_after(exchange.patience.quiet) and await again.outcome() is None:
        following = await app.event_of(again)
        expect(following.get("type"), "the type of an event after the disconnect").equals("websocket.disconnect")
    raise exchange.observed("it drops a message that came after the application's close")
