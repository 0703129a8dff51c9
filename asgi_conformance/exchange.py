"""Exchange: what a case is handed. It holds both ends of the candidate: clients outside, application calls inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from asgi_conformance.ambient import Shapes, Watch
from asgi_conformance.applicable import check_extension, check_since
from asgi_conformance.arrivals import Arrivals
from asgi_conformance.call import Call
from asgi_conformance.circumstance import DEFAULT, Circumstance
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.connecting import Connecting
from asgi_conformance.expect import expect
from asgi_conformance.lifecycle import Lifecycle
from asgi_conformance.opening import WebSocketOpening
from asgi_conformance.outcomes import Outcomes
from asgi_conformance.recorded import RecordedCall
from asgi_conformance.refusal import Refusal, Tagged, refusal_by
from asgi_conformance.step import Ended
from asgi_conformance.verdict import Broken, TimedOut, Unsupported

if TYPE_CHECKING:
    from asgi_conformance.candidate.lifespan import OrdinaryLifespan
    from asgi_conformance.candidate.running import RunningCandidate
    from asgi_conformance.candidate.starting import Starter
    from asgi_conformance.recorded import Face

__all__ = ["Exchange", "Refusal"]


class Exchange(Connecting, WebSocketOpening, Outcomes):
    """Both ends of a candidate for the time of one case."""

    def __init__(
        self,
        candidate: RunningCandidate,
        name: str,
        *,
        circumstance: Circumstance = DEFAULT,
        shapes: Shapes | None = None,
        since: str | None = None,
        extension: str | None = None,
    ) -> None:
        super().__init__(candidate, name)
        self.sampling = candidate.sampling
        network = "unix" if candidate.launch.unix else "ipv6" if candidate.launch.ipv6 else None
        self.watch = Watch(shapes or Shapes(), network)
        self.calls: list[Call] = []
        #: What was recorded on the faces of a middleware.
        self.faces: list[Face] = []
        self.remarks = []
        self._circumstance = circumstance
        self._since = since
        self._extension = extension
        #: The type of the scopes that the case is about, where requests serve other ends beside it; None: of all.
        self._protocol = "websocket" if (extension or "").startswith("websocket.") else None
        self._arrivals = Arrivals()
        self._lifecycle: Lifecycle | None = None
        candidate.register(name, self)

    @property
    def lifecycle(self) -> Lifecycle:
        """The start and the end of the candidate, for a case whose launch is ``own``."""
        assert self._lifecycle is not None, "the launch of this case is not its own"
        return self._lifecycle

    def own(self, starter: Starter) -> None:
        """Let the case drive its candidate from start to end (the scheduler calls this)."""
        self._lifecycle = Lifecycle(self, starter)

    # The client's end

    async def connect(self) -> HttpClient:
        """A client in the circumstance in which the case runs: over HTTP/1.1, 2 or 3, on a new or a used connection."""
        return await self._circumstance.connect(self)

    # The application's end

    async def call(self, client: Tagged | None = None) -> Call:
        """The next call of the application; with ``client`` the one that its last request caused.

        Raises:
            Broken: the candidate answered by itself, or did not call the application before the deadline.
        """
        got = await self._next_call(client.tag if client else None, await_answer=client)
        if isinstance(got, Refusal):
            raise Broken("the server calls the application for this request", got.what)
        return got

    async def call_or_refusal(self, client: Tagged, *, quiet: float | None = None) -> Call | Refusal:
        """The call that the client's last request caused, or what the candidate did instead of calling.

        ``quiet`` is for how long a call may still be on its way when an answer has come, in seconds (None: as usual).
        """
        return await self._next_call(client.tag, await_answer=client, quiet=quiet)

    async def _next_call(self, tag: str | None, await_answer: object, quiet: float | None = None) -> Call | Refusal:
        waiting = asyncio.ensure_future(self._arrivals.until(tag, self.patience.deadline))
        answering = asyncio.ensure_future(refusal_by(await_answer)) if await_answer is not None else None
        over = asyncio.ensure_future(self.candidate.exited())
        tasks = {task for task in (waiting, answering, over) if task is not None}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not self._arrivals.has(tag) and answering is not None and answering.done():
                # The call may be on its way over the control channel though the answer came first.
                await asyncio.wait({waiting}, timeout=self.patience.quiet if quiet is None else quiet)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._arrivals.has(tag):
            call = self._arrivals.claim(tag)
            self._check_applicable(call)
            return call
        self._check_alive()
        if answering is not None and answering.done() and not answering.cancelled():
            return answering.result()
        raise TimedOut(
            "the server calls the application for this request",
            f"it did not within {self.patience.deadline:.1f} s, and answered nothing",
        )

    def _check_applicable(self, call: Call) -> None:
        if self._protocol is not None and call.scope.get("type") != self._protocol:
            return
        check_since(call, self._since)
        check_extension(call, self._extension)

    def unclaimed_calls(self) -> list[Call]:
        """The calls that came for this exchange and that the case did not ask for."""
        return self._arrivals.calls

    def take_call(self, call: Call, tag: str | None) -> None:
        """Take a call that came for this exchange (the running candidate calls this)."""
        self._watch(call)
        self._arrivals.add(call, tag)

    def take_face(self, call: Face) -> None:
        """Take a call on a face of the middleware (the running candidate calls this)."""
        self.faces.append(call)

    def take_lifespan(self, call: Call) -> None:
        """Take a lifespan call of a candidate that lives for this exchange (the lifecycle calls this)."""
        self._watch(call)

    def _watch(self, call: Call) -> None:
        protocol = call.raw_scope.get("type") if isinstance(call.raw_scope, dict) else None
        self.watch.look("scope", protocol, call.raw_scope)
        call.observers.append(lambda _, event: self.watch.look("event", protocol, event))
        self.calls.append(call)

    def look_at_lifespan(self) -> OrdinaryLifespan:
        """Hold what the candidate's lifespan calls have got so far against the shapes, and give the first of them.

        Raises:
            Unsupported: the candidate serves requests and has made no lifespan call.
        """
        if not self.candidate.lifespans:
            raise Unsupported("the candidate serves requests and has made no lifespan call")
        for lifespan in self.candidate.lifespans:
            self.watch.look("scope", "lifespan", lifespan.call.raw_scope)
            for event in lifespan.events:
                self.watch.look("event", "lifespan", event)
        return self.candidate.lifespans[0]

    def next_call_number(self) -> int:
        """The number of the next call in the trace."""
        return len(self.calls) + 1

    def claim_all_calls(self) -> None:
        """Take every call that carries no tag, too: for exclusive cases whose requests cannot carry one."""
        self.candidate.sole = self

    # What both ends are used for together

    async def dialogue(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Iterable[tuple[bytes, bytes]] = (),
        body: bytes | None = None,
    ) -> tuple[HttpClient, Call]:
        """A whole request in the case's circumstance, and the call that it caused."""
        client = await self.connect()
        await client.request(method, target, headers, body)
        return client, await self.call(client)

    async def answered(self, client: HttpClient, call: Call, status: int = 200, body: bytes = b"fine") -> Response:
        """Answer a call with a plain response, which has to reach the client; gives the response."""
        await call.respond(status, body=body)
        response = await client.response()
        expect(response.status, "the status").equals(status)
        expect(response.body, "the response's body").equals(body)
        expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")
        return response

    async def still_serves(self) -> None:
        """The candidate serves a new connection as ever: the proof that nothing before has harmed it.

        A reference application in the place of the probe answers what it likes.

        Raises:
            Broken: it does not.
            CandidateDied: its process has ended.
        """
        binding, self._since, self._extension = (self._since, self._extension), None, None  # any request will do
        try:
            over_http3 = self.candidate.launch.http3 and self.candidate.facts.spoke_http3
            client: HttpClient = (await self.http3()).open_stream() if over_http3 else await self.http1()
            await client.request("GET", "/still-serving")
            call = await self.call(client)
            await (client.response() if isinstance(call, RecordedCall) else self.answered(client, call))
            await client.close()
        finally:
            self._since, self._extension = binding

    async def within(self, awaitable: Awaitable[object], seconds: float, expected: str, observed: str) -> object:
        """Await something for so many seconds. Raises TimedOut with the two sentences."""
        try:
            return await asyncio.wait_for(awaitable, seconds)
        except asyncio.TimeoutError:
            raise TimedOut(expected, observed) from None

    # Its own house

    async def close(self) -> None:
        """Leave: all calls end, all connections are closed."""
        if self._lifecycle is not None:
            await self._lifecycle.close()
        self.candidate.unregister(self._name)
        if self.candidate.sole is self:
            self.candidate.sole = None
        open_calls = [call for call in self.calls if call.ended is None]
        for call in open_calls:
            call.end_by_return()
        await self.disconnect()

    async def settle(self) -> list[Ended]:
        """Have every call return and wait for all of them: what is seen after it was not cut short."""
        return [await call.finish() for call in self.calls]

    def patient(self, factor: float) -> None:
        """Stretch this exchange's deadlines, for a case with much to do."""
        self.patience = replace(self.patience, scale=self.patience.scale * factor)
