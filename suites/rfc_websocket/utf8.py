"""Which bytes are a text (RFC 6455 § 5.6, § 8.1; RFC 3629)."""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange

from ..websocket.conversation import receives
from .failing import NOT_TEXT, PROTOCOL_ERROR, failed_by, fails, some, talking

#: A byte sequence of each class that is not UTF-8.
INVALID = {
    "continuation-alone": b"\x80",
    "continuations": b"\x80\xbf\x80",
    "0xfe": b"\xfe",
    "0xff": b"\xff",
    "two-bytes-cut": b"\xc3",
    "three-bytes-cut": b"\xe2\x82",
    "four-bytes-cut": b"\xf0\x9f\x98",
    "two-bytes-broken": b"\xc3(",
    "three-bytes-broken": b"\xe2\x82(",
    "four-bytes-broken": b"\xf0\x9f\x98(",
    "overlong-in-two-bytes": b"\xc0\xaf",
    "overlong-nul": b"\xc0\x80",
    "overlong-most-in-two-bytes": b"\xc1\xbf",
    "overlong-in-three-bytes": b"\xe0\x80\xaf",
    "overlong-most-in-three-bytes": b"\xe0\x9f\xbf",
    "overlong-in-four-bytes": b"\xf0\x80\x80\xaf",
    "overlong-most-in-four-bytes": b"\xf0\x8f\xbf\xbf",
    "first-surrogate": b"\xed\xa0\x80",
    "last-surrogate": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "above-the-last-plane": b"\xf4\x90\x80\x80",
    "far-above": b"\xf5\x80\x80\x80",
    "five-bytes": b"\xf8\x88\x80\x80\x80",
    "six-bytes": b"\xfc\x84\x80\x80\x80\x80",
    "latin-1": "é".encode("latin-1"),
    "utf-16": "hello €".encode("utf-16"),
}
#: Characters at the edges of what UTF-8 can say.
EDGES = {
    "nul": "\0",
    "last-of-one-byte": "\x7f",
    "first-of-two-bytes": "\x80",
    "last-of-two-bytes": "\u07ff",
    "first-of-three-bytes": "\u0800",
    "before-the-surrogates": "\ud7ff",
    "after-the-surrogates": "\ue000",
    "byte-order-mark": "\ufeff",
    "noncharacter": "\ufffe\uffff\ufdd0",
    "replacement-character": "\ufffd",
    "first-of-four-bytes": "\U00010000",
    "last-of-all": "\U0010ffff",
    "mixed": "κόσμε, €, 😀 and ASCII",
}
SPLIT: dict[str, Sequence[bytes]] = {
    "in-the-third": (b"valid", b"also", b"not \xff"),
    "in-the-first": (b"not \xff", b"valid", b"also"),
    "within-a-character": (b"\xed", b"\xa0", b"\x80"),
    "overlong": (b"\xe0", b"\x80\xaf"),
    "cut-at-the-end": (b"\xe2", b"\x82"),
    "cut-by-another": (b"\xe2\x82", b"\xe2\x82\xac"),
    "above-the-last-plane": (b"\xf4", b"\x90\x80\x80"),
}


def fragments(parts: Sequence[bytes]) -> list[Frame]:
    """The frames of a text in these parts."""
    last = len(parts) - 1
    return [
        Frame(Opcode.CONTINUATION if number else Opcode.TEXT, part, fin=number == last)
        for number, part in enumerate(parts)
    ]


@case("rfc.websocket.utf8.invalid", each=INVALID)
@case("rfc.websocket.utf8.invalid", each=some(INVALID, "0xff", "first-surrogate"), circumstances=(HTTP2,))
async def what_is_not_utf8_ends_the_websocket(exchange: Exchange, content: bytes) -> None:
    """A text message that is not valid UTF-8 is not delivered, and ends the WebSocket with 1007."""
    await fails(exchange, Frame(Opcode.TEXT, b"Hello, " + content), codes=NOT_TEXT)


@case("rfc.websocket.utf8.invalid", "in-the-middle", each=INVALID)
async def what_is_not_utf8_in_the_middle_ends_the_websocket(exchange: Exchange, content: bytes) -> None:
    """A text message in the middle of which is what is not valid UTF-8 is not delivered, and ends it with 1007."""
    await fails(exchange, Frame(Opcode.TEXT, b"Hello, " + content + b" world"), codes=NOT_TEXT)


@case("rfc.websocket.utf8.across-fragments", "invalid", each=SPLIT)
@case("rfc.websocket.utf8.across-fragments", "invalid", each=some(SPLIT, "in-the-third"), circumstances=(HTTP2,))
async def what_is_not_utf8_over_fragments_ends_the_websocket(exchange: Exchange, parts: Sequence[bytes]) -> None:
    """A text message in fragments that are no valid UTF-8 together is not delivered, and ends it with 1007."""
    await fails(exchange, *fragments(parts), codes=NOT_TEXT, what=f"a text in the fragments {list(parts)}")


@case("rfc.websocket.utf8.across-fragments", "valid", each=EDGES)
@case("rfc.websocket.utf8.across-fragments", "valid", each=some(EDGES, "mixed"), circumstances=(HTTP2,))
async def a_character_may_be_split_between_fragments(exchange: Exchange, content: str) -> None:
    """A text with every byte in a fragment of its own arrives as it is, and the one behind it in a single frame too."""
    client, app = await exchange.open_websocket()
    parts = [bytes([byte]) for byte in content.encode()]
    await client.send_raw(b"".join(map(encode, fragments(parts))))
    await receives(app, content)
    await client.send_text(content)
    await receives(app, content)


@case("rfc.websocket.utf8.across-fragments", "valid/empty-fragments", circumstances=(DEFAULT, HTTP2))
async def an_empty_fragment_may_split_a_character(exchange: Exchange) -> None:
    """A text arrives as it is when an empty fragment and a ping come between the bytes of one character."""
    client, app = await exchange.open_websocket()
    first, empty, last = fragments([b"\xe2\x82", b"", b"\xac"])
    await client.send_raw(b"".join(map(encode, (first, empty, Frame(Opcode.PING, b"\xff"), last))))
    await receives(app, "€")


@case("rfc.websocket.utf8.close-reason", each=INVALID)
@case("rfc.websocket.utf8.close-reason", each=some(INVALID, "0xff"), circumstances=(HTTP2,))
async def a_reason_that_is_not_utf8_is_a_failure(exchange: Exchange, content: bytes) -> None:
    """A close frame whose reason is not valid UTF-8 is answered with 1007 or 1002, and not as if it were valid."""
    client, app = await talking(exchange)
    frame = Frame(Opcode.CLOSE, b"\x03\xe8" + b"bye " + content)
    client.close_sent = True
    await failed_by(exchange, client, app, encode(frame), str(frame), NOT_TEXT + PROTOCOL_ERROR)
