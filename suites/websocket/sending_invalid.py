"""Events that are not valid on a WebSocket: ``send()`` raises, and nothing of them reaches the client."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

from .conversation import Message, close, data, messages, refused, text
from .handshakes import not_accepted

BOTH: dict[str, Message] = {
    "contents": text("a", bytes=b"b"),
    "empty-bytes": text("a", bytes=b""),
    "empty-text": data(b"b", text=""),
}
NEITHER: dict[str, Message] = {
    "no-key": {"type": "websocket.send"},
    "none": {"type": "websocket.send", "text": None, "bytes": None},
    "text-none": text(None),
    "bytes-none": data(None),
}
TEXT_OF_WRONG_TYPE: dict[str, object] = {"bytes": b"x", "int": 5, "zero": 0, "list": ["x"], "dict": {}, "false": False}
BYTES_OF_WRONG_TYPE: dict[str, object] = {"str": "x", "empty-str": "", "int": 5, "list": [65, 66], "false": False}
#: Objects with the interface of bytes: whether they are a byte string is unclear.
BYTES_LIKE = {"bytearray": odd("bytearray", b"bytes-like"), "memoryview": odd("memoryview", b"bytes-like")}
UNKNOWN: dict[str, Message] = {
    "of-websocket": {"type": "websocket.x-unknown", "text": "x"},
    "of-nothing": {"type": "x-unknown"},
    "empty": {"type": "", "text": "x"},
    "other-letter-case": {"type": "WebSocket.Send", "text": "x"},
}
NO_TYPE: dict[str, object] = {
    "empty-dict": {},
    "only-text": {"text": "x"},
    "type-none": {"type": None, "text": "x"},
    "type-bytes": {"type": b"websocket.send", "text": "x"},
    "none": None,
    "list": ["websocket.send"],
    "str": "websocket.send",
}
#: No server answers so by itself.
MARKED_STATUS = 499
OF_HTTP: dict[str, Message] = {
    "start": {"type": "http.response.start", "status": MARKED_STATUS, "headers": [(b"x-mark", b"of http")]},
    "body": {"type": "http.response.body", "body": b"of http"},
}
OF_LIFESPAN: Message = {"type": "lifespan.startup.complete"}
RECEIVED: dict[str, Message] = {
    "connect": {"type": "websocket.connect"},
    "receive": {"type": "websocket.receive", "text": "x"},
    "disconnect": {"type": "websocket.disconnect", "code": 1000},
}
SHARED = (DEFAULT, HTTP2)


@case("websocket.send.both", each=BOTH, circumstances=SHARED)
async def a_text_and_bytes_are_refused(exchange: Exchange, event: Message) -> None:
    """A websocket.send with both text and bytes makes send() raise, and sends nothing."""
    await refused_when_open(exchange, "both text and bytes", event)


@case("websocket.send.neither", each=NEITHER, circumstances=SHARED)
async def nothing_to_send_is_refused(exchange: Exchange, event: Message) -> None:
    """A websocket.send with neither text nor bytes makes send() raise, and sends nothing."""
    await refused_when_open(exchange, "neither text nor bytes", event)


@case("websocket.send.text-wrong-type", each=TEXT_OF_WRONG_TYPE, circumstances=SHARED)
async def a_text_of_wrong_type_is_refused(exchange: Exchange, content: object) -> None:
    """A websocket.send whose text is no str makes send() raise, and sends nothing."""
    await refused_when_open(exchange, f"the text {content!r}", text(content))


@case("websocket.send.bytes-wrong-type", each=BYTES_OF_WRONG_TYPE, circumstances=SHARED)
async def bytes_of_wrong_type_are_refused(exchange: Exchange, content: object) -> None:
    """A websocket.send whose bytes are no byte string makes send() raise, and sends nothing."""
    await refused_when_open(exchange, f"the bytes {content!r}", data(content))


@case("websocket.send.bytes-wrong-type", each=BYTES_LIKE, circumstances=SHARED)
async def what_is_like_bytes_is_sent_or_refused(exchange: Exchange, content: object) -> None:
    """A websocket.send of a bytearray or memoryview makes send() raise, or sends its content."""
    client, app = await exchange.open_websocket()
    raised = await app.try_send(data(content))
    app.begin_send(close())
    app.end_by_return()
    came = await messages(exchange, client)
    if came != ([] if raised else [b"bytes-like"]):
        raise Broken(
            f"the bytes {content!r} are sent, or make send() raise",
            f"send() {f'raised {raised}' if raised else 'returned'}, and the client got {show(came)}",
        )
    await exchange.still_serves()


@case("websocket.send.lone-surrogate", each={"alone": "\ud800", "in-a-text": "ab\udfffc"}, circumstances=SHARED)
async def a_lone_surrogate_is_refused(exchange: Exchange, content: str) -> None:
    """A text that UTF-8 cannot hold makes send() raise, and sends nothing."""
    await refused_when_open(exchange, f"the text {content!r}", text(content))


@case("websocket.error.unknown-type", each=UNKNOWN, circumstances=SHARED)
async def an_unknown_type_is_refused(exchange: Exchange, event: Message) -> None:
    """On an open WebSocket an event of unknown type makes send() raise."""
    await refused_when_open(exchange, f"the type {event['type']!r}", event)


@case("websocket.error.missing-type", each=NO_TYPE, circumstances=SHARED)
async def what_has_no_type_is_refused(exchange: Exchange, event: object) -> None:
    """On an open WebSocket something without a type, or that is no dict, makes send() raise."""
    await refused_when_open(exchange, f"the event {event!r}", event)


@case("websocket.error.wrong-protocol", each={**OF_HTTP, "lifespan": OF_LIFESPAN}, circumstances=SHARED)
async def an_event_of_another_protocol_is_refused(exchange: Exchange, event: Message) -> None:
    """On an open WebSocket an event of HTTP or of the lifespan makes send() raise."""
    await refused_when_open(exchange, f"an event of the type {event['type']!r}", event)


@case("websocket.error.wrong-direction", each=RECEIVED, circumstances=SHARED)
async def what_is_received_cannot_be_sent(exchange: Exchange, event: Message) -> None:
    """On an open WebSocket an event that only a server gives makes send() raise."""
    await refused_when_open(exchange, f"an event of the type {event['type']!r}", event)


@case("websocket.error.unknown-type", "before-accept", circumstances=SHARED)
async def an_unknown_type_accepts_nothing(exchange: Exchange) -> None:
    """Before the accept an event of unknown type makes send() raise, and the handshake is not completed."""
    await refused_in_handshake(exchange, "the type 'websocket.x-unknown'", UNKNOWN["of-websocket"])


@case("websocket.error.wrong-protocol", "before-accept", circumstances=SHARED)
async def a_handshake_is_not_answered_by_http_events(exchange: Exchange) -> None:
    """Before the accept an http.response.start makes send() raise, and the client does not get that response."""
    await refused_in_handshake(exchange, "an event of the type 'http.response.start'", OF_HTTP["start"])


@case("websocket.send.before-accept", each={"text": text(), "bytes": data()}, circumstances=SHARED)
async def a_message_before_the_accept_is_refused(exchange: Exchange, event: Message) -> None:
    """A websocket.send before the accept makes send() raise; the handshake is not completed, and nothing is sent."""
    await refused_in_handshake(exchange, "a message before the accept", event)


async def refused_when_open(exchange: Exchange, what: str, event: object) -> None:
    """Expect that an event is refused on an open WebSocket."""
    client, app = await exchange.open_websocket()
    await refused(exchange, client, app, what, event)


async def refused_in_handshake(exchange: Exchange, what: str, event: object) -> None:
    """Expect that an event is refused before the accept, and that the client gets no acceptance and nothing of it.

    The application then refuses the handshake, and the server has to go on serving.
    """
    client, app = await exchange.knock()
    await app.receive()
    raised = await app.try_send(event)
    expected = f"send() raises an exception for {what}"
    if raised is None:
        raise Broken(expected, "send() returned without one")
    app.begin_send(close())
    app.end_by_return()
    response = await not_accepted(exchange, client)
    if response is not None and response.status == MARKED_STATUS:
        raise Broken(f"{expected}, and nothing of it comes to the client", f"it raised {raised}, and that came")
    await exchange.still_serves()
