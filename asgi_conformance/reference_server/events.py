"""Which events an application may send, as tables, and the reading of them.

Every event type has its keys; every key has a check and perhaps a default. Keys that are not in the table are ignored
(core.error.extra-keys-tolerated, http.error.extra-keys, websocket.accept.extra-keys, lifespan.error.extra-keys).
An event that does not fit raises :class:`InvalidEvent` before anything of it reaches the wire
(core.error.send.raised-by-await, core.error.send.nothing-on-wire, core.error.send.server-survives).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import checks
from .checks import Check, Headers, InvalidEvent

__all__ = ["Headers", "InvalidEvent", "read", "table_of"]


class _Required:
    pass


REQUIRED = _Required()


@dataclass(frozen=True)
class Key:
    """One key of an event: the check, which returns the value in the form that the server uses, and the default."""

    check: Check
    default: Any = REQUIRED


Keys = Mapping[str, Key]
Table = Mapping[str, Keys]


def read(event: object, table: Table) -> dict[str, Any]:
    """Check one event of the application.

    Args:
        event: What the application gave to ``send()``.
        table: The event types of this call.

    Returns:
        The event with its defaults filled in, without the keys that nobody knows.

    Raises:
        InvalidEvent: The event is no dict, its type is unknown here, a key is missing, or a value has a wrong type.
    """
    # http.response.body.missing-type, websocket.error.missing-type, lifespan.error.missing-type
    if not isinstance(event, dict):
        raise InvalidEvent(f"an event is a dict, not {event!r}")
    kind = event.get("type")
    keys = table.get(kind) if isinstance(kind, str) else None
    # core.error.send.unknown-type, http.error.unknown-type, websocket.error.unknown-type, lifespan.error.unknown-type
    # http.error.wrong-direction, .wrong-protocol; websocket.error.wrong-direction, .wrong-protocol
    if keys is None:
        raise InvalidEvent(f"the event type {kind!r} is not one of {', '.join(table)}")
    message = {"type": kind}
    for name, key in keys.items():
        message[name] = read_key(event, name, key)
    return message


def read_key(event: dict[str, Any], name: str, key: Key) -> Any:
    """Check one key of an event, or give its default."""
    if name not in event:
        if key.default is REQUIRED:
            raise InvalidEvent(f"{event['type']} has no {name!r}")
        return key.default
    try:
        return key.check(event[name])
    except InvalidEvent as error:
        raise InvalidEvent(f"{name!r} of {event['type']}: {error}") from None


#: http.response.start.headers.default, http.response.body.default, http.response.body.more-body-default,
#: extension.trailers.flag-type, extension.trailers.key-without-support
HTTP: Table = {
    "http.response.start": {
        "status": Key(checks.status),
        "headers": Key(checks.response_headers, []),
    },
    "http.response.body": {"body": Key(checks.byte_string, b""), "more_body": Key(checks.boolean, False)},
}

#: websocket.accept.subprotocol.default, websocket.accept.subprotocol.none, websocket.accept.headers.default,
#: websocket.close.after-accept.default-code, websocket.close.reason.default, websocket.close.reason.none
WEBSOCKET: Table = {
    "websocket.accept": {
        "subprotocol": Key(checks.optional(checks.subprotocol), None),
        "headers": Key(checks.accept_headers, []),
    },
    "websocket.send": {
        "bytes": Key(checks.optional(checks.byte_string), None),
        "text": Key(checks.optional(checks.text), None),
    },
    "websocket.close": {
        "code": Key(checks.close_code, 1000),
        "reason": Key(checks.optional(checks.close_reason), None),
    },
}

#: lifespan.startup.failed.message-optional, lifespan.shutdown.failed.message-optional
LIFESPAN: Table = {
    "lifespan.startup.complete": {},
    "lifespan.startup.failed": {"message": Key(checks.text, "")},
    "lifespan.shutdown.complete": {},
    "lifespan.shutdown.failed": {"message": Key(checks.text, "")},
}

#: The events of each extension; they are known only where the scope lists the extension.
#: extension.push.headers.str, extension.trailers.headers.str, extension.early-hint.links.str
EXTENSIONS: Mapping[str, Table] = {
    "http.response.early_hint": {"http.response.early_hint": {"links": Key(checks.links)}},
    "http.response.pathsend": {"http.response.pathsend": {"path": Key(checks.absolute_path)}},
    "http.response.push": {"http.response.push": {"path": Key(checks.text), "headers": Key(checks.headers)}},
    "http.response.trailers": {
        "http.response.start": {**HTTP["http.response.start"], "trailers": Key(checks.boolean, False)},
        "http.response.trailers": {"headers": Key(checks.trailer_headers), "more_trailers": Key(checks.boolean, False)},
    },
    "http.response.zerocopysend": {
        "http.response.zerocopysend": {
            "file": Key(lambda file: (checks.open_file(file), file)),
            "offset": Key(checks.count, None),
            "count": Key(checks.count, None),
            "more_body": Key(checks.boolean, False),
        }
    },
    "websocket.http.response": {
        "websocket.http.response.start": {"status": Key(checks.status), "headers": Key(checks.response_headers, [])},
        "websocket.http.response.body": HTTP["http.response.body"],
    },
}


def table_of(base: Table, extensions: Mapping[str, object]) -> Table:
    """The event types of one call: those of its protocol, and those of the extensions that its scope lists.

    core.extensions.unlisted-event-rejected, core.extensions.listed-means-usable
    """
    known = dict(base)
    for extension in extensions:
        known.update(EXTENSIONS.get(extension, {}))
    return known
