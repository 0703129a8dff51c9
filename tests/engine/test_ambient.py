"""Shapes: what they look at, what they say of a breach, and that one cause is one breach."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgi_conformance.ambient import Shape, Shapes, Watch, read_shapes
from asgi_conformance.errors import SuiteError
from asgi_conformance.kinds import checker, described, words
from asgi_conformance.values import Iterable, Opaque, foreign
from asgi_conformance.verdict import Broken, Inconclusive, Level, Unsupported


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("str", "a", b"a"),
        ("int", 1, True),
        ("bool", False, 0),
        ("bytes | None", None, ""),
        ("dict[str]", {"a": 1}, {b"a": 1}),
        ("iterable[str]", ["a"], "a"),
        ("iterable", Iterable("generator", ()), {}),
        ("pair", (1, 2), (1, 2, 3)),
        ("pair[str, int | None] | None", ["a", None], ["a", "1"]),
        ("iterable[pair[bytes, bytes]]", [(b"a", b"b")], [(b"a", "b")]),
    ],
)
def test_a_kind_tells_values(kind: str, good: object, wrong: object) -> None:
    """A kind takes what is of it and nothing else; a bool is no int."""
    assert checker(kind)(good)
    assert not checker(kind)(wrong)


@pytest.mark.parametrize("kind", ["string", "pair[str]", "iterable[", "dict[str, int]", ""])
def test_a_kind_that_is_none_is_refused(kind: str) -> None:
    """What is not in the language raises."""
    with pytest.raises(ValueError, match="is no kind"):
        checker(kind)


def test_kinds_and_types_have_words() -> None:
    """Sentences name kinds and the types of items."""
    assert words("pair[str, int | None] | None") == "a pair of str and (int, or None), or None"
    assert words("iterable[pair[bytes, bytes]]") == "an iterable of (pair of bytes and bytes)"
    assert described(("a", 1)) == "tuple of str, int"
    assert described(foreign("Port", 80)) == "Port"


def watch(*shapes: Shape, network: str | None = None) -> Watch:
    """A watch over these rows."""
    return Watch(Shapes(shapes), network)


def scope(**keys: object) -> dict[str, object]:
    """A scope of an HTTP request."""
    return {"type": "http", **keys}


PRESENT = Shape("scope", "x.present", path=("asgi",), required=True, kind="dict")
VERSION = Shape("scope", "x.version", path=("asgi", "version"), required=True, kind="str")
OWN = Shape("scope", "x.http.version", protocol=("http",), path=("asgi", "version"), kind="str", pattern="3.*")
KEYS = Shape("scope", "x.keys", walk="string-keys", without=("state",))
NAMES = Shape("scope", "x.names", path=("headers", "*", 0), kind="bytes")


def test_a_missing_key_is_one_breach() -> None:
    """What lies in something that is missing is not missed as well, and cannot be judged."""
    seen = watch(VERSION, PRESENT)
    seen.look("scope", "http", scope())
    assert [breach.requirement for breach in seen.breaches] == ["x.present"]
    with pytest.raises(Inconclusive, match=r"x\.present is broken"):
        seen.judge("x.version")
    with pytest.raises(Broken) as broken:
        seen.judge("x.present")
    assert broken.value.expected == "scope['asgi'] is there"
    assert broken.value.observed == "it is missing in {'type': 'http'}"


def test_a_special_row_counts_before_a_general_one() -> None:
    """A value that breaks both counts at the row of its protocol, in whichever order they are written."""
    seen = watch(VERSION, OWN)
    seen.look("scope", "http", scope(asgi={"version": 3.0}))
    assert [breach.requirement for breach in seen.breaches] == ["x.http.version"]
    seen.look("scope", "lifespan", {"type": "lifespan", "asgi": {"version": 3.0}})
    assert [breach.requirement for breach in seen.breaches] == ["x.http.version", "x.version"]


def test_a_row_of_a_network_is_for_it_alone() -> None:
    """Rows for unix sockets count there, before the others, and nowhere else."""
    rows = (
        Shape("scope", "x.server", path=("server",), kind="pair[str, int]"),
        Shape("scope", "x.unix", network="unix", path=("server",), kind="pair[str, None]"),
    )
    for network, requirement in (("unix", "x.unix"), (None, "x.server")):
        seen = watch(*rows, network=network)
        seen.look("scope", "http", scope(server=("/", "t")))
        assert [breach.requirement for breach in seen.breaches] == [requirement]


def test_each_item_is_looked_at() -> None:
    """A star leads to every item; the first wrong one is told, with its place."""
    seen = watch(NAMES)
    seen.look("scope", "http", scope(headers=[(b"a", b"1"), ("b", b"2"), ("c", b"3")]))
    assert [breach.observed for breach in seen.breaches] == ["scope['headers'][1][0] is 'b', of type str"]


def test_a_walk_leaves_out_what_is_broken_or_not_its_matter() -> None:
    """A walk goes everywhere but into the state of the application and into what another row has told."""
    seen = watch(KEYS, Shape("scope", "x.extensions", path=("extensions",), kind="dict[str]"))
    seen.look("scope", "http", scope(state={1: 2}, extensions={b"a": {}}))
    assert [breach.requirement for breach in seen.breaches] == ["x.extensions"]
    seen.look("scope", "http", scope(asgi={b"a": 1}))
    assert seen.breaches[-1].observed == "scope['asgi'] has the key b'a', of type bytes"


def test_one_of_two_keys() -> None:
    """Exactly one of the keys is not None."""
    row = Shape("event", "x.one", event=("websocket.receive",), one_of=("text", "bytes"))
    for event, broken in (({"text": "a", "bytes": None}, 0), ({"text": "a", "bytes": b"a"}, 1), ({}, 1)):
        seen = watch(row)
        seen.look("event", "websocket", {"type": "websocket.receive", **event})
        assert len(seen.breaches) == broken


def test_a_breach_can_be_weaker_than_its_requirement() -> None:
    """Subclasses of the plain types are told as a warning."""
    seen = watch(Shape("event", "x.plain", walk="plain-types", level="should"))
    seen.look("event", "http", {"type": "http.request", "code": foreign("enum.Code", 1000)})
    assert seen.breaches[0].level is Level.SHOULD
    assert seen.breaches[0].observed == "the event['code'] is 1000, of type enum.Code"


def test_what_was_not_there_is_unsupported() -> None:
    """A requirement about an optional key says which one was not there."""
    seen = watch(Shape("scope", "x.raw", path=("raw_path",), kind="bytes"))
    seen.look("scope", "http", scope())
    with pytest.raises(Unsupported, match=r"scope\['raw_path'\]"):
        seen.judge("x.raw")
    seen.look("scope", "http", scope(raw_path=b"/"))
    seen.judge("x.raw")


def test_nothing_that_a_candidate_hands_over_is_too_odd() -> None:
    """Whatever a scope or an event is, it can be looked at."""
    seen = watch(PRESENT, VERSION, OWN, KEYS, NAMES, Shape("scope", "x.dict", kind="dict"))
    handed: list[object] = [None, [], Opaque("x.Scope", "<x>"), {"type": ["http"]}, {"headers": 5}]
    for odd in (*handed, {"headers": [5, [], (1,)]}):
        seen.look("scope", odd.get("type") if isinstance(odd, dict) else None, odd)
        seen.look("event", ["http"], odd)
    assert any(breach.requirement == "x.dict" for breach in seen.breaches)


@pytest.mark.parametrize(
    "row",
    ["of = 'scope'", "requirement = 'x'\nof = 'thing'", "requirement = 'x'\nof = 'scope'\nkind = 'text'",
     "requirement = 'x'\nof = 'scope'\nwalk = 'far'", "requirement = 'x'\nof = 'scope'\npattern = '('",
     "requirement = 'x'\nof = 'scope'\ncolour = 'red'"],
)  # fmt: skip
def test_a_row_that_cannot_be_understood_is_refused(tmp_path: Path, row: str) -> None:
    """A mistake in a shapes.toml is told when it is read."""
    file = tmp_path / "shapes.toml"
    file.write_text(f"[[shape]]\n{row}\n")
    with pytest.raises(SuiteError, match=r"shapes\.toml"):
        read_shapes(file)
