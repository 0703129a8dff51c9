"""Pseudo-headers: what stands in HTTP/2 and HTTP/3 for the request line, and the request that they make."""

from __future__ import annotations

from . import requests
from .checks import Headers
from .requests import Refused, Request


def split_fields(fields: Headers) -> tuple[dict[bytes, bytes], Headers]:
    """The pseudo-headers of a request by their names, and its other fields as the scope has them."""
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    return pseudo, regular_headers(fields, pseudo.get(b":authority"))


def regular_headers(fields: Headers, authority: bytes | None) -> Headers:
    """The fields as the scope has them: without pseudo-headers, and with the authority as the host.

    http.scope.headers.no-pseudo-headers, .authority-becomes-host, .authority-host-first, .authority-replaces-host
    websocket.scope.headers.no-pseudo-headers, websocket.scope.headers.authority-becomes-host
    """
    headers = [(bytes(name), bytes(value)) for name, value in fields if not name.startswith(b":")]
    if authority is None:
        return headers
    return [(b"host", bytes(authority)), *(header for header in headers if header[0] != b"host")]


def check_request(pseudo: dict[bytes, bytes], headers: Headers, tls: bool, number: int, version: str) -> Request:
    """Hold a request against the rules that the parsers leave to their users.

    Args:
        pseudo: The pseudo-headers, each once.
        headers: The other fields.
        tls: Whether the connection has TLS.
        number: Which request of its connection it is.
        version: The version of HTTP, as the scope has it.

    Raises:
        Refused: A rule is broken.
    """
    method, protocol = pseudo[b":method"], pseudo.get(b":protocol")
    if protocol is None:
        name = requests.check_method(method)  # rfc.http2.connect-plain
    elif protocol == b"websocket":
        name = "GET"
    else:
        raise Refused(501, f"the protocol {protocol!r} is not spoken here")  # rfc.http2.websocket.unknown-protocol
    for host in [value for field, value in headers if field == b"host"]:
        requests.check_host(host)
    target = pseudo.get(b":path")
    if target is None or b":scheme" not in pseudo:
        raise Refused(400, "the request has no :path or no :scheme")
    if not target.startswith(b"/") and not (target == b"*" and name == "OPTIONS"):
        raise Refused(400, f"the path {target!r} does not begin with a slash")
    path, query = requests.split_target(target)
    scheme = "https" if tls else "http"
    # http.scope.http-version.http2, http.scope.http-version.http3
    return Request(name, scheme, path, query, headers, version, number, protocol.decode() if protocol else None)
