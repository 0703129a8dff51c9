"""The control channel, harness side: a stream of frames to each process in which the probe is mounted.

A frame is a length of four bytes, big-endian, and a JSON object. This module also knows how values are written in
it: :func:`decode` gives back what the probe saw, with exact types; :func:`encode` describes what it is to use.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgi_conformance.values import Digest, Iterable, Odd, Opaque, foreign

Frame = dict[str, Any]
_LENGTH = struct.Struct(">I")
#: No honest frame is longer; a longer one is garbage.
LONGEST_FRAME = 64 * 1024 * 1024


def decode(value: Any) -> object:
    """Give the Python value that the probe described, with the type that it had in the candidate.

    Raises:
        ValueError: the description is none that the probe writes.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1:
        raise ValueError(f"not a described value: {value!r}")
    ((kind, content),) = value.items()
    try:
        return _DECODERS[kind](content)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not a described value: {value!r}") from error


_DECODERS: dict[str, Callable[[Any], object]] = {
    "b": lambda text: text.encode("latin-1"),
    "B": lambda content: Digest(content[0], content[1], content[2].encode("latin-1")),
    "t": lambda items: tuple(decode(item) for item in items),
    "d": lambda pairs: {_hashable(decode(key)): decode(item) for key, item in pairs},
    "f": float,
    "s": lambda content: foreign(content[0], decode(content[1])),
    "i": lambda content: Iterable(content[0], tuple(decode(item) for item in content[1]), content[2]),
    "o": lambda content: Opaque(content[0], content[1]),
}


def _hashable(key: object) -> object:
    try:
        hash(key)
    except TypeError:
        return Opaque(type(key).__name__, repr(key))
    return key


def encode(value: object) -> Any:
    """Describe a value for the probe.

    Raises:
        TypeError: the probe has no word for such a value.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (bytes, bytearray)):
        return {"b": value.decode("latin-1")}
    if isinstance(value, Odd):
        return {"x": [value.kind, *(encode(argument) for argument in value.arguments)]}
    if isinstance(value, tuple):
        return {"t": [encode(item) for item in value]}
    if isinstance(value, Mapping):
        return {"d": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return [encode(item) for item in value]
    raise TypeError(f"the probe has no word for a value of type {type(value).__name__}: {value!r}")


class ProbeLink(asyncio.Protocol):
    """The connection of one server process in which the probe runs."""

    def __init__(self, channel: ControlChannel) -> None:
        self._channel = channel
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        #: What the process said of itself: pid, python, implementation, versions.
        self.hello: Frame = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio calls this)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._channel._links.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the session that this process is gone (asyncio calls this)."""
        self._channel._links.discard(self)
        if self._session is not None:
            self._session.links.discard(self)
            self._session.on_lost(self)

    def data_received(self, data: bytes) -> None:
        """Take frames apart; garbage ends the connection and is remembered (asyncio calls this)."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > LONGEST_FRAME:
                self._refuse(f"a frame of {length} bytes was announced")
                return
            if len(self._buffer) < 4 + length:
                return
            content = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            try:
                self._take(json.loads(content), content)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self._refuse(f"a frame that the probe does not write: {error}")
                return

    def _take(self, frame: Frame, content: bytes) -> None:
        if self._session is None:
            session = self._channel._sessions.get(frame["hello"])
            if session is None:
                self._refuse("a process that is not of this run")
                return
            self._session, self.hello = session, frame
            session.links.add(self)
            session.on_hello(self)
        else:
            if "scope" in frame:
                frame["raw"] = content  # where the exchange's tag is looked for, wherever the request carried it
            self._session.on_frame(self, frame)

    def _refuse(self, why: str) -> None:
        self._channel.refused.append(why)
        if self._session is not None:
            self._session.refused.append(why)
        self.close()

    def write(self, frame: Frame) -> None:
        """Send one frame to the probe; nothing happens when the process is gone."""
        if self._transport is not None and not self._transport.is_closing():
            data = json.dumps(frame, separators=(",", ":")).encode()
            self._transport.write(_LENGTH.pack(len(data)) + data)

    def close(self) -> None:
        """Close the connection: the probe's calls in that process end."""
        if self._transport is not None:
            self._transport.abort()


def _nothing(*_: object) -> None:
    pass


@dataclass(eq=False)
class Session:
    """All probe processes of one started candidate; the handlers are set by who owns the session."""

    token: str
    on_hello: Callable[[ProbeLink], None] = _nothing
    on_frame: Callable[[ProbeLink, Frame], None] = _nothing
    on_lost: Callable[[ProbeLink], None] = _nothing
    links: set[ProbeLink] = field(default_factory=set)
    #: Why connections were refused: what came over them was no frame of the probe.
    refused: list[str] = field(default_factory=list)


class ControlChannel:
    """Listens for the probes of all candidates of a run, on a unix socket in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "control"
        self.refused: list[str] = []
        self._links: set[ProbeLink] = set()
        self._sessions: dict[str, Session] = {}
        self._server: asyncio.AbstractServer | None = None

    @property
    def address(self) -> str:
        """What the probe is given as ``ASGI_PROBE_CONTROL``."""
        return f"unix:{self.path}"

    async def start(self) -> None:
        """Listen. Raises OSError where the socket cannot be made."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: ProbeLink(self), str(self.path), backlog=1024)

    def session(self) -> Session:
        """Make the session of one candidate, with a token of its own."""
        session = Session(secrets.token_hex(16))
        self._sessions[session.token] = session
        return session

    def forget(self, session: Session) -> None:
        """End a session: its connections are closed, later ones refused."""
        self._sessions.pop(session.token, None)
        for link in list(session.links):
            link.close()

    async def close(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
        if self._server is not None:
            await self._server.wait_closed()
        self.path.unlink(missing_ok=True)
