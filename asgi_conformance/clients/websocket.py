"""A WebSocket client that sends right and wrong frames, and reads strictly what comes back (RFC 6455)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

from asgi_conformance.clients.address import shown
from asgi_conformance.clients.deflate import RSV1, Deflate, agreed
from asgi_conformance.clients.frames import Frame, FrameError, FrameReader, Opcode, encode
from asgi_conformance.clients.handshake import Carrier, HandshakeResponse, Http1Carrier, Transport, unoffered
from asgi_conformance.clients.http import Headers
from asgi_conformance.clients.messages import CloseSeen, MessageReader, close_code_and_reason
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Broken, TimedOut

__all__ = ["CloseSeen", "Frame", "HandshakeResponse", "Http1Carrier", "Opcode", "WebSocketClient"]

ALLOWED = "frames that RFC 6455 allows a server to send"


class WebSocketClient:
    """One WebSocket, over a :class:`Carrier`: an HTTP/1.1 connection or an HTTP/2 stream.

    ``message``, ``pong``, ``close_frame`` and ``closed`` answer pings and the first close frame on their way, unless
    ``answers_pings`` or ``answers_close`` is set to False; ``frame`` answers nothing. ``controls`` are the control
    frames that have come, in order, ``messages`` those that nobody has asked for yet. ``handshaken`` is the answer to
    the handshake, None before.
    """

    def __init__(self, carrier: Carrier, deadline: float | None = None) -> None:
        self.carrier = carrier
        self.deadline = carrier.transport.deadline if deadline is None else deadline
        self.answers_pings = True
        self.answers_close = True
        self.controls: list[Frame] = []
        self.handshaken: HandshakeResponse | None = None
        self.close_sent = False
        self.after_close: list[Frame] = []
        self._close: tuple[int | None, str] | None = None
        self._is_over = False
        self._reader = FrameReader()
        self._message_reader = MessageReader()
        self._offers: Headers = []
        self.messages: deque[str | bytes] = deque()
        self._pongs: deque[bytes] = deque()

    @property
    def tag(self) -> str:
        """The tag of the handshake."""
        return self.carrier.tag

    @property
    def transport(self) -> Transport:
        """The bytes under the WebSocket."""
        return self.carrier.transport

    # The opening handshake

    async def start_handshake(
        self,
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        subprotocols: Sequence[str] = (),
        version: bytes | None = b"13",
        *,
        method: str | None = None,
        http_version: str | None = None,
        without: Collection[bytes] = (),
        tag: bool = True,
    ) -> None:
        """Send an opening handshake and do not wait for the answer.

        To send a wrong one: ``headers`` replace the handshake's own fields of the same name, ``without`` names own
        fields to leave out (``b"host"`` too), ``method`` and ``http_version`` are those of the request line.
        """
        fields = list(headers)
        if subprotocols:
            fields.append((b"Sec-WebSocket-Protocol", ", ".join(subprotocols).encode("latin-1")))
        self._offers = fields
        if version is not None:
            fields.append((b"Sec-WebSocket-Version", version))
        await self.carrier.ask(target, fields, method=method, http_version=http_version, without=without, tag=tag)

    async def handshake_response(self, *, strict: bool = True) -> HandshakeResponse:
        """Wait for the answer to the handshake; once it has come, it is given again.

        An acceptance with ``flaws`` raises Broken where ``strict``. Raises Broken or TimedOut as
        :meth:`Http1Client.response` does.
        """
        if self.handshaken is not None:
            return self.handshaken
        answer = await self.carrier.answer()
        if answer.accepted:
            answer.flaws += unoffered(answer, self._offers)
            if answer.flaws and strict:
                raise Broken("an acceptance of the WebSocket handshake that a client can take", answer.flaws[0])
            self._message_reader.deflate = agreed(answer.extensions)
            self._reader.rsv_allowed = RSV1 if self._message_reader.deflate else 0
            self._reader.feed(self.carrier.first_bytes())
        self.handshaken = answer
        return answer

    async def handshake(
        self,
        target: str | bytes = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        subprotocols: Sequence[str] = (),
        version: bytes | None = b"13",
        *,
        tag: bool = True,
    ) -> HandshakeResponse:
        """Send a handshake and wait for the answer: ``start_handshake``, then ``handshake_response``."""
        await self.start_handshake(target, headers, subprotocols, version, tag=tag)
        return await self.handshake_response()

    # Sending

    async def send_text(self, text: str, *, compressed: bool = False) -> None:
        """Send a text message as one frame; ``compressed`` where compression was agreed."""
        await self._send_message(Opcode.TEXT, text.encode("utf-8"), compressed)

    async def send_bytes(self, data: bytes, *, compressed: bool = False) -> None:
        """Send a binary message as one frame; ``compressed`` where compression was agreed."""
        await self._send_message(Opcode.BINARY, data, compressed)

    async def _send_message(self, opcode: int, payload: bytes, compressed: bool) -> None:
        if not compressed:
            await self.send_frame(Frame(opcode, payload))
        else:
            await self.send_frame(Frame(opcode, self.deflate.deflate(payload), rsv=RSV1))

    @property
    def deflate(self) -> Deflate:
        """The agreed compression, for frames of one's own making. Raises SuiteError where there is none."""
        if self._message_reader.deflate is None:
            raise SuiteError("a case compresses a message although no compression was agreed")
        return self._message_reader.deflate

    async def send_frame(self, frame: Frame, *, mask: bytes | None = None) -> None:
        """Send any frame, allowed or not."""
        self.close_sent = self.close_sent or frame.opcode == Opcode.CLOSE
        self.transport.note("note", f"sends {frame}")
        await self.send_raw(encode(frame, mask=mask))

    async def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        await self.transport.send(data, self.deadline)

    async def ping(self, payload: bytes = b"") -> None:
        """Send a ping."""
        await self.send_frame(Frame(Opcode.PING, payload))

    async def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send a close frame; an empty one for the code None. :meth:`closed` waits for the rest."""
        payload = b"" if code is None else code.to_bytes(2, "big") + reason.encode("utf-8")
        await self.send_frame(Frame(Opcode.CLOSE, payload))

    async def close_and_drop(self, code: int) -> None:
        """Send a close frame as the last of the connection or stream: over HTTP/2 its DATA has END_STREAM."""
        self.close_sent = True
        frame = Frame(Opcode.CLOSE, code.to_bytes(2, "big"))
        self.transport.note("note", f"sends {frame}, and nothing more")
        await self.transport.send_last(encode(frame))

    async def drop(self) -> None:
        """Close the connection (FIN), or end the stream, without a close frame."""
        await self.transport.close()

    async def reset(self) -> None:
        """Break the connection (RST), or the stream (RST_STREAM)."""
        await self.transport.reset()

    # Receiving

    async def frame(self, awaited: str = "a frame") -> Frame:
        """Wait for the next frame, and answer nothing.

        Raises Broken for a frame that a server must not send and when the connection ends instead, and TimedOut.
        """
        return await self._frame(awaited, self._end())

    async def message(self) -> str | bytes:
        """Wait for the next message, its fragments joined and inflated.

        Raises Broken when a close frame or the end of the connection comes instead, and TimedOut.
        """
        await self._until(lambda: bool(self.messages), "a message")
        return self.messages.popleft()

    async def pong(self) -> bytes:
        """Wait for the next pong that was not asked for yet; its payload. Messages before it are kept.

        Raises Broken when a close frame or the end of the connection comes instead, and TimedOut.
        """
        await self._until(lambda: bool(self._pongs), "a pong")
        return self._pongs.popleft()

    async def close_frame(self) -> CloseSeen:
        """Wait for the server's close frame, and not for the end of the connection. Messages before it are kept.

        Raises Broken when the connection ends without one, and TimedOut.
        """
        end = self._end()
        while self._close is None:
            await self._take(await self._frame("a close frame", end))
        return self._close_seen()

    async def failed(self) -> CloseSeen:
        """Wait for the server's close frame, or for the end of the connection without one. Messages are kept.

        Raises TimedOut when neither comes, and Broken.
        """
        end = self._end()
        while self._close is None:
            frame = await self._frame_or_end("the server closes the WebSocket", end)
            if frame is None:
                break
            await self._take(frame)
        return self._close_seen()

    async def closed(self) -> CloseSeen:
        """Wait until the server has ended the connection or stream, with or without a close frame.

        Messages before it are kept; frames after the close frame stand in ``after_close``. Raises TimedOut when it
        stays open, and Broken.
        """
        end = self._end()
        while (frame := await self._frame_or_end("the server closes the connection", end)) is not None:
            if self._close is None:
                await self._take(frame)
            else:
                self.after_close.append(frame)
        return self._close_seen()

    def _end(self) -> float:
        return asyncio.get_running_loop().time() + self.deadline

    def _close_seen(self) -> CloseSeen:
        code, reason = self._close or (None, "")
        ended = self.transport.ending if self._is_over else None
        return CloseSeen(code, reason, self._close is not None, ended)

    async def _until(self, reached: Callable[[], bool], awaited: str) -> None:
        end = self._end()
        while not reached():
            if self._close is not None:
                raise Broken(awaited, "the server had closed with the code {} and the reason {!r}".format(*self._close))
            await self._take(await self._frame(awaited, end))

    async def _take(self, frame: Frame) -> None:
        """Sort a frame in, and answer it."""
        try:
            if frame.opcode == Opcode.CLOSE:
                self._close = close_code_and_reason(frame)
            elif not frame.is_control and (message := self._message_reader.take(frame)) is not None:
                self.messages.append(message)
        except FrameError as error:
            raise Broken(ALLOWED, str(error)) from error
        if frame.opcode == Opcode.PONG:
            self._pongs.append(frame.payload)
        elif frame.opcode == Opcode.PING and self.answers_pings and not self.close_sent:
            await self.send_frame(Frame(Opcode.PONG, frame.payload))
        elif frame.opcode == Opcode.CLOSE and self.answers_close and not self._is_pointless_to_close:
            await self.send_frame(Frame(Opcode.CLOSE, frame.payload[:2]))

    @property
    def _is_pointless_to_close(self) -> bool:
        """Whether a close frame was sent already, or nobody is left to read one."""
        return self.close_sent or self.transport.is_stopped

    async def _frame(self, awaited: str, end: float) -> Frame:
        frame = await self._frame_or_end(awaited, end)
        if frame is None:
            rest = f" within a frame: {shown(self._reader.unread)}" if self._reader.unread else ""
            raise Broken(awaited, f"the connection was {self.transport.ending or 'closed'}{rest}")
        return frame

    async def _frame_or_end(self, awaited: str, end: float) -> Frame | None:
        """The next frame, or None once the connection or stream has ended."""
        while True:
            try:
                frame = self._reader.next()
            except FrameError as error:
                raise Broken(ALLOWED, str(error)) from error
            if frame is not None:
                self.transport.note("note", f"received {frame}")
                if frame.is_control:
                    self.controls.append(frame)
                return frame
            if self._is_over:
                return None
            self._reader.feed(await self._receive(awaited, end))

    async def _receive(self, awaited: str, end: float) -> bytes:
        try:
            data = await self.transport.receive(end - asyncio.get_running_loop().time())
        except TimedOut:
            seen = [f"the close code {self._close[0]}"] if self._close else []
            seen += [f"the message {message!r:.80}" for message in self.messages]
            seen += [f"the beginning of a frame {shown(self._reader.unread)}"] if self._reader.unread else []
            came = f"only {', '.join(seen)}" if seen else "nothing"
            raise TimedOut(awaited, f"within {self.deadline:g} s {came} came, and it was still open") from None
        self._is_over = not data
        return data
