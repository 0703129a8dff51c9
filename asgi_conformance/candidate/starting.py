"""Starting candidates for a run: each with its session on the control channel, and greeted before it is used."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from asgi_conformance.call import Call
from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.certificates import ClientCertificate
from asgi_conformance.candidate.command import as_started, effective_launch
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.process import Stopped
from asgi_conformance.candidate.ready import wait_until_ready
from asgi_conformance.candidate.running import Facts, RunningCandidate
from asgi_conformance.candidate.start import Candidate, Setting, spawn_candidate, start_candidate
from asgi_conformance.clients.address import Address
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.wire import Wire
from asgi_conformance.control import ControlChannel
from asgi_conformance.errors import LaunchImpossible
from asgi_conformance.patience import Patience
from asgi_conformance.recorded import Face, RecordedCall
from asgi_conformance.sampling import Sampling
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import Broken, TimedOut

#: How long a candidate may take to stop before it is killed, in units of patience.
_GRACE = 4.0
#: The name under which the greeting claims its call; exchanges begin at 1.
_GREETING = "0"
_numbers = itertools.count(1)
#: What of a launch changes scopes, so that a case for one is wrong for the other.
_FOREIGN = {"root_path": "sets a root path", "tls": "serves TLS", "unix": "listens on a unix socket"}


class Starter:
    """Starts and stops candidates of one server. ``ready`` is ``call`` (the greeting must reach the application) or
    ``connect`` (it is enough that connections are taken: for servers that are to be shown as broken)."""

    def __init__(
        self,
        setting: Setting,
        control: ControlChannel,
        patience: Patience,
        *,
        ready: str = "call",
        sampling: Sampling | None = None,
    ) -> None:
        self.setting = setting
        self.patience = patience
        #: The patience that the newest candidate needed, as far as it was measured.
        self.measured = patience
        self._control = control
        self._ready = ready
        self._sampling = sampling or Sampling()
        self._candidates: dict[RunningCandidate, Candidate] = {}
        #: What became known of the server by all its candidates.
        self.facts = Facts()

    @property
    def one_at_a_time(self) -> bool:
        """Whether the user fixed the address, so that candidates cannot run side by side."""
        return self.setting.template.fixed_address

    def as_started(self, launch: Launch) -> Launch:
        """The launch that stands for all that start this server by the same command."""
        return as_started(self.setting.template, launch)

    def prepare(self, launch: Launch) -> RunningCandidate:
        """A candidate that is not started yet.

        Raises:
            LaunchImpossible: options in the user's command make another launch of it.
        """
        really = effective_launch(self.setting.template, launch)
        for attribute, words in _FOREIGN.items():
            if getattr(really, attribute) != getattr(launch, attribute):
                raise LaunchImpossible(
                    f"the command itself {words}, which this case was not written for; leave that out of the command to"
                    " have it judged: the suite adds it where a case is about it"
                )
        if self.setting.middleware and (launch.application or launch.app.startswith("legacy")):
            raise LaunchImpossible("the middleware wraps the probe as a single callable, and no other application")
        missing = [name for name in launch.needs if self.facts.importable.get(name) is False]
        if missing:
            raise not_installed(missing)
        return RunningCandidate(self._control.session(), really, self.measured, self.facts, self._sampling)

    async def spawn(self, candidate: RunningCandidate) -> None:
        """Start the process of a prepared candidate and wait for nothing. Raises as :meth:`start` does."""
        self._adopt(
            candidate,
            await spawn_candidate(
                self.setting, candidate.launch, control=self._control.address, token=candidate.session.token
            ),
        )

    @property
    def _deadline(self) -> float:
        """How long a start may take where that is judged, in seconds: longer where everything takes longer."""
        return self.setting.deadline * self.measured.scale / self.patience.scale

    async def wait_until_serving(self, candidate: RunningCandidate) -> None:
        """Wait until a spawned candidate has answered a request through the application. Raises CandidateError."""
        started = self._candidates[candidate]
        await wait_until_ready(started.process, started.endpoint, _Greeting(candidate, self), deadline=self._deadline)

    async def wait_until_listening(self, candidate: RunningCandidate) -> None:
        """Wait until a spawned candidate takes connections. Raises CandidateError."""
        started = self._candidates[candidate]
        await wait_until_ready(started.process, started.endpoint, deadline=self._deadline)

    async def start(self, launch: Launch) -> RunningCandidate:
        """Start a candidate and wait until it has answered a request through the application.

        Raises:
            LaunchImpossible: the server has no known way to be started so.
            CandidateError: it did not come to serve.
        """
        candidate = self.prepare(launch)
        greeting = _Greeting(candidate, self)
        try:
            confirm = greeting if self._ready == "call" else None
            control, token = self._control.address, candidate.session.token
            started = await start_candidate(
                self.setting, candidate.launch, control=control, token=token, confirm=confirm
            )
            self._adopt(candidate, started)
            if candidate.launch.workers > 1 and self._ready == "call":
                await greeting.all_workers()
        except BaseException:
            await self.stop(candidate)
            raise
        if (
            self._ready == "call"
            and (launch.app, launch.lifespan, launch.application) == ("app", "auto", "")
            and not self.facts.without_lifespan
        ):
            self.facts.without_lifespan = not await candidate.makes_lifespan()
        if greeting.seconds is not None:
            self.measured = candidate.patience = self.patience.measured(greeting.seconds)
        return candidate

    def _adopt(self, candidate: RunningCandidate, started: Candidate) -> None:
        self._candidates[candidate] = started
        candidate.process = started.process
        candidate.certificates = self.setting.certificates
        candidate.address = self.address(candidate.launch, started.endpoint)

    def address(self, launch: Launch, endpoint: Endpoint) -> Address:
        """How a client reaches an endpoint."""
        # A certificate that the user chose themselves is not of the run's own authority.
        own = bool(self.setting.template.chosen.keys() & {"tls", "listen-tls"})
        required = self.setting.template.profile.quirks.get("client-certificates") == "required"
        certificate: ClientCertificate = "leaf" if launch.client_certificates and required else "none"
        certificates = self.setting.certificates
        tls = certificates.client_context(certificate=certificate, verify=not own) if launch.tls else None
        return Address(endpoint.reachable_host, endpoint.port, endpoint.uds, tls, "localhost" if launch.tls else None)

    async def stop(self, candidate: RunningCandidate, grace: float | None = None) -> Stopped | None:
        """Stop a candidate and all that it started; None when it never started.

        ``grace`` is how long it may take before it is killed, in seconds, or None for the usual time.
        """
        started = self._candidates.pop(candidate, None)
        seconds = _GRACE * self.patience.scale if grace is None else grace
        try:
            await candidate.part()
            return await started.stop(seconds) if started is not None else None
        finally:
            self._control.forget(candidate.session)


class _Greeting:
    """The first request to a candidate: it has to reach the application and to be answered."""

    def __init__(self, candidate: RunningCandidate, starter: Starter) -> None:
        self.trace = Trace()
        self.patience = Patience(scale=4 * starter.patience.scale)
        #: How long one dialogue took, in seconds; None before there was one.
        self.seconds: float | None = None
        self._candidate = candidate
        self._starter = starter
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._endpoint = Endpoint()
        self._tag = ""
        candidate.register(_GREETING, self)

    def take_call(self, call: Call, tag: str | None) -> None:
        """Take the greeting's call; one of an earlier greeting that was given up ends at once."""
        if tag == self._tag:
            self._calls.put_nowait(call)
        else:
            call.end_by_return()

    def next_call_number(self) -> int:
        """Calls of greetings are in no trace."""
        return 0

    def take_face(self, call: Face) -> None:
        """Nothing: a greeting judges no middleware."""

    async def __call__(self, endpoint: Endpoint) -> None:
        """Greet twice: the first dialogue warms up, the second is the measure. Raises OSError to be called again."""
        self._endpoint = endpoint
        await self._greet()
        await self._greet()

    async def all_workers(self) -> None:
        """Greet until as many processes as the launch has workers have opened their control channel."""
        ends = time.monotonic() + self.patience.deadline
        while len(self._candidate.pids) < self._candidate.launch.workers and time.monotonic() < ends:
            await self._greet()

    async def _greet(self) -> None:
        began = time.monotonic()
        self._tag = f"xc-{_GREETING}-{next(_numbers)}"
        address = self._starter.address(self._candidate.launch, self._endpoint)
        try:
            wire = await Wire.open(address, trace=self.trace, number=1, deadline=self.patience.deadline)
            try:
                await self._dialogue(Http1Client(wire, lambda: self._tag))
            finally:
                await wire.close()
        except TimedOut as late:
            raise OSError(late.observed) from late
        except Broken as broken:
            raise OSError(broken.observed) from broken
        self.seconds = time.monotonic() - began

    async def _dialogue(self, client: Http1Client) -> None:
        await client.request("GET", "/")
        answer = asyncio.ensure_future(client.response())
        call = asyncio.ensure_future(self._calls.get())
        try:
            await asyncio.wait({answer, call}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                response = await answer
                raise OSError(f"it answered {response.status} by itself and did not call the application")
            taken = await call
            if isinstance(taken, RecordedCall):
                needs_an_application(taken, self._candidate.launch.needs)
                await answer
            else:
                await taken.respond(200, body=b"hello")
                await answer
                await taken.finish()
        finally:
            answer.cancel()
            call.cancel()
            await asyncio.gather(answer, call, return_exceptions=True)


def not_installed(modules: Iterable[str], error: str = "") -> LaunchImpossible:
    """The outcome of a launch whose application needs modules that the server's environment does not have."""
    names = " ".join(modules)
    because = f" ({error})" if error else ""
    return LaunchImpossible(f"not installed in the server's environment{because}: pip install {names}")


def needs_an_application(call: RecordedCall, needs: Iterable[str]) -> None:
    """Raise LaunchImpossible where a call says that its application is not there."""
    if call.unimportable is not None:
        raise not_installed(needs, call.unimportable)
    if call.wrong_loop is not None:
        raise LaunchImpossible(f"this application does not run in the server's event loop, {call.wrong_loop}")


def probe_folder() -> Path:
    """The folder that holds the probe and nothing else."""
    return Path(str(files("asgi_conformance.reference_apps"))) / "probe"
