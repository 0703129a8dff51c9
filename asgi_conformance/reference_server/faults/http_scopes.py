"""Violations in what a scope says of the head of a request: its kinds of values, its version, its headers."""

from __future__ import annotations

from typing import Any

from ..application import Scope
from ..requests import Headers
from . import around, on_scope

HEADERS = ["http.*headers.*", "core.middleware.*"]

# kinds


@on_scope("http.spec-version.known-value/of-asgi", follows=["http.spec-version.*"])
def spec_version_of_asgi(scope: Scope) -> None:
    """The spec_version is the version of ASGI."""
    scope["asgi"]["spec_version"] = scope["asgi"]["version"]


@on_scope("http.headers.pairs/mapping", follows=HEADERS)
def headers_as_a_mapping(scope: Scope) -> None:
    """The headers are a dict."""
    scope["headers"] = dict(scope["headers"])


@on_scope("http.scope.http-version.present/missing", follows=["http.scope.http-version.*", "core.legacy.*"])
def no_http_version(scope: Scope) -> None:
    """There is no http_version."""
    del scope["http_version"]


@on_scope("http.scope.method.present/missing", follows=["http.scope.method.*", "core.legacy.*"])
def no_method(scope: Scope) -> None:
    """There is no method."""
    del scope["method"]


@on_scope("http.scope.scheme.type/empty", follows=["http.scope.scheme.*"])
def scheme_empty(scope: Scope) -> None:
    """The scheme is empty."""
    scope["scheme"] = ""


@on_scope("http.scope.path.type/bytes", follows=["*"])
def path_as_bytes(scope: Scope) -> None:
    """The path is a byte string."""
    scope["path"] = scope["path"].encode()


@on_scope("http.scope.raw-path.type/str", follows=["http.scope.raw-path.*"])
def raw_path_as_str(scope: Scope) -> None:
    """The raw path is a Unicode string."""
    scope["raw_path"] = scope["raw_path"].decode()


@on_scope("http.scope.root-path.type/none", follows=["http.scope.root-path.*"])
def root_path_none(scope: Scope) -> None:
    """The root path is None where there is none."""
    scope["root_path"] = scope["root_path"] or None


@on_scope("http.scope.headers.present/missing", follows=[*HEADERS, "*"])
def no_headers(scope: Scope) -> None:
    """There are no headers; what they were is in a key of the server's own."""
    scope["x-headers"] = scope.pop("headers")


@on_scope("http.scope.headers.two-item/with-number", follows=[*HEADERS, "rfc.http1.request.*"])
def headers_with_numbers(scope: Scope) -> None:
    """Each header has its number as a third item."""
    scope["headers"] = [(name, value, number) for number, (name, value) in enumerate(scope["headers"])]


@on_scope("http.scope.headers.names-bytes/str", follows=[*HEADERS, "rfc.http1.request.*"])
def header_names_as_str(scope: Scope) -> None:
    """The names of headers are Unicode strings."""
    scope["headers"] = [(name.decode(), value) for name, value in scope["headers"]]


@on_scope("http.scope.headers.values-bytes/str", follows=HEADERS)
def header_values_as_str(scope: Scope) -> None:
    """The values of headers are Unicode strings."""
    scope["headers"] = [(name, value.decode("latin-1")) for name, value in scope["headers"]]


@on_scope("http.scope.server.shape/port-as-str", follows=["http.scope.server.*"])
def server_port_as_str(scope: Scope) -> None:
    """The port of the server is a Unicode string."""
    scope["server"][1] = str(scope["server"][1])


@on_scope("http.scope.state.shape/list", follows=["lifespan.state.*", "core.scope.own-dict*", "http.scope.state.*"])
def state_as_a_list(scope: Scope) -> None:
    """The state is a list."""
    scope["state"] = list(scope["state"])


# the request line


@on_scope("http.scope.http-version.http10/newer", follows=["http.scope.http-version.http2*"])
def version_is_always_the_newest(scope: Scope) -> None:
    """The version of an HTTP/1.0 request is "1.1"."""
    scope["http_version"] = scope["http_version"].replace("1.0", "1.1")


@around("http1.check_version", name="http.scope.http-version.values/as-sent", follows=["rfc.http1.*"])
def any_version_is_taken(original: Any, version: bytes) -> Any:
    """A version that HTTP/1 does not have is handed over as it was sent."""
    return version.decode()


@on_scope("http.scope.http-version.http2/with-minor")
def version_2_0(scope: Scope) -> None:
    """The version of an HTTP/2 request is "2.0"."""
    scope["http_version"] = scope["http_version"].replace("2", "2.0")


@on_scope("http.scope.http-version.http3/with-minor")
def version_3_0(scope: Scope) -> None:
    """The version of an HTTP/3 request is "3.0"."""
    scope["http_version"] = scope["http_version"].replace("3", "3.0")


@around("requests.check_method", name="http.scope.method.uppercase/as-sent")
def method_as_sent(original: Any, method: bytes) -> Any:
    """A method in lower case is handed over as it was sent."""
    return method.decode() if method.islower() else original(method)


@on_scope("http.scope.method.extension/get")
def unknown_methods_become_get(scope: Scope) -> None:
    """A method that is not one of the common ones is handed over as GET."""
    if scope["method"] not in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        scope["method"] = "GET"


@on_scope("http.scope.scheme.plain/https", follows=["http.scope.scheme.*"])
def scheme_is_always_https(scope: Scope) -> None:
    """The scheme is "https" without TLS too."""
    scope["scheme"] = "https"


# the headers


@on_scope("http.scope.headers.re-iterable/iterator", follows=HEADERS)
def headers_as_an_iterator(scope: Scope) -> None:
    """The headers can be iterated once."""
    scope["headers"] = iter(scope["headers"])


@on_scope("http.scope.headers.value-order/reversed", follows=[*HEADERS, "rfc.http1.request.*"])
def headers_in_reverse(scope: Scope) -> None:
    """The headers are in reverse order."""
    scope["headers"].reverse()


@on_scope("http.scope.headers.duplicates-kept/equal-once", follows=HEADERS)
def equal_headers_are_one(scope: Scope) -> None:
    """Of headers that are equal there is one."""
    scope["headers"] = list(dict.fromkeys(scope["headers"]))


@on_scope(
    "http.request.headers.cookie-not-comma-joined/commas", also=["http.request.headers.cookie-http2"], follows=HEADERS
)
def cookies_with_commas(scope: Scope) -> None:
    """The cookies of a request are joined with commas."""
    cookies = b", ".join(value for name, value in scope["headers"] if name == b"cookie")
    rest = [header for header in scope["headers"] if header[0] != b"cookie"]
    scope["headers"] = [*rest, (b"cookie", cookies.replace(b"; ", b", "))] if cookies else rest


@on_scope("http.scope.headers.values-exact/with-space", follows=[*HEADERS, "*"])
def values_with_a_space(scope: Scope) -> None:
    """Each value of a header has a space behind it."""
    scope["headers"] = [(name, value + b" ") for name, value in scope["headers"]]


@on_scope("http.scope.headers.nothing-lost/selected", follows=HEADERS)
def some_headers_are_lost(scope: Scope) -> None:
    """User-Agent, a header called X-Own-7 and all with an underscore are left out."""
    lost = (b"user-agent", b"x-own-7")
    scope["headers"] = [header for header in scope["headers"] if header[0] not in lost and b"_" not in header[0]]


@around(
    "pseudo.regular_headers",
    name="http.scope.headers.nothing-lost/host-alone",
    breaks="http.scope.headers.nothing-lost/host-without-authority",
    follows=["rfc.http2.*"],
)
def a_host_without_authority_is_lost(original: Any, fields: Headers, authority: bytes | None) -> Any:
    """A host field without :authority is left out."""
    found = original(fields, authority)
    return found if authority is not None else [field for field in found if field[0] != b"host"]


@on_scope("http.scope.headers.nothing-added/number", follows=["core.legacy.*"])
def a_header_is_added(scope: Scope) -> None:
    """Each request has a number among its headers."""
    scope["headers"].append((b"x-request-id", b"1"))


@on_scope("http.scope.headers.no-pseudo-headers/path", follows=["http.scope.headers.*", "rfc.http2.*"])
def pseudo_headers_are_kept(scope: Scope) -> None:
    """The path of an HTTP/2 or HTTP/3 request is among its headers."""
    if scope["http_version"] in ("2", "3"):
        scope["headers"].append((b":path", scope["raw_path"]))


@around("pseudo.regular_headers", name="http.scope.headers.authority-becomes-host/lost", follows=["*headers.*"])
def the_authority_is_lost(original: Any, fields: Headers, authority: bytes | None) -> Any:
    """The :authority of an HTTP/2 or HTTP/3 request is left out."""
    return original(fields, None)


@around("pseudo.regular_headers", name="http.scope.headers.authority-host-first/last", follows=["*headers.*"])
def the_host_comes_last(original: Any, fields: Headers, authority: bytes | None) -> Any:
    """The host that is made from :authority stands behind all other headers."""
    first, *rest = original(fields, authority)
    return [*rest, first]


@around(
    "pseudo.regular_headers",
    name="http.scope.headers.authority-replaces-host/both",
    follows=["*headers.*", "rfc.http2.*"],
)
def both_hosts_are_kept(original: Any, fields: Headers, authority: bytes | None) -> Any:
    """Of :authority and host both are kept."""
    hosts = [field for field in fields if field[0] == b"host"]
    return original(fields, authority) + (hosts if authority is not None else [])


@around(
    "http2.Http2Connection.__init__",
    "pseudo.regular_headers",
    name="http.scope.headers.authority-replaces-host/host-wins",
    breaks="http.scope.headers.authority-replaces-host",
    follows=["rfc.http2.*"],
)
def the_host_beats_the_authority(original: Any, *arguments: Any) -> Any:
    """Of :authority and another host the host remains; what h2 would refuse is let through."""
    if len(arguments) == 3:
        original(*arguments)
        arguments[0].h2.config.validate_inbound_headers = False
        return None
    fields, authority = arguments
    hosts = [value for name, value in fields if name == b"host"]
    return original(fields, hosts[0] if hosts else authority)


@on_scope("http.scope.type.value/https", follows=["*"])
def type_names_the_scheme(scope: Scope) -> None:
    """The type of the scope is "https"."""
    scope["type"] = "https"


@on_scope("http.scope.http-version.http11/with-name", follows=["http.scope.http-version.*"])
def version_with_its_name(scope: Scope) -> None:
    """The version has the protocol's name before it."""
    scope["http_version"] = "HTTP/" + scope["http_version"]


@on_scope("http.scope.method.uppercase/lower", follows=["http.scope.method.*"])
def method_in_lower_case(scope: Scope) -> None:
    """The method is in lower case."""
    scope["method"] = scope["method"].lower()


@on_scope("http.scope.scheme.tls/plain")
def tls_is_not_told(scope: Scope) -> None:
    """The scheme is "http" over TLS too."""
    scope["scheme"] = "http"


@on_scope("http.scope.headers.lower-case/title-case", follows=["http.scope.headers.*", "http.request.headers.*"])
def header_names_in_title_case(scope: Scope) -> None:
    """Header names are in title case, whatever the client sent."""
    scope["headers"] = [(name.title(), value) for name, value in scope["headers"]]


@on_scope(
    "http.scope.headers.duplicates-kept/joined", also=["http.request.headers.not-joined"], follows=["http.*headers.*"]
)
def duplicates_joined(scope: Scope) -> None:
    """Headers with the same name are joined with commas."""
    joined: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        joined[name] = joined[name] + b", " + value if name in joined else value
    scope["headers"] = list(joined.items())


@on_scope("http.scope.headers.values-exact/utf-8")
def header_values_encoded_anew(scope: Scope) -> None:
    """Header values are taken for Latin-1 and encoded in UTF-8."""
    scope["headers"] = [(name, value.decode("latin-1").encode()) for name, value in scope["headers"]]
