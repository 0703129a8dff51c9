"""The checks of the values in events: each takes any object, and returns it in the form that the server uses.

A value that does not fit raises :class:`InvalidEvent`, with the value in its message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

Headers = list[tuple[bytes, bytes]]
Check = Callable[[Any], Any]


class InvalidEvent(ValueError):
    """Raised by ``send()`` for an event that the specification does not allow, or not at this point of the call."""


TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
FIELD_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def boolean(value: object) -> bool:
    """True or False, and nothing that is merely true or false (http.response.body.more-body.wrong-type)."""
    if not isinstance(value, bool):
        raise InvalidEvent(f"expected a bool, not {value!r}")
    return value


def integer(value: object) -> int:
    """An int that is no bool."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidEvent(f"expected an int, not {value!r}")
    return int(value)


def count(value: object) -> int:
    """An int from 0 up."""
    number = integer(value)
    if number < 0:
        raise InvalidEvent(f"expected an int from 0 up, not {number}")
    return number


def text(value: object) -> str:
    """A Unicode string that UTF-8 can carry.

    websocket.send.text-wrong-type, lifespan.startup.failed.message.wrong-type, extension.pathsend.wrong-type
    """
    if not isinstance(value, str):
        raise InvalidEvent(f"expected a Unicode string, not {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # websocket.send.lone-surrogate
        raise InvalidEvent(f"cannot be encoded in UTF-8: {error}") from None
    return str(value)


def byte_string(value: object) -> bytes:
    """A bytes object; other bytes-like objects are not among the types that events may contain.

    http.response.body.str, .bytes-like, .none, .wrong-type; websocket.send.bytes-wrong-type
    """
    if not isinstance(value, bytes):
        raise InvalidEvent(f"expected a byte string, not {value!r}")
    return value


def optional(check: Check) -> Check:
    """None, or what ``check`` takes."""
    return lambda value: None if value is None else check(value)


def status(value: object) -> int:
    """A status code of a final response (http.response.start.status.missing, .wrong-type, .out-of-range)."""
    number = integer(value)
    if not 200 <= number <= 599:  # rfc.http1.response.1xx-as-final
        raise InvalidEvent(f"{number} is not the status of a final response (200 to 599)")
    return number


def name(value: object) -> bytes:
    """A field name, in lower case: a token, which no pseudo-header is (rfc.http2.response.lower-case)."""
    field_name = byte_string(value)
    # rfc.http1.response.header-name-invalid, http.response.start.headers.pseudo-not-forwarded
    if not TOKEN.fullmatch(field_name):
        raise InvalidEvent(f"{field_name!r} is not a header name")
    # Django, for one, gives names like Content-Type: http.response.start.headers.upper-case-tolerated
    return field_name.lower()


def value(value: object) -> bytes:
    """A field value without control characters; white space around it is not part of it."""
    field_value = byte_string(value)
    # rfc.http1.response.header-injection, rfc.http2.response.header-injection
    if not FIELD_VALUE.fullmatch(field_value):
        raise InvalidEvent(f"the header value {field_value!r} has control characters in it")
    return field_value.strip(b" \t")


def iterate(value: object) -> list[Any]:
    """The items of any iterable but a string, walked once."""
    # http.response.start.headers.iterable, .inner-iterable; websocket.accept.headers.iterable
    # extension.early-hint.links-iterable, extension.trailers.headers-iterable
    if isinstance(value, (str, bytes)):
        raise InvalidEvent(f"expected an iterable, not {value!r}")
    try:
        return list(value)  # type: ignore[call-overload, no-any-return]
    except TypeError:
        raise InvalidEvent(f"expected an iterable, not {value!r}") from None


def headers(value_: object) -> Headers:
    """Pairs of byte strings, in the order given.

    http.response.start.headers.str, .wrong-shape, .duplicates, .order, .values-exact; websocket.accept.headers.str,
    websocket.accept.headers.values-exact
    """
    return [pair(item) for item in iterate(value_)]


def pair(item: object) -> tuple[bytes, bytes]:
    """One header."""
    parts = iterate(item)
    if len(parts) != 2:
        raise InvalidEvent(f"a header has a name and a value, {item!r} has {len(parts)} items")
    return name(parts[0]), value(parts[1])


def response_headers(value_: object) -> Headers:
    """Headers in which a Content-Length, if there is one, is one plain number."""
    pairs = headers(value_)
    lengths = [field_value for field_name, field_value in pairs if field_name == b"content-length"]
    # rfc.http1.response.content-length-invalid
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,18}", length) for length in lengths):
        raise InvalidEvent(f"content-length {b', '.join(lengths)!r} is not one plain number")
    return pairs


def accept_headers(value_: object) -> Headers:
    """Headers of a handshake; what belongs to the handshake itself is the server's."""
    pairs = headers(value_)
    for field_name, _ in pairs:
        if field_name in HANDSHAKE_FIELDS:  # websocket.accept.headers.subprotocol-header-handled
            raise InvalidEvent(f"{field_name!r} is made by the server and cannot be given")
    return pairs


HANDSHAKE_FIELDS = frozenset(
    [
        b"connection",
        b"content-length",
        b"sec-websocket-accept",
        b"sec-websocket-extensions",
        b"sec-websocket-protocol",
        b"transfer-encoding",
        b"upgrade",
    ]
)


def trailer_headers(value_: object) -> Headers:
    """Headers that may come after the content (RFC 9110, section 6.5.1)."""
    pairs = headers(value_)
    for field_name, _ in pairs:
        if field_name in (b"content-length", b"transfer-encoding", b"host", b"trailer"):
            raise InvalidEvent(f"{field_name!r} cannot be a trailer field")
    return pairs


def links(value_: object) -> list[bytes]:
    """Values of Link fields."""
    return [value(item) for item in iterate(value_)]


def subprotocol(value_: object) -> str:
    """A subprotocol: a token in ASCII (websocket.accept.subprotocol.wrong-type)."""
    chosen = text(value_)
    if not chosen.isascii() or not TOKEN.fullmatch(chosen.encode()):
        raise InvalidEvent(f"{chosen!r} is not a subprotocol")
    return chosen


def close_code(value_: object) -> int:
    """A code that may stand in a close frame (RFC 6455, section 7.4).

    websocket.close.code.wrong-type, websocket.close.code.none
    """
    code = integer(value_)
    # websocket.close.code.not-sendable, rfc.websocket.close.no-reserved-sent
    if not (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) and not 3000 <= code <= 4999:
        raise InvalidEvent(f"{code} cannot be sent as a close code")
    return code


def close_reason(value_: object) -> str:
    """A reason that fits into a close frame (websocket.close.reason.wrong-type)."""
    reason = text(value_)
    if len(reason.encode()) > 123:  # websocket.close.reason.too-long
        raise InvalidEvent(f"a close reason has at most 123 bytes in UTF-8, not {len(reason.encode())}")
    return reason


def open_file(value_: Any) -> int:
    """The descriptor of an open file object."""
    try:
        return os.fstat(value_.fileno()) and int(value_.fileno())
    except (AttributeError, OSError, ValueError, TypeError):  # extension.zerocopysend.wrong-file
        raise InvalidEvent(f"{value_!r} has no file descriptor") from None


def absolute_path(value_: object) -> str:
    """The absolute path of a file."""
    path = text(value_)
    if not os.path.isabs(path):
        raise InvalidEvent(f"{path!r} is not an absolute path")
    return path
