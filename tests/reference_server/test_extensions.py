"""Extensions over HTTP/1."""

from __future__ import annotations

import pytest

from .conftest import Running


def test_path_send_sends_the_file(server: Running) -> None:
    """The content of the file is that of the response, in one chunk."""
    head, _, body = server.get("/extension/pathsend").partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body == b"100000\r\n" + bytes(range(256)) * 4096 + b"\r\n0\r\n\r\n"


def test_zero_copy_send_mixes_with_bodies(server: Running) -> None:
    """Parts of a file stand between pieces of the body; the file's position is used and moved on."""
    body = server.get("/extension/zerocopysend").partition(b"\r\n\r\n")[2]
    assert body == b"1\r\n<\r\n3\r\nABC\r\n2\r\nab\r\n2\r\nDE\r\n1\r\n>\r\n0\r\n\r\n"


@pytest.mark.parametrize("name", ["pathsend", "zerocopysend"])
def test_head_gets_nothing_of_a_file(server: Running, name: str) -> None:
    """The answer to HEAD ends with its head."""
    data = f"HEAD /extension/{name} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert server.talk(data.encode()).endswith(b"\r\n\r\n")


def test_early_hints_come_before_the_response(server: Running) -> None:
    """A 103 with its links precedes the response; an HTTP/1.0 client gets none."""
    answer = server.get("/extension/early_hint")
    hint = b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nlink: </b.js>\r\n\r\nHTTP/1.1 200 OK\r\n"
    assert answer.startswith(hint)
    assert server.talk(b"GET /extension/early_hint HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(("te", "sent"), [("trailers", True), ("gzip;q=0.5, Trailers", True), ("gzip", False)])
def test_trailers_go_to_those_who_want_them(server: Running, te: str, sent: bool) -> None:
    """Trailer fields of all messages are sent to a client that said TE: trailers."""
    answer = server.get("/extension/trailers", f"TE: {te}")
    assert answer.endswith(b"0\r\nx-a: 1\r\nx-b: 2\r\n\r\n" if sent else b"content\r\n0\r\n\r\n")
