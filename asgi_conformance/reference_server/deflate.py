"""What is agreed on top of WebSocket frames: compression (RFC 7692), and the limit on sizes.

Both are extensions in the sense of :mod:`wsproto`, which lets them see frame headers and payloads.
"""

from __future__ import annotations

import re
import zlib

from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits

NO_BITS = RsvBits(False, False, False)
Protocol = FrameDecoder | FrameProtocol


class SizeLimit(Extension):
    """Refuses a frame that announces more than ``limit`` bytes, before its payload has come.

    rfc.websocket.frame.large-announced
    """

    name = "size-limit"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def enabled(self) -> bool:
        """It applies to every connection."""
        return True

    def offer(self) -> bool:
        """It is nothing that the peers agree on."""
        return False

    def frame_inbound_header(
        self, proto: Protocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """Look at the announced length."""
        return CloseReason.MESSAGE_TOO_BIG if payload_length > self.limit else NO_BITS


class Deflate(PerMessageDeflate):
    """permessage-deflate with a limit on the size of what comes out.

    rfc.websocket.deflate.bomb, .receive, .send, .utf8, .server-parameters-kept
    """

    def __init__(self, limit: int, parameters: dict[str, str]) -> None:
        super().__init__(
            client_no_context_takeover="client_no_context_takeover" in parameters,
            server_no_context_takeover="server_no_context_takeover" in parameters,
            server_max_window_bits=int(parameters.get("server_max_window_bits", 15)),
        )
        self.limit = limit
        self._inflater = zlib.decompressobj(-15)
        self._compressed = False
        self._control = False
        self._size = 0

    def enabled(self) -> bool:
        """It is made once it has been agreed on."""
        return True

    def frame_inbound_header(
        self, proto: Protocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """Allow RSV1 on the first frame of a message and nowhere else (rfc.websocket.deflate.control-frames)."""
        self._control = opcode.iscontrol()
        if self._control or opcode is Opcode.CONTINUATION:
            return CloseReason.PROTOCOL_ERROR if rsv.rsv1 else NO_BITS
        self._compressed = rsv.rsv1
        self._size = 0
        return RsvBits(True, False, False)

    def frame_inbound_payload_data(self, proto: Protocol, data: bytes) -> bytes | CloseReason:
        """Inflate what belongs to a compressed message."""
        return data if self._control or not self._compressed else self._inflate(data)

    def frame_inbound_complete(self, proto: Protocol, fin: bool) -> bytes | CloseReason | None:
        """Inflate the end that senders leave out (RFC 7692, section 7.2.2)."""
        if self._control or not self._compressed or not fin:
            return None
        data = self._inflate(b"\x00\x00\xff\xff")
        if self.client_no_context_takeover or self._inflater.eof:
            self._inflater = zlib.decompressobj(-15)
        return data

    def _inflate(self, data: bytes) -> bytes | CloseReason:
        try:
            inflated = self._inflater.decompress(data, self.limit - self._size + 1)
        except zlib.error:  # rfc.websocket.deflate.bad-data
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._size += len(inflated)
        return CloseReason.MESSAGE_TOO_BIG if self._size > self.limit else inflated

    def frame_outbound(
        self, proto: Protocol, opcode: Opcode, rsv: RsvBits, data: bytes, fin: bool
    ) -> tuple[RsvBits, bytes]:
        """Deflate a message; an empty one goes out as it is, for zlib has nothing to say of it."""
        return super().frame_outbound(proto, opcode, rsv, data, fin) if data else (rsv, data)


def negotiate(offers: list[str], limit: int) -> tuple[Deflate | None, bytes | None]:
    """Take the first offer of permessage-deflate that is valid and can be kept.

    Args:
        offers: The items of Sec-WebSocket-Extensions.
        limit: The size of the largest message, in bytes.

    Returns:
        The extension and the value that agrees to it; None and None when there is no such offer.
    """
    # rfc.websocket.deflate.only-when-offered, .optional, .invalid-offer, .response-parameters
    # rfc.websocket.handshake.no-unoffered-extension
    for offer in offers:
        name, *parts = [part.strip() for part in offer.split(";")]
        parameters = read_parameters(parts)
        if name.lower() == "permessage-deflate" and parameters is not None:
            agreed = [
                f"{key}={value}" if value else key
                for key, value in parameters.items()
                if key != "client_max_window_bits"  # the client may use any window that it likes
            ]
            return Deflate(limit, parameters), "; ".join(["permessage-deflate", *agreed]).encode()
    return None, None


def read_parameters(parts: list[str]) -> dict[str, str] | None:
    """The parameters of an offer, or None when one is unknown, repeated, invalid, or cannot be kept."""
    parameters: dict[str, str] = {}
    for part in parts:
        key, equals, value = (item.strip() for item in part.partition("="))
        value = value.strip('"')
        if key in parameters or not is_valid(key, value if equals else None):
            return None
        parameters[key] = value
    return parameters


def is_valid(key: str, value: str | None) -> bool:
    """Whether a parameter may stand in an offer with this value; None is no value."""
    if key in ("client_no_context_takeover", "server_no_context_takeover"):
        return value is None
    if key == "client_max_window_bits":
        return value is None or re.fullmatch("[89]|1[0-5]", value) is not None
    # zlib cannot write with the smallest window, 8
    return key == "server_max_window_bits" and value is not None and re.fullmatch("9|1[0-5]", value) is not None
