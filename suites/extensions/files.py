"""What the cases about sending files share: files of known content."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from asgi_conformance.values import Odd, odd, payload

from .judging import Message

ZERO_COPY = "http.response.zerocopysend"
PATH = "http.response.pathsend"
#: The content of a small file: every place in it can be told from every other.
SMALL = bytes(range(256))
#: The content of one that no buffer takes whole.
LARGE = payload("a file", 3 * 1024 * 1024)


@contextmanager
def file_of(content: bytes, name: str = "file.bin") -> Iterator[Path]:
    """A file with this content, which is there as long as the context is open."""
    with tempfile.TemporaryDirectory(prefix="asgi-file-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def opened(path: Path, position: int = 0) -> Odd:
    """The file, opened by the application, and standing at a position."""
    return odd("file", str(path), position)


def zero_copy(file: object, **keys: object) -> Message:
    """The event that sends an open file."""
    return {"type": ZERO_COPY, "file": file, **keys}


def path_send(path: Path | str) -> Message:
    """The event that sends a file by its path."""
    return {"type": PATH, "path": str(path)}
