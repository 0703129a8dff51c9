"""An HTTP/1.1 client that sends what it is told to, right or wrong, and reads strictly what comes back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.http import TAG, Response, values
from asgi_conformance.clients.response_parser import ResponseParser
from asgi_conformance.clients.wire import Wire
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut

STRICT = "an HTTP/1.1 response that a strict parser accepts"

#: The method and the words for a request of which the client was not told.
UNTOLD = ("GET", "the request")


class Http1Client:
    """HTTP/1.1, or 1.0, over one connection; the methods of :class:`HttpClient` and raw powers.

    ``tags`` makes the tags of the requests; None: requests have none. ``deadline`` is the longest wait of one call
    in seconds; None: the wire's own. ``tag`` is the tag of the last request that had one.
    """

    def __init__(
        self,
        wire: Wire,
        tags: Callable[[], str] | None = None,
        deadline: float | None = None,
        *,
        version: str = "1.1",
    ) -> None:
        self.wire = wire
        self.version = version
        self.deadline = wire.deadline if deadline is None else deadline
        self.tag = ""
        self._tags = tags
        self._parser = ResponseParser()
        self._unanswered: deque[tuple[str, str]] = deque()
        self._asked = UNTOLD
        self._chunked = False
        self._handed_over = True

    # Sending

    @property
    def local(self) -> tuple[str, int] | None:
        """The address of the client's own end; None on a unix socket."""
        return self.wire.local

    async def send_head(
        self,
        method: str = "GET",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        version: str | None = None,
        host: bool = True,
        tag: bool = True,
    ) -> None:
        """Send a request line and header lines as they are given, and the empty line.

        ``host`` puts Host first unless ``headers`` have one; ``tag`` adds the correlation field at the end;
        ``version`` is the client's own unless given.
        """
        fields = list(headers)
        if host and not values(fields, b"host"):
            fields.insert(0, (b"Host", self.wire.address.authority))
        if tag and self._tags is not None:
            fields.append((TAG, self.new_tag().encode("ascii")))
        target = target.encode("ascii") if isinstance(target, str) else target
        line = b"%s %s HTTP/%s\r\n" % (method.encode("ascii"), target, (version or self.version).encode("ascii"))
        head = line + b"".join(b"%s: %s\r\n" % field for field in fields) + b"\r\n"
        await self.send(head, method=method)

    async def send(self, data: bytes, *, method: str | None = None) -> None:
        """Send ``data`` as they are. ``method``: they hold the head of a request with it, whose answer is to be read.

        An answer for which no method was told is read as one to GET.
        """
        if method is not None:
            self._unanswered.append((method, shown(data.partition(b"\r\n")[0], 80)))
        await self.wire.send(data, self.deadline)

    async def send_slowly(self, data: bytes, *, method: str | None = None) -> None:
        """Send ``data`` one byte a write, with a turn of the event loop between; ``method`` as for :meth:`send`."""
        if method is not None:
            self._unanswered.append((method, shown(data.partition(b"\r\n")[0], 80)))
        for position in range(len(data)):
            await self.wire.send(data[position : position + 1], self.deadline)
            await asyncio.sleep(0)

    def new_tag(self) -> str:
        """A fresh tag, which becomes ``tag``: for requests that are sent raw."""
        if self._tags is None:
            raise SuiteError("this client was made without tags")
        self.tag = self._tags()
        return self.tag

    async def request(
        self,
        method: str = "GET",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
        *,
        tag: bool = True,
    ) -> None:
        """Send a whole request; a ``body`` gets a Content-Length unless ``headers`` frame it otherwise."""
        fields = list(headers)
        if body is not None and not values(fields, b"content-length") and not values(fields, b"transfer-encoding"):
            fields.append((b"Content-Length", b"%d" % len(body)))
        await self.send_head(method, target, fields, tag=tag)
        if body:
            await self.send(body)

    async def start_request(
        self,
        method: str = "POST",
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        *,
        length: int | None = None,
        tag: bool = True,
    ) -> None:
        """Send the head of a request whose body follows: of ``length`` bytes, or chunked."""
        if length is None and self.version == "1.0":
            raise SuiteError("an HTTP/1.0 request needs the length of its body beforehand")
        self._chunked = length is None
        framing = (b"Transfer-Encoding", b"chunked") if length is None else (b"Content-Length", b"%d" % length)
        await self.send_head(method, target, [*headers, framing], tag=tag)

    async def send_body(self, data: bytes) -> None:
        """Send a part of the body, as one chunk where the body is chunked."""
        if data:
            await self.send(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)

    async def end_body(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the body; a chunked one may have ``trailers``."""
        if self._chunked:
            await self.send(b"0\r\n" + b"".join(b"%s: %s\r\n" % field for field in trailers) + b"\r\n")

    # Receiving

    async def head(self) -> Response:
        """Wait for the head of the final response.

        Gives the response that was begun and not yet taken by :meth:`response`, or begins the next. Raises Broken
        (unparsable, or the connection ended before the head was complete) or TimedOut.
        """
        response = await self.head_or_end()
        if response is None:
            raise Broken(f"a response to {self._asked[1]}", f"{self._how_it_ended()} without sending a byte of one")
        return response

    async def body_until(self, n: int) -> bytes:
        """Wait until ``n`` bytes of the body have come; gives all that have come so far.

        Raises Broken if the response ends before, and TimedOut.
        """
        await self.head()
        await self._read(lambda: len(self._parser.body) >= n, f"{n} bytes of the body of the response to")
        body = bytes(self._parser.body)
        if len(body) < n:
            raise Broken(f"{n} bytes of a response body", f"the response ended after {len(body)}: {shown(body)}")
        return body

    async def response(self) -> Response:
        """Wait for the whole response; the next call is about the next one.

        A response in the midst of which the connection ends has ``complete`` False. Raises Broken or TimedOut as
        :meth:`head` does.
        """
        await self.head()
        return await self._rest()

    async def head_or_end(self) -> Response | None:
        """Wait for the head of the final response, or for the end of the connection without a byte of it: then None."""
        if self._handed_over:
            self._asked = self._unanswered.popleft() if self._unanswered else UNTOLD
            self._parser.begin(self._asked[0])
            self._handed_over = False
        await self._read(lambda: self._parser.response is not None, "the head of a response to")
        if self._parser.response is None and self._parser.seen:
            raise Broken(STRICT, f"{self._how_it_ended()} within the head: {shown(self._parser.seen, 400)}")
        return self._parser.response

    async def next_response_or_end(self) -> Response | None:
        """Wait for the whole response, or for the end of the connection without a byte of one: then None."""
        if await self.head_or_end() is None:
            return None
        return await self._rest()

    async def first_bytes(self, deadline: float) -> bytes:
        """Wait until an answer begins, be it an interim one; gives what has come of it and leaves it to be read.

        Nothing comes within ``deadline`` seconds or before the end of the connection: b"".
        """
        await self.wire.bell.until(lambda: bool(self._begun) or self.wire.is_over, deadline)
        return self._begun

    @property
    def _begun(self) -> bytes:
        return (self._parser.surplus if self._handed_over else self._parser.seen) + self.wire.surplus

    @property
    def surplus(self) -> bytes:
        """The bytes that have arrived and that no response read so far has claimed."""
        return self._parser.surplus + self.wire.surplus

    @property
    def seen(self) -> bytes:
        """The bytes that have arrived of the response that is being read, and behind it."""
        return self._parser.seen + self.wire.surplus

    def take_surplus(self) -> bytes:
        """Hand ``surplus`` over to whoever goes on with the connection in another protocol."""
        return self._parser.take_surplus() + self.wire.take()

    async def _rest(self) -> Response:
        await self._read(lambda: False, "the rest of the response to")
        assert self._parser.response is not None
        self._handed_over = True
        return self._parser.response

    async def _read(self, enough: Callable[[], bool], awaited: str) -> None:
        """Read until ``enough()`` or the end of the response."""
        parser = self._parser
        loop = asyncio.get_running_loop()
        end = loop.time() + self.deadline
        while not parser.done and not enough():
            try:
                data = await self.wire.receive(end - loop.time())
            except TimedOut:
                came = f"only {shown(parser.seen, 400)}" if parser.seen else "nothing"
                raise TimedOut(f"{awaited} {self._asked[1]}", f"within {self.deadline:g} s {came} came") from None
            parser.feed(data, "closed" if self.wire.closed else self.wire.ending)
        if parser.wrong is not None:
            raise Broken(STRICT, parser.wrong)
        parser.settle()

    def _how_it_ended(self) -> str:
        how = {"closed": "the server closed the connection", "reset": "the server reset the connection"}
        trouble = f" ({self.wire.trouble})" if self.wire.trouble else ""
        return how.get(self._parser.ending or "", "the connection ended") + trouble

    # Ending

    async def ended(self) -> str:
        """Wait until the server closes: ``"closed"`` or ``"reset"``; responses can still be read after it."""
        return await self.wire.ended(self.deadline)

    async def half_close(self) -> None:
        """Send FIN and go on reading."""
        await self.wire.half_close()

    async def close(self) -> None:
        """Close the connection."""
        await self.wire.close()

    async def reset(self) -> None:
        """Break the connection with RST."""
        await self.wire.reset()
