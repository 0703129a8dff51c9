"""HTTP/1 as raw bytes: what goes in, what comes out."""

from __future__ import annotations

import re
import socket
import time

import pytest

from .conftest import Running, read_all, read_until


def request(target: str, *fields: str, method: str = "GET", body: bytes = b"") -> bytes:
    """One HTTP/1.1 request."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: test", *fields, "", ""]).encode() + body


def test_a_response_keeps_its_length_and_has_a_date(server: Running) -> None:
    """A response with a length goes out with it, with one Date, and without Transfer-Encoding."""
    head, _, body = server.get("/").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n")
    assert re.search(rb"date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", head)
    assert b"ransfer-" not in head
    assert body == b"hello"


def test_without_a_length_the_response_is_chunked(server: Running) -> None:
    """A streamed response is chunked, and empty messages leave no trace in it."""
    answer = server.get("/stream")
    assert b"Transfer-Encoding: chunked" in answer
    assert answer.endswith(b"\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")


def test_http_1_0_gets_no_chunks_and_a_close(server: Running) -> None:
    """An HTTP/1.0 client gets the content as it is, then the end of the connection; it needs no Host."""
    answer = server.talk(b"GET /stream HTTP/1.0\r\n\r\n")
    assert b"ransfer-" not in answer
    assert answer.endswith(b"\r\n\r\none two")


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    """Requests in one segment, one with a chunked body, get their answers one after the other."""
    chunks = b"2;x=y\r\nab\r\n1\r\nc\r\n0\r\nt: 1\r\n\r\n"
    chunked = request("/echo", "Transfer-Encoding: chunked", method="POST", body=chunks)
    answers = server.talk(request("/slow/1") + chunked + b"\r\n" + request("/slow/2", "Connection: Foo, CLOSE"))
    bodies = re.findall(rb"content-length: \d+\r\n(?:.+\r\n)*\r\n(/slow/\d|abc)", answers)
    assert bodies == [b"/slow/1", b"abc", b"/slow/2"]


def test_parsing_does_not_depend_on_packets(server: Running) -> None:
    """A request that comes byte by byte is the same request."""
    with server.connect() as sock:
        for byte in request("/echo", "Content-Length: 4", "Connection: close", method="POST", body=b"\r\n\r\n"):
            sock.sendall(bytes([byte]))
        assert read_all(sock).endswith(b"\r\n\r\n\r\n\r\n")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 205, 304, 404, 599])
def test_statuses_without_content_have_none(server: Running, status: int, method: str) -> None:
    """HEAD, 204, 205 and 304 have no content whatever the application sends, and the connection stays in step."""
    answers = server.talk(request(f"/status/{status}", method=method) + request("/", "Connection: close"))
    head, _, rest = answers.partition(b"\r\n\r\n")
    assert rest.startswith(b"body" if method == "GET" and status not in (204, 205, 304) else b"HTTP/1.1 200 OK")
    assert (b"content-length: 4" in head) == (status not in (204, 205))
    assert answers.endswith(b"hello")


@pytest.mark.parametrize("count", [4, 6])
def test_a_wrong_length_raises_and_leaves_no_complete_response(server: Running, count: int) -> None:
    """Content that does not match its declared length makes send() raise, and nothing wrong looks complete."""
    key = f"length-{count}-{server.port}"
    answer = server.get(f"/length/{count}?{key}")
    assert server.notes(key) == ["InvalidEvent"]
    assert b"x" * 5 not in answer


def test_expect_100_continue_is_answered_when_the_body_is_wanted(server: Running) -> None:
    """100 Continue is sent when the application receives, and not to an application that does not."""
    with server.connect() as sock:
        fields = ["Expect: 100-continue", "Content-Length: 2", "Connection: close"]
        sock.sendall(request("/echo", *fields, method="POST"))
        assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert read_all(sock).endswith(b"\r\n\r\nok")
    with server.connect() as sock:
        sock.sendall(request("/", "Expect: 100-continue", "Content-Length: 2", method="POST"))
        assert read_all(sock).startswith(b"HTTP/1.1 200 OK")


BAD = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "bad host": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "open bracket": (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    "both framings": (request("/", "Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    "two lengths": (request("/", "Content-Length: 5", "Content-Length: 6"), 400),
    "signed length": (request("/", "Content-Length: +5"), 400),
    "huge length": (request("/", "Content-Length: " + "9" * 5000), 400),
    "gzip last": (request("/", "Transfer-Encoding: chunked, gzip"), 400),
    "chunked twice": (request("/", "Transfer-Encoding: chunked, chunked"), 400),
    "unknown coding": (request("/", "Transfer-Encoding: foo, chunked"), 501),
    "obscured coding": (request("/", "Transfer-Encoding: \x0bchunked"), 400),
    "1.0 coding": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "space before colon": (request("/", "X-A : 1"), 400),
    "no colon": (request("/", "X-A"), 400),
    "nul in value": (request("/", "X-A: a\0b"), 400),
    "bare cr": (request("/", "X-A: a\rX-B: b"), 400),
    "space in target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "raw bytes in target": (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment": (request("/#x"), 400),
    "no slash": (request("a"), 400),
    "not utf-8": (request("/%ff"), 400),
    "get *": (request("*"), 400),
    "other host": (request("http://other/"), 400),
    "connect": (request("host:80", method="CONNECT"), 501),
    "small method": (request("/", method="get"), 501),
    "bad method": (request("/", method="G(T"), 400),
    "version 3": (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    "version 11": (b"GET / HTTP/11\r\nHost: a\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "long target": (request("/" + "a" * 200_000), 414),
    "long headers": (request("/", *["X-A: 1"] * 30_000), 431),
    "garbage": (bytes(range(256)) * 4, 400),
    "bad websocket version": (
        request("/ws", "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 99"),
        426,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_refused_and_the_connection_closed(server: Running, name: str) -> None:
    """A request that breaks a rule gets its status and a close; the application hears of nothing."""
    data, status = BAD[name]
    key = f"bad-{name.replace(' ', '-')}"
    answer = server.talk(data + request(f"/hello?{key}"))
    assert int(answer.split(b" ")[1]) == status
    assert b"connection: close" in answer.lower()
    assert answer.count(b"HTTP/1.1 ") == 1
    assert server.notes(key, 0) == []


def test_legal_oddities_are_served(server: Running) -> None:
    """Empty lines before a request, folded lines, absolute targets, OPTIONS * and HTTP/1.2 are no errors."""
    oddities = [
        b"\r\n\r\n" + request("/scope"),
        request("/scope", "X-A: 1\r\n  2"),
        request("http://TEST/scope?q"),
        request("/scope").replace(b"HTTP/1.1", b"HTTP/1.2"),
        request("/scope", "Upgrade: foo/1", "Connection: upgrade"),
    ]
    answers = server.talk(b"".join(oddities) + request("/scope", "Connection: close"))
    assert answers.count(b"HTTP/1.1 200 OK") == 6
    assert b"(b'x-a', b'1 2')" in answers
    assert b"'path': '/scope', 'raw_path': b'/scope', 'query_string': b'q'" in answers


def test_an_unread_body_is_no_request(server: Running) -> None:
    """Content that the application did not read is never taken for the next request."""
    smuggled = request("/hello?smuggled")
    first = request("/", f"Content-Length: {len(smuggled)}", method="POST", body=smuggled)
    assert server.talk(first + request("/", "Connection: close")).count(b"HTTP/1.1 200") == 2
    assert server.notes("smuggled", 0) == []


def test_a_bad_chunk_ends_the_request(server: Running) -> None:
    """Content that cannot be framed gives http.disconnect to the application and 400 to the client."""
    key = f"chunk-{server.port}"
    head = request(f"/events?{key}", "Transfer-Encoding: chunked", method="POST")
    assert server.talk(head + b"2\r\nab\r\nxx\r\n").startswith(b"HTTP/1.1 400 ")
    notes = server.notes(key, 3)
    assert ["http.disconnect", "", None] in notes
    assert all(more is not False for _, _, more in notes)


def test_a_client_that_leaves_in_its_body_is_a_disconnect(server: Running) -> None:
    """Half a body is followed by http.disconnect, again and again, and by nothing that looks complete."""
    key = f"leaves-{server.port}"
    with server.connect() as sock:
        sock.sendall(request(f"/events?{key}", "Content-Length: 9", method="POST", body=b"half"))
    assert server.notes(key, 4) == [["http.request", "half", True], *[["http.disconnect", "", None]] * 3]


def test_a_half_closed_client_gets_its_response(server: Running) -> None:
    """A client that only ended its own side reads the whole answer."""
    with server.connect() as sock:
        sock.sendall(request("/slow"))
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).endswith(b"/slow")


def test_after_the_response_there_is_nothing_but_disconnect(server: Running) -> None:
    """After its response a call receives http.disconnect, and its further messages vanish."""
    key = f"after-{server.port}"
    answers = server.talk(request(f"/after-response?{key}", method="POST") + request("/", "Connection: close"))
    assert server.notes(key, 3) == ["http.disconnect", "http.disconnect", "ignored"]
    assert b"extra" not in answers


def test_send_raises_an_oserror_once_the_client_left(server: Running) -> None:
    """After http.disconnect every send() raises an OSError of the server's own."""
    key = f"left-{server.port}"
    with server.connect() as sock:
        sock.sendall(request(f"/left?{key}"))
        assert b"begun" in read_until(sock, b"begun\r\n")
    assert server.notes(key, 2) == [[True, False], [True, False]]


def test_a_client_that_does_not_read_makes_the_application_wait(server: Running) -> None:
    """An endless response stops until it is read, and its send() ends when the client goes."""
    key = f"flood-{server.port}"
    with server.connect() as sock:
        sock.sendall(request(f"/flood?{key}"))
        sock.recv(1)
        size, deadline = -1, time.monotonic() + 5
        while size != (size := len(sock.recv(1, socket.MSG_PEEK))) and time.monotonic() < deadline:
            pass
    (count,) = server.notes(key)
    assert count < 1000


def test_a_cancelled_receive_loses_nothing(server: Running) -> None:
    """What comes after a receive() was cancelled is received by the next one."""
    key = f"cancelled-{server.port}"
    with server.connect() as sock:
        sock.sendall(request(f"/cancelled?{key}", "Content-Length: 4", "Connection: close", method="POST"))
        assert server.notes(key) == ["cancelled"]
        sock.sendall(b"data")
        assert read_all(sock).endswith(b"\r\n\r\ndata")


def test_a_broken_application_breaks_its_response_only(server: Running) -> None:
    """An exception before the response is a 500; one in the middle leaves the response visibly incomplete."""
    assert server.get("/raises").startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert server.get("/returns").startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert server.get("/broken").endswith(b"\r\n4\r\nhalf\r\n")
    assert server.get("/").endswith(b"hello")


def test_headers_go_out_in_order_and_exactly(server: Running) -> None:
    """Headers out of a generator keep their order, their repeats and their bytes."""
    answer = server.get("/headers")
    assert re.findall(rb"(x-\d: .+)\r\n", answer) == [
        b"x-3: caf\xe9  \t3",
        b"x-1: caf\xe9  \t1",
        b"x-2: caf\xe9  \t2",
        b"x-1: caf\xe9  \t1",
    ]


def test_an_application_can_close(server: Running) -> None:
    """Connection: close of the application is sent once, and kept."""
    answer = server.talk(request("/close") + request("/"))
    assert answer.lower().count(b"connection: close") == 1
    assert answer.endswith(b"bye")


@pytest.mark.parametrize("size", [b"5 ", b" 5", b"0x5", b"+5", b"5_0", b"", b"G", b"5\n", b"5 \t", b"F" * 30])
def test_chunk_sizes_are_hexadecimal_and_nothing_else(server: Running, size: bytes) -> None:
    """A size that the grammar does not have is 400, wherever the packets are cut."""
    data = request("/echo", "Transfer-Encoding: chunked", method="POST")
    assert server.talk(data + b"1\r\na\r\n" + size + b"\r\nhello\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert b"hello" in server.talk(data + b"5;a=b\r\nhello\r\n0\r\n\r\n" + request("/close"))
