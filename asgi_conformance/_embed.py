"""Results inside an HTML page: packed so small, and of so plain letters, that nothing in them can end the element."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib

#: The ``id`` of the script element that holds the results, and its type, which no browser runs.
ELEMENT_ID = "asgi-conformance-results"
MEDIA_TYPE = "application/gzip+base64"

_ELEMENT = re.compile(rf'<script id="{ELEMENT_ID}" type="{re.escape(MEDIA_TYPE)}">([A-Za-z0-9+/=\s]*)</script>')


def element(json_text: str) -> str:
    """The script element that holds ``json_text``, which is of ASCII alone; equal texts give equal elements."""
    packed = base64.b64encode(gzip.compress(json_text.encode("ascii"), mtime=0)).decode("ascii")
    return f'<script id="{ELEMENT_ID}" type="{MEDIA_TYPE}">{packed}</script>'


def extract(page: str) -> str | None:
    """The JSON text in a page that :func:`element` put there, or None where there is none that can be read."""
    found = _ELEMENT.search(page)
    if found is None:
        return None
    try:
        return gzip.decompress(base64.b64decode(found[1])).decode("ascii")
    except (binascii.Error, OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None
