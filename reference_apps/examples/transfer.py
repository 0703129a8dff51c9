"""Files on their way: an upload of which the digest is told, and a download."""

from __future__ import annotations

import hashlib
from typing import Any

from .hello import answer

#: What is downloaded: a block, and how often.
BLOCK = bytes(range(256)) * 256
BLOCKS = 48


async def upload(scope: Any, receive: Any, send: Any) -> None:
    """Take a body of any length, and tell length and digest."""
    digest, length = hashlib.sha256(), 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        digest.update(event.get("body", b""))
        length += len(event.get("body", b""))
        if not event.get("more_body", False):
            break
    await answer(send, ("%d %s" % (length, digest.hexdigest())).encode())


async def download(scope: Any, receive: Any, send: Any) -> None:
    """Send three megabytes, block by block, with their length."""
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-length", str(len(BLOCK) * BLOCKS).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(BLOCKS):
        await send({"type": "http.response.body", "body": BLOCK, "more_body": number + 1 < BLOCKS})
