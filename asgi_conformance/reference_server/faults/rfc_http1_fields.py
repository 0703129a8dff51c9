"""Violations in how the head of an HTTP/1.1 request is read: its lines, its names, its values (``rfc_http1``)."""

from __future__ import annotations

import re

from ..checks import TOKEN
from . import on_arrival


@on_arrival("rfc.http1.request.header-name-invalid/left-out", follows=["rfc.http1.*", "property.*"])
def a_line_without_a_name_is_left_out(data: bytes) -> bytes:
    """A header line whose name is no token is left out."""
    head, empty, rest = data.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    kept = [line for line in fields if TOKEN.fullmatch(_name(line)) or _name(line) != _name(line).strip(b" \t")]
    return b"\r\n".join([first, *kept]) + empty + rest


def _name(line: bytes) -> bytes:
    name, colon, _ = line.partition(b":")
    return name if colon or line.startswith((b" ", b"\t")) else b""


@on_arrival("rfc.http1.request.space-before-colon/removed", follows=["rfc.http1.request.*", "property.*"])
def white_space_before_a_colon_is_removed(data: bytes) -> bytes:
    """White space between a name and its colon is removed."""
    return re.sub(rb"(?m)^([A-Za-z-]+)[ \t]+:", rb"\1:", data)


@on_arrival("rfc.http1.request.space-before-first-header/taken")
def the_first_lines_lose_their_indentation(data: bytes) -> bytes:
    """White space before the first header lines is removed, and the lines are taken."""
    indented = re.match(rb"[^\r\n]+\r\n((?:[ \t]+[^\r\n]*\r\n)+)", data)
    if indented is None:
        return data
    plain = re.sub(rb"(?m)^[ \t]+", b"", indented[1])
    return data[: indented.start(1)] + plain + data[indented.end(1) :]


@on_arrival("rfc.http1.request.obs-fold/lost", follows=["rfc.http1.request.*", "property.*"])
def folded_lines_are_lost(data: bytes) -> bytes:
    """The lines by which a header goes on are lost."""
    return re.sub(rb"\r\n[ \t]+[^\r\n]*", b"", data)


@on_arrival("rfc.http1.request.bare-cr/ends-a-line", follows=["rfc.http1.request.*", "property.*"])
def a_cr_ends_a_line(data: bytes) -> bytes:
    """A CR alone ends a line."""
    return re.sub(rb"\r(?!\n)", b"\r\n", data)


@on_arrival("rfc.http1.request.bare-cr/encoded", breaks="rfc.http1.request.bare-cr/in-target")
def a_cr_in_a_target_is_passed_on(data: bytes) -> bytes:
    """A CR alone is part of the path."""
    line, end, rest = data.partition(b"\r\n")
    return line.replace(b"\r", b"%0D") + end + rest


@on_arrival("rfc.http1.request.bare-cr/removed", breaks="rfc.http1.request.bare-cr/in-name")
def a_cr_is_removed(data: bytes) -> bytes:
    """A CR alone is as if it were not there."""
    return re.sub(rb"\r(?!\n)", b"", data)


@on_arrival("rfc.http1.request.header-value-control/another")
def nul_becomes_another_control_character(data: bytes) -> bytes:
    """NUL in a value is passed on as 0x01."""
    return re.sub(rb"(?m)^([A-Za-z-]+:[^\r\n\x00]*)\x00", b"\\1\x01", data)


@on_arrival("rfc.http1.request.bare-lf/refused")
def an_lf_ends_no_line(data: bytes) -> bytes:
    """A head whose lines end with LF alone is refused."""
    return data.replace(b"\n", b"\x00\n") if b"\r" not in data else data
