"""Requests: which of them are refused before an application hears of them, and what the parts of a target are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """The request is answered by the server itself, with ``status`` and ``headers``; ``reason`` is for people."""

    def __init__(self, status: int, reason: str, headers: Headers | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or []


@dataclass
class Request:
    """A request head that was found to be in order.

    ``raw_path`` and ``query`` are the two parts of the target, as they came. ``number`` counts the requests of one
    connection from 1. ``protocol`` is the value of ``:protocol`` of an extended CONNECT, or None.
    """

    method: str
    scheme: str
    raw_path: bytes
    query: bytes
    headers: Headers
    http_version: str
    number: int = 1
    protocol: str | None = None
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = decode_path(self.raw_path)

    def values(self, name: bytes) -> list[bytes]:
        """The values of all fields with this name, which is given in lower case."""
        return [value for field_name, value in self.headers if field_name == name]

    def tokens(self, name: bytes) -> list[bytes]:
        """The items of a comma-separated field, over all its lines, in lower case."""
        joined = b",".join(self.values(name)).lower()
        return [token for item in joined.split(b",") if (token := item.strip(b" \t"))]


# RFC 3986, section 3.3: what a path and a query may consist of
TARGET = re.compile(rb"(?:[-A-Za-z0-9._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
HOST = re.compile(
    rb"(?:\[(?:[0-9A-Fa-f:.]+|v[0-9A-Fa-f]+\.[-A-Za-z0-9._~!$&'()*+,;=:]+)\]"
    rb"|(?:[-A-Za-z0-9._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """The path and the query of a target in origin form.

    Raises:
        Refused: The target has characters that a URI cannot have.
    """
    # rfc.http1.request.target-invalid, rfc.http2.pseudo.path-octets
    # http.scope.path.raw-utf8, http.scope.query-string.raw-bytes
    if not TARGET.fullmatch(target):
        raise Refused(400, f"the target {target!r} has characters that a URI cannot have")
    # http.scope.path.excludes-query, http.scope.raw-path.excludes-query, http.scope.query-string.value
    path, _, query = target.partition(b"?")
    return path, query


def decode_path(raw_path: bytes) -> str:
    """The path as characters: percent-decoded once, then UTF-8-decoded; nothing else is changed.

    http.scope.path.percent-decoded, .percent-decoded-slash, .decoded-once, .utf8-decoded, .plus-and-params-kept
    http.scope.path.not-normalised, websocket.scope.path.not-normalised

    Raises:
        Refused: The decoded bytes are not UTF-8.
    """
    try:
        return unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:  # http.scope.path.invalid-utf8, websocket.scope.path.invalid-utf8
        raise Refused(400, f"the path {raw_path!r} is not UTF-8") from None


def check_method(method: bytes) -> str:
    """The method as the scope has it.

    Method names are case-sensitive, and the scope promises upper case: a name with small letters has no place in it.

    Raises:
        Refused: The method is CONNECT, or has small letters.
    """
    # http.scope.method.uppercase, http.scope.method.extension, rfc.http1.request.target-authority
    if method == b"CONNECT" or method != method.upper():
        raise Refused(501, f"the method {method!r} is not implemented")
    return method.decode("ascii")


def check_host(host: bytes) -> None:
    """Refuse a Host value that is no host.

    Raises:
        Refused: It is not ``uri-host [":" port]`` (RFC 9110, section 7.2).
    """
    if not HOST.fullmatch(host):  # rfc.http1.request.host-invalid
        raise Refused(400, f"the host {host!r} is not valid")


def origin_form(method: str, target: bytes, hosts: list[bytes]) -> bytes:
    """Bring the target of an HTTP/1.1 request into origin form.

    Raises:
        Refused: The target is in none of the forms, or names another host than the Host field.
    """
    if target.startswith(b"/"):
        return target
    if target == b"*" and method == "OPTIONS":  # rfc.http1.request.target-asterisk, http.scope.path.asterisk-form
        return target
    # rfc.http1.request.target-absolute-form, http.scope.path.absolute-form, http.scope.raw-path.absolute-form
    absolute = re.fullmatch(rb"(?i:https?)://([^/?#]+)(/[^?]*)?(\?.*)?", target)
    if absolute is None:
        raise Refused(400, f"the target {target!r} is in none of the forms that a target can have")
    authority, path, query = absolute.groups(b"")
    if hosts and authority.lower() != hosts[0].lower():  # rfc.http1.request.target-absolute-host
        raise Refused(400, f"the target names the host {authority!r}, the Host field {hosts[0]!r}")
    return (path or b"/") + query
