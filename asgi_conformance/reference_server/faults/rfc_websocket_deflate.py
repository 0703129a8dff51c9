"""Violations of RFC 7692, and of RFC 6455 § 10.4 on sizes (suite ``rfc_websocket``)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wsproto.frame_protocol import CloseReason

from ...clients.frames import Frame, Opcode, encode
from . import around
from .rfc_websocket_frames import on_sent_frames

DEFLATE = ["rfc.websocket.deflate.*"]


@around("deflate.negotiate", name="rfc.websocket.deflate.only-when-offered/always", follows=["*"])
def compression_is_always_agreed(original: Any, offers: list[str], limit: int) -> Any:
    """Compression is agreed to though nobody offered it."""
    return original(offers or ["permessage-deflate"], limit)


@around("deflate.negotiate", name="rfc.websocket.deflate.optional/declined", follows=DEFLATE)
def compression_is_declined(original: Any, offers: list[str], limit: int) -> Any:
    """Every offer of compression is declined."""
    return None, None


@around("deflate.negotiate", name="rfc.websocket.deflate.response-parameters/unknown", follows=DEFLATE)
def a_parameter_of_its_own(original: Any, offers: list[str], limit: int) -> Any:
    """The answer to an offer of compression has a parameter that there is not."""
    compression, agreed = original(offers, limit)
    return compression, agreed and agreed + b"; own=1"


@around("deflate.Deflate.__init__", name="rfc.websocket.deflate.server-parameters-kept/not", follows=DEFLATE)
def parameters_are_not_kept(original: Any, self: Any, limit: int, parameters: dict[str, str]) -> None:
    """The server agrees to parameters for what it sends, and compresses as if there were none."""
    original(self, limit, {key: value for key, value in parameters.items() if not key.startswith("server")})


@around("deflate.read_parameters", name="rfc.websocket.deflate.invalid-offer/taken", follows=DEFLATE)
def invalid_offers_are_taken(original: Any, parts: list[str]) -> Any:
    """An offer with invalid parameters is taken as if it had none."""
    return original(parts) or {}


@around("deflate.Deflate.frame_inbound_complete", name="rfc.websocket.deflate.receive/more", follows=DEFLATE)
def something_is_added(original: Any, self: Any, proto: Any, fin: bool) -> Any:
    """A compressed message arrives with something at its end that was not sent."""
    data = original(self, proto, fin)
    return data + b"x" if isinstance(data, bytes) else data


@around("deflate.Deflate.frame_outbound", name="rfc.websocket.deflate.send/cut", follows=DEFLATE)
def compressed_messages_are_cut(original: Any, self: Any, *args: Any) -> Any:
    """Of a compressed message the first byte is missing."""
    rsv, data = original(self, *args)
    return rsv, data[1:] if rsv.rsv1 else data


@on_sent_frames("rfc.websocket.deflate.control-frames/sent")
def control_frames_have_rsv1(frame: Frame) -> bytes:
    """Pongs and close frames of the server have RSV1."""
    return encode(replace(frame, rsv=4) if frame.opcode in (Opcode.PONG, Opcode.CLOSE) else frame)


@around("deflate.Deflate._inflate", name="rfc.websocket.deflate.bad-data/made-up", follows=DEFLATE)
def bad_data_is_made_up(original: Any, self: Any, data: bytes) -> Any:
    """What does not inflate is delivered as something else."""
    result = original(self, data)
    return b"made up" if result is CloseReason.INVALID_FRAME_PAYLOAD_DATA else result


@around("deflate.Deflate._inflate", name="rfc.websocket.deflate.utf8/replaced", follows=DEFLATE)
def what_was_inflated_is_mended(original: Any, self: Any, data: bytes) -> Any:
    """What is not UTF-8 in an inflated message becomes U+FFFD."""
    result = original(self, data)
    return result.decode(errors="replace").encode() if isinstance(result, bytes) else result


@around(
    "websocket.WebSocketCall.__init__",
    name="rfc.websocket.close.too-big/no-limit",
    also=["rfc.websocket.frame.large-announced", "rfc.websocket.deflate.bomb"],
)
def there_is_no_limit(original: Any, self: Any, server: Any, *args: Any) -> None:
    """No message is too big."""
    object.__setattr__(server.config, "ws_max_size", 1 << 40)
    original(self, server, *args)
