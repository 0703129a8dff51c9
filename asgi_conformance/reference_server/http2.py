"""HTTP/2 connections. The frames and the flow control are :mod:`h2`'s.

It meets rfc.http2.bad-preface, .stream-id, .ping, .unknown-frames, .continuation, .concurrency-limit,
.header-list-size, .content-length-mismatch, .request-trailers, .pseudo.missing, .pseudo.invalid, .pseudo.empty-path,
.field.uppercase, .field.invalid-octets, .field.connection-specific, .flow.initial-window-change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from h2.connection import ConnectionInputs, ConnectionState

from . import handshake
from .checks import Headers
from .http2_stream import Http2Stream
from .pseudo import check_request, split_fields
from .requests import Refused, Request
from .response_call import Response
from .transport import Transport

if TYPE_CHECKING:
    from .server import Server

#: How much may wait for the kernel before reading pauses, in bytes: a client that floods has to read the answers.
BACKLOG_LIMIT = 1024 * 1024
#: How many requests a client may reset before it is sent away (rfc.http2.rapid-reset).
RESET_LIMIT = 1000

#: How much content a stream may send before it is read, and what all streams may send together, in bytes.
STREAM_WINDOW = 256 * 1024
CONNECTION_WINDOW = 1024 * 1024

SETTINGS = {
    h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 100,
    h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 65536,
    h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL: 1,  # rfc.http2.websocket.setting
}

#: h2 takes a connection for closed after GOAWAY, although the streams in progress go on (RFC 9113, section 6.8).
GOAWAY_IS_NOT_THE_END = {
    (ConnectionState.SERVER_OPEN, goaway): (None, ConnectionState.SERVER_OPEN)
    for goaway in (ConnectionInputs.SEND_GOAWAY, ConnectionInputs.RECV_GOAWAY)
}


class Http2Connection:
    """A connection on which requests share the way."""

    def __init__(self, server: Server, transport: Transport) -> None:
        self.server = server
        self.transport = transport
        self.streams: dict[int, Http2Stream] = {}
        self.stopping = False
        self.failed = False
        self._count = 0
        self._resets = 0
        self._arrived = 0
        self._begun: list[tuple[Http2Stream, handshake.Handshake | None]] = []
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=False,
                header_encoding=None,
                normalize_inbound_headers=False,  # http.request.headers.cookie-http2: it would join cookies
                validate_outbound_headers=False,  # the events of the application have been checked
            )
        )
        machine = self.h2.state_machine
        machine._transitions = machine._transitions | GOAWAY_IS_NOT_THE_END
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values=SETTINGS)

    async def serve(self) -> None:
        """Exchange frames until one side has had enough."""
        self.h2.initiate_connection()  # rfc.http2.server-preface
        self.h2.increment_flow_control_window(CONNECTION_WINDOW)
        self.write()
        while not self.failed and not (self.stopping and not self.streams):
            if self.transport.backlog > BACKLOG_LIMIT and not self.transport.ended:
                await self.transport.changed.wait()
            elif self.transport.inbox:
                self.receive(self.transport.take())
            elif self.transport.ended:
                break
            else:
                await self.transport.changed.wait()
        for stream in list(self.streams.values()):  # rfc.http2.connection-error
            stream.lose()

    def receive(self, data: bytes) -> None:
        """Handle frames."""
        try:
            for event in self.h2.receive_data(data):
                if not self.failed:
                    self.handle(event)
        except h2.exceptions.ProtocolError:  # a GOAWAY is ready to be sent
            self.failed = True
        else:
            self.begin_calls()
            if self._arrived:
                self.h2.increment_flow_control_window(self._arrived)
                self._arrived = 0
            self.push_out()
        self.write()

    def handle(self, event: h2.events.Event) -> None:
        """Handle one event of the connection."""
        match event:
            case h2.events.RequestReceived():
                self.begin(event.stream_id, list(event.headers), ended=event.stream_ended is not None)
            case h2.events.DataReceived():
                self.take_data(event.stream_id, event.data, event.flow_controlled_length)
            case h2.events.StreamEnded():
                self.end_request(event.stream_id)
            case h2.events.StreamReset():
                self.take_reset(event.stream_id)
            case h2.events.ConnectionTerminated():
                self.take_goaway()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self.transport.changed.fire()

    def begin(self, number: int, fields: Headers, *, ended: bool) -> None:
        """Begin a request, or refuse it."""
        if self.stopping:
            return  # the GOAWAY said so
        self._count += 1
        pseudo, headers = split_fields(fields)
        try:
            request = check_request(pseudo, headers, self.transport.tls_entry is not None, self._count, "2")
            check_length(headers, ended)
            agreed = handshake.of_http2(request) if request.protocol else None
        except Refused as refused:
            request = Request("GET", "http", b"/", b"", headers, "2", self._count)
            stream = self.streams[number] = Http2Stream(self, number, request)
            Response(stream).replace(refused.status, refused.reason, refused.headers)
            return
        stream = self.streams[number] = Http2Stream(self, number, request)
        self._begun.append((stream, agreed))

    def begin_calls(self) -> None:
        """Call the application for the requests that came, unless they were reset in the same breath."""
        # http.multiplex.right-stream, rfc.http2.concurrency, rfc.http2.response.error-isolated
        for stream, agreed in self._begun:
            if not stream.gone:
                self.server.begin(stream, agreed)
        self._begun.clear()

    def take_data(self, number: int, data: bytes, size: int) -> None:
        """Take in content. What the connection may carry is given back at once, what the stream may when it is read.

        So a call that does not read stops its own stream and no other (rfc.http2.flow.unread-stream).
        """
        self._arrived += size
        stream = self.streams.get(number)
        if stream is not None:
            self.give_window(stream, size - len(data))
            stream.put(data)
            self.transport.changed.fire()

    def give_window(self, stream: Http2Stream, size: int) -> None:
        """Let the client send ``size`` bytes more on a stream."""
        if size and not stream.request_ended and not stream.gone and not stream.finished:
            self.h2.increment_flow_control_window(size, stream.number)
            self.write()

    def end_request(self, number: int) -> None:
        """Take note that a request is complete."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.request_ended = True
            self.transport.changed.fire()

    def take_reset(self, number: int) -> None:
        """Take note that the client gave a stream up (rfc.http2.reset.disconnect, rfc.http2.reset.nothing-after)."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.lose()
        self._resets += 1
        if self._resets > RESET_LIMIT and not self.failed:
            self.h2.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self.failed = True

    def take_goaway(self) -> None:
        """Complete what is in progress and begin nothing new (rfc.http2.goaway.client)."""
        self.stopping = True

    def push(self, parent: Http2Stream, path: str, headers: Headers) -> None:
        """Promise a response on ``parent``, where the client allows it."""
        # rfc.http2.push-disabled, extension.push.disabled-by-client
        allowed = self.h2.remote_settings.enable_push and not self.stopping
        if not allowed or self.h2.open_outbound_streams >= self.h2.remote_settings.max_concurrent_streams:
            return
        number = self.h2.get_next_available_stream_id()
        target = quote(path, safe="/:@!$&'()*+,;=~").encode()  # extension.push.path-encoded
        authority = parent.request.values(b"host")[0]  # extension.push.authority
        scheme = parent.request.scheme.encode()
        fields = [(b":method", b"GET"), (b":scheme", scheme), (b":authority", authority), (b":path", target)]
        self.h2.push_stream(parent.number, number, fields + headers)
        self.write()
        self._count += 1
        request = Request("GET", parent.request.scheme, target, b"", [(b"host", authority), *headers], "2", self._count)
        stream = self.streams[number] = Http2Stream(self, number, request)
        stream.request_ended = True
        self.server.begin(stream, None)

    def push_out(self) -> None:
        """Send what the windows allow, one frame of each stream in turn."""
        while any([stream.push_frame() for stream in list(self.streams.values())]):  # noqa: C419
            pass
        self.write()

    def write(self) -> None:
        """Put on the wire what is ready."""
        self.transport.write(self.h2.data_to_send())

    def stop(self) -> None:
        """Say goodbye, complete the streams in progress, and take no new ones (rfc.http2.goaway.shutdown)."""
        if not self.stopping:
            self.stopping = True
            self.h2.close_connection(last_stream_id=self.h2.highest_inbound_stream_id)
            self.write()
        for stream in list(self.streams.values()):
            stream.stop()
        self.transport.changed.fire()


def check_length(headers: Headers, ended: bool) -> None:
    """Hold the length of a request that ended with its head against that; :mod:`h2` counts what comes in DATA alone.

    Raises:
        Refused: Content was declared.
    """
    if ended and any(name == b"content-length" and value.strip(b"0") for name, value in headers):
        raise Refused(400, "the request has no content, and a content-length")  # rfc.http2.content-length-mismatch
