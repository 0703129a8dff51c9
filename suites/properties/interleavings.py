"""Interleavings: in whatever order both sides send, receive and leave, each gets what the other sent.

An example is a walk of a machine with two queues: what is on its way to the application, and what is on its way to the
client. What is in them when the walk has ended has to arrive, too.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.websocket import WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.step import Step
from asgi_conformance.verdict import Broken

from ..http.messages import body, early_call, start
from ..leaving import disconnect
from ..websocket.conversation import close, leave_when_closed, receives, send, sent, until_closed
from ..websocket.sending import comes
from .holding import holds
from .line import Line
from .requests import CHARACTERS, text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: The kinds of steps.
CLIENT_SENDS, APP_SENDS, APP_RECEIVES, CLIENT_READS = (
    "the client sends",
    "the application sends",
    "the application receives",
    "the client reads",
)
#: The ways in which a walk can end.
GOES_ON, CLIENT_CLOSES, APP_CLOSES, CLIENT_LEAVES = (
    "it goes on",
    "the client closes",
    "the application closes",
    "the client leaves",
)


@dataclass(frozen=True)
class Walk:
    """Steps, each with what is sent in it, and how it ends."""

    steps: tuple[tuple[str, Any], ...]
    ending: str

    def __str__(self) -> str:
        steps = [what if content is None else f"{what} {show(content)}" for what, content in self.steps]
        return "; ".join([*steps, self.ending])


def walks(content: SearchStrategy[Any], endings: SearchStrategy[str]) -> SearchStrategy[Walk]:
    """Walks of up to eight steps, in which ``content`` is sent."""
    from hypothesis import strategies as st

    sends = st.tuples(st.sampled_from([CLIENT_SENDS, APP_SENDS]), content)
    takes = st.tuples(st.sampled_from([APP_RECEIVES, CLIENT_READS]), st.none())
    steps = st.lists(st.one_of(sends, takes), max_size=8).map(tuple)
    return st.builds(Walk, steps, endings)


class WebSocketWalk:
    """A walk on one WebSocket; a ``receive()`` for which there is no message yet waits beside what else is done."""

    def __init__(self, client: WebSocketClient, app: Call) -> None:
        self.client = client
        self.app = app
        self._inward: deque[str | bytes] = deque()
        self._outward: deque[str | bytes] = deque()
        self._waiting: Step | None = None

    async def step(self, what: str, content: str | bytes) -> None:
        """Take one step."""
        if what == CLIENT_SENDS:
            await send(self.client, content)
            self._inward.append(content)
            if self._waiting is not None:
                await self.receive()
        elif what == APP_SENDS:
            await self.app.send(sent(content))
            self._outward.append(content)
        elif what == APP_RECEIVES and self._inward:
            await self.receive()
        elif what == APP_RECEIVES:
            self._waiting = self._waiting or self.app.begin_receive(beside=True)
        elif self._outward:
            await comes(self.client, self._outward.popleft())

    async def receive(self) -> None:
        """Have the application receive the next message."""
        waiting, self._waiting = self._waiting, None
        await receives(self.app, self._inward.popleft(), waiting)

    async def read_all(self) -> None:
        """See what is on its way to the client arrive."""
        while self._outward:
            await comes(self.client, self._outward.popleft())

    async def drain(self) -> None:
        """See what is on its way to the client arrive, and then what is on its way to the application."""
        await self.read_all()
        while self._inward:
            await self.receive()

    async def go_on(self) -> None:
        """Bring the WebSocket to where nothing is on its way and nobody waits."""
        await self.drain()
        if self._waiting is not None:
            await self.step(CLIENT_SENDS, "go on")

    async def end(self, ending: str) -> None:
        """End in one of the ways."""
        if ending == APP_CLOSES:
            closing = self.app.begin_send(close(), beside=True)
            await self.read_all()
            seen = await until_closed(self.client)
            expect(seen.clean, "the end of the connection").is_true("comes behind a close frame", "no close frame came")
            await closing.result()
            return
        if ending == CLIENT_CLOSES:
            await self.client.close()
            await self.read_all()
            leave_when_closed(self.client)
        await self.drain()
        if ending == CLIENT_LEAVES:
            await self.client.drop()
        waiting = self._waiting or self.app.begin_receive()
        await disconnect(self.app, waiting, None, "websocket.disconnect")


def conversations() -> SearchStrategy[Walk]:
    """Walks on WebSockets."""
    from hypothesis import strategies as st

    endings = st.sampled_from([GOES_ON, CLIENT_CLOSES, APP_CLOSES, CLIENT_LEAVES])
    return walks(st.one_of(text(CHARACTERS, least=1, most=5), st.binary(min_size=1, max_size=5)), endings)


@case("property.websocket.interleaved")
async def every_conversation_is_kept(exchange: Exchange) -> None:
    """In whatever order both ends of a WebSocket send, receive and close, each message and the close arrive."""

    async def is_kept(line: Line, walk: Walk) -> None:
        machine = WebSocketWalk(*await line.websocket())
        for what, content in walk.steps:
            await machine.step(what, content)
        if walk.ending == GOES_ON:
            await machine.go_on()
        else:
            await machine.end(walk.ending)
            await line.leave()

    await holds(exchange, conversations, is_kept)


class HttpWalk:
    """A walk within one request and its response, both of which are sent in parts."""

    def __init__(self, client: Http1Client, app: Call) -> None:
        self.client = client
        self.app = app
        self._sent = self._received = self._answer = b""
        self._started = False

    async def step(self, what: str, content: bytes) -> None:
        """Take one step."""
        if what == CLIENT_SENDS:
            await self.client.send_body(content)
            self._sent += content
        elif what == APP_SENDS:
            await self.app.send(*([] if self._started else [start()]), body(content, more=True))
            self._started = True
            self._answer += content
        elif what == APP_RECEIVES:
            await self.receive(len(self._sent))
        else:
            await self.read()

    async def receive(self, enough: int) -> None:
        """Have the application receive until it has so many bytes."""
        while len(self._received) < enough:
            event = await self.app.receive()
            expect(event.get("type"), "the type of the event").equals("http.request")
            self._received += event.get("body", b"")
            self.compare(self._received, "the body that the application has received", self._sent)

    async def read(self) -> None:
        """See what the application has sent come to the client."""
        if self._answer:
            got = await self.client.body_until(len(self._answer))
            self.compare(got, "the body that the client has got", self._answer)

    @staticmethod
    def compare(got: bytes, what: str, sent: bytes) -> None:
        """What has arrived is the beginning of what was sent."""
        if got != sent[: len(got)]:
            raise Broken(f"{what} begins {show(sent)}", f"{what} is {show(got)}")

    async def end(self, line: Line, ending: str) -> None:
        """Complete the request; then the client leaves, or the response is completed."""
        await self.client.end_body()
        rest = await self.app.receive_body()
        assert isinstance(rest.content, bytes)  # it is short
        expect(self._received + rest.content, "the request body").equals(self._sent)
        expect(rest.complete, "the last event").is_true("ends the body", f"the last event is {show(rest.last)}")
        if ending == CLIENT_LEAVES:
            await self.read()
            await line.leave()
            await disconnect(self.app, self.app.begin_receive(), None, "http.disconnect")
            self.app.end_by_return()
            return
        ending_step = self.app.begin_send(*([] if self._started else [start()]), body(b""), last=True)
        response = await line.response(self.client)
        expect(response.body, "the response's body").equals(self._answer)
        await ending_step.result()


async def hands_over(exchange: Exchange) -> bool:
    """Whether the application gets the parts of a body as they come."""
    client = await exchange.http1()
    await client.start_request()
    await client.send_body(b"a part")
    app = await early_call(exchange, client)
    handed_over = app is not None and not await app.begin_receive().pending_after(exchange.patience.prompt)
    await client.close()
    return handed_over


def exchanges() -> SearchStrategy[Walk]:
    """Walks within one request and its response."""
    from hypothesis import strategies as st

    return walks(st.binary(max_size=40), st.sampled_from([GOES_ON, GOES_ON, CLIENT_LEAVES]))


@case("property.request.interleaved")
async def every_exchange_is_kept(exchange: Exchange) -> None:
    """In whatever order the parts of a request and its response are sent and received, each side gets the other's."""
    if not await hands_over(exchange):
        raise exchange.not_applicable("the server hands over a body when all of it has come: nothing is interleaved")

    async def is_kept(line: Line, walk: Walk) -> None:
        client = await line.client()
        await client.start_request()
        machine = HttpWalk(client, await line.call(client))
        for what, content in walk.steps:
            await machine.step(what, content)
        await machine.end(line, walk.ending)

    await holds(exchange, exchanges, is_kept)
