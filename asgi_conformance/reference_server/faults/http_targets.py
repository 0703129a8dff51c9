"""Violations in what a scope says of the target of a request: path, raw path, query string and root path."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes

from ..application import Scope
from ..requests import Refused
from . import around, on_scope


@on_scope("http.scope.path.plus-and-params-kept/decoded")
def path_as_in_a_form(scope: Scope) -> None:
    """A plus sign, a semicolon and a comma in the path become spaces."""
    scope["path"] = scope["path"].translate(str.maketrans("+;,", "   "))


@on_scope(
    "http.scope.path.not-normalised/resolved", follows=["http.scope.path.percent-decoded-slash*", "http.scope.path.*"]
)
def path_resolved(scope: Scope) -> None:
    """Dot segments, double and last slashes of the path are resolved."""
    scope["path"] = "/" + posixpath.normpath(scope["path"]).strip("/.")


@around(
    "requests.split_target",
    name="http.scope.raw-path.excludes-query/with-query",
    also=["http.scope.path.excludes-query"],
    follows=["http.scope.raw-path.*", "http.scope.path.absolute-form"],
)
def path_with_the_whole_target(original: Any, target: bytes) -> Any:
    """The path and the raw path have the query behind them."""
    _, query = original(target)
    return target, query


@around("requests.split_target", name="http.scope.path.raw-utf8/latin-1")
def raw_bytes_are_latin_1(original: Any, target: bytes) -> Any:
    """Raw bytes of a target are let through and taken for Latin-1."""
    return original(quote(target.decode("latin-1"), safe="%/?=&").encode() if not target.isascii() else target)


@around(
    "transport.Transport.take",
    name="http.scope.path.raw-utf8/request-line",
    breaks="http.scope.path.raw-utf8",
    follows=["http.scope.query-string.raw-bytes"],
)
def raw_bytes_of_a_request_line_are_latin_1(original: Any, self: Any) -> bytes:
    """Raw bytes of a request line are let through and taken for Latin-1."""
    data = bytes(original(self))
    line, end, rest = data.partition(b"\r\n")
    if not line.startswith(b"GET /") or line.isascii():
        return data
    return quote(line.decode("latin-1"), safe="%/?=& ").encode() + end + rest


@around(
    "requests.decode_path", name="http.scope.path.invalid-utf8/error", follows=["websocket.scope.path.invalid-utf8"]
)
def an_undecodable_path_is_an_error(original: Any, raw_path: bytes) -> Any:
    """A path that is no UTF-8 is answered with 500."""
    try:
        return original(raw_path)
    except Refused as refused:
        raise Refused(500, refused.args[0]) from None


@around(
    "requests.origin_form",
    name="http.scope.path.absolute-form/query-lost",
    follows=["rfc.http1.request.target-*", "http.scope.raw-path.absolute-form"],
)
def the_query_of_a_uri_is_lost(original: Any, method: str, target: bytes, hosts: list[bytes]) -> Any:
    """The query of a target in absolute form is lost."""
    found = original(method, target, hosts)
    return found if target.startswith(b"/") else found.partition(b"?")[0]


@on_scope("http.scope.path.asterisk-form/slash", follows=["rfc.http*"])
def asterisk_becomes_a_slash(scope: Scope) -> None:
    """The path of "OPTIONS *" is a slash."""
    scope["path"] = "/" if scope["path"] == "*" else scope["path"]


@on_scope("http.scope.path.includes-root-path/stripped")
def root_path_stripped(scope: Scope) -> None:
    """As many characters as the root path has are cut from the front of the path."""
    scope["path"] = scope["path"][len(scope["root_path"]) :]


@on_scope("http.scope.root-path.value/empty")
def root_path_empty(scope: Scope) -> None:
    """The root path is always empty."""
    scope["root_path"] = ""


@on_scope("http.scope.raw-path.unmodified/with-slash", follows=["http.scope.raw-path.*"])
def raw_path_with_a_slash(scope: Scope) -> None:
    """The raw path ends with a slash more."""
    scope["raw_path"] += b"/"


@around(
    "requests.Request.__post_init__",
    name="http.scope.raw-path.unmodified/replaced",
    breaks="http.scope.raw-path.unmodified/not-utf-8",
)
def undecodable_raw_path_replaced(original: Any, self: Any) -> None:
    """What cannot be decoded in a path is replaced in the raw path as well."""
    try:
        original(self)
    except Refused:
        self.path = "/\ufffd"
        self.raw_path = self.path.encode()


@on_scope(
    "http.scope.query-string.value/with-question-mark",
    follows=[
        "http.scope.query-string.*",
        "core.legacy.*",
        "http.scope.path.absolute-form",
        "http.scope.raw-path.absolute-form",
    ],
)
def query_with_its_question_mark(scope: Scope) -> None:
    """The query string begins with the question mark."""
    if scope["query_string"]:
        scope["query_string"] = b"?" + scope["query_string"]


@around(
    "requests.split_target",
    name="http.scope.query-string.still-encoded/encoded-anew",
    follows=["rfc.http*", "http.scope.*"],
)
def query_encoded_anew(original: Any, target: bytes) -> Any:
    """The query string is percent-encoded once more, also where it is no valid one."""
    path, _, query = target.partition(b"?")
    return original(path)[0], quote(query, safe="=&/?;,").encode()


@on_scope("http.scope.query-string.empty/question-mark", follows=["http.scope.query-string.*"])
def an_empty_query_is_a_question_mark(scope: Scope) -> None:
    """An empty query string is a question mark."""
    scope["query_string"] = scope["query_string"] or b"?"


@around("http1.status_of", name="http.scope.query-string.raw-bytes/parser-error", follows=["rfc.http1.*"])
def raw_bytes_are_an_error(original: Any, error: Any, received: bytes) -> Any:
    """A request line that cannot be parsed for its raw bytes is answered with 500."""
    return original(error, received) if received.partition(b"\r\n")[0].isascii() else 500


@on_scope("http.scope.path.percent-decoded/encoded", follows=["http.scope.path.*", "http.scope.raw-path.absolute-form"])
def path_still_encoded(scope: Scope) -> None:
    """The path is not percent-decoded."""
    scope["path"] = scope["raw_path"].decode()


@on_scope("http.scope.path.decoded-once/twice")
def path_decoded_twice(scope: Scope) -> None:
    """The path is percent-decoded twice."""
    scope["path"] = unquote(scope["path"])


@on_scope("http.scope.path.utf8-decoded/latin-1")
def path_as_latin_1(scope: Scope) -> None:
    """The decoded bytes of the path are taken for Latin-1."""
    scope["path"] = unquote_to_bytes(scope["raw_path"]).decode("latin-1")


@on_scope(
    "http.scope.path.excludes-query/with-query",
    follows=["http.scope.path.absolute-form", "http.scope.raw-path.absolute-form"],
)
def path_with_its_query(scope: Scope) -> None:
    """The path has the query string behind it."""
    if scope["query_string"]:
        scope["path"] += "?" + scope["query_string"].decode()


@on_scope("http.scope.path.not-normalised/normalised")
def path_without_double_slashes(scope: Scope) -> None:
    """Double slashes of the path are merged."""
    while "//" in scope["path"]:
        scope["path"] = scope["path"].replace("//", "/")


@on_scope("http.scope.raw-path.unmodified/encoded-anew", follows=["http.scope.raw-path.*"])
def raw_path_made_from_path(scope: Scope) -> None:
    """The raw path is the decoded one, in UTF-8."""
    scope["raw_path"] = scope["path"].encode()


@on_scope("http.scope.query-string.still-encoded/decoded")
def query_decoded(scope: Scope) -> None:
    """The query string is percent-decoded."""
    scope["query_string"] = unquote_to_bytes(scope["query_string"])


@on_scope(
    "http.scope.query-string.type/str",
    follows=["http.scope.query-string.*", "http.scope.path.absolute-form", "http.scope.raw-path.absolute-form"],
)
def query_as_str(scope: Scope) -> None:
    """The query string is a Unicode string."""
    scope["query_string"] = scope["query_string"].decode()
