"""What becomes of an event that the server refuses: where the exception comes out, and that nothing else does."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken, TimedOut

from ..http.messages import Message, body, start
from ..leaving import ending

#: A mark that only an invalid event holds.
MARK = "xinvalidx"
HEADS: list[Message] = [start(headers=[])]
STREAM: list[Message] = [start(headers=[]), body(b"part", more=True)]

#: What was sent before, and an event that is invalid then and has :data:`MARK` in it.
MARKED: dict[str, tuple[list[Message], Message]] = {
    "text-body": (HEADS, body(MARK)),
    "text-in-a-stream": (STREAM, body(MARK, more=True)),
    "body-before-start": ([], body(MARK.encode(), more=True)),
    "start-with-text-headers": ([], start(headers=[("x-mark", MARK)])),
    "start-with-a-line-break": ([], start(headers=[(b"x-mark", b"a\r\n" + MARK.encode() + b": b")])),
    "start-twice": (STREAM, start(headers=[(b"x-mark", MARK.encode())])),
    "unknown-type": (STREAM, {"type": "http.x-unknown", "body": MARK.encode()}),
}
#: Invalid events of every kind, with what was sent before.
INVALID: dict[str, tuple[list[Message], object]] = {
    "no-dict": ([], None),
    "no-type": ([], {}),
    "unknown-type": ([], {"type": "http.x-unknown"}),
    "unserialisable-type": ([], {"type": odd("object")}),
    "other-protocol": ([], {"type": "websocket.send", "text": "x"}),
    "no-status": ([], {"type": "http.response.start", "headers": []}),
    "text-status": ([], start(status="200", headers=[])),
    "status-below-all": ([], start(status=99, headers=[])),
    "status-above-all": ([], start(status=1000, headers=[])),
    "huge-status": ([], start(status=2**70, headers=[])),
    "negative-status": ([], start(status=-1, headers=[])),
    "headers-none": ([], start(headers=None)),
    "headers-number": ([], start(headers=5)),
    "headers-text": ([], start(headers=[("a", "b")])),
    "header-triple": ([], start(headers=[(b"a", b"b", b"c")])),
    "header-name-empty": ([], start(headers=[(b"", b"b")])),
    "header-name-not-a-token": ([], start(headers=[(b"bad name", b"b")])),
    "header-value-with-nul": ([], start(headers=[(b"a", b"\x00")])),
    "header-value-with-line-break": ([], start(headers=[(b"a", b"b\r\nc: d")])),
    "length-not-a-number": ([], start(headers=[(b"content-length", b"many")])),
    "body-before-start": ([], body(b"x")),
    "start-twice": (HEADS, start(headers=[])),
    "text-body": (HEADS, body("text")),
    "number-body": (HEADS, body(5)),
    "list-body": (HEADS, body([1, 2])),
    "object-body": (HEADS, body(odd("object"))),
}


@case("core.error.send.raised-by-await", each={"first": [], "in-a-stream": STREAM}, circumstances=EVERY_HTTP)
async def the_exception_is_that_of_the_invalid_event(exchange: Exchange, before: list[Message]) -> None:
    """The exception for an invalid event comes out of awaiting that very send(), not out of the next, valid one.

    A server that raises for it nowhere is told so by the requirements about each invalid event.
    """
    _, app = await exchange.dialogue()
    if before:
        await app.send(*before)
    if await app.try_send({"type": "http.x-unknown"}) is not None:
        return
    following = await app.try_send(body(b"valid", more=True) if before else start(headers=[]))
    if following is not None and not following.is_cancellation:
        raise Broken(
            "the exception for an invalid event comes out of its own send()",
            f"that one returned, and the send() of a valid event after it raised {following}",
        )
    raise exchange.not_applicable("no exception came out of send() for an invalid event")


@case("core.error.send.nothing-on-wire", each=MARKED, circumstances=(DEFAULT, HTTP2))
async def nothing_of_a_refused_event_is_sent(exchange: Exchange, events: tuple[list[Message], Message]) -> None:
    """Nothing of an event for which send() raised reaches the client, whatever becomes of its connection.

    What a server does with an event that it does not refuse is the matter of the requirement about that event.
    """
    before, invalid = events
    client, app = await exchange.dialogue()
    if before:
        await app.send(*before)
    raised = await app.try_send(invalid)
    if raised is None:
        raise exchange.not_applicable("the event was not refused")
    await app.finish()
    try:
        answer = await ending(exchange, client)
    except TimedOut:  # the matter of http.app.returns-after-start; what has come by now is all that comes
        answer = None
    seen = came(exchange) + b"".join(name + value for name, value in (answer.headers if answer else ()))
    if MARK.encode() in seen:
        raise Broken("nothing of an event that was refused is sent", f"send() raised {raised}; this came: {show(seen)}")


def came(exchange: Exchange) -> bytes:
    """The bytes that came to the clients of the exchange."""
    entries = exchange.trace.entries()
    return b"".join(bytes.fromhex(entry["hex"] or "") for entry in entries if entry["kind"] == "bytes-in")


@case("core.error.send.server-survives", each=INVALID, circumstances=(DEFAULT, HTTP2), exclusive=True)
async def an_invalid_event_stops_no_server(exchange: Exchange, events: tuple[list[Message], object]) -> None:
    """After an invalid event, whose exception comes out of the application, the server goes on serving."""
    before, invalid = events
    _, app = await exchange.dialogue()
    if before:
        await app.send(*before)
    raised = await app.begin_send(invalid, propagate=True).outcome()
    await (app.over() if raised is not None else app.finish())
    await exchange.still_serves()
