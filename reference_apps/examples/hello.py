"""The smallest application, and one that reads the address of the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

TEXT = b"text/plain; charset=utf-8"


async def answer(send: Any, body: bytes, *headers: Any, status: int = 200) -> None:
    """Send a whole response in plain text."""
    length = (b"content-length", str(len(body)).encode())
    head = [(b"content-type", TEXT), length, *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Say hello."""
    assert scope["type"] == "http"
    await answer(send, b"hello")


async def greet(scope: Any, receive: Any, send: Any) -> None:
    """Say hello to whom the path names, from whom the query names."""
    name = scope["path"].rpartition("/")[2]
    sender = parse_qs(scope["query_string"].decode("ascii"))["from"][0]
    await answer(send, ("%s, from %s" % (name, sender)).encode())


async def visits(scope: Any, receive: Any, send: Any) -> None:
    """Count the visits of a browser, in a cookie."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    found = [cookie.partition("=")[2] for cookie in cookies.split("; ") if cookie.startswith("visits=")]
    count = str(int(found[0]) + 1 if found else 1).encode()
    await answer(send, count, (b"set-cookie", b"visits=" + count + b"; Path=/"), (b"set-cookie", b"seen=yes; Path=/"))


async def fail(scope: Any, receive: Any, send: Any) -> None:
    """Have a bug."""
    raise ValueError("this application has a bug")
