"""Violations in how request lines and Host are read, and what is taken for a request at all (suite ``rfc_http1``)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from ..checks import TOKEN
from ..requests import Refused
from . import around, on_arrival


@on_arrival("rfc.http1.request.method-invalid/get", follows=["rfc.http1.request.*"])
def methods_that_are_none_are_get(data: bytes) -> bytes:
    """A method that is no token is taken for GET."""
    method, space, rest = data.partition(b" /")
    return data if not space or TOKEN.fullmatch(method) else b"GET" + space + rest


@on_arrival("rfc.http1.request.method-invalid/cut", breaks="rfc.http1.request.method-invalid/long")
def long_methods_are_cut(data: bytes) -> bytes:
    """Of a method the first 100 letters count."""
    return re.sub(rb"\A([A-Z]{100})[A-Z]+(?= )", rb"\1", data)


@on_arrival("rfc.http1.request.target-invalid/encoded", follows=["rfc.http1.*", "http.scope.*"])
def wrong_targets_are_repaired(data: bytes) -> bytes:
    """A target with characters that it cannot have is percent-encoded."""
    line, end, rest = data.partition(b"\r\n")
    found = re.fullmatch(rb"GET (?!\*|http)(.*) HTTP/1\.1", line, re.DOTALL)
    if found is None:
        return data
    target = re.sub(rb"%(?![0-9A-Fa-f]{2})", b"%25", b"/" + found[1].removeprefix(b"/"))
    return b"GET " + quote(target.decode("latin-1"), safe="%/?=&:@!$'()*+,;").encode() + b" HTTP/1.1" + end + rest


@on_arrival("rfc.http1.request.version-invalid/taken-for-http11", follows=["rfc.http1.request.*"])
def all_versions_are_1_1(data: bytes) -> bytes:
    """A request of a version that does not exist is served as one of HTTP/1.1."""
    return re.sub(rb"\A(GET /xc-\S+)(?=[ \r])(?! HTTP/1\.[01]\r\n)[^\r\n]*", rb"\1 HTTP/1.1", data)


@around("http1.check_version", name="rfc.http1.request.version-invalid/minor", follows=["http.scope.http-version.*"])
def later_minor_versions_are_refused(original: Any, version: bytes) -> Any:
    """A request of HTTP/1.2 is refused."""
    if version > b"1.1":
        raise Refused(505, "this version is not spoken here")
    return original(version)


@around("http1.Http1Connection.skip_empty_lines", name="rfc.http1.request.leading-crlf/refused")
async def empty_lines_are_refused(original: Any, self: Any) -> Any:
    """An empty line before the request line is refused."""
    going_on = self.transport.inbox or await self.transport.more()
    if self.transport.inbox.startswith(b"\r\n"):
        raise Refused(400, "there is an empty line before the request line")
    return going_on and await original(self)


@on_arrival("rfc.http1.request.host-missing/served", follows=["rfc.http1.request.*"])
def the_host_is_made_up(data: bytes) -> bytes:
    """A request without Host is served."""
    if b"\nhost" in data.lower() or b" HTTP/1.1\r\n" not in data:
        return data
    return data.replace(b"\r\n", b"\r\nHost: a.example\r\n", 1)


@on_arrival("rfc.http1.request.host-duplicate/first")
def the_first_host_counts(data: bytes) -> bytes:
    """Of several Host fields the first counts."""
    head, empty, rest = data.partition(b"\r\n\r\n")
    line = re.compile(rb"\r\nhost:[^\r\n]*", re.IGNORECASE)
    first = line.search(head)
    return data if first is None else head[: first.end()] + line.sub(b"", head[first.end() :]) + empty + rest


@around("requests.check_host", name="rfc.http1.request.host-invalid/served", follows=["rfc.http2.*"])
def any_host_will_do(original: Any, host: bytes) -> None:
    """A Host field that is no host is let through."""


@around("http1.check_head", name="rfc.http1.request.http10-without-host/refused")
def http10_needs_a_host(original: Any, head: Any, *rest: Any) -> Any:
    """An HTTP/1.0 request without Host is refused."""
    if b"host" not in {name for name, _ in head.headers}:
        raise Refused(400, "the request has no Host field")
    return original(head, *rest)


@around(
    "requests.origin_form",
    name="rfc.http1.request.target-absolute-form/refused",
    follows=["http.scope.path.absolute-form", "http.scope.raw-path.absolute-form"],
)
def the_absolute_form_is_refused(original: Any, method: str, target: bytes, hosts: list[bytes]) -> Any:
    """A target in absolute form is refused."""
    if target.lower().startswith(b"http"):
        raise Refused(400, "the target is in absolute form")
    return original(method, target, hosts)


@around("requests.origin_form", name="rfc.http1.request.target-absolute-host/ignored")
def the_host_of_the_target_is_ignored(original: Any, method: str, target: bytes, hosts: list[bytes]) -> Any:
    """The host that a target names is ignored."""
    return original(method, target, [])


@around("requests.origin_form", name="rfc.http1.request.target-asterisk/refused", follows=["http.scope.path.*"])
def the_asterisk_form_is_refused(original: Any, method: str, target: bytes, hosts: list[bytes]) -> Any:
    """OPTIONS * is refused."""
    return original("GET", target, hosts)


@around(
    "requests.origin_form",
    name="rfc.http1.request.target-asterisk/for-all",
    breaks="rfc.http1.request.target-asterisk/get",
)
def all_methods_may_have_an_asterisk(original: Any, method: str, target: bytes, hosts: list[bytes]) -> Any:
    """GET * is served like OPTIONS *."""
    return original("OPTIONS", target, hosts)


@on_arrival("rfc.http1.request.target-authority/served", follows=["http.scope.method.*"])
def connect_is_like_other_methods(data: bytes) -> bytes:
    """CONNECT is served as any other method is."""
    return re.sub(rb"\ACONNECT \S+", b"OPTIONS *", data)
