"""Violations of what www.rst says of the messages that an application sends over a WebSocket (suite ``websocket``)."""

from __future__ import annotations

from typing import Any

import anyio
from wsproto.events import BytesMessage, TextMessage

from ..application import Scope, Send
from ..checks import InvalidEvent
from ..events import EXTENSIONS, HTTP, LIFESPAN, WEBSOCKET
from . import around, on_send, on_sent, swallowed

#: Cases in which messages are but the means.
TALK = ["websocket.*", "core.*", "rfc.websocket.*", "extension.*"]
#: What applications may send somewhere, and what only servers give.
SENT = {kind for table in (HTTP, WEBSOCKET, LIFESPAN, *EXTENSIONS.values()) for kind in table}
RECEIVED = {"websocket.connect", "websocket.receive", "websocket.disconnect"}


def _content(event: Any, key: str) -> Any:
    """The content of a message, or None where it is of the other kind, or no message."""
    return event.get(key) if isinstance(event, dict) else None


@around("websocket.WebSocketCall.send_message", name="websocket.send.text/as-bytes", follows=TALK)
def a_text_is_sent_as_bytes(original: Any, self: Any, data: bytes | None, text: str | None) -> None:
    """A text goes out as a binary message."""
    if data is None and text is not None:
        self.write(BytesMessage(data=text.encode()))
    else:
        original(self, data, text)


@around("websocket.WebSocketCall.send_message", name="websocket.send.binary/as-text", follows=TALK)
def bytes_are_sent_as_a_text(original: Any, self: Any, data: bytes | None, text: str | None) -> None:
    """Bytes go out as a text message."""
    if text is None and data is not None:
        self.write(TextMessage(data=data.decode("latin-1")))
    else:
        original(self, data, text)


@on_send("websocket.send.none-is-missing/refused", kind="websocket", follows=["websocket.send.*"])
async def a_key_of_none_is_refused(send: Send, event: Any, scope: Scope) -> None:
    """A websocket.send with both keys is refused though one of them is None."""
    if isinstance(event, dict) and {"text", "bytes"} <= event.keys():
        raise InvalidEvent("websocket.send has to have exactly one of 'bytes' and 'text'")
    await send(event)


@on_sent("websocket.send.empty-text/dropped", kind="websocket", follows=["websocket.send.*", "rfc.*"])
def an_empty_text_is_dropped(event: Any) -> Any:
    """A websocket.send of an empty text sends nothing."""
    return None if _content(event, "text") == "" else event


@on_sent("websocket.send.empty-binary/dropped", kind="websocket", follows=["websocket.send.*", "rfc.*"])
def empty_bytes_are_dropped(event: Any) -> Any:
    """A websocket.send of empty bytes sends nothing."""
    return None if _content(event, "bytes") == b"" else event


@around(
    "websocket.WebSocketCall.send_message",
    name="websocket.send.order/swapped",
    follows=[*TALK, "websocket.close.after-sends"],
)
def the_third_message_waits_for_the_fourth(original: Any, self: Any, data: bytes | None, text: str | None) -> None:
    """The third message of a WebSocket goes out after the fourth."""
    self.messages_sent = getattr(self, "messages_sent", 0) + 1
    if self.messages_sent == 3:
        self.kept = (data, text)
        return
    original(self, data, text)
    if self.messages_sent == 4:
        original(self, *self.kept)


@on_send("websocket.send.order/overtaken", kind="websocket")
async def small_messages_overtake(send: Send, event: Any, scope: Scope) -> None:
    """A message of a megabyte is overtaken by those that are sent after it."""
    if len(_content(event, "bytes") or b"") >= 2**20:
        await anyio.sleep(0.1)
    await send(event)


@around("websocket.WebSocketCall.send_message", name="websocket.send.flushed/kept", follows=TALK)
def the_last_message_is_kept(original: Any, self: Any, data: bytes | None, text: str | None) -> None:
    """A message goes out only with the next one."""
    if hasattr(self, "kept"):
        original(self, *self.kept)
    self.kept = (data, text)


# what is not valid


def _is_send(event: Any) -> bool:
    return isinstance(event, dict) and event.get("type") == "websocket.send"


@swallowed("websocket.send.both/dropped", kind="websocket")
def both_are_dropped(event: Any) -> bool:
    """A websocket.send with both text and bytes is dropped without an exception."""
    return _is_send(event) and event.get("text") is not None and event.get("bytes") is not None


@swallowed("websocket.send.neither/dropped", kind="websocket")
def neither_is_dropped(event: Any) -> bool:
    """A websocket.send with neither text nor bytes is dropped without an exception."""
    return _is_send(event) and event.get("text") is None and event.get("bytes") is None


@swallowed("websocket.send.text-wrong-type/dropped", kind="websocket")
def a_wrong_text_is_dropped(event: Any) -> bool:
    """A text that is no str is dropped without an exception."""
    return _is_send(event) and not isinstance(event.get("text"), (str, type(None)))


@on_sent("websocket.send.bytes-wrong-type/constructed", kind="websocket")
def bytes_are_constructed(event: Any) -> Any:
    """Whatever is given as bytes is sent as so many NULs as it has items, or as its number says."""
    data = _content(event, "bytes")
    if not _is_send(event) or isinstance(data, (bytes, type(None))):
        return event
    return {**event, "bytes": bytes(data if isinstance(data, int) else len(data))}


@on_sent("websocket.send.lone-surrogate/replaced", kind="websocket")
def surrogates_are_replaced(event: Any) -> Any:
    """A lone surrogate in a text is sent as a question mark."""
    text = _content(event, "text")
    return {**event, "text": text.encode(errors="replace").decode()} if isinstance(text, str) else event


@swallowed("websocket.error.unknown-type/dropped", kind="websocket", follows=["core.error.*", "extension.*"])
def unknown_types_are_dropped(event: Any) -> bool:
    """An event of unknown type is dropped without an exception."""
    kind = _content(event, "type")
    return isinstance(kind, str) and kind not in SENT | RECEIVED


@swallowed("websocket.error.missing-type/dropped", kind="websocket", follows=["core.error.*"])
def what_has_no_type_is_dropped(event: Any) -> bool:
    """What has no type, or is no dict, is dropped without an exception."""
    return not isinstance(_content(event, "type"), str)


@swallowed("websocket.error.wrong-protocol/dropped", kind="websocket", follows=["core.error.*", "extension.*"])
def events_of_other_protocols_are_dropped(event: Any) -> bool:
    """An event of HTTP or of the lifespan is dropped without an exception."""
    kind = _content(event, "type")
    return isinstance(kind, str) and kind.startswith(("http.", "lifespan."))


@swallowed("websocket.error.wrong-direction/dropped", kind="websocket")
def what_only_servers_give_is_dropped(event: Any) -> bool:
    """An event that only servers give is dropped without an exception."""
    kind = _content(event, "type")
    return isinstance(kind, str) and kind in RECEIVED


@swallowed("websocket.send.before-accept/dropped", kind="websocket", follows=["websocket.send.*"])
def an_early_message_is_dropped(event: Any) -> bool:
    """A message before the accept is dropped without an exception."""
    valid = _is_send(event) and (event.get("text") is None) != (event.get("bytes") is None)
    return valid and isinstance(event.get("text"), (str, type(None)))
