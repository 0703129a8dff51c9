"""A visit: a browser and WebSockets at a candidate that serves a real application, and what the application did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.clients.http import TAG
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.recorded import RecordedCall
from asgi_conformance.verdict import Broken, Observed, TimedOut

from .sent import breaches_of

if TYPE_CHECKING:
    import httpx
    from websockets.asyncio.client import ClientConnection

HEADER = TAG.decode("ascii")


@dataclass(frozen=True)
class Application:
    """One application: its name in ids, the file that has it, and the modules that it needs.

    ``does`` is what its framework has means for under ASGI.
    """

    name: str
    file: str
    needs: tuple[str, ...] = ()
    does: frozenset[str] = frozenset({"streams", "sockets", "bytes", "closes", "refuses", "starts"})

    @property
    def launch(self) -> Launch:
        """How a candidate is started with it."""
        return Launch(application=self.file, needs=self.needs)


class Visit:
    """What an experiment is handed. ``browser`` sends requests as a user's would, and keeps cookies.

    When the visit is over, what the application sent is held against the documents: a breach of its own is told by its
    name, as a note beside the verdict. Where the experiment failed and the breach may be why, the verdict is an
    observation: that need not be the server's doing then.
    """

    browser: httpx.AsyncClient

    def __init__(self, exchange: Exchange, application: Application) -> None:
        self.exchange = exchange
        self.application = application
        self.name = application.name
        self._stack = AsyncExitStack()
        self._seconds = exchange.patience.deadline
        self._tag = exchange.new_tag()
        self._answers = 0

    async def __aenter__(self) -> Visit:
        await asyncio.to_thread(_failures)  # to import the clients takes longer than other cases may be held up
        import httpx

        address = self.exchange.candidate.address
        self.browser = await self._stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"http://{address.host}:{address.port}",
                headers={HEADER: self._tag},
                timeout=self._seconds,
                trust_env=False,
                verify=False,  # without TLS there is nothing to verify, and to read all authorities takes long
                event_hooks={"request": [self._note_request], "response": [self._note_response]},
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        if error is not None and not isinstance(error, (Broken, *_failures())):
            return
        await self._settle()
        if error is not None and self.application.needs:
            self._excuse_the_server(error)
        self._blame_the_application(error)
        if isinstance(error, Broken):
            return
        if error is not None:
            raise _outcome(error) from error

    async def _note_request(self, request: httpx.Request) -> None:
        self._note(f"{request.method} {request.url}")

    async def _note_response(self, response: httpx.Response) -> None:
        self._answers += 1
        self._note(f"{response.status_code} {response.reason_phrase} {show(response.headers.raw)}")

    def _note(self, text: str) -> None:
        self.exchange.trace.record("client", "note", text)

    # What the application saw and did

    @property
    def calls(self) -> list[RecordedCall]:
        """The calls of the application that this visit caused so far."""
        return [call for call in self.exchange.calls if isinstance(call, RecordedCall)]

    async def call(self) -> RecordedCall:
        """The next call. Raises Broken when the server made none."""
        call = await self.exchange.call()
        assert isinstance(call, RecordedCall)
        return call

    async def was_called(self) -> bool:
        """Whether the application was called for a request that has been answered; its call may be on its way yet."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.call(), self.exchange.patience.quiet)
        return bool(self.calls)

    async def _settle(self) -> None:
        """Wait until the application has come to the end of its calls, as far as it does."""
        waits = [asyncio.ensure_future(call.until(lambda one: one.ended is not None)) for call in self.calls]
        if waits:
            await asyncio.wait(waits, timeout=self.exchange.patience.quiet)
            for wait in waits:
                wait.cancel()

    def _excuse_the_server(self, error: BaseException) -> None:
        """Raise Observed where the application failed of itself: nothing that it called had raised anything."""
        for call in self.calls:
            if call.ended is not None and call.ended.how == "raised" and not call.was_thwarted:
                raise Observed(f"the application, {self.name}, failed: {call.ended.error}; with it, {error}")
            statuses = [sent.event.get("status") for sent in call.sent if isinstance(sent.event, dict)]
            if 500 in statuses and not call.was_thwarted:
                raise Observed(f"the application, {self.name}, answered 500; with it, {error}")

    def _blame_the_application(self, error: BaseException | None) -> None:
        calls = [*self.calls, *self.exchange.candidate.recorded_lifespans]
        found = [breach for call in calls for breach in breaches_of(call)]
        if not found:
            return
        what = "; ".join(dict.fromkeys(breach.text for breach in found))
        told = f"the application, {self.name}, not the server, breaks the documents: {what}"
        if error is not None and any(breach.excuses for breach in found):
            raise Observed(f"{told}; with it, {error}")
        self.exchange.remark(told)

    # What the client does

    async def get(self, target: str, *, status: int = 200) -> httpx.Response:
        """Get a page, which has to come whole and with this status.

        As browsers do, it tries again where a connection that was kept turns out to have been closed.
        """
        import httpx

        try:
            response = await self.browser.get(target)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            if not self._answers:
                raise
            self._note("the connection was closed meanwhile: again, on another one")
            response = await self.browser.get(target)
        return await self.page(response, status)

    async def page(self, response: httpx.Response, status: int = 200) -> httpx.Response:
        """A response, whose status has to be this one, and which the application has to have given."""
        expect(response.status_code, f"the status of {response.request.method} {response.url.path}").equals(status)
        await self.call()
        return response

    @asynccontextmanager
    async def websocket(self, target: str, subprotocols: Sequence[str] = ()) -> AsyncIterator[ClientConnection]:
        """An open WebSocket."""
        from websockets.asyncio.client import connect
        from websockets.typing import Subprotocol

        address = self.exchange.candidate.address
        offered = [Subprotocol(one) for one in subprotocols] or None
        headers = {HEADER: self._tag}
        self._note(f"WebSocket {target}, subprotocols {list(subprotocols)}")
        url = f"ws://{address.host}:{address.port}{target}"
        opening = connect(
            url,
            additional_headers=headers,
            subprotocols=offered,
            open_timeout=self._seconds,
            close_timeout=self._seconds,
            proxy=None,
        )
        async with opening as socket:
            yield socket

    async def message(self, socket: ClientConnection) -> str | bytes:
        """The next message of a WebSocket. Raises TimedOut."""
        try:
            return await asyncio.wait_for(socket.recv(), self._seconds)
        except asyncio.TimeoutError:
            raise TimedOut("a message comes", f"none came within {self._seconds:.1f} s") from None


def _failures() -> tuple[type[Exception], ...]:
    """What clients raise when a server does not do its part."""
    import httpx
    from websockets.exceptions import WebSocketException

    return httpx.HTTPError, WebSocketException, OSError, asyncio.TimeoutError


def _outcome(error: BaseException) -> Broken:
    import httpx

    kind = TimedOut if isinstance(error, (httpx.TimeoutException, asyncio.TimeoutError)) else Broken
    return kind("the client is served without an error", f"it met {type(error).__name__}: {error}")
