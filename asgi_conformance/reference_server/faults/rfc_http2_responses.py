"""Violations in what is sent over HTTP/2: responses, their windows and ends, and WebSockets (suite ``rfc_http2``)."""

from __future__ import annotations

from typing import Any

import anyio
from h2.errors import ErrorCodes

from ..application import Scope
from ..checks import Headers, InvalidEvent
from ..http2_stream import Http2Stream
from ..requests import Refused
from ..responses import CONNECTION_FIELDS
from ..transport import ClientDisconnected
from . import around, on_scope


@around("http2_stream.Http2Stream.send_fields", name="rfc.http2.response.status/twice")
def the_status_stands_twice(original: Any, self: Any, fields: Headers) -> None:
    """A response with a field x-b has its :status twice."""
    original(self, fields[:1] + fields if any(name == b"x-b" for name, _ in fields) else fields)


@around(
    "http2.Http2Connection.__init__",
    "http2_stream.Http2Stream.send_head",
    name="rfc.http2.response.no-connection-fields/sent",
)
def fields_of_connections_are_sent(original: Any, self: Any, head: Any, *rest: Any) -> None:
    """Fields that belong to HTTP/1.1 connections are sent."""
    if isinstance(self, Http2Stream):
        self.head_sent = True
        self.send_fields([(b":status", b"%d" % head.status), *head.headers])
    else:
        original(self, head, *rest)
        self.h2.config.normalize_outbound_headers = False


@around("response_call.Response.start", name="rfc.http2.response.no-connection-fields/refused")
def fields_of_connections_are_refused(original: Any, self: Any, status: int, headers: Headers, trailers: bool) -> None:
    """Fields that belong to HTTP/1.1 connections make send() raise over HTTP/2."""
    if isinstance(self.stream, Http2Stream) and any(name in CONNECTION_FIELDS for name, _ in headers):
        raise InvalidEvent("there is a field of HTTP/1.1 connections")
    original(self, status, headers, trailers)


def as_given(original: Any, argument: Any, *rest: Any) -> Any:
    """Let names, values and header lists out of HTTP/2 connections as they are."""
    if not hasattr(argument, "transport") and not rest:
        return argument
    original(argument, *rest)
    argument.h2.config.normalize_outbound_headers = False
    return None


@around(
    "http2.Http2Connection.__init__", "checks.name", name="rfc.http2.response.lower-case/as-given", follows=["*header*"]
)
def names_go_out_as_given(original: Any, *arguments: Any) -> Any:
    """Names of fields are sent in the letters that the application gave them in."""
    return as_given(original, *arguments)


@around(
    "http2.Http2Connection.__init__",
    "checks.name",
    "checks.value",
    name="rfc.http2.response.header-injection/as-given",
    follows=["*header*", "*response*", "*accept*", "*.str", "*links*", "extension.*", "core.send.*"],
)
def fields_go_out_as_given(original: Any, *arguments: Any) -> Any:
    """Names and values of fields are sent as the application gave them."""
    return as_given(original, *arguments)


@around("http2_stream.Http2Stream.end", name="rfc.http2.response.end-stream/missing")
def streams_do_not_end(original: Any, self: Any) -> None:
    """A complete response does not end its stream."""


@around("response_call.Response._bodyless", name="rfc.http2.response.bodyless/content")
def all_responses_have_content(original: Any, self: Any) -> bool:
    """Over HTTP/2 the content goes out, whatever the method and the status."""
    return not isinstance(self.stream, Http2Stream) and bool(original(self))


@around("response_call.Response.count", name="rfc.http2.response.content-length/uncounted")
def content_is_not_counted(original: Any, self: Any, size: int, more: bool) -> None:
    """Over HTTP/2 the content is not held against the content-length."""
    if not isinstance(self.stream, Http2Stream):
        original(self, size, more)


@around("http2_stream.Http2Stream.cut", name="rfc.http2.response.incomplete/ended")
def broken_off_is_complete(original: Any, self: Any) -> None:
    """A response that its application broke off ends with END_STREAM."""
    self.send_end([])


@around("response_call.Response.abandon", name="rfc.http2.response.error-isolated/all")
def a_failure_ends_the_connection(original: Any, self: Any, *arguments: Any) -> None:
    """A call that fails ends its whole HTTP/2 connection."""
    if isinstance(self.stream, Http2Stream) and not self.complete:
        self.stream.connection.failed = True
        self.stream.connection.transport.changed.fire()
    original(self, *arguments)


@around("http2_stream.Http2Stream.send_informational", name="rfc.http2.response.informational/none")
def there_is_no_100(original: Any, self: Any, status: int, headers: Headers) -> None:
    """No interim responses are sent over HTTP/2."""
    self._continue_due = False


@around("http2_stream.Http2Stream.send_end", name="rfc.http2.response.trailers/dropped")
def trailers_are_dropped(original: Any, self: Any, trailers: Headers) -> None:
    """Trailers are not sent over HTTP/2."""
    original(self, [])


@around("http2.Http2Connection.begin", name="rfc.http2.flow.stream-window/ignored")
def stream_windows_are_large(original: Any, self: Any, number: int, *rest: Any, **keys: Any) -> None:
    """The window of a stream is taken to be 16 MiB."""
    self.h2.streams[number].outbound_flow_control_window = 2**24
    original(self, number, *rest, **keys)


@around("http2.Http2Connection.__init__", name="rfc.http2.flow.connection-window/ignored")
def the_connection_window_is_large(original: Any, self: Any, *arguments: Any) -> None:
    """The window of the connection is taken to be a gibibyte."""
    original(self, *arguments)
    self.h2.outbound_flow_control_window = 2**30


@around("http2.Http2Connection.__init__", name="rfc.http2.flow.initial-window-change/ignored")
def open_streams_keep_their_window(original: Any, self: Any, *arguments: Any) -> None:
    """A change of the initial window size does not count for open streams."""
    original(self, *arguments)
    self.h2._flow_control_change_from_settings = lambda *_: None


@around("http2.Http2Connection.receive", name="rfc.http2.flow.max-frame-size/large")
def frames_are_large(original: Any, self: Any, data: bytes) -> None:
    """DATA frames have up to a mebibyte."""
    self.h2.max_outbound_frame_size = 2**20
    original(self, data)


@around("http2_stream.Http2Stream.flush", name="rfc.http2.flow.backpressure/none")
async def no_call_waits(original: Any, self: Any) -> None:
    """Over HTTP/2 send() never waits for window."""
    if self.gone:
        raise ClientDisconnected("the client has reset the stream")


@around("http2_stream.Http2Stream.flush", name="rfc.http2.flow.blocked-then-reset/waits")
async def calls_wait_for_ever(original: Any, self: Any) -> None:
    """A send() that waits for window goes on waiting when the stream is gone."""
    try:
        await original(self)
    except ClientDisconnected:
        await anyio.sleep_forever()


@around("http2.Http2Connection.give_window", name="rfc.http2.flow.upload/no-window")
def streams_get_no_window(original: Any, self: Any, stream: Any, size: int) -> None:
    """The client gets no window for a stream beyond the first."""


@around("http2.Http2Connection.give_window", name="rfc.http2.flow.unread-stream/all")
def streams_wait_for_each_other(original: Any, self: Any, stream: Any, size: int) -> None:
    """As long as much content of one stream is not read the others get no window."""
    if not any(len(other._inbox) > 128 * 1024 for other in self.streams.values() if other is not stream):
        original(self, stream, size)


@around("http2_stream.Http2Stream.end", name="rfc.http2.reset.early-response/error")
def early_responses_are_errors(original: Any, self: Any) -> None:
    """A response before the content of its request ends with RST_STREAM and an error."""
    if not self.request_ended and self.request.protocol is None:
        self.connection.h2.end_stream(self.number)
        self.connection.h2.reset_stream(self.number, ErrorCodes.PROTOCOL_ERROR)
        self.finish()
    else:
        original(self)


@around("http2.check_request", name="rfc.http2.websocket.setting/refused")
def websockets_are_refused(original: Any, pseudo: Any, *rest: Any) -> Any:
    """WebSockets over HTTP/2 are announced and refused."""
    if b":protocol" in pseudo:
        raise Refused(501, "this protocol is not spoken here")
    return original(pseudo, *rest)


@on_scope("rfc.http2.websocket.scope/version-of-http1", kind="websocket")
def the_version_is_1_1(scope: Scope) -> None:
    """The scope of a WebSocket over HTTP/2 says that it is HTTP/1.1."""
    scope["http_version"] = "1.1"


@around("http2_stream.Http2Stream.accept_websocket", name="rfc.http2.websocket.accept/201")
def acceptance_is_201(original: Any, self: Any, headers: Headers) -> None:
    """A WebSocket is accepted with 201."""
    self.head_sent = True
    self.send_fields([(b":status", b"201"), *headers])


@around("http2_stream.Http2Stream.send_head", name="rfc.http2.websocket.deny/reset")
def denial_is_a_reset(original: Any, self: Any, head: Any) -> None:
    """A WebSocket is denied by a mere RST_STREAM."""
    if head.status == 403 and self.request.protocol:
        self.cut()
    else:
        original(self, head)


@around(
    "http2_stream.Http2Stream.put",
    name="rfc.http2.websocket.data/small-lost",
    breaks="rfc.http2.websocket.data/borders",
)
def small_data_is_lost(original: Any, self: Any, data: bytes) -> None:
    """DATA frames of one byte are lost."""
    original(self, data if len(data) > 1 else b"")


@around("http2_stream.Http2Stream.send_body", name="rfc.http2.websocket.data/changed")
def data_is_changed(original: Any, self: Any, data: bytes) -> None:
    """The last byte that a WebSocket sends is another."""
    original(self, data[:-1] + bytes([data[-1] ^ 1]) if self.request.protocol and data else data)


@around("http2_stream.Http2Stream.send_end", name="rfc.http2.websocket.close/reset")
def closing_is_a_reset(original: Any, self: Any, trailers: Headers) -> None:
    """A WebSocket stream ends with RST_STREAM after its close frames."""
    if self.request.protocol:
        self.cut()
    else:
        original(self, trailers)


@around("http2.Http2Connection.take_reset", name="rfc.http2.websocket.reset/not-told")
def websockets_hear_of_no_reset(original: Any, self: Any, number: int) -> None:
    """A WebSocket whose stream was reset is not told."""
    if not self.streams[number].request.protocol:
        original(self, number)


@around("http2.check_request", name="rfc.http2.websocket.unknown-protocol/get")
def unknown_protocols_are_get(original: Any, pseudo: Any, *rest: Any) -> Any:
    """An extended CONNECT for an unknown protocol is served as GET."""
    if pseudo.get(b":protocol", b"websocket") != b"websocket":
        pseudo = {**pseudo, b":method": b"GET"}
        del pseudo[b":protocol"]
    return original(pseudo, *rest)
