"""What the server tells people: on standard error, one line for each thing."""

from __future__ import annotations

import logging

logger = logging.getLogger("asgi_conformance.reference_server")


def set_up() -> None:
    """Send the server's own lines to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
