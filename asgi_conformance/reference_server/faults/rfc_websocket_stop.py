"""Violations of RFC 6455 by a server that stops."""

from __future__ import annotations

from typing import Any

from . import around


@around("websocket_wire.WebSocketWire.close", name="rfc.websocket.close.going-away/normal")
def stop_is_a_normal_closure(original: Any, self: Any, code: int, reason: str) -> None:
    """The stopping server closes WebSockets with 1000."""
    original(self, 1000 if code == 1001 else code, reason)
