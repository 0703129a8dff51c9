"""Violations in how the length of a request is found: Content-Length and Transfer-Encoding (suite ``rfc_http1``)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import around, on_arrival

LENGTH = re.compile(rb"(?im)^content-length:[ \t]*([^\r\n]*)\r\n")
CODING = re.compile(rb"(?im)^transfer-encoding:[ \t]*([^\r\n]*)\r\n")


def _codings(data: bytes) -> list[bytes]:
    return [coding.strip().lower() for coding in b",".join(CODING.findall(data)).split(b",")]


def _chunked_if(data: bytes, wanted: Callable[[list[bytes]], bool]) -> bytes:
    """One Transfer-Encoding, chunked, in the place of all, where the codings are such."""
    if not CODING.search(data) or not wanted(_codings(data)):
        return data
    line, end, rest = data.partition(b"\r\n")
    return line + end + b"Transfer-Encoding: chunked\r\n" + CODING.sub(b"", rest)


@on_arrival("rfc.http1.request.cl-conflicting/first", follows=["rfc.http1.*", "property.*"])
def the_first_length_counts(data: bytes) -> bytes:
    """Of several lengths the first counts."""
    lengths = b",".join(LENGTH.findall(data)).split(b",")
    if len({length.strip() for length in lengths}) < 2:
        return data
    line, end, rest = data.partition(b"\r\n")
    return line + end + b"Content-Length: " + lengths[0] + b"\r\n" + LENGTH.sub(b"", rest)


@on_arrival("rfc.http1.request.cl-invalid/repaired", follows=["rfc.http1.*", "property.*"])
def an_invalid_length_is_five(data: bytes) -> bytes:
    """A Content-Length that is no number is 5."""
    found = LENGTH.search(data)
    if found is None or re.fullmatch(rb"[0-9]+(, *[0-9]+)?", found[1]):
        return data
    return LENGTH.sub(b"Content-Length: 5\r\n", data)


@on_arrival("rfc.http1.request.cl-huge/cut")
def lengths_have_32_bits(data: bytes) -> bytes:
    """Of a Content-Length the lower 32 bits count."""
    found = LENGTH.search(data)
    if found is None or len(found[1]) < 10:
        return data
    return LENGTH.sub(b"Content-Length: %d\r\n" % (int(found[1][-300:]) % 2**32), data)


@on_arrival("rfc.http1.request.cl-repeated-equal/refused", follows=["property.*"])
def a_repeated_length_is_refused(data: bytes) -> bytes:
    """A Content-Length that is repeated is refused."""
    repeated = len(b",".join(LENGTH.findall(data)).split(b",")) > 1
    return LENGTH.sub(b"Content-Length: twice\r\n", data) if repeated else data


@on_arrival("rfc.http1.request.te-chunked-not-final/ignored", follows=["rfc.http1.*", "property.*"])
def codings_without_an_end_are_ignored(data: bytes) -> bytes:
    """A Transfer-Encoding that does not end with chunked is ignored."""
    return data if not CODING.search(data) or _codings(data)[-1] == b"chunked" else CODING.sub(b"", data)


@on_arrival("rfc.http1.request.te-unknown/chunked", follows=["rfc.http1.*", "property.*"])
def unknown_codings_are_ignored(data: bytes) -> bytes:
    """A transfer coding that the server does not know is left as it is."""
    return _chunked_if(data, lambda codings: set(codings) != {b"chunked"})


@on_arrival("rfc.http1.request.te-chunked-twice/once", follows=["property.*"])
def chunked_twice_is_chunked(data: bytes) -> bytes:
    """Chunked applied twice is taken off once."""
    return _chunked_if(data, lambda codings: codings == [b"chunked", b"chunked"])


@on_arrival("rfc.http1.request.te-obfuscated/ignored", follows=["rfc.http1.*", "property.*"])
def odd_spellings_are_ignored(data: bytes) -> bytes:
    """A Transfer-Encoding in any but the usual spelling is ignored."""
    odd = rb"\r\n(?!Transfer-Encoding: chunked\r\n)(?i:transfer-encoding)[ \t]*:[^\r\n]*(?:\r\n[ \t]+[^\r\n]*)?(?=\r\n)"
    return re.sub(odd, b"", data)


@on_arrival("rfc.http1.request.te-http10/as-in-http11")
def chunks_are_read_in_http10(data: bytes) -> bytes:
    """An HTTP/1.0 request with a Transfer-Encoding is read as one of HTTP/1.1, and the connection is kept."""
    line, end, rest = data.partition(b"\r\n")
    if not line.endswith(b" HTTP/1.0") or not CODING.search(rest):
        return data
    return line[:-1] + b"1" + end + LENGTH.sub(b"", rest)


@around("http1.status_of", name="rfc.http1.request.cl-invalid/error", follows=["rfc.http1.*", "http.scope.*"])
def what_cannot_be_parsed_is_an_error(original: Any, error: Any, received: bytes) -> int:
    """A head that cannot be parsed is answered with 500."""
    return 500
