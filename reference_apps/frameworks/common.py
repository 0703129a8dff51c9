"""What the applications of all frameworks send and count alike."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any

from ..examples.echo import CODE, SUBPROTOCOL
from ..examples.stateful import PREPARED
from ..examples.streaming import EVENTS, PIECES
from ..examples.transfer import BLOCK, BLOCKS

__all__ = ["BLOCK", "BLOCKS", "CODE", "PREPARED", "SECRET", "SUBPROTOCOL", "blocks", "events", "pieces", "summed"]

#: For the sessions of frameworks that sign their cookies.
SECRET = "a secret that everybody may know, of more than 32 bytes"
#: While no event is due, a comment is sent every so many seconds, and so often, as the authors of the format advise.
_PAUSE, _COMMENTS = 0.25, 40


async def pieces() -> AsyncIterator[bytes]:
    """The pieces of a streamed response."""
    for number in range(PIECES):
        yield b"piece %d\n" % number


async def blocks() -> AsyncIterator[bytes]:
    """The blocks of a download."""
    for _ in range(BLOCKS):
        yield BLOCK


async def events(sleep: Callable[[float], Any] = asyncio.sleep) -> AsyncIterator[bytes]:
    """Server-sent events, and then comments, which keep the response open."""
    for number in range(EVENTS):
        yield b"data: %d\n\n" % number
    for _ in range(_COMMENTS):
        await sleep(_PAUSE)
        yield b": nothing new\n\n"


async def summed(chunks: AsyncIterable[bytes]) -> str:
    """Length and digest of an upload."""
    digest, length = hashlib.sha256(), 0
    async for chunk in chunks:
        digest.update(chunk)
        length += len(chunk)
    return f"{length} {digest.hexdigest()}"
