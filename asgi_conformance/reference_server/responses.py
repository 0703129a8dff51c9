"""What HTTP demands of a response, whatever the application says: fields, framing, completeness."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus

from .checks import Headers

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

#: Fields that speak of one HTTP/1.1 connection and do not exist in HTTP/2 (RFC 9113, section 8.2.2).
CONNECTION_FIELDS = frozenset([b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"])


@dataclass
class Head:
    """The head of a final response as it goes out.

    ``bodyless`` says that no content follows, whatever the application sends. ``length`` is how much content the
    application declared, or None.
    """

    status: int
    headers: Headers
    bodyless: bool
    length: int | None


def make_head(method: str, status: int, headers: Headers) -> Head:
    """Turn status and headers of the application into the head of a response to a request with ``method``.

    http.response.start.accepted, http.response.start.status.passed, http.response.start.content-encoding-untouched,
    http.response.headers.set-cookie-separate, http.response.not-modified.length-of-representation,
    extension.pathsend.headers-from-application, extension.trailers.trailer-header-untouched
    """
    fields = [(name, value) for name, value in headers if keep_field(status, name)]
    if status == 205:  # rfc.http1.response.205
        fields.append((b"content-length", b"0"))
    if not any(name == b"date" for name, _ in fields):  # http.response.start.application-fields-win
        fields.append((b"date", date()))
    bodyless = is_bodyless(method, status)
    return Head(status, fields, bodyless, None if bodyless else declared_length(fields))


def keep_field(status: int, name: bytes) -> bool:
    """Whether a field of the application goes into the head."""
    # http.response.start.transfer-encoding-ignored, http.response.start.transfer-encoding-with-length
    if name == b"transfer-encoding":
        return False
    return not (name == b"content-length" and status in (204, 205))  # rfc.http1.response.204


def is_bodyless(method: str, status: int) -> bool:
    """Whether a response has no content by its nature."""
    # rfc.http1.response.head.no-body, rfc.http1.response.204, rfc.http1.response.205, rfc.http1.response.304
    # rfc.http2.response.bodyless, http.response.status.keeps-body
    return method == "HEAD" or status in (204, 205, 304)


def declared_length(headers: Headers) -> int | None:
    """The Content-Length of a head, or None."""
    return next((int(value) for name, value in headers if name == b"content-length"), None)


def date() -> bytes:
    """Now, as an IMF-fixdate (RFC 9110, section 5.6.7; rfc.http1.response.date)."""
    now = time.gmtime()
    day, month = _DAYS[now.tm_wday], _MONTHS[now.tm_mon - 1]
    clock = f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"
    return f"{day}, {now.tm_mday:02} {month} {now.tm_year} {clock} GMT".encode()


def phrase(status: int) -> bytes:
    """The registered reason phrase of a status, or nothing."""
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


def own_response(status: int, text: str, headers: Headers | None = None) -> tuple[Headers, bytes]:
    """Headers and content of a response that the server makes by itself; ``text`` is one line for people."""
    body = f"{text}\n".encode("utf-8", "replace")
    fields = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    return [*fields, *(headers or []), (b"connection", b"close")], body
