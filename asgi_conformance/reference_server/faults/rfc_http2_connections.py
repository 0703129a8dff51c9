"""Violations in how HTTP/2 connections begin, go on and end (suite ``rfc_http2``)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from . import around

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
Codes = h2.settings.SettingCodes


def on_frames(name: str) -> Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]]:
    """Change the frames of HTTP/2 connections on their way to the socket, or to TLS.

    The decorated function is called with the frames of one write, and returns what is written.
    """

    def register(function: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def spoil(original: Any, self: Any, *arguments: Any) -> None:
            original(self, *arguments)
            ready = self.h2.data_to_send
            self.h2.data_to_send = lambda: function(ready())

        spoil.__doc__ = function.__doc__
        around("http2.Http2Connection.__init__", name=name)(spoil)
        return function

    return register


def with_settings(connection: Any, changed: Mapping[Any, int]) -> None:
    """Have a new connection announce other settings."""
    values = {**connection.h2.local_settings, **changed}
    connection.h2.local_settings = h2.settings.Settings(client=False, initial_values=values)


@around("tls.load", name="rfc.http2.alpn/not-preferred", breaks="rfc.http2.alpn/both")
def http1_is_preferred(original: Any, config: Any) -> Any:
    """Of h2 and http/1.1 the latter is chosen."""
    settings = original(config)
    settings.context.set_alpn_protocols(["http/1.1", "h2"])
    return settings


@around("connection.Connection.choose", name="rfc.http2.alpn/not-spoken", also=["rfc.http2.alpn/h2-alone"])
async def h2_is_not_spoken(original: Any, self: Any, transport: Any) -> Any:
    """Where ALPN chose h2 HTTP/1.1 is spoken."""
    transport.alpn = None
    return await original(self, transport)


@around("connection.Connection.choose", name="rfc.http2.alpn/unasked", also=["rfc.http2.alpn/no-alpn"])
async def h2_is_spoken_unasked(original: Any, self: Any, transport: Any) -> Any:
    """Over TLS HTTP/2 is spoken whatever ALPN chose."""
    if self.server.tls is not None:
        transport.alpn = "h2"
    return await original(self, transport)


@around("connection.Connection.begins_with_preface", name="rfc.http2.prior-knowledge/none")
async def prior_knowledge_is_in_vain(original: Any, self: Any, transport: Any) -> bool:
    """Without TLS the preface of HTTP/2 is taken for a request of HTTP/1."""
    return False


@on_frames("rfc.http2.server-preface/unacknowledged")
def settings_are_not_acknowledged(data: bytes) -> bytes:
    """The settings of the client are not acknowledged."""
    return data.replace(b"\0\0\0\x04\x01\0\0\0\0", b"")


@around("http2.Http2Connection.receive", name="rfc.http2.bad-preface/ignored")
def a_wrong_preface_is_ignored(original: Any, self: Any, data: bytes) -> None:
    """What comes in place of the preface is ignored."""
    if getattr(self, "begun", False) or PREFACE.startswith(data[:24]):
        self.begun = True
        original(self, data)


@on_frames("rfc.http2.ping/zeros")
def pings_are_answered_with_zeros(data: bytes) -> bytes:
    """The answer to a PING has zeros in place of the data."""
    return re.sub(rb"(\0\0\x08\x06\x01\0\0\0\0).{8}", rb"\1" + bytes(8), data, flags=re.DOTALL)


@around("http2.Http2Connection.handle", name="rfc.http2.unknown-frames/error")
def unknown_frames_are_errors(original: Any, self: Any, event: Any) -> None:
    """A frame of an unknown type ends the connection."""
    if isinstance(event, h2.events.UnknownFrameReceived):
        self.h2.close_connection(h2.errors.ErrorCodes.PROTOCOL_ERROR)
        self.failed = True
    original(self, event)


def ignoring(connection: Any) -> None:
    """Have a connection go on after an error, as far as it can."""
    read = connection.h2.receive_data

    def receive_data(data: bytes) -> list[h2.events.Event]:
        try:
            events: list[h2.events.Event] = read(data)
        except h2.exceptions.ProtocolError:
            connection.h2.clear_outbound_data_buffer()
            return []
        return events

    connection.h2.receive_data = receive_data


@around("http2.Http2Connection.__init__", name="rfc.http2.stream-id/ignored")
def wrong_numbers_are_ignored(original: Any, self: Any, *arguments: Any) -> None:
    """A request on a stream that cannot be is ignored."""
    original(self, *arguments)
    ignoring(self)


@around("http2.Http2Connection.__init__", name="rfc.http2.connection-error/ignored")
def connection_errors_are_ignored(original: Any, self: Any, *arguments: Any) -> None:
    """A connection error is ignored."""
    original(self, *arguments)
    ignoring(self)


@around("http2.Http2Connection.take_goaway", name="rfc.http2.goaway.client/cut")
def goaway_cuts_off(original: Any, self: Any) -> None:
    """GOAWAY of the client ends the connection at once."""
    self.failed = True


@around("http2.Http2Connection.stop", name="rfc.http2.goaway.shutdown/cut")
def a_stop_cuts_off(original: Any, self: Any) -> None:
    """A server that stops ends its connections at once."""
    self.failed = True
    self.transport.changed.fire()


@around(
    "http2.Http2Connection.stop",
    name="rfc.http2.goaway.shutdown/silent",
    also=["rfc.http2.goaway.shutdown/goaway/idle"],
)
def a_stop_is_not_told(original: Any, self: Any) -> None:
    """A server that stops says nothing of it before it closes."""
    self.stopping = True
    self.transport.changed.fire()


@around("http2.Http2Connection.begin_calls", name="rfc.http2.concurrency/ten")
def ten_calls_run_at_a_time(original: Any, self: Any) -> None:
    """Requests beyond ten at a time are not served."""
    if len(self.streams) > 10:
        self._begun.clear()
    original(self)


@around("http2.Http2Connection.begin", name="rfc.http2.concurrency-limit/more")
def more_streams_are_taken(original: Any, self: Any, *arguments: Any, **keys: Any) -> None:
    """More streams are taken than the settings allow."""
    self.h2.local_settings._settings[Codes.MAX_CONCURRENT_STREAMS] = deque([10**6])
    original(self, *arguments, **keys)


@around(
    "http2.Http2Connection.__init__",
    name="rfc.http2.concurrency-limit/advice",
    breaks="rfc.http2.concurrency-limit/advice",
)
def few_streams_are_taken(original: Any, self: Any, *arguments: Any) -> None:
    """The settings allow 50 streams at a time."""
    original(self, *arguments)
    with_settings(self, {Codes.MAX_CONCURRENT_STREAMS: 50})


@around("http2.Http2Connection.push", name="rfc.http2.push-disabled/pushed")
def pushes_go_to_all(original: Any, self: Any, *arguments: Any) -> None:
    """Pushes are promised to clients that have disabled them."""
    self.h2.remote_settings._settings[Codes.ENABLE_PUSH] = deque([1])
    original(self, *arguments)


@around("http2.Http2Connection.take_reset", name="rfc.http2.reset.disconnect/not-told")
def resets_are_not_told(original: Any, self: Any, number: int) -> None:
    """A call whose stream was reset is not told."""


@around("http2.Http2Connection.take_reset", "http2.Http2Connection.begin", name="rfc.http2.reset.nothing-after/data")
def more_comes_after_a_reset(original: Any, self: Any, number: int, *rest: Any, **keys: Any) -> None:
    """On streams that were reset DATA comes when the next request does."""
    gone = self.__dict__.setdefault("gone", [])
    if not rest:
        gone.append(number)
    while rest and gone:
        self.transport.write(b"\0\0\x04\0\0" + gone.pop().to_bytes(4, "big") + b"late")
    original(self, number, *rest, **keys)
