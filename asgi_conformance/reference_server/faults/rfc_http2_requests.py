"""Violations in how requests over HTTP/2 are read (suite ``rfc_http2``)."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import h2.events
import h2.exceptions
import h2.frame_buffer
from hyperframe.frame import PingFrame

from ..checks import TOKEN, Headers
from ..requests import Refused
from . import around

Repair = Callable[[Headers], Headers]
REQUIRED = {b":method": b"GET", b":scheme": b"http", b":path": b"/odd"}
PSEUDO = (*REQUIRED, b":authority", b":protocol")


def repaired(name: str, **registration: Any) -> Callable[[Repair], Repair]:
    """Repair header lists before they are looked at, so that what is wrong with them goes unnoticed.

    The decorated function is called with the fields of a request or of trailers, and returns those that count.
    """

    def register(function: Repair) -> Repair:
        def spoil(original: Any, self: Any, *arguments: Any) -> None:
            original(self, *arguments)
            decoder = self.h2.decoder
            read = decoder.decode

            @functools.wraps(read)
            def decode(data: bytes, raw: bool = False) -> Headers:
                return function([(bytes(field[0]), bytes(field[1])) for field in read(data, raw)])

            decoder.decode = decode

        spoil.__doc__ = function.__doc__
        around("http2.Http2Connection.__init__", name=name, **registration)(spoil)
        return function

    return register


def complete(fields: Headers) -> Headers:
    """Fields with the pseudo-headers that they lack, in order, each once."""
    given = dict(reversed(fields))
    pseudo = [(name, given.get(name, REQUIRED.get(name, b""))) for name in PSEUDO if name in given or name in REQUIRED]
    return pseudo + [field for field in fields if not field[0].startswith(b":")]


def is_request(fields: Headers) -> bool:
    """Whether the fields are those of a request, and not trailers."""
    return any(name in (b":method", b":path", b":scheme") for name, _ in fields)


@repaired("rfc.http2.pseudo.missing/made-up")
def missing_pseudo_headers_are_made_up(fields: Headers) -> Headers:
    """A request without :method, :scheme or :path is served as if it had them."""
    return complete(fields) if is_request(fields) and dict(fields).get(b":method") != b"CONNECT" else fields


@repaired("rfc.http2.pseudo.invalid/ignored")
def wrong_pseudo_headers_are_ignored(fields: Headers) -> Headers:
    """Pseudo-headers that are repeated, unknown, out of place or in trailers are ignored."""
    if not is_request(fields) or fields[0][0] not in (*PSEUDO, b":foo", b":status", b":PATH"):
        return [field for field in fields if not field[0].startswith(b":")]
    if any(value == b"/other" for _, value in fields) and not any(name == b":method" for name, _ in fields):
        return [field for field in fields if not field[0].startswith(b":")]
    return complete(fields)


@repaired("rfc.http2.pseudo.empty-path/root")
def an_empty_path_is_the_root(fields: Headers) -> Headers:
    """An empty :path is taken for "/"."""
    return [(name, value or b"/") if name == b":path" else (name, value) for name, value in fields]


@repaired("rfc.http2.pseudo.empty-path/asterisk", breaks="rfc.http2.pseudo.empty-path/asterisk")
def the_asterisk_is_refused(fields: Headers) -> Headers:
    """The :path "*" is refused."""
    return [(name, b"**" if (name, value) == (b":path", b"*") else value) for name, value in fields]


@repaired("rfc.http2.pseudo.path-octets/encoded")
def wrong_paths_are_encoded(fields: Headers) -> Headers:
    """Octets that a path cannot have are percent-encoded."""
    return [
        (name, quote(value.decode("latin-1"), safe="/?%*").encode() if name == b":path" else value)
        for name, value in fields
    ]


@repaired("rfc.http2.connect-plain/get")
def connect_is_get(fields: Headers) -> Headers:
    """CONNECT without :protocol is served as GET."""
    given = dict(fields)
    if given.get(b":method") != b"CONNECT" or b":protocol" in given:
        return fields
    return complete([(b":method", b"GET"), *(field for field in fields if field[0] != b":method")])


@repaired("rfc.http2.field.uppercase/lowered")
def names_are_lowered(fields: Headers) -> Headers:
    """Upper-case letters in names of fields are read as lower-case ones."""
    return [(name.lower(), value) for name, value in fields]


@repaired("rfc.http2.field.invalid-octets/mended")
def wrong_fields_are_mended(fields: Headers) -> Headers:
    """Names that are none are replaced, and control characters and white space are taken out of values."""
    return [
        (
            name if name.startswith(b":") or TOKEN.fullmatch(name) else b"x-mended",
            re.sub(rb"[\0\r\n]", b"", value).strip(),
        )
        for name, value in fields
    ]


@repaired("rfc.http2.field.connection-specific/dropped")
def fields_of_connections_are_dropped(fields: Headers) -> Headers:
    """Fields that belong to HTTP/1.1 connections are ignored, and so is TE."""
    unwanted = (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"te")
    return [field for field in fields if field[0] not in unwanted]


@around(
    "http2.check_request",
    name="rfc.http2.field.connection-specific/te-refused",
    breaks="rfc.http2.field.connection-specific/te-trailers",
)
def te_is_refused(original: Any, pseudo: Any, headers: Headers, *rest: Any) -> Any:
    """A request with TE: trailers is refused."""
    if any(name == b"te" for name, _ in headers):
        raise Refused(400, "there is a TE")
    return original(pseudo, headers, *rest)


@repaired("rfc.http2.content-length-mismatch/unchecked")
def lengths_are_ignored(fields: Headers) -> Headers:
    """The content-length of a request is not held against its content."""
    return [field for field in fields if field[0] != b"content-length"]


@around("http2.Http2Connection.handle", name="rfc.http2.request-trailers/in-body")
def trailers_are_content(original: Any, self: Any, event: Any) -> None:
    """Trailers are added to the content."""
    if isinstance(event, h2.events.TrailersReceived):
        self.streams[event.stream_id].put(b"".join(value for _, value in event.headers))
    original(self, event)


@repaired(
    "rfc.http2.request-trailers/connection-error",
    breaks="rfc.http2.request-trailers/answered",
    also=["rfc.http2.request-trailers"],
    follows=["rfc.http2.*"],
)
def trailers_end_the_connection(fields: Headers) -> Headers:
    """Trailers of a request are an error of the connection."""
    if not is_request(fields):
        raise h2.exceptions.ProtocolError("there are trailers")
    return fields


@repaired("rfc.http2.continuation/lost")
def late_fields_are_lost(fields: Headers) -> Headers:
    """Of a header block the first 64 fields count."""
    return fields[:64]


@around(
    "http2.Http2Connection.__init__",
    name="rfc.http2.continuation/interrupted",
    breaks="rfc.http2.continuation/interrupted",
)
def blocks_may_be_interrupted(original: Any, self: Any, *arguments: Any) -> None:
    """A PING within a header block is let through."""
    original(self, *arguments)
    buffer = self.h2.incoming_buffer
    update = buffer._update_header_buffer
    buffer._update_header_buffer = lambda frame: frame if isinstance(frame, PingFrame) else update(frame)


@around("http2.Http2Connection.receive", "http2.check_request", name="rfc.http2.header-list-size/error")
def large_header_lists_are_errors(original: Any, *arguments: Any) -> Any:
    """A header list beyond the limit makes an error of the server."""
    if len(arguments) == 2:
        arguments[0].h2.decoder.max_header_list_size = 2**30
        return original(*arguments)
    if sum(len(name) + len(value) for name, value in arguments[1]) > 65536:
        raise Refused(500, "that is too much")
    return original(*arguments)


@around("http2.Http2Connection.handle", name="rfc.http2.rapid-reset/exhausted")
def floods_end_the_server(original: Any, self: Any, event: Any) -> None:
    """Thousands of frames on one connection end the process."""
    self.handled = getattr(self, "handled", 0) + 1
    if self.handled > 900:
        os._exit(70)
    original(self, event)


@around(
    "http2.Http2Connection.__init__",
    name="rfc.http2.rapid-reset/continuations",
    breaks="rfc.http2.rapid-reset/continuations",
)
def blocks_may_be_endless(original: Any, self: Any, *arguments: Any) -> None:
    """Header blocks in any number of frames are collected."""
    h2.frame_buffer.CONTINUATION_BACKLOG = 10**9
    original(self, *arguments)
