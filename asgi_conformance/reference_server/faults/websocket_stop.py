"""Violations of the WebSocket part of www.rst by a server that stops."""

from __future__ import annotations

from typing import Any

from . import around


@around("websocket_wire.WebSocketWire.disconnected", name="websocket.disconnect.on-shutdown/not-told")
def stop_is_not_told(original: Any, self: Any, code: int, reason: str) -> None:
    """The stopping server closes a WebSocket towards its client only."""
    if not self.server.stop_asked.is_set():
        original(self, code, reason)
