"""Unit tests of what becomes of a candidate's output."""

from __future__ import annotations

import pytest

from asgi_conformance.candidate.output import KEPT_BYTES, LONGEST_LINE, Output, readable


def test_lines_are_told_as_they_end() -> None:
    """A listener gets each line once it is whole, however it came in, with a time that never runs back."""
    output, seen = Output(), list[tuple[str, float]]()
    output.listen(lambda line, at: seen.append((line, at)))
    for piece in (b"one\ntw", b"o\n", b"\nthree"):
        output.feed(piece)
    assert [line for line, _ in seen] == ["one", "two", ""]
    output.end()
    assert [line for line, _ in seen][-1] == "three"
    times = [at for _, at in seen]
    assert times == sorted(times)


def test_a_listener_can_leave() -> None:
    """A listener that left hears no more, and may leave twice."""
    output, seen = Output(), list[str]()
    leave = output.listen(lambda line, at: seen.append(line))
    output.feed(b"one\n")
    leave()
    leave()
    output.feed(b"two\n")
    assert seen == ["one"]


def test_memory_is_bounded() -> None:
    """Of megabytes the last part is kept; the number of bytes is known."""
    output = Output()
    for number in range(20_000):
        output.feed(b"%099d\n" % number)
    assert output.total == 2_000_000
    kept = output.lines()
    assert sum(len(line) + 1 for _, line in kept) <= KEPT_BYTES
    assert kept[-1][1].endswith("19999")


def test_a_line_without_end_is_broken() -> None:
    """A server that prints without line ends costs no more memory than another."""
    output, seen = Output(), list[str]()
    output.listen(lambda line, at: seen.append(line))
    output.feed(b"x" * (LONGEST_LINE * 3 + 5))
    assert [len(line) for line in seen] == [LONGEST_LINE] * 3
    assert len(output.tail()) == LONGEST_LINE * 3 + 5 + 3


def test_the_tail_is_the_last_lines() -> None:
    """The tail has the last lines, the one that has not ended among them."""
    output = Output()
    output.feed(b"a\nb\nc\nd")
    assert output.tail(2) == "c\nd"
    assert output.tail() == "a\nb\nc\nd"
    assert Output().tail() == ""


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"\x1b[32mINFO\x1b[0m: started\r", "INFO: started"),
        (b"\x1b]0;title\x07bell\x07 nul\x00", "bell nul"),
        (b"caf\xc3\xa9 \xff\tend", "café \\xff\tend"),
    ],
)
def test_output_cannot_upset_a_terminal(line: bytes, text: str) -> None:
    """Colours and control characters are taken out, and bytes that are no UTF-8 are shown as such."""
    assert readable(line) == text
