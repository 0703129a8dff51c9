"""Denial events out of order: none after them, none after the acceptance, no body before the start, none missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.suites.websocket.handshakes import ACCEPT, CLOSE, gives_up, http_under, not_accepted
from asgi_conformance.verdict import Broken

from .denials import EXTENSION, Message, asked, body, start

SEND: Message = {"type": "websocket.send", "text": "after the denial"}
AFTERWARDS: dict[str, Message] = {"accept": ACCEPT, "send": SEND, "close": CLOSE}
TOO_LATE: dict[str, Message] = {"start": start(), "body": body(b"too late")}
ENDINGS: dict[str, Callable[[Call], Awaitable[object]]] = {"returns": Call.finish, "raises": Call.fail}


@case(
    "extension.websocket-denial.no-websocket-events-after",
    "after-start",
    each=AFTERWARDS,
    circumstances=(DEFAULT, HTTP2),
    extension=EXTENSION,
)
async def no_websocket_event_counts_after_the_start(exchange: Exchange, event: Message) -> None:
    """After a denial start, other events are refused or passed over: the handshake is not accepted any more."""
    client, app = await asked(exchange)
    await app.send(start())
    await app.try_send(event)
    await app.try_send(body(b"no"))
    app.end_by_return()
    await not_accepted(exchange, client)
    await exchange.still_serves()


@case(
    "extension.websocket-denial.no-websocket-events-after",
    "after-the-end",
    each=AFTERWARDS,
    circumstances=(DEFAULT, HTTP2),
    extension=EXTENSION,
)
async def no_websocket_event_counts_after_the_end(exchange: Exchange, event: Message) -> None:
    """After a complete denial response, other events do nothing: the client got the response, and no more."""
    client, app = await asked(exchange)
    await app.send(start(), body(b"no"))
    await app.try_send(event)
    app.end_by_return()
    response = await http_under(client).response()
    expect(response.status, "the status of the answer to the handshake").equals(401)
    expect(response.body, "its body").equals(b"no")
    await exchange.still_serves()


@case("extension.websocket-denial.not-after-accept", each=TOO_LATE, circumstances=(DEFAULT, HTTP2), extension=EXTENSION)
async def a_denial_cannot_follow_the_acceptance(exchange: Exchange, event: Message) -> None:
    """After the acceptance a denial event makes send() raise, and nothing of it is on the wire."""
    client, app = await exchange.open_websocket()
    raised = await app.try_send(event)
    if await app.try_send({"type": "websocket.send", "text": "afterwards"}) is None:
        expect(await client.message(), "the first message that the client got").equals("afterwards")
    else:
        app.end_by_return()
        await client.closed()
    if raised is None:
        raise Broken(
            f"send() of {show(event)} raises an exception after websocket.accept", "send() returned without one"
        )
    await exchange.still_serves()


@case("extension.websocket-denial.start-only", each=ENDINGS, circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def a_start_alone_does_not_leave_the_client_waiting(
    exchange: Exchange, end: Callable[[Call], Awaitable[object]]
) -> None:
    """When the application ends after the denial start, the client gets an error response or the end."""
    client, app = await asked(exchange)
    await app.send(start())
    await end(app)
    await not_accepted(exchange, client)
    await exchange.still_serves()


@case("extension.websocket-denial.body-before-start", circumstances=EVERY_WEBSOCKET, extension=EXTENSION)
async def a_body_cannot_come_first(exchange: Exchange) -> None:
    """A denial body before the start makes send() raise."""
    client, app = await asked(exchange)
    if await app.try_send(body(b"first")) is None:
        app.end_by_return()
        response = await not_accepted(exchange, client)
        seen = "the connection was ended" if response is None else f"the client got {response.status}"
        raise Broken(
            "send() of a denial body before the start raises an exception", f"send() returned without one, and {seen}"
        )
    await gives_up(exchange, client, app)
