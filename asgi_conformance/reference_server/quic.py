"""QUIC and HTTP/3 as :mod:`aioquic` has them, and the little that it keeps to itself and a server needs.

Its parser meets the greater part of RFC 9114, and checks what RFC 9114, section 4, asks of requests. It takes a
malformed request for an error of the connection, has no GOAWAY, and lets every client send as much as it likes; here
it does as the RFC has it. Whatever reaches into its inside stands in this module and in no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import H3_ALPN, ErrorCode, FrameType, H3Connection, MessageError, Setting, encode_frame
from aioquic.h3.events import H3Event
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from .config import Config

#: How long a connection on which nothing arrives is kept, in seconds (RFC 9000, section 10.1).
IDLE_LIMIT = 60.0
#: How much content of a stream may lie unread before the client gets no further credit for it, in bytes.
UNREAD_LIMIT = 256 * 1024
#: How large the fields of a request may be, counted as RFC 9114, section 4.2.2, does, in bytes.
FIELDS_LIMIT = 65536

PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)


def load(config: Config) -> QuicConfiguration:
    """The settings of all QUIC connections.

    Client certificates are not asked for, since :mod:`aioquic` has no way to do so.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file does not hold what it should.
    """
    assert config.certfile is not None
    text = Path(config.certfile).read_bytes()
    key = PRIVATE_KEY.search(Path(config.keyfile).read_bytes() if config.keyfile else text)
    if key is None:
        raise ValueError(f"there is no private key in {config.keyfile or config.certfile}")
    settings = QuicConfiguration(
        is_client=False, alpn_protocols=H3_ALPN, idle_timeout=IDLE_LIMIT, max_stream_data=UNREAD_LIMIT
    )
    try:
        settings.certificate, *settings.certificate_chain = load_pem_x509_certificates(text)
        settings.private_key = load_pem_private_key(key[0], password=None)
    except (TypeError, UnsupportedAlgorithm) as error:  # it has a password, or is of a kind that nobody knows
        raise ValueError(str(error)) from error
    return settings


class Quic(QuicConnection):
    """One QUIC connection.

    Attributes:
        unread: Says how many bytes of a stream arrived and were not taken by its call.
    """

    def __init__(self, settings: QuicConfiguration, destination: bytes) -> None:
        super().__init__(configuration=settings, original_destination_connection_id=destination)
        self.unread: Callable[[int], int] = lambda number: 0

    @property
    def closed(self) -> bool:
        """Whether one side has closed the connection, or it was idle for too long; the event comes much later."""
        return self._close_event is not None

    def unsent(self, number: int) -> int:
        """How many bytes of a stream were never put into a packet: windows, congestion or pacing hold them back."""
        stream = self._streams.get(number)
        return 0 if stream is None else stream.sender._buffer_stop - stream.sender.highest_offset

    def delivered(self, number: int) -> bool:
        """Whether the client has acknowledged everything that was sent on a stream."""
        stream = self._streams.get(number)
        return stream is None or stream.sender.is_finished

    def abandon(self, number: int, code: int) -> None:
        """End both directions of a stream with an error."""
        self.reset_stream(number, code)
        self.decline(number, code)

    def decline(self, number: int, code: int) -> None:
        """Ask the client to send no more on a stream, if it is not done anyway (RFC 9000, section 3.5)."""
        stream = self._streams.get(number)
        if stream is not None and not stream.receiver.is_finished:
            self.stop_stream(number, code)

    def _write_stream_limits(self, builder: Any, space: Any, stream: Any) -> None:
        # Credit doubles whenever half of it is used, read or unread; so what a call does not read is bounded by
        # what it has read, and not by a window of a fixed size.
        out_of_order = stream.receiver.highest_offset - stream.receiver.starting_offset()
        if out_of_order + self.unread(stream.stream_id) < UNREAD_LIMIT:
            super()._write_stream_limits(builder, space, stream)


@dataclass
class MalformedReceived(H3Event):
    """A request turned out to be malformed; its stream has been ended."""

    stream_id: int


class Http3Parser(H3Connection):
    """The frames of one HTTP/3 connection."""

    def __init__(self, quic: Quic) -> None:
        self._malformed: set[int] = set()
        super().__init__(quic)

    def say_goodbye(self, number: int) -> None:
        """Announce that no request is taken from stream ``number`` on (RFC 9114, section 5.2)."""
        assert self._local_control_stream_id is not None
        goaway = encode_frame(FrameType.GOAWAY, encode_uint_var(number))
        self._quic.send_stream_data(self._local_control_stream_id, goaway)

    def end(self, number: int) -> None:
        """Complete a response that has no trailers."""
        self._quic.send_stream_data(number, b"", end_stream=True)
        self.forget(number)

    def forget(self, number: int) -> None:
        """Take note that nothing more is sent on a stream."""
        self._receive_stop_sending(number)

    def _get_local_settings(self) -> dict[int, int]:
        settings = super()._get_local_settings()
        settings.pop(Setting.ENABLE_CONNECT_PROTOCOL, None)  # there are no WebSockets here (RFC 9220, section 3)
        return {**settings, Setting.MAX_FIELD_SECTION_SIZE: FIELDS_LIMIT}

    def _handle_request_or_push_frame(
        self, frame_type: int, frame_data: bytes | None, stream: Any, stream_ended: bool
    ) -> list[H3Event]:
        handle = super()._handle_request_or_push_frame
        return self._unless_malformed(stream, lambda: handle(frame_type, frame_data, stream, stream_ended))

    def _handle_request_or_push_end(self, stream: Any) -> list[H3Event]:
        handle = super()._handle_request_or_push_end
        return self._unless_malformed(stream, lambda: handle(stream))

    def _unless_malformed(self, stream: Any, handle: Callable[[], list[H3Event]]) -> list[H3Event]:
        if stream.stream_id in self._malformed:
            return []
        try:
            return handle()
        except MessageError:  # RFC 9114, section 4.1.2
            self._malformed.add(stream.stream_id)
            stream.sending_ended = True
            assert isinstance(self._quic, Quic)
            self._quic.abandon(stream.stream_id, ErrorCode.H3_MESSAGE_ERROR)
            return [MalformedReceived(stream.stream_id)]
