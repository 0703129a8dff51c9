"""Violations of what www.rst says of the target of a handshake in the scope of a WebSocket (suite ``websocket``)."""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from ..application import Scope
from ..requests import Refused
from . import around, on_scope

PATHS = ["websocket.scope.path.*", "websocket.scope.root-path.*", "websocket.scope.lifetime.*", "core.*"]


@on_scope("websocket.scope.path.decoded/bytes", kind="websocket", follows=PATHS)
def path_as_bytes(scope: Scope) -> None:
    """The path is a byte string."""
    scope["path"] = scope["path"].encode()


@on_scope("websocket.scope.path.decoded/encoded", kind="websocket", follows=PATHS)
def path_still_encoded(scope: Scope) -> None:
    """The path is not percent-decoded."""
    scope["path"] = scope["raw_path"].decode()


@on_scope("websocket.scope.path.decoded/twice", kind="websocket", follows=PATHS)
def path_decoded_twice(scope: Scope) -> None:
    """The path is percent-decoded twice."""
    scope["path"] = unquote(scope["path"])


@on_scope("websocket.scope.path.decoded/latin-1", kind="websocket", follows=PATHS)
def path_as_latin_1(scope: Scope) -> None:
    """The decoded bytes of the path are taken for Latin-1."""
    scope["path"] = unquote_to_bytes(scope["raw_path"]).decode("latin-1")


@on_scope("websocket.scope.path.decoded/with-query", kind="websocket", follows=PATHS)
def path_with_its_query(scope: Scope) -> None:
    """The path has the query string behind it."""
    if scope["query_string"]:
        scope["path"] += "?" + scope["query_string"].decode()


@on_scope("websocket.scope.path.not-normalised/normalised", kind="websocket", follows=PATHS)
def path_normalised(scope: Scope) -> None:
    """Dot segments of the path are resolved, and double slashes merged."""
    scope["path"] = posixpath.normpath(re.sub("/+", "/", scope["path"]))


@around("requests.decode_path", name="websocket.scope.path.invalid-utf8/503", follows=["http.scope.path.invalid-utf8"])
def a_path_is_too_much_for_the_server(original: Any, raw_path: bytes) -> Any:
    """A path that is no UTF-8 when it is decoded is answered with 503."""
    try:
        return original(raw_path)
    except Refused as refused:
        raise Refused(503, str(refused)) from None


@on_scope("websocket.scope.path.includes-root-path/stripped", kind="websocket", follows=PATHS)
def root_path_stripped_from_path(scope: Scope) -> None:
    """The root path is taken away from the beginning of the path."""
    scope["path"] = scope["path"].removeprefix(scope["root_path"])


@on_scope("websocket.scope.path.includes-root-path/in-place-of-it", kind="websocket", follows=PATHS)
def root_path_in_place_of_path(scope: Scope) -> None:
    """Under a root path, that is the path."""
    scope["path"] = scope["root_path"] or scope["path"]


@on_scope("websocket.scope.raw-path.type/str", kind="websocket", also=["websocket.scope.raw-path.unmodified"])
def raw_path_as_str(scope: Scope) -> None:
    """The raw path is a Unicode string."""
    scope["raw_path"] = scope["raw_path"].decode()


@on_scope("websocket.scope.raw-path.unmodified/with-query", kind="websocket")
def raw_path_with_its_query(scope: Scope) -> None:
    """The raw path has the query string behind it."""
    if scope["query_string"]:
        scope["raw_path"] += b"?" + scope["query_string"]


@on_scope("websocket.scope.query-string.type/str", kind="websocket", follows=["websocket.scope.query-string.*"])
def query_as_str(scope: Scope) -> None:
    """The query string is a Unicode string."""
    scope["query_string"] = scope["query_string"].decode()


@on_scope("websocket.scope.query-string.value/question-mark", kind="websocket")
def query_with_its_question_mark(scope: Scope) -> None:
    """The query string begins with the question mark."""
    scope["query_string"] = b"?" + scope["query_string"]


@on_scope("websocket.scope.query-string.value/decoded", kind="websocket")
def query_decoded(scope: Scope) -> None:
    """The query string is percent-decoded."""
    scope["query_string"] = unquote_to_bytes(scope["query_string"])


@on_scope("websocket.scope.root-path.type/bytes", kind="websocket", follows=["websocket.scope.root-path.*"])
def root_path_as_bytes(scope: Scope) -> None:
    """The root path is a byte string."""
    scope["root_path"] = scope["root_path"].encode()


@on_scope("websocket.scope.root-path.value/empty", kind="websocket")
def root_path_lost(scope: Scope) -> None:
    """The root path is always empty."""
    scope["root_path"] = ""
