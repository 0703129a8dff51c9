"""The paths of the examples as a WSGI application, for adapters; standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from ..examples.streaming import PIECES
from .common import BLOCK, BLOCKS

TEXT = ("content-type", "text/plain; charset=utf-8")


def application(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Answer a request."""
    first, _, rest = environ["PATH_INFO"][1:].partition("/")
    headers, content = PAGES[first](environ, rest)
    start_response("200 OK", headers)
    return content  # type: ignore[no-any-return]


def hello(environ: Any, rest: str) -> Any:
    """A page."""
    return [TEXT], [b"hello"]


def greet(environ: Any, rest: str) -> Any:
    """A page that reads its address."""
    name = rest.encode("latin-1").decode()
    return [TEXT], [f"{name}, from {parse_qs(environ['QUERY_STRING'])['from'][0]}".encode()]


def echo(environ: Any, rest: str) -> Any:
    """What was posted."""
    content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return [("content-type", environ["CONTENT_TYPE"])], [content]


def upload(environ: Any, rest: str) -> Any:
    """Length and digest of an upload."""
    digest, length = hashlib.sha256(), 0
    while chunk := environ["wsgi.input"].read(65536):
        digest.update(chunk)
        length += len(chunk)
    return [TEXT], [f"{length} {digest.hexdigest()}".encode()]


def visits(environ: Any, rest: str) -> Any:
    """A cookie that counts."""
    found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("visits")
    count = str(int(found.value) + 1 if found else 1)
    return [TEXT, ("set-cookie", f"visits={count}"), ("set-cookie", "seen=yes")], [count.encode()]


def download(environ: Any, rest: str) -> Any:
    """A large file."""
    headers = [("content-type", "application/octet-stream"), ("content-length", str(len(BLOCK) * BLOCKS))]
    return headers, (BLOCK for _ in range(BLOCKS))


def stream(environ: Any, rest: str) -> Any:
    """A response in pieces."""
    return [("content-type", "text/plain")], (b"piece %d\n" % number for number in range(PIECES))


def fail(environ: Any, rest: str) -> Any:
    """Have a bug."""
    raise ValueError("this application has a bug")


PAGES: Any = {
    "download": download,
    "echo": echo,
    "fail": fail,
    "greet": greet,
    "hello": hello,
    "stream": stream,
    "upload": upload,
    "visits": visits,
}
