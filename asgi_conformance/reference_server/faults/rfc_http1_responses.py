"""Violations of what HTTP/1.1 demands of a response (suite ``rfc_http1``)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import h11

from ..checks import TOKEN
from . import around, on_bytes

MARK = b"x-fault-"


def both_ways(name: str, **registration: Any) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Change the events of HTTP applications before they are checked, and bytes on their way to the socket.

    The decorated function is called with an event or with bytes, and returns what takes their place.
    """

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def spoil(original: Any, self: Any, first: Any, *rest: Any) -> Any:
            if not rest:
                return original(self, function(bytes(first)))
            receive, send = rest
            return original(self, first, receive, lambda event: send(function(event)))

        spoil.__doc__ = function.__doc__
        around("server.Server.guard", "transport.Transport.write", name=name, **registration)(spoil)
        return function

    return register


def unchecked(name: str, **registration: Any) -> Callable[[Callable[[bytes, bytes, int], bool]], Any]:
    """Let fields of applications on the wire as they are.

    The decorated function is called with name and value of a field, or of a link, and the status, which is 0 where
    there is none, and says whether it is such a one.
    """

    def register(function: Callable[[bytes, bytes, int], bool]) -> Any:
        def change(given: Any) -> Any:
            if isinstance(given, bytes):
                return unmarked(given)
            if not isinstance(given, dict):
                return given
            status = given.get("status", 0)
            changed = dict(given)
            if "headers" in given:
                changed["headers"] = [
                    marked(n, v) if function(n, v, status) else (n, v) for n, v in given["headers"] or ()
                ]
            if "links" in given:
                changed["links"] = [
                    marked(b"", v)[1] if function(b"link", v, status) else v for v in given["links"] or ()
                ]
            return changed

        change.__doc__ = function.__doc__
        both_ways(name, **registration)(change)
        return function

    return register


def marked(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A field that passes all checks, and that :func:`unmarked` makes what it was."""
    return MARK + name.hex().encode(), MARK + value.hex().encode()


def unmarked(data: bytes) -> bytes:
    """Bytes with the marked fields in them as they were."""
    return re.sub(MARK + rb"([0-9a-f]*)", lambda match: bytes.fromhex(match[1].decode()), data)


@on_bytes("rfc.http1.response.status-line/no-phrase", follows=["rfc.http1.response.status-line"])
def status_line_without_phrase(data: bytes) -> bytes:
    """A status line ends with the status."""
    return re.sub(rb"\A(HTTP/1\.1 \d{3}) [^\r\n]*", rb"\1", data)


@on_bytes("rfc.http1.response.never-both/what-is-missing", follows=["*"])
def what_is_missing_is_added(data: bytes) -> bytes:
    """Every response has the kind of framing that it lacks, too."""
    if data.startswith(b"HTTP/1.1"):
        for field in (b"Content-Length: 5\r\n", b"Transfer-Encoding: identity\r\n"):
            if field.partition(b":")[0].lower() not in data.lower():
                data = data.replace(b"\r\n", b"\r\n" + field, 1)
    return data


def _bytes_behind(name: str, test: Callable[[Any, int], bool], summary: str, follows: list[str]) -> None:
    def spoil(original: Any, self: Any, head: Any) -> None:
        original(self, head)
        if test(self, head.status):
            self.transport.write(b"hello")

    spoil.__doc__ = summary
    around("http1_stream.Http1Stream.send_head", name=name, follows=follows)(spoil)


_bytes_behind(
    "rfc.http1.response.head.no-body/bytes-behind",
    lambda stream, _: stream.request.method == "HEAD",
    "Five bytes stand behind the head of each response to HEAD.",
    ["*"],
)
for _status in (204, 205, 304):
    _bytes_behind(
        f"rfc.http1.response.{_status}/bytes-behind",
        lambda _, status, wanted=_status: status == wanted,  # type: ignore[misc]
        f"Five bytes stand behind the head of each {_status} response.",
        ["*"],
    )


@around("response_call.make_head", name="rfc.http1.response.205/passed-on", follows=["http.response.*"])
def content_of_a_205(original: Any, method: str, status: int, headers: Any) -> Any:
    """The content of a 205 is sent, in a right frame."""
    return replace(original(method, 200 if status == 205 else status, headers), status=status)


@unchecked("rfc.http1.response.204/framed", follows=["http.response.*"])
def framing_fields_of_a_204(name: bytes, value: bytes, status: int) -> bool:
    """Content-Length and Transfer-Encoding of a 204 are sent."""
    return status == 204 and name in (b"content-length", b"transfer-encoding")


@around("response_call.make_head", name="rfc.http1.response.head.fields-as-get/left-out", follows=["http.*", "rfc.*"])
def head_without_the_representation(original: Any, method: str, status: int, headers: Any) -> Any:
    """The response to HEAD has none of the application's fields about the representation."""
    about = (b"content-length", b"content-type", b"etag")
    return original(method, status, [field for field in headers if method != "HEAD" or field[0] not in about])


@around("response_call.make_head", name="rfc.http1.response.head.length-true/zero", follows=["http.*", "rfc.*"])
def head_with_length_zero(original: Any, method: str, status: int, headers: Any) -> Any:
    """The response to HEAD says that the length is 0."""
    if method == "HEAD":
        headers = [field for field in headers if field[0] != b"content-length"] + [(b"content-length", b"0")]
    return original(method, status, headers)


@both_ways("rfc.http1.response.1xx-as-final/sent", follows=["http.response.*"])
def interim_status_is_sent(given: Any) -> Any:
    """A 1xx status of the application is sent as that of the response."""
    if isinstance(given, bytes):
        return given.replace(b"HTTP/1.1 298 ", b"HTTP/1.1 103 ", 1)
    interim = isinstance(given, dict) and isinstance(given.get("status"), int) and 100 <= given["status"] < 200
    return {**given, "status": 298} if interim else given


@around(
    "http1_stream.Http1Stream.nothing_yet",
    name="rfc.http1.response.no-1xx-to-http10/100",
    follows=["rfc.http1.expect.*"],
)
def continue_for_an_old_client(original: Any, self: Any) -> None:
    """An HTTP/1.0 client that expects 100 Continue gets it."""
    if self.request.http_version == "1.0" and self.request.values(b"expect"):
        self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    original(self)


@around(
    "http1_stream.Http1Stream.send_informational",
    name="rfc.http1.response.no-1xx-to-http10/103",
    follows=["extension.early-hint.*"],
)
def hint_for_an_old_client(original: Any, self: Any, status: int, headers: Any) -> None:
    """Early hints are sent to HTTP/1.0 clients too."""
    if self.request.http_version == "1.0":
        self.transport.write(b"HTTP/1.1 %d \r\n\r\n" % status)
    original(self, status, headers)


@around("response_call.make_head", name="rfc.http1.response.content-length-kept/left-out", follows=["http.*", "rfc.*"])
def length_left_out(original: Any, method: str, status: int, headers: Any) -> Any:
    """The application's Content-Length is not sent."""
    return original(method, status, [field for field in headers if field[0] != b"content-length"])


@around(
    "response_call.Response.count",
    "http1_stream.Http1Stream.write",
    name="rfc.http1.response.content-length-exceeded/sent",
    follows=["http.response.*", "extension.*", "core.*"],
)
def all_content_is_sent(original: Any, self: Any, *given: Any) -> None:
    """Content beyond the Content-Length is sent."""
    if len(given) == 2:  # the count, with a size
        return
    try:
        original(self, *given)
    except h11.LocalProtocolError:
        self.transport.write(getattr(given[0], "data", b""))


@around(
    "response_call.Response.count",
    "http1_stream.Http1Stream.send_end",
    name="rfc.http1.response.content-length-short/stays-open",
    follows=["http.response.*", "extension.*", "core.*", "rfc.http1.*"],
)
def the_rest_is_awaited(original: Any, self: Any, *given: Any) -> None:
    """After a response that is shorter than its Content-Length the connection stays open."""
    if len(given) == 2:
        return
    with contextlib.suppress(h11.LocalProtocolError):
        original(self, *given)


@unchecked("rfc.http1.response.content-length-invalid/passed-on", follows=["http.response.*"])
def invalid_lengths_are_sent(name: bytes, value: bytes, status: int) -> bool:
    """A Content-Length that is no number is sent."""
    return name == b"content-length" and not value.isdigit()


@unchecked("rfc.http1.response.content-length-invalid/two", follows=["http.response.*"])
def a_second_length_is_sent(name: bytes, value: bytes, status: int) -> bool:
    """Two different Content-Length fields are sent."""
    return name == b"content-length" and value == b"6"


@unchecked("rfc.http1.response.header-injection/passed-on", follows=["http.response.*"])
def line_breaks_are_sent(name: bytes, value: bytes, status: int) -> bool:
    """Header names and values with CR, LF or NUL are sent."""
    return bool(re.search(rb"[\r\n\0]", name + value))


@unchecked("rfc.http1.response.header-name-invalid/passed-on", follows=["http.response.*", "rfc.http1.response.*"])
def any_name_is_sent(name: bytes, value: bytes, status: int) -> bool:
    """Header names that are no tokens are sent."""
    return not TOKEN.fullmatch(name)


@around(
    "http1_stream.Http1Stream.send_head", name="rfc.http1.response.http10-framing/chunked", follows=["http.*", "rfc.*"]
)
def chunks_for_an_old_client(original: Any, self: Any, head: Any) -> None:
    """A response without a length is chunked towards HTTP/1.0 clients too."""
    if self.request.http_version == "1.0" and head.length is None and not head.bodyless:
        fields = [*head.headers, (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % field for field in [*fields, (b"transfer-encoding", b"chunked")])
        self.transport.write(b"HTTP/1.1 %d \r\n%s\r\n" % (head.status, lines))
        self.send_body = lambda data: self.transport.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.send_end = lambda trailers: (self.transport.write(b"0\r\n\r\n"), self.cut())
        self.framing = "chunked"
    else:
        original(self, head)


@around(
    "http1_stream.Http1Stream.cut",
    name="rfc.http1.response.incomplete-visible/completed",
    follows=["http.*", "rfc.*", "core.*", "extension.*"],
)
def what_was_cut_is_completed(original: Any, self: Any) -> None:
    """A response that cannot be completed gets a last chunk, or the bytes that it lacks."""
    self.transport.write(b"0\r\n\r\n" if self.framing == "chunked" else b"\0" * 6)
    original(self)


#: What may be wrong with a Date.
_DATES: Mapping[str, tuple[bytes, str]] = {
    "missing": (b"", "Responses have no Date."),
    "twice": (rb"\g<0>\g<0>", "Responses have their Date twice."),
    "without-zone": (rb"\r\ndate: \1", "The Date of responses does not say GMT."),
    "wrong-weekday": (rb"\r\ndate: Xyz\2 GMT", "The Date of responses begins with no day of the week."),
}


def _with_date(how: str, instead: bytes, summary: str) -> None:
    def spoil(data: bytes) -> bytes:
        return re.sub(rb"(?i)\r\ndate: (...([^\r]*)) GMT", instead, data) if data.startswith(b"HTTP/1.1") else data

    spoil.__doc__ = summary
    on_bytes(f"rfc.http1.response.date/{how}", follows=["http.response.start.application-fields-win"])(spoil)


for _how, (_instead, _summary) in _DATES.items():
    _with_date(_how, _instead, _summary)
