"""Violations of what www.rst says of the messages that an application receives, and of pings (suite ``websocket``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
from wsproto.events import Message, Ping, Pong

from ..application import Event, Scope
from . import around, on_received

#: Cases in which messages are but the means.
TALK = ["websocket.*", "core.*", "rfc.websocket.*", "extension.*"]


@on_received("websocket.receive.text/as-bytes", kind="websocket", follows=TALK)
def a_text_as_bytes(event: Event, scope: Scope) -> Event:
    """A text message arrives as bytes."""
    text = event.get("text")
    return event if text is None else {"type": event["type"], "bytes": text.encode()}


@on_received("websocket.receive.text/latin-1", kind="websocket", follows=TALK)
def a_text_in_another_encoding(event: Event, scope: Scope) -> Event:
    """A text message is decoded as Latin-1."""
    text = event.get("text")
    return event if text is None else {**event, "text": text.encode().decode("latin-1")}


@on_received("websocket.receive.binary/as-text", kind="websocket", follows=TALK)
def bytes_as_a_text(event: Event, scope: Scope) -> Event:
    """A binary message arrives as a text."""
    data = event.get("bytes")
    return event if data is None else {"type": event["type"], "text": data.decode("latin-1")}


@on_received("websocket.receive.empty-text/none", kind="websocket", follows=["websocket.receive.*", "rfc.*"])
def an_empty_text_is_none(event: Event, scope: Scope) -> Event:
    """The text of an empty text message is None."""
    return {**event, "text": None} if event.get("text") == "" else event


@on_received(
    "websocket.receive.empty-binary/none",
    kind="websocket",
    follows=["websocket.receive.*", "websocket.fragmentation.*", "rfc.*"],
)
def empty_bytes_are_none(event: Event, scope: Scope) -> Event:
    """The bytes of an empty binary message are None."""
    return {**event, "bytes": None} if event.get("bytes") == b"" else event


@on_received(
    "websocket.receive.exactly-one/other-is-empty",
    kind="websocket",
    follows=["websocket.receive.*", "websocket.fragmentation.*", "websocket.ping.*", "rfc.*"],
)
def the_other_key_is_empty(event: Event, scope: Scope) -> Event:
    """An event with a text has empty bytes too."""
    return event if event.get("text") is None else {**event, "bytes": b""}


@on_received("websocket.receive.type/message", kind="websocket", follows=TALK)
def a_message_under_another_name(event: Event, scope: Scope) -> Event:
    """A message arrives in an event of type "websocket.message"."""
    return {**event, "type": "websocket.message"} if event["type"] == "websocket.receive" else event


@around("websocket_wire.WebSocketWire.deliver", name="websocket.receive.one-per-message/twice", follows=TALK)
def every_message_twice(original: Any, self: Any, event: Event) -> None:
    """Every message arrives twice."""
    original(self, event)
    original(self, dict(event))


@around(
    "websocket.WebSocketCall.receive",
    name="websocket.receive.before-disconnect/lost",
    follows=["websocket.disconnect.*", "websocket.receive.*"],
)
async def the_disconnect_takes_messages_with_it(original: Any, self: Any) -> Event:
    """Messages that wait when the WebSocket ends are lost."""
    if self.disconnect is not None:
        self.inbox.clear()
    event: Event = await original(self)
    return event


@around(
    "websocket_wire.WebSocketWire.receive_event",
    name="websocket.receive.large/cut",
    follows=["websocket.fragmentation.*", "rfc.websocket.*"],
)
def large_messages_are_cut(original: Any, self: Any, frame: Any, parts: list[Any]) -> Event:
    """Of a message with more than 124 bytes the end is lost."""
    event: Event = original(self, frame, parts)
    key = "text" if "text" in event else "bytes"
    size = len(event[key].encode() if key == "text" else event[key])
    return {**event, key: event[key][:-1]} if size > 124 else event


@around(
    "websocket_wire.WebSocketWire.take_part",
    name="websocket.fragmentation.reassembled/each-a-message",
    follows=["rfc.websocket.*"],
)
def each_fragment_is_a_message(original: Any, self: Any, frame: Message[Any]) -> None:
    """Each fragment of a message arrives as one of its own."""
    original(self, replace(frame, message_finished=frame.message_finished or frame.frame_finished))


# pings


@around("websocket_wire.WebSocketWire.handle", name="websocket.ping.answered/ignored", follows=["websocket.*", "rfc.*"])
def pings_are_ignored(original: Any, self: Any, frame: Any) -> None:
    """A ping is not answered."""
    if not isinstance(frame, Ping):
        original(self, frame)


@around("websocket_wire.WebSocketWire.handle", name="websocket.ping.hidden/shown", follows=["websocket.*", "rfc.*"])
def pings_are_shown(original: Any, self: Any, frame: Any) -> None:
    """Pings and pongs arrive as events."""
    original(self, frame)
    if isinstance(frame, (Ping, Pong)):
        self.deliver({"type": "websocket.ping", "bytes": bytes(frame.payload)})


@around(
    "websocket_wire.WebSocketWire.keep_alive",
    name="websocket.ping.sent-for-liveness/never",
    follows=["websocket.ping.*"],
)
async def nobody_is_pinged(original: Any, self: Any, interval: float) -> None:
    """No pings are sent, whatever the interval."""
    await anyio.sleep_forever()


@around(
    "websocket_wire.WebSocketWire.keep_alive",
    name="websocket.ping.dead-peer-detected/never",
    follows=["websocket.ping.*"],
)
async def pongs_are_not_missed(original: Any, self: Any, interval: float) -> None:
    """A client that answers no pings is pinged on and on."""
    while True:
        await anyio.sleep(interval)
        self.write(Ping(payload=b""))
