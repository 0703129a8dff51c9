"""The code and the reason of a ``websocket.disconnect``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.shaped import shape_cases
from asgi_conformance.verdict import Broken

from .conversation import LOSSES, VIOLATIONS, Leave, close, closing_with, leave_when_closed, told

CODES = {str(code): code for code in (1000, 1001, 1008, 1011, 3000, 3999, 4000, 4999)}
REASONS = {"ascii": "bye", "beyond-ascii": "bye é 😀", "123-bytes": "é" * 61 + "x"}
#: Close frames without a reason, by their code; None for an empty one.
WITHOUT_REASON: dict[str, int | None] = {"with-a-code": 1000, "without-a-code": None}


async def of_leaving(exchange: Exchange, leave: Leave) -> Mapping[str, Any]:
    """The event that tells the application of a client that left in this way."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await leave(client)
    return await told(exchange, app, waiting)


async def of_own_close(exchange: Exchange) -> Mapping[str, Any]:
    """The event that tells the application of its own close, which the client has answered."""
    client, app = await exchange.open_websocket()
    app.begin_send(close(code=3001), beside=True)
    waiting = app.begin_receive(beside=True)
    await client.close_frame()
    leave_when_closed(client)
    return await told(exchange, app, waiting)


def event_of(leave: Leave) -> Callable[[Exchange], Awaitable[Mapping[str, Any]]]:
    """Let a case get the event for a client that leaves in this way."""

    async def event(exchange: Exchange) -> Mapping[str, Any]:
        return await of_leaving(exchange, leave)

    return event


#: Every way in which a WebSocket ends, with the event that tells of it.
ENDS: dict[str, Callable[[Exchange], Awaitable[Mapping[str, Any]]]] = {
    "close-frame": event_of(closing_with(1000)),
    "empty-close-frame": event_of(closing_with(None)),
    **{name: event_of(lose) for name, lose in LOSSES.items()},
    **{name: event_of(violate) for name, violate in VIOLATIONS.items()},
    "own-close": of_own_close,
}


@case("websocket.disconnect.code.present", each=ENDS, circumstances=EVERY_WEBSOCKET)
async def there_is_a_code(exchange: Exchange, ends: Callable[[Exchange], Awaitable[Mapping[str, Any]]]) -> None:
    """However a WebSocket ends, websocket.disconnect has a code, and it is an int."""
    event = await ends(exchange)
    if "code" not in event:
        raise Broken("websocket.disconnect has a code", f"its keys are {sorted(map(str, event))}")
    expect(event["code"], "the code").is_a(int)


@case("websocket.disconnect.code.value", each=CODES, circumstances=EVERY_WEBSOCKET)
async def the_code_is_that_of_the_client(exchange: Exchange, code: int) -> None:
    """The code of websocket.disconnect is the one in the client's close frame."""
    event = await of_leaving(exchange, closing_with(code))
    expect(event.get("code"), "the code").equals(code)


@case("websocket.disconnect.code.value", "with-a-reason", circumstances=(DEFAULT, HTTP2))
async def the_code_is_that_beside_a_reason(exchange: Exchange) -> None:
    """The code of websocket.disconnect is the one in the client's close frame, also where that has a reason."""
    event = await of_leaving(exchange, closing_with(4000, "bye"))
    expect(event.get("code"), "the code").equals(4000)


@case("websocket.disconnect.code.value", "own-close", circumstances=EVERY_WEBSOCKET)
async def the_code_is_that_of_the_answer(exchange: Exchange) -> None:
    """After the application's own close the code of websocket.disconnect is the one in the client's answer to it.

    A server that tells of the end before the answer has come has none to give: 1005 and 1006 say so.
    """
    event = await of_own_close(exchange)
    expect(event.get("code"), "the code").is_one_of((3001, 1005, 1006))
    if event.get("code") != 3001:
        exchange.remark(f"after a close with 3001, which the client answered, the code is {event.get('code')}")


@case("websocket.disconnect.code.1005", circumstances=EVERY_WEBSOCKET)
async def a_frame_without_a_code_gives_1005(exchange: Exchange) -> None:
    """When the client's close frame has no code, the code of websocket.disconnect is 1005."""
    event = await of_leaving(exchange, closing_with(None))
    expect(event.get("code"), "the code").equals(1005)


@case("websocket.disconnect.code.1006", each=LOSSES, circumstances=EVERY_WEBSOCKET)
async def a_lost_connection_gives_1006(exchange: Exchange, lose: Leave) -> None:
    """When the connection is lost without a close frame, the code of websocket.disconnect is 1006.

    The document says so by way of the WebSocket protocol only; 1005, which it names for a frame without a code, can be
    read into it, and is a warning like all that breaks a "should".
    """
    event = await of_leaving(exchange, lose)
    expect(event.get("code"), "the code").equals(1006)


async def a_close_with_a_reason(exchange: Exchange) -> None:
    """A WebSocket that the client closes with a reason."""
    await of_leaving(exchange, closing_with(4000, "bye"))


shape_cases(
    {"websocket.disconnect.reason.type": "The reason of websocket.disconnect, where there is one, is a str."},
    a_close_with_a_reason,
    circumstances=EVERY_WEBSOCKET,
)


@case("websocket.disconnect.reason.value", each=REASONS, circumstances=EVERY_WEBSOCKET)
async def the_reason_is_that_of_the_client(exchange: Exchange, reason: str) -> None:
    """The reason of websocket.disconnect is the one in the client's close frame.

    A server that claims less than 2.5 may leave it out.
    """
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive()
    await closing_with(4000, reason)(client)
    event = await told(exchange, app, waiting)
    if event.get("reason") is None and app.spec_version < "2.5":
        raise exchange.not_applicable(
            f"the reason binds from version 2.5 on, the candidate declares {app.spec_version}, and gives none"
        )
    expect(event.get("reason"), "the reason").equals(reason)


@case("websocket.disconnect.reason.empty", each=WITHOUT_REASON, circumstances=EVERY_WEBSOCKET)
async def no_reason_is_an_empty_one(exchange: Exchange, code: int | None) -> None:
    """When the client gave no reason, the one of websocket.disconnect is empty, None or missing."""
    event = await of_leaving(exchange, closing_with(code))
    expect(event.get("reason") or "", "the reason").equals("")
