"""The parts of a file: literals, what is looked at, and which check is chosen."""

from __future__ import annotations

from typing import Any

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asgi_conformance.control import encode
from asgi_conformance.repro import header_blocks
from asgi_conformance.repro.facts import Sight, Words, checks
from asgi_conformance.repro.sources import TooMuch, lines_of, of_bytes, of_told
from asgi_conformance.values import odd, payload
from asgi_conformance.verdict import Judged

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_a_value_is_written_as_it_is(value: object) -> None:
    """Whatever an application is told to use can be evaluated to the same value."""
    assert eval(of_told(encode(value))) == value


@settings(max_examples=40, deadline=None)
@given(st.binary() | st.binary(max_size=3).map(lambda unit: b"GET /\r\n" + unit * 100 + b"\r\n"))
def test_bytes_are_written_as_they_are(data: bytes) -> None:
    """Also in runs, and in lines."""
    assert eval(of_bytes(data)) == data
    assert eval("\n".join(["(", *lines_of(data), ")"])) == data


def test_runs_are_short_and_noise_is_refused() -> None:
    """A long body of one kind is a product; much that does not repeat is too much for people."""
    assert of_bytes(b"head" + b"x" * 65536) == 'b"head" + b"x" * 65536'
    with pytest.raises(TooMuch):
        of_bytes(payload("noise", 60000))
    with pytest.raises(TooMuch):
        of_told(encode(odd("stubborn")))


FIELDS = st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.binary(max_size=200)), max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(FIELDS, max_size=4))
def test_header_blocks_are_read_as_by_hpack(blocks: list[list[tuple[bytes, bytes]]]) -> None:
    """All representations, with the static and the dynamic table, in several blocks of one connection."""
    encoder, table, code = hpack.Encoder(), [], header_blocks.codes()  # type: ignore[var-annotated]
    for fields in blocks:
        assert header_blocks.unpacked(encoder.encode(fields), table, code) == fields


def sight(got: bytes = b"", end: str | None = None, **marks: Any) -> Sight:
    """What a file saw: one connection, and the marks of the application."""
    return Sight(({"got": got, "end": end},), {name.replace("_", " "): value for name, value in marks.items()}, None)


def first(wrong: Sight, right: Sight, words: Words) -> str:
    """The condition of the best check."""
    return checks(wrong, right, words, ["call 1 step 1"])[0].condition


def test_the_relation_that_the_case_judged_comes_first() -> None:
    """By the value that it judged, and in its words where only those lead there."""
    wrong, right = (sight(call_1_scope={"type": "http", "path": path}) for path in ("/%61", "/a"))
    judged = Judged("/%61", "==", "/a")
    words = Words("scope['path'] is '/a'", "scope['path'] is '/%61'", judged, timed_out=False)
    assert first(wrong, right, words) == "observed() != '/a'"
    without = Words(words.expected, words.observed, None, timed_out=False)
    assert first(wrong, right, without) == "observed() == '/%61'"


def test_what_no_sentence_names_is_compared_as_a_whole() -> None:
    """A difference that the case did not speak of does not decide; a scope that it spoke of is not passed over."""
    head = b"HTTP/1.1 %d OK\r\nx-other: %d\r\n\r\n"
    wrong, right = sight(head % (200, 1), "closed"), sight(head % (400, 2))
    words = Words("a request is refused", "it was answered", None, timed_out=False)
    (check,) = checks(wrong, right, words, ["call 1 step 1"])
    assert check.value == (head % (200, 1), "closed", None)
    assert checks(wrong, right, Words("the scope is right", "it is not", None, timed_out=False), []) == []
