"""Violations of RFC 6455 § 4 in opening handshakes (suite ``rfc_websocket``)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from ..requests import Headers, Refused, Request
from . import around, on_arrival, on_bytes

KEY = b"sec-websocket-key"
VERSION = b"sec-websocket-version"
#: Every WebSocket needs its handshake.
EVERYTHING = ["websocket.*", "core.*", "lifespan.*", "rfc.*", "extension.*", "property.*", "http.spec-version.*"]
REFUSED = ["rfc.websocket.handshake.*", "websocket.*"]


def _asks(request: Request) -> bool:
    return b"websocket" in request.tokens(b"upgrade")


def _with(request: Request, name: bytes, value: bytes) -> Request:
    """The request with one field of this name instead of all."""
    request.headers = [field for field in request.headers if field[0] != name] + [(name, value)]
    return request


# What is accepted that must not be


@around("handshake.of_http1", name="rfc.websocket.handshake.method/any", follows=REFUSED)
def any_method_will_do(original: Any, request: Request) -> Any:
    """A handshake may have any method."""
    if _asks(request):
        request.method = "GET"
    return original(request)


@around("handshake.of_http1", name="rfc.websocket.handshake.http10/accepted", follows=REFUSED)
def http_10_will_do(original: Any, request: Request) -> Any:
    """A handshake over HTTP/1.0 is accepted."""
    if _asks(request):
        request.http_version = "1.1"
    return original(request)


@around("handshake.of_http1", name="rfc.websocket.handshake.version-unsupported/accepted", follows=REFUSED)
def any_version_will_do(original: Any, request: Request) -> Any:
    """A handshake of any version is accepted as one of 13."""
    known = not request.values(VERSION)
    return original(request if known else _with(request, VERSION, b"13"))


@around("handshake.of_http1", name="rfc.websocket.handshake.version-missing/accepted", follows=REFUSED)
def no_version_will_do(original: Any, request: Request) -> Any:
    """A handshake without a version is accepted as one of 13."""
    return original(request if request.values(VERSION) else _with(request, VERSION, b"13"))


@around("handshake.of_http1", name="rfc.websocket.handshake.key-missing/accepted", follows=REFUSED)
def no_key_will_do(original: Any, request: Request) -> Any:
    """A handshake without a key is accepted."""
    return original(request if request.values(KEY) else _with(request, KEY, base64.b64encode(bytes(16))))


@around("handshake.check_key", name="rfc.websocket.handshake.key-invalid/accepted", follows=REFUSED)
def any_key_will_do(original: Any, keys: list[bytes]) -> None:
    """A handshake with any one key is accepted."""
    if len(keys) != 1:
        original(keys)


@around("handshake.check_key", name="rfc.websocket.handshake.key-duplicate/first", follows=REFUSED)
def the_first_key_counts(original: Any, keys: list[bytes]) -> None:
    """Of several keys the first counts."""
    original(keys[:1])


@on_arrival("rfc.websocket.handshake.host/made-up", follows=["rfc.*"])
def a_missing_host_is_made_up(data: bytes) -> bytes:
    """A handshake without Host is taken as one for localhost."""
    line, end, rest = data.partition(b"\r\n")
    needs = re.search(rb"(?im)^upgrade: *websocket", rest) and not re.search(rb"(?im)^host:", rest)
    return line + end + b"Host: localhost\r\n" + rest if needs else data


@on_arrival("rfc.websocket.handshake.request-limits/repaired", follows=["rfc.*", "http.*"])
def malformed_fields_are_left_out(data: bytes) -> bytes:
    """Fields of a handshake that no request may have are left out."""
    if not re.search(rb"(?im)^upgrade: *websocket", data):
        return data
    data = re.sub(rb"(?im)^(bad name|x-bad):[^\n]*\n", b"", data)
    hosts = re.findall(rb"(?im)^host:[^\n]*\n", data)
    return data.replace(hosts[0], b"", 1) if len(hosts) > 1 else data


@around("http1.status_of", name="rfc.websocket.handshake.request-limits/500", follows=["rfc.http1.*", "http.*"])
def a_huge_head_is_an_error_of_the_server(original: Any, error: Any, received: bytes) -> int:
    """A head that is too large is answered with 500."""
    status: int = original(error, received)
    return 500 if status == 431 else status


# How it is refused


@around("handshake.check_version", name="rfc.websocket.handshake.version-named/not", follows=REFUSED)
def the_version_is_not_named(original: Any, request: Request) -> None:
    """The refusal of a version names none."""
    try:
        original(request)
    except Refused as refused:
        refused.headers = []
        raise


@around("http1.send_own_response", name="rfc.websocket.handshake.error-is-http/nothing", follows=["*"])
def refused_requests_are_not_answered(original: Any, *args: Any) -> None:
    """A request that the server refuses gets no answer: the connection ends."""


@on_bytes("rfc.websocket.handshake.error-is-http/short", follows=["*"])
def refusals_are_too_short(data: bytes) -> bytes:
    """The refusals of handshakes announce more than comes."""
    refuses = data.startswith((b"HTTP/1.1 403", b"HTTP/1.1 426"))
    return re.sub(rb"(?i)(content-length: )", rb"\g<1>9", data) if refuses else data


# What is said in the acceptance


@around("handshake.of_http1", name="rfc.websocket.handshake.connection-list/exact", follows=REFUSED)
def the_handshake_is_taken_by_the_letter(original: Any, request: Request) -> Any:
    """A request is a handshake only where Connection is "Upgrade" and Upgrade is "websocket", exactly."""
    exact = request.values(b"connection") == [b"Upgrade"] and request.values(b"upgrade") == [b"websocket"]
    return original(request) if exact or not _asks(request) else None


@around("handshake.upgrade_fields", name="rfc.websocket.handshake.accept-key/without-guid", follows=EVERYTHING)
def the_digest_is_of_the_key_alone(original: Any, key: bytes) -> Headers:
    """Sec-WebSocket-Accept is the digest of the key without the GUID."""
    digest = base64.b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
    return [(name, digest if b"accept" in name else value) for name, value in original(key)]


@around("handshake.upgrade_fields", name="rfc.websocket.handshake.101-fields/length", follows=EVERYTHING)
def a_101_has_a_length(original: Any, key: bytes) -> Headers:
    """The 101 response has a Content-Length."""
    return [*original(key), (b"content-length", b"0")]


@around(
    "websocket.WebSocketCall.accept",
    name="rfc.websocket.handshake.no-unoffered-subprotocol/own",
    follows=EVERYTHING,
)
def a_subprotocol_of_its_own(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """Where the application chooses no subprotocol the server names one that nobody offered."""
    own = [] if subprotocol else [(b"sec-websocket-protocol", b"chat")]
    original(self, subprotocol, [*headers, *own])


@around(
    "websocket.WebSocketCall.accept",
    name="rfc.websocket.handshake.no-unoffered-subprotocol/twice",
    follows=["websocket.*"],
)
def the_subprotocol_is_named_twice(original: Any, self: Any, subprotocol: str | None, headers: Headers) -> None:
    """The chosen subprotocol stands in the answer twice."""
    again = [(b"sec-websocket-protocol", subprotocol.encode())] if subprotocol else []
    original(self, subprotocol, [*headers, *again])


@around("deflate.negotiate", name="rfc.websocket.handshake.no-unoffered-extension/own", follows=EVERYTHING)
def an_extension_of_its_own(original: Any, offers: list[str], limit: int) -> Any:
    """Where no compression is agreed to the answer names an extension that the client did not offer."""
    compression, agreed = original(offers, limit)
    return compression, agreed or b"x-own"
