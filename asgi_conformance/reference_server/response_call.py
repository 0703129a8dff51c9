"""The sending half of a call that answers with HTTP: an HTTP call, or a WebSocket call that is denied.

The states of a response, and what an application may send in each, stand in the table below. The head is held back
until the first message with content, so that an error may still take its place and early hints may come before it
(http.response.start.early-flush-allowed, http.response.start.error-may-replace, extension.early-hint.order).

What the table does not allow raises: http.response.body.before-start, http.response.start.twice,
http.response.start.twice-clean-wire, extension.pathsend.before-start, .not-mixed, .once;
extension.zerocopysend.before-start, extension.push.accepted, .out-of-place; extension.trailers.before-final-body,
.unannounced; extension.websocket-denial.body-before-start. A denial of a WebSocket is the same with other event types:
extension.websocket-denial.start.status, .start.headers, .body.streamed, .framing, .transfer-encoding-ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from .checks import Headers, InvalidEvent
from .extensions import FilePart
from .responses import Head, make_head, own_response
from .streams import Stream


class State(Enum):
    """How far a response has come."""

    IDLE = auto()  # nothing was sent
    STARTED = auto()  # the application gave the head
    BODY = auto()  # the head and some content went out
    TRAILERS = auto()  # the content is complete, trailers were announced
    COMPLETE = auto()  # nothing more is to come


CONTENT = frozenset(["http.response.body", "http.response.zerocopysend"])
ASIDE = frozenset(["http.response.early_hint", "http.response.push"])

ALLOWED: Mapping[State, frozenset[str]] = {
    State.IDLE: frozenset(["http.response.start", "http.response.early_hint"]),
    State.STARTED: CONTENT | ASIDE | {"http.response.pathsend"},
    State.BODY: CONTENT | ASIDE,  # extension.pathsend.not-mixed
    State.TRAILERS: frozenset(["http.response.trailers"]),
    State.COMPLETE: frozenset(),
}

WORDS: Mapping[State, str] = {
    State.IDLE: "before the response start",
    State.STARTED: "after the response start",
    State.BODY: "after response content",
    State.TRAILERS: "when trailers are due",
    State.COMPLETE: "after the response is complete",
}


class Response:
    """The response of one call.

    Attributes:
        state: How far it has come.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.state = State.IDLE
        self._head: Head | None = None
        self._trailers_announced = False
        self._trailers: Headers = []
        self._sent = 0

    @property
    def complete(self) -> bool:
        """Whether the response is complete, or can never be."""
        return self.state is State.COMPLETE or self.stream.finished

    @property
    def head_sent(self) -> bool:
        """Whether the client may have seen a part of the response."""
        return self.state in (State.BODY, State.TRAILERS, State.COMPLETE)

    async def accept(self, message: dict[str, Any]) -> None:
        """Act on one valid event.

        Raises:
            InvalidEvent: The event does not fit at this point of the response.
            ClientDisconnected: The client was lost while its data went out.
        """
        kind = message["type"]
        if kind not in ALLOWED[self.state]:
            raise InvalidEvent(f"{kind} cannot be sent {WORDS[self.state]}")
        match kind:
            case "http.response.start":
                self.start(message["status"], message["headers"], message.get("trailers", False))
            case "http.response.body":
                self.body(message["body"], message["more_body"])
            case "http.response.zerocopysend":
                descriptor, file = message["file"]
                part = FilePart(descriptor, file, message["offset"], message["count"])
                await self.file(part, message["more_body"])
            case "http.response.pathsend":
                await self.path(message["path"])
            case "http.response.trailers":
                self.trailers(message["headers"], message["more_trailers"])
            case "http.response.early_hint":
                self.early_hint(message["links"])
            case "http.response.push":
                self.stream.push(message["path"], message["headers"])
        await self.stream.flush()

    def start(self, status: int, headers: Headers, trailers: bool) -> None:
        """Take the head; it goes out with the first content."""
        self._head = make_head(self.stream.request.method, status, headers)
        self._trailers_announced = trailers
        self.state = State.STARTED

    def body(self, data: bytes, more: bool) -> None:
        """Send content (http.response.body.sent, .empty-chunk, .undisturbed)."""
        self.count(len(data), more)
        self.send_head()
        if data and not self._bodyless:  # http.response.bodyless.several-messages
            self.stream.send_body(data)
        self.content_sent(more)

    async def file(self, part: FilePart, more: bool) -> None:
        """Send content that lies in a file, as a body message would.

        extension.zerocopysend.chunked, extension.zerocopysend.mixed, extension.zerocopysend.more-body
        """
        self.count(len(part), more)
        self.send_head()
        if len(part) and not self._bodyless:  # extension.zerocopysend.head, extension.pathsend.head
            await self.stream.send_file(part)
        self.content_sent(more)

    async def path(self, path: str) -> None:
        """Send a whole file, which completes the content (extension.pathsend.file-sent)."""
        try:
            file = open(path, "rb", buffering=0)  # noqa: ASYNC230, SIM115
        except OSError as error:  # extension.pathsend.missing-file
            raise InvalidEvent(f"the file {path!r} cannot be sent: {error}") from error
        with file:
            await self.file(FilePart(file.fileno(), file), False)

    def trailers(self, headers: Headers, more: bool) -> None:
        """Collect trailer fields; the last message sends them (extension.trailers.more-trailers)."""
        self._trailers += headers
        if not more:
            # extension.trailers.only-with-te, extension.trailers.sent, extension.trailers.te-parsing
            wanted = any(token.partition(b";")[0].strip() == b"trailers" for token in self.stream.request.tokens(b"te"))
            self.complete_with(self._trailers if wanted else [])

    def early_hint(self, links: list[bytes]) -> None:
        """Send a 103 as long as the final head is not out.

        extension.early-hint.sent, .several, .final-response-intact, .after-final-body
        """
        if not self.head_sent:
            self.stream.send_informational(103, [(b"link", link) for link in links])

    def count(self, size: int, more: bool) -> None:
        """Hold the content against the declared length.

        Raises:
            InvalidEvent: There is more of it than declared, or less at the end; then the response is cut off too.
        """
        assert self._head is not None
        declared, total = self._head.length, self._sent + size
        if declared is not None and total > declared:  # rfc.http1.response.content-length-exceeded
            raise InvalidEvent(f"the response has content-length {declared}, and this makes {total} bytes of content")
        if declared is not None and not more and total < declared:  # rfc.http1.response.content-length-short
            self.stream.cut()
            raise InvalidEvent(f"the response has content-length {declared}, and ends with {total} bytes of content")
        self._sent = total

    @property
    def _bodyless(self) -> bool:
        assert self._head is not None
        return self._head.bodyless

    def send_head(self) -> None:
        """Let the head out, once (http.response.start.headers-before-body)."""
        if self.state is State.STARTED:
            assert self._head is not None
            self.state = State.BODY
            self.stream.send_head(self._head)

    def content_sent(self, more: bool) -> None:
        """Go on after content (http.response.body.completes, extension.trailers.waits)."""
        if more:
            return
        if self._trailers_announced:
            self.state = State.TRAILERS
        else:
            self.complete_with([])

    def complete_with(self, trailers: Headers) -> None:
        """Complete the response."""
        self.state = State.COMPLETE
        self.stream.send_end(trailers)

    def replace(self, status: int, text: str, extra: Headers | None = None) -> None:
        """Answer in the name of the server, in place of a response that was not begun on the wire."""
        headers, body = own_response(status, text, extra)
        self.start(status, headers, False)
        self.body(body, False)

    def abandon(self, status: int, text: str) -> None:
        """End what the application did not complete: an error response if there is still room, otherwise a cut.

        http.app.raises-before-start.500, http.app.returns-after-start, http.app.returns-mid-body,
        http.app.raises-mid-body, http.app.raises-after-complete, rfc.http1.response.incomplete-visible,
        extension.trailers.missing-event
        """
        if self.complete:
            return
        if self.head_sent or self.stream.gone:
            self.stream.cut()
        else:
            self.replace(status, text)
