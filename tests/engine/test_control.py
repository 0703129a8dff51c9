"""The control channel: what the probe saw arrives with its exact types, and garbage harms nobody."""

from __future__ import annotations

import asyncio
import importlib.util
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from asgi_conformance.candidate.starting import probe_folder
from asgi_conformance.control import ControlChannel, Frame, ProbeLink, decode, encode
from asgi_conformance.values import Digest, Iterable, foreign_type, odd, payload, payload_there, type_name


def _load_probe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("probe_under_test", probe_folder() / "asgi_probe.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


probe = _load_probe()


class Text(str):
    """A subclass of str, such as a server may hand over."""


class Pairs:
    """An iterable that is neither list nor tuple."""

    def __iter__(self) -> Any:
        return iter([(b"a", b"b")])


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(2**70), 1.5, "text", "\ud800", b"\x00\xff", [1, [2]], (1, (b"x",)), {"a": {b"b": (1,)}}, {1: 2}],
)
def test_plain_values_arrive_as_they_were(value: object) -> None:
    """What a server hands over has the same value and type on the other side."""
    there = decode(probe.encode(value))
    assert there == value
    assert type(there) is type(value)


def test_a_subclass_keeps_its_name_and_compares_like_its_base() -> None:
    """A str subclass arrives as an equal str that tells the name of its class."""
    there = decode(probe.encode(Text("x")))
    assert there == "x"
    assert isinstance(there, str)
    assert str(foreign_type(there)).endswith("Text")
    assert foreign_type("x") is None


def test_infinite_floats_survive_json() -> None:
    """A float that JSON has no word for arrives."""
    assert decode(probe.encode(float("inf"))) == float("inf")


def test_long_bytes_arrive_as_their_digest() -> None:
    """A long byte string is told by length and digest, which equal those of the same bytes here."""
    data = payload("seed", 100_000)
    assert decode(probe.encode(data)) == Digest.of(data)


def test_other_iterables_arrive_with_their_items() -> None:
    """An iterable of a server's own type is told with its items."""
    there = decode(probe.encode(Pairs()))
    assert isinstance(there, Iterable)
    assert list(there) == [(b"a", b"b")]


@pytest.mark.parametrize("value", [bytearray(b"x"), memoryview(b"x"), object(), {1, 2}])
def test_what_cannot_be_serialised_is_told_by_its_type(value: object) -> None:
    """The name of the type of any object is known on the other side."""
    assert type_name(decode(probe.encode(value))).endswith(type(value).__name__)


def test_the_probe_makes_the_odd_values_that_it_is_told_to() -> None:
    """Generators, memoryviews, payloads and the like are made in the candidate."""
    there = probe.decode(encode({"headers": odd("generator", [(b"a", b"b")]), "body": payload_there("s", 9)}))
    assert list(there["headers"]) == [(b"a", b"b")]
    assert there["body"] == payload("s", 9)
    assert isinstance(probe.decode(encode(odd("memoryview", b"x"))), memoryview)


def test_a_value_that_the_probe_has_no_word_for_is_refused_here() -> None:
    """A case that asks for the impossible fails where it is written."""
    with pytest.raises(TypeError, match="no word"):
        encode({"a": object()})


def frame(content: bytes) -> bytes:
    """A frame as it stands on the channel."""
    return struct.pack(">I", len(content)) + content


async def _with_channel(folder: Path, use: Callable[[ControlChannel], Awaitable[None]]) -> None:
    channel = ControlChannel(folder)
    await channel.start()
    try:
        await use(channel)
    finally:
        await channel.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 64,
        frame(b"{no}!"),
        frame(b"[]"),
        frame(b'{"hello": "somebody else"}'),
        frame(b'{"n": 1}'),
        frame(b"7"),
    ],
)
def test_garbage_ends_its_connection_and_no_other(tmp_path: Path, garbage: bytes) -> None:
    """Who writes what the probe does not write is cut off; an honest probe is heard all the same."""

    async def use(channel: ControlChannel) -> None:
        session = channel.session()
        heard: asyncio.Queue[Frame] = asyncio.Queue()
        session.on_frame = lambda link, taken: heard.put_nowait(taken)
        reader, writer = await asyncio.open_unix_connection(str(channel.path))
        writer.write(garbage)
        assert await reader.read() == b""
        writer.close()
        _, honest = await asyncio.open_unix_connection(str(channel.path))
        honest.write(frame(b'{"hello": "%s"}' % session.token.encode()) + frame(b'{"call": 1, "n": 1}'))
        assert (await asyncio.wait_for(heard.get(), 5))["call"] == 1
        honest.close()
        assert len(channel.refused) == 1

    asyncio.run(_with_channel(tmp_path, use))


def test_frames_may_come_in_any_pieces(tmp_path: Path) -> None:
    """A frame that arrives byte by byte is one frame."""

    async def use(channel: ControlChannel) -> None:
        session = channel.session()
        came: asyncio.Future[ProbeLink] = asyncio.get_running_loop().create_future()
        session.on_hello = came.set_result
        _, writer = await asyncio.open_unix_connection(str(channel.path))
        for byte in frame(b'{"hello": "%s", "pid": 7}' % session.token.encode()):
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await asyncio.wait_for(came, 5)).hello["pid"] == 7
        writer.close()

    asyncio.run(_with_channel(tmp_path, use))
