"""Events that an application cannot send in an http scope, and keys that the server does not know."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show

from .messages import Message, body, refused, start, whole

UNKNOWN: dict[str, str] = {
    "of-this-protocol": "http.x-unknown",
    "of-this-message": "http.response.x-unknown",
    "in-capitals": "HTTP.RESPONSE.BODY",
    "empty": "",
    "without-a-protocol": "x",
}
OTHER_PROTOCOLS: dict[str, Message] = {
    "websocket-accept": {"type": "websocket.accept"},
    "websocket-send": {"type": "websocket.send", "text": "x"},
    "websocket-close": {"type": "websocket.close", "code": 1000},
    "lifespan": {"type": "lifespan.startup.complete"},
}
#: Keys that no document gives a meaning in these messages.
EXTRA: dict[str, object] = {"x-extra": "1", "reason": "none", "x-deep": {"a": [1, None]}}
EXTENDED: dict[str, tuple[Message, Message]] = {
    "start": (start(headers=[(b"content-length", b"5")], **EXTRA), body(b"whole")),
    "body": (start(headers=[(b"content-length", b"5")]), {**body(b"whole"), **EXTRA}),
    "both-without-length": (start(headers=[], **EXTRA), {**body(b"whole"), **EXTRA}),
}


@case("http.error.unknown-type", "before-start", each=UNKNOWN, circumstances=(DEFAULT, HTTP2))
async def an_unknown_first_event_is_refused(exchange: Exchange, kind: str) -> None:
    """An event of a type that nobody knows makes send() raise before the response start."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"the type {kind!r} before the response start", {"type": kind, "body": b""})


@case("http.error.unknown-type", "mid-response", each=UNKNOWN, circumstances=(DEFAULT, HTTP2))
async def an_unknown_event_in_the_midst_is_refused(exchange: Exchange, kind: str) -> None:
    """An event of a type that nobody knows makes send() raise in the midst of a response."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(b"part", more=True)
    await refused(exchange, client, app, f"the type {kind!r} within a response", {"type": kind, "body": b""})


@case("http.error.wrong-direction", "request", circumstances=(DEFAULT, HTTP2))
async def a_request_event_cannot_be_sent(exchange: Exchange) -> None:
    """The event http.request, which only the server sends, makes send() raise."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, "http.request", {"type": "http.request", "body": b"", "more_body": False})


@case("http.error.wrong-direction", "disconnect", circumstances=(DEFAULT, HTTP2))
async def a_disconnect_event_sent_is_refused_or_ignored(exchange: Exchange) -> None:
    """The event http.disconnect, sent by the application, makes send() raise, or is passed over in silence.

    asgiref's typing lists it among the events that an application sends, without a meaning in the text.
    """
    _, app = await exchange.dialogue()
    raised = await app.try_send({"type": "http.disconnect"})
    await exchange.still_serves()
    if raised is None:
        await app.finish()
        raise exchange.observed("send() of http.disconnect returns without an exception")


@case("http.error.wrong-protocol", each=OTHER_PROTOCOLS, circumstances=(DEFAULT, HTTP2))
async def an_event_of_another_protocol_is_refused(exchange: Exchange, event: Message) -> None:
    """An event of another protocol makes send() raise in an http scope."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"{show(event)} in an http scope", event)


@case("http.error.extra-keys", each=EXTENDED, circumstances=EVERY_HTTP)
async def unknown_keys_change_nothing(exchange: Exchange, messages: tuple[Message, Message]) -> None:
    """Response messages with keys that nobody knows are sent as they would be without them."""
    client, app = await exchange.dialogue()
    await app.send(*messages)
    response = await whole(client, app, 200, b"whole")
    if any(name.lower().startswith((b"x-", b"reason")) for name, _ in response.headers):
        exchange.remark(f"the response has fields of these keys: {show(response.headers)}")
