"""Invalid events: each makes send() raise, and nothing of it reaches the client."""

from __future__ import annotations

import itertools

import pytest

from .conftest import Running

START = '{"type": "http.response.start", "status": 200}'
NUMBERS = itertools.count()

INVALID = [
    "{}",
    "None",
    "'x'",
    "{'type': None}",
    "{'type': b'http.response.body'}",
    "{'type': 'http.x-unknown'}",
    "{'type': 'http.request'}",
    "{'type': 'http.disconnect'}",
    "{'type': 'websocket.accept'}",
    "{'type': 'http.response.debug', 'info': {}}",
    "{'type': 'http.response.push', 'path': '/', 'headers': []}",
    "{'type': 'http.response.body'}",
    "{'type': 'http.response.pathsend', 'path': '/etc/hostname'}",
    *[
        "{'type': 'http.response.start', " + rest + "}"
        for rest in [
            "'headers': []",
            "'status': '200'",
            "'status': 200.5",
            "'status': True",
            "'status': 103",
            "'status': 600",
            "'status': 0",
            "'status': 200, 'headers': 5",
            "'status': 200, 'headers': None",
            "'status': 200, 'headers': [b'ab']",
            "'status': 200, 'headers': [(b'a',)]",
            "'status': 200, 'headers': [(b'a', b'b', b'c')]",
            "'status': 200, 'headers': [('a', 'b')]",
            "'status': 200, 'headers': [(b'a', 1)]",
            "'status': 200, 'headers': [(b':status', b'500')]",
            "'status': 200, 'headers': [(b'', b'b')]",
            "'status': 200, 'headers': [(b'a b', b'b')]",
            "'status': 200, 'headers': [(b'a', b'b\\r\\nx-evil: 1')]",
            "'status': 200, 'headers': [(b'a', b'b\\0')]",
            "'status': 200, 'headers': [(b'content-length', b'-1')]",
            "'status': 200, 'headers': [(b'content-length', b'5'), (b'content-length', b'6')]",
            "'status': 200, 'trailers': 'yes'",
        ]
    ],
    *[
        f"{START}, {event}"
        for event in [
            START,
            "{'type': 'http.response.body', 'body': 'text'}",
            "{'type': 'http.response.body', 'body': 5}",
            "{'type': 'http.response.body', 'body': None}",
            "{'type': 'http.response.body', 'body': bytearray(b'x')}",
            "{'type': 'http.response.body', 'more_body': 1}",
            "{'type': 'http.response.trailers', 'headers': []}",
            "{'type': 'http.response.pathsend', 'path': b'/etc/hostname'}",
            "{'type': 'http.response.pathsend', 'path': 'relative'}",
            "{'type': 'http.response.pathsend', 'path': '/no/such/file'}",
            "{'type': 'http.response.pathsend', 'path': '/'}",
            "{'type': 'http.response.zerocopysend'}",
            "{'type': 'http.response.zerocopysend', 'file': __import__('io').BytesIO()}",
            "{'type': 'http.response.zerocopysend', 'file': '/etc/hostname'}",
            "{'type': 'http.response.early_hint'}",
            "{'type': 'http.response.early_hint', 'links': ['</a>']}",
        ]
    ],
]


@pytest.mark.parametrize("wrong", INVALID)
def test_an_invalid_event_raises(server: Running, wrong: str) -> None:
    """send() raises InvalidEvent; the client gets the server's 500 alone, for nothing was on the wire."""
    key = f"invalid-{next(NUMBERS)}"
    body = f"[{wrong}]".encode()
    head = f"POST /invalid?{key} HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = server.talk(head.encode() + body)
    assert server.notes(key) == ["InvalidEvent"]
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"the application sent no response\n")


def test_unknown_keys_are_no_error(server: Running) -> None:
    """Keys that nobody knows change nothing."""
    body = (
        b"[{'type': 'http.response.start', 'status': 201, 'x-extra': 1},"
        b"{'type': 'http.response.body', 'body': b'ok', 'reason': 2}]"
    )
    head = b"POST /invalid?extra HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = server.talk(head + body)
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert b"2\r\nok\r\n0\r\n\r\n" in answer
