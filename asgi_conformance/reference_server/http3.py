"""HTTP/3 connections. The packets and the frames are :mod:`aioquic`'s.

There is no push, and there are no WebSockets. What of a request a call does not read is bounded by what it has read,
or by :data:`~.quic.UNREAD_LIMIT`, since :mod:`aioquic` has no flow control for what it receives. Responses wait as
those over HTTP/2 do: see :meth:`~.http3_stream.Http3Stream.flush`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.events import (
    ConnectionIdIssued,
    ConnectionIdRetired,
    ProtocolNegotiated,
    QuicEvent,
    StopSendingReceived,
    StreamReset,
)

from .checks import Headers
from .http3_stream import NO_ERROR, REQUEST_REJECTED, Http3Stream
from .pseudo import check_request, split_fields
from .quic import FIELDS_LIMIT, Http3Parser, MalformedReceived
from .requests import Refused, Request
from .response_call import Response
from .transport import LINGER

if TYPE_CHECKING:
    from .quic_endpoint import QuicEndpoint
    from .quic_transport import QuicTransport
    from .server import Server

#: Request streams are numbered in steps of this (RFC 9000, section 2.1).
STEP = 4


class Http3Connection:
    """A connection on which requests share the way.

    Attributes:
        streams: The requests whose responses have not gone out.
    """

    def __init__(self, server: Server, endpoint: QuicEndpoint, transport: QuicTransport) -> None:
        self.server = server
        self.endpoint = endpoint
        self.transport = transport
        self.quic = transport.quic
        self.streams: dict[int, Http3Stream] = {}
        self.stopping = False
        self._count = 0
        self._next = 0
        self._arriving: set[int] = set()
        self._begun: list[Http3Stream] = []
        self._delivering: set[int] = set()
        self._parser: Http3Parser | None = None
        self.quic.unread = self.unread

    @property
    def h3(self) -> Http3Parser:
        """The frames, once there are streams that have some."""
        assert self._parser is not None
        return self._parser

    async def run(self) -> None:
        """Exchange packets until one side has had enough."""
        try:
            self.go_on()
            while not self.quic.closed and (self.streams or not self.stopping):
                await self.turn()
            with anyio.move_on_after(LINGER):  # what was sent last may have got lost on the way
                while not self.quic.closed and self._delivering:
                    await self.turn()
        finally:
            self.quic.close(NO_ERROR)  # if nobody has closed it before
            self.transport.push()
            self.end()

    async def turn(self) -> None:
        """Wait until there is something to do, and do it."""
        await self.transport.next()
        self.take_events()
        self.go_on()

    def go_on(self) -> None:
        """Do what follows from the events: calls begin, packets leave."""
        self.begin_calls()
        self.transport.push()
        self.settle()

    def receive(self, data: bytes, address: Any) -> None:
        """Take in a datagram, and at once what it says of streams, so that nobody writes to one that is gone."""
        self.transport.receive(data, address)
        self.take_events()

    def take_events(self) -> None:
        """Handle what has happened on the connection."""
        while (event := self.quic.next_event()) is not None:
            self.take_event(event)
        if self.quic.closed:
            self.end()

    def take_event(self, event: QuicEvent) -> None:
        """Handle one event of QUIC."""
        match event:
            case ConnectionIdIssued():
                self.endpoint.routes[event.connection_id] = self
            case ConnectionIdRetired():
                self.endpoint.routes.pop(event.connection_id, None)
            case ProtocolNegotiated():
                self._parser = Http3Parser(self.quic)
        if self._parser is not None:
            for found in self._parser.handle_event(event):
                self.handle(found)
        if isinstance(event, StreamReset | StopSendingReceived):
            self.take_reset(event.stream_id)

    def handle(self, event: H3Event) -> None:
        """Handle one event of HTTP/3; header blocks after the first one are trailers, which no call is told of."""
        match event:
            case HeadersReceived():
                if event.stream_id not in self._arriving:
                    self.begin(event.stream_id, event.headers)
                self.end_request(event.stream_id, event.stream_ended)
            case DataReceived():
                if (stream := self.streams.get(event.stream_id)) is not None:
                    stream.put(event.data)
                    self.transport.changed.fire()
                self.end_request(event.stream_id, event.stream_ended)
            case MalformedReceived():
                self.lose(event.stream_id)

    def begin(self, number: int, fields: Headers) -> None:
        """Begin a request, or refuse it."""
        self._arriving.add(number)
        if self.stopping:  # the GOAWAY said so (RFC 9114, section 5.2)
            self.quic.abandon(number, REQUEST_REJECTED)
            self.h3.forget(number)
            return
        self._next = max(self._next, number + STEP)
        self._count += 1
        pseudo, headers = split_fields(fields)
        try:
            check_size(fields)
            request = check_request(pseudo, headers, True, self._count, "3")
            if request.protocol is not None:
                raise Refused(501, "WebSockets are not spoken here over HTTP/3")
        except Refused as refused:
            request = Request("GET", "https", b"/", b"", headers, "3", self._count)
            stream = self.streams[number] = Http3Stream(self, number, request)
            Response(stream).replace(refused.status, refused.reason, refused.headers)
            return
        stream = self.streams[number] = Http3Stream(self, number, request)
        self._begun.append(stream)

    def begin_calls(self) -> None:
        """Call the application for the requests that came, unless they were reset in the same breath."""
        # http.multiplex.right-stream
        for stream in self._begun:
            if not stream.gone:
                self.server.begin(stream, None)
        self._begun.clear()

    def end_request(self, number: int, ended: bool) -> None:
        """Take note that a request is complete, if it is."""
        if ended:
            self._arriving.discard(number)
            if (stream := self.streams.get(number)) is not None:
                stream.request_ended = True
                self.transport.changed.fire()

    def take_reset(self, number: int) -> None:
        """Take note that the client gave a stream up, or wants no response."""
        self._arriving.discard(number)
        if (stream := self.streams.get(number)) is not None:
            stream.cancel()

    def lose(self, number: int) -> None:
        """Take note that a stream is gone."""
        self._arriving.discard(number)
        if (stream := self.streams.get(number)) is not None:
            stream.lose()

    def unread(self, number: int) -> int:
        """How much content of a stream waits for its call."""
        stream = self.streams.get(number)
        return 0 if stream is None else stream.unread

    def settle(self) -> None:
        """Take note of the responses that have gone out, and of those that have arrived."""
        for stream in list(self.streams.values()):
            if stream.ended and not self.quic.unsent(stream.number):
                self._delivering.add(stream.number)
                stream.finish()
        self._delivering = {number for number in self._delivering if not self.quic.delivered(number)}

    def stop(self) -> None:
        """Say goodbye, complete the streams in progress, and take no new ones (RFC 9114, section 5.2)."""
        if not self.stopping and self._parser is not None:
            self._parser.say_goodbye(self._next)
            self.transport.push()
        self.stopping = True
        for stream in list(self.streams.values()):
            stream.stop()
        self.transport.poke()

    def abort(self) -> None:
        """Give the connection up, whatever it is doing."""
        self.quic.close(NO_ERROR)
        self.transport.poke()

    def end(self) -> None:
        """Take note that the connection is gone."""
        for stream in list(self.streams.values()):
            stream.lose()
        if not self.transport.lost:
            self.transport.lose()
            self.endpoint.forget(self)


def check_size(fields: Headers) -> None:
    """Refuse requests with too many or too long fields (RFC 9114, section 4.2.2).

    Raises:
        Refused: They are larger than the settings of the connection allow.
    """
    if sum(len(name) + len(value) + 32 for name, value in fields) > FIELDS_LIMIT:
        raise Refused(431, "the fields of the request are too large")
