"""WebSocket messages: each arrives as it was sent, in order, however it was fragmented and cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asgi_conformance.applicable import check_since
from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.frames import encode
from asgi_conformance.clients.websocket import Frame, Opcode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import NotApplicable

from ..websocket.conversation import close, closing_with, disconnect, receives, sent, until_closed
from ..websocket.sending import comes
from .bodies import contents, cut, writes
from .holding import holds
from .line import Line
from .requests import CHARACTERS, text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Message:
    """A message as a client sends it: in fragments of these ``sizes`` and the rest, with ``pings`` before each."""

    content: str | bytes
    sizes: tuple[int, ...] = ()
    pings: bool = False
    mask: bytes = b"\x00\x00\x00\x00"

    def frames(self) -> bytes:
        """The bytes of its frames."""
        opcode, data = Opcode.BINARY, self.content
        if isinstance(data, str):
            opcode, data = Opcode.TEXT, data.encode()
        pieces = cut(data, self.sizes)
        frames = []
        for number, piece in enumerate(pieces):
            frames += [Frame(Opcode.PING, b"%d" % number)] if self.pings else []
            frames.append(Frame(Opcode.CONTINUATION if number else opcode, piece, fin=number == len(pieces) - 1))
        return b"".join(encode(frame, mask=self.mask) for frame in frames)

    def __str__(self) -> str:
        sizes = f" after fragments of {list(self.sizes)} bytes" if self.sizes else ""
        pings = " with pings between" if self.pings else ""
        mask = f" masked with {self.mask!r}" if any(self.mask) else ""
        return show(self.content) + sizes + pings + mask


@dataclass(frozen=True)
class Burst:
    """Messages of a client, and the sizes of the ``writes`` in which their bytes leave, before the rest."""

    messages: tuple[Message, ...]
    writes: tuple[int, ...]

    def __str__(self) -> str:
        writes = f", after writes of {list(self.writes)} bytes" if self.writes else ""
        return "; ".join(map(str, self.messages)) + writes


def messages() -> SearchStrategy[str | bytes]:
    """Texts and bytes, short ones and long ones."""
    from hypothesis import strategies as st

    return st.booleans().flatmap(lambda data: contents() if data else text(CHARACTERS, most=30))


def bursts() -> SearchStrategy[Burst]:
    """One to four messages, fragmented, masked and cut in all ways."""
    from hypothesis import strategies as st

    sizes = st.binary(max_size=4).map(lambda drawn: tuple(number % 21 for number in drawn))
    message = st.builds(Message, messages(), sizes, st.booleans(), st.binary(min_size=4, max_size=4))
    return st.builds(Burst, st.lists(message, min_size=1, max_size=4).map(tuple), writes())


@case("property.websocket.received")
async def every_message_arrives(exchange: Exchange) -> None:
    """Whatever messages a client sends, in whatever fragments, the application receives each once, and in order."""

    async def arrive(line: Line, burst: Burst) -> None:
        client, app = await line.websocket()
        for piece in filter(None, cut(b"".join(message.frames() for message in burst.messages), burst.writes)):
            await client.send_raw(piece)
        for message in burst.messages:
            await receives(app, message.content)

    await holds(exchange, bursts, arrive)


@dataclass(frozen=True)
class Sent:
    """Messages of an application."""

    messages: tuple[str | bytes, ...]

    def __str__(self) -> str:
        return "; ".join(map(show, self.messages))


def sendings() -> SearchStrategy[Sent]:
    """One to five messages."""
    from hypothesis import strategies as st

    return st.lists(messages(), min_size=1, max_size=5).map(lambda several: Sent(tuple(several)))


@case("property.websocket.sent")
async def every_message_goes_out(exchange: Exchange) -> None:
    """Whatever messages an application sends, the client gets each once, of its kind, and in order."""

    async def go_out(line: Line, several: Sent) -> None:
        client, app = await line.websocket()
        sending = app.begin_send(*map(sent, several.messages))
        for message in several.messages:
            await comes(client, message)
        await sending.result()

    await holds(exchange, sendings, go_out)


@dataclass(frozen=True)
class Close:
    """How one of both sides closes."""

    by_client: bool
    code: int
    reason: str

    def __str__(self) -> str:
        return f"the {'client' if self.by_client else 'application'} closes with {self.code} {self.reason!r}"


def closes() -> SearchStrategy[Close]:
    """Closes with the codes that both sides may choose, and with reasons that have a place in a frame."""
    from hypothesis import strategies as st

    codes = st.one_of(st.just(1000), st.integers(3000, 4999))
    return st.builds(Close, st.booleans(), codes, text(CHARACTERS, most=30))


def reasons(app: Call, reason: str) -> list[str]:
    """What may become of an application's reason, which came in with version 2.3."""
    try:
        check_since(app, "2.3")
    except NotApplicable:
        return [reason, ""]
    return [reason]


@case("property.websocket.closed")
async def every_code_arrives(exchange: Exchange) -> None:
    """Whatever code one side closes with, the other side gets it, and the client gets the reason, too."""

    async def arrives(line: Line, how: Close) -> None:
        client, app = await line.websocket()
        if how.by_client:
            await closing_with(how.code, how.reason)(client)
            event = await disconnect(app)
            expect(event.get("code"), "the code in the event").equals(how.code)
            expect(event.get("reason"), "the reason in the event").is_one_of([how.reason, "", None])
        else:
            closing = app.begin_send(close(code=how.code, reason=how.reason), beside=True)
            seen = await until_closed(client)
            expect(seen.code, "the code in the frame").equals(how.code)
            expect(seen.reason, "the reason in the frame").is_one_of(reasons(app, how.reason))
            await closing.result()
        await line.leave()

    await holds(exchange, closes, arrives)
