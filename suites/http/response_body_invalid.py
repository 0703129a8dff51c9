"""Body messages that are none: refused, and never on the wire."""

from __future__ import annotations

import asyncio

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.control import encode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

from .messages import body, refused, seen, start, whole

WRONG_TYPES: dict[str, object] = {"int": 5, "list": [b"x"], "list-of-int": [65, 66], "dict": {"a": b"x"}, "bool": True}

NO_EVENTS: dict[str, object] = {
    "empty": {},
    "without-type": {"body": b""},
    "none-type": {"type": None},
    "bytes-type": {"type": b"http.response.body"},
    "none": None,
    "str": "http.response.body",
    "list": ["http.response.body"],
}


@case("http.response.body.str", circumstances=(DEFAULT, HTTP2))
async def text_is_no_body(exchange: Exchange) -> None:
    """A body of type str makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await refused(exchange, client, app, "the body 'text' of type str", body("text"))


@case("http.response.body.str", "in-a-stream", circumstances=(DEFAULT, HTTP2))
async def text_is_no_part_of_a_body(exchange: Exchange) -> None:
    """A str in the midst of a body makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start(), body(b"part", more=True))
    await refused(exchange, client, app, "the body 'text' of type str", body("text", more=True))


@case("http.response.body.wrong-type", each=WRONG_TYPES, circumstances=(DEFAULT, HTTP2))
async def what_holds_no_bytes_is_no_body(exchange: Exchange, content: object) -> None:
    """A body that is a number, a list or a dict makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await refused(exchange, client, app, f"the body {content!r}", body(content))


@case("http.response.body.none", circumstances=(DEFAULT, HTTP2))
async def none_is_refused_or_an_empty_body(exchange: Exchange) -> None:
    """The body None makes send() raise, or is taken for the empty one."""
    client, app = await exchange.dialogue()
    await app.send(start())
    if await app.try_send(body(None)) is None:
        await whole(client, app, 200, b"")
    await exchange.still_serves()


@case(
    "http.response.body.bytes-like",
    each={"bytearray": odd("bytearray", b"faithful"), "memoryview": odd("memoryview", b"faithful")},
    circumstances=(DEFAULT, HTTP2),
)
async def bytes_like_bodies_are_sent_or_refused(exchange: Exchange, content: object) -> None:
    """A body that is like bytes is sent as it is, or makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    raised = await app.try_send(body(content))
    if raised is not None:
        await exchange.still_serves()
        raise exchange.observed(f"for {content!r} as the body, send() raised {raised}")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"faithful")
    raise exchange.observed(f"it sends {content!r} as the body")


@case(
    "http.response.body.more-body.wrong-type",
    each={"str": "no", "int": 1, "none": None},
    circumstances=(DEFAULT, HTTP2),
)
async def more_body_that_is_no_bool_is_refused(exchange: Exchange, more: object) -> None:
    """A more_body that is no bool makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    message = {"type": "http.response.body", "body": b"x", "more_body": more}
    await refused(exchange, client, app, f"the more_body {more!r}", message)


@case("http.response.body.before-start", circumstances=(DEFAULT, HTTP2))
async def a_body_before_the_start_is_refused(exchange: Exchange) -> None:
    """A body message before the response start makes send() raise, and gives the client no bytes without a head."""
    client, app = await exchange.dialogue()
    raised = await app.try_send(body(b"headless"))
    if raised is None:
        raise Broken(
            "send() raises an exception for a body before the response start",
            f"send() returned without one, and {await seen(exchange, client)}",
        )
    await app.fail(error="last")
    try:
        response = await asyncio.wait_for(client.response(), exchange.patience.quiet)
    except asyncio.TimeoutError:
        pass  # That an exception before the start ends the request is http.app.raises-before-start.
    except Broken as broken:
        expect(broken.observed, "what the client saw").lacks("headless")
    else:
        expect(response.body, "the response's body").lacks(b"headless")
        expect(response.status, "the status").satisfies("is that of an error", lambda status: status >= 400)
    await exchange.still_serves()


@case("http.response.body.missing-type", each=NO_EVENTS, circumstances=(DEFAULT, HTTP2))
async def what_is_no_event_is_refused(exchange: Exchange, event: object) -> None:
    """What is no dict, or has no type that is a str, makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await refused(exchange, client, app, f"the event {show(event)}", event)


@case("http.response.body.missing-type", "no-argument")
async def send_wants_an_event(exchange: Exchange) -> None:
    """Calling send() without an event raises."""
    _, app = await exchange.dialogue()
    await app.send(start())
    raised = await app.tell("send-arguments", what="send() without an event", arguments=encode([])).outcome()
    expect(raised, "the exception out of send() without an event").is_present()
    await exchange.still_serves()
