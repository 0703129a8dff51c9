"""Expectations tell what was expected and what was observed, with the values."""

from __future__ import annotations

import pytest

from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level


def test_an_expectation_that_holds_says_nothing() -> None:
    """Every check returns when its fact holds."""
    expect(1, "the number").equals(1)
    expect(1, "the number").is_a(int)
    expect(1, "the number").is_one_of([0, 1])
    expect(None, "the port").is_none()
    expect([1], "the list").contains(1)
    expect([1], "the list").lacks(2)


def test_a_failed_expectation_has_both_sentences() -> None:
    """The sentences name the thing and both values."""
    with pytest.raises(Broken) as caught:
        expect(404, "the status").equals(200)
    assert caught.value.expected == "the status is 200"
    assert caught.value.observed == "the status is 404"
    assert caught.value.level is None


def test_a_weak_expectation_carries_its_level() -> None:
    """A breach that the catalogue grades lower says so."""
    with pytest.raises(Broken) as caught:
        expect(1, "the number").weakly().equals(2)
    assert caught.value.level is Level.SHOULD


def test_a_bool_is_no_int() -> None:
    """True in the place of a number is told by its type."""
    with pytest.raises(Broken, match="bool"):
        expect(True, "the port").is_a(int)


def test_long_values_are_shortened_in_sentences() -> None:
    """A megabyte in a verdict stays readable and tells its size."""
    text = show(b"x" * 1_000_000)
    assert len(text) < 500
    assert "1000000 bytes" in text
