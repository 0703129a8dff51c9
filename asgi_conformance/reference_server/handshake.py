"""WebSocket handshakes: which requests are one, which are refused, and what is agreed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from .checks import Headers
from .requests import Refused, Request

#: RFC 6455, section 1.3
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Handshake:
    """What a client asked for: its subprotocols in its order, and its offers of extensions."""

    subprotocols: list[str]
    extensions: list[str]


def of_http1(request: Request) -> Handshake | None:
    """The handshake that an HTTP/1 request is, or None for any other request.

    Raises:
        Refused: It is meant as a handshake and is wrong.
    """
    # rfc.websocket.handshake.method, .http10, .connection-list, .host, .request-limits, .error-is-http
    # rfc.http1.upgrade.needs-connection-token, .http10, .unknown-ignored, .h2c
    meant = b"websocket" in request.tokens(b"upgrade") and b"upgrade" in request.tokens(b"connection")
    if not meant or request.method != "GET" or request.http_version != "1.1":
        return None
    check_version(request)
    check_key(request.values(b"sec-websocket-key"))
    has_content = request.values(b"transfer-encoding") or request.values(b"content-length") not in ([], [b"0"])
    if has_content:  # rfc.http1.upgrade.websocket-with-body
        raise Refused(400, "a WebSocket handshake cannot have content")
    return read(request)


def of_http2(request: Request) -> Handshake:
    """The handshake that an extended CONNECT is (RFC 8441, section 5; rfc.http2.websocket.scope).

    Raises:
        Refused: It is wrong.
    """
    check_version(request)
    return read(request)


def check_version(request: Request) -> None:
    """Refuse versions other than 13 (rfc.websocket.handshake.version-unsupported, .version-missing)."""
    if request.values(b"sec-websocket-version") != [b"13"]:
        # rfc.websocket.handshake.version-named
        raise Refused(426, "the WebSocket version is not 13", [(b"sec-websocket-version", b"13")])


def check_key(keys: list[bytes]) -> None:
    """Refuse a key that is missing, repeated, or not the base64 form of 16 bytes.

    rfc.websocket.handshake.key-missing, .key-duplicate, .key-invalid
    """
    try:
        valid = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16
    except binascii.Error:
        valid = False
    if not valid:
        raise Refused(400, "the request has no valid Sec-WebSocket-Key")


def read(request: Request) -> Handshake:
    """Read the lists of a handshake, each of which may be spread over several lines."""
    protocols = split_list(request.values(b"sec-websocket-protocol"))
    if not all(re.fullmatch(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+", protocol) for protocol in protocols):
        raise Refused(400, "a subprotocol is not a token")
    return Handshake(protocols, split_list(request.values(b"sec-websocket-extensions")))


def split_list(values: list[bytes]) -> list[str]:
    """The items of a comma-separated field (websocket.scope.subprotocols.type, .empty)."""
    joined = b",".join(values).decode("latin-1")
    return [item.strip() for item in joined.split(",") if item.strip()]


def upgrade_fields(key: bytes) -> Headers:
    """The fields of a 101 response (rfc.websocket.handshake.101-fields, .accept-key)."""
    digest = hashlib.sha1(key + GUID, usedforsecurity=False).digest()
    return [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-accept", base64.b64encode(digest)),
    ]
