"""A candidate that runs: its process, its address, and the calls that its probes announce."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from asgi_conformance.call import Call
from asgi_conformance.candidate.certificates import Certificates, ClientCertificate
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.lifespan import Hold, OrdinaryLifespan
from asgi_conformance.candidate.output import Listener
from asgi_conformance.candidate.process import CandidateProcess, describe_exit
from asgi_conformance.candidate.strokes import Strokes
from asgi_conformance.clients.wire import Address
from asgi_conformance.control import Frame, ProbeLink, Session
from asgi_conformance.patience import Patience
from asgi_conformance.recorded import FACES, RECORDED, Face, RecordedCall
from asgi_conformance.sampling import Sampling
from asgi_conformance.step import Ended
from asgi_conformance.trace import Trace

#: The token that travels in a request, by which the application's end finds the client's.
TAG = re.compile(rb"xc-[0-9a-z]+-[0-9]+")


class Companion(Protocol):
    """What cases share as long as they share a candidate."""

    async def close(self) -> None:
        """End it, as the candidate has ended."""


C = TypeVar("C", bound=Companion)


class Claimant(Protocol):
    """Who takes calls: an exchange."""

    trace: Trace
    patience: Patience

    def take_call(self, call: Call, tag: str | None) -> None:
        """Take a call that came for it, with the tag that it carried."""

    def next_call_number(self) -> int:
        """The number that the next call has in the trace."""

    def take_face(self, call: Face) -> None:
        """Take what was recorded of a call on one face of a middleware."""


@dataclass
class Facts:
    """What became known of a candidate while it was used."""

    python: str | None = None
    event_loop: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    declares: dict[str, str] = field(default_factory=dict)
    extensions: set[str] = field(default_factory=set)
    #: Whether it has served requests and made no lifespan call before.
    without_lifespan: bool = False
    #: Whether it has spoken HTTP/2 in plain text.
    spoke_http2: bool = False
    #: Whether it has taken a connection over QUIC.
    spoke_http3: bool = False
    #: Which modules its environment has; empty before a process of it has said so.
    importable: dict[str, bool] = field(default_factory=dict)
    #: Why the middleware that was asked for could not be had, or None.
    unwrapped: str | None = None


class RunningCandidate:
    """One candidate. Calls of its applications are handed to the exchange whose tag they carry.

    Calls without a tag go to whoever claims all calls (:attr:`sole`), lifespan calls to :attr:`on_lifespan`, by
    default into :attr:`lifespans`. ``process`` is None before it is started.
    """

    def __init__(self, session: Session, launch: Launch, patience: Patience, facts: Facts, sampling: Sampling) -> None:
        self.session = session
        self.launch = launch
        self.patience = patience
        self.facts = facts
        self.sampling = sampling
        #: The ids of the processes in which the probe was called.
        self.pids: set[int] = set()
        self.process: CandidateProcess | None = None
        self.address = Address()
        self.certificates: Certificates | None = None
        #: Whether a process in which the probe ran went away.
        self.was_lost = False
        #: Whether it did not take a connection.
        self.refused = False
        #: When one of these was last seen, by :func:`time.monotonic`; inf before.
        self.seen_going = math.inf
        self.sole: Claimant | None = None
        #: In whose trace lifespan calls are.
        self.driver: Claimant | None = None
        self.on_lifespan: Callable[[Call], None] = self.take_lifespan
        self.lifespans: list[OrdinaryLifespan] = []
        #: The lifespans of an application that is not told what to do.
        self.recorded_lifespans: list[RecordedCall] = []
        self.had_lifespan = asyncio.Event()
        #: When the first call came that is no lifespan, by :func:`time.monotonic`.
        self.first_call_at: float | None = None
        self.on_hello: Callable[[ProbeLink], None] = lambda link: None
        #: The scopes of calls that nobody claimed.
        self.strays: list[object] = []
        #: What it cancelled lately that nobody had asked for.
        self.strokes = Strokes()
        self._companions: dict[type[Companion], Companion] = {}
        self._claimants: dict[str, Claimant] = {}
        self._calls: dict[tuple[ProbeLink, int], Call] = {}
        self._lifespan_trace = Trace()
        session.on_hello, session.on_frame, session.on_lost = self._hello, self._frame, self._lost

    def companion(self, kind: type[C]) -> C:
        """The one companion of this kind, made when it is first asked for."""
        found = self._companions.get(kind)
        if not isinstance(found, kind):
            found = self._companions[kind] = kind()
        return found

    async def part(self) -> None:
        """Part from all companions."""
        while self._companions:
            await self._companions.popitem()[1].close()

    def on_output(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(line, at)`` for each line of output from now on; gives a function that ends this."""
        if self.process is None:
            return lambda: None
        return self.process.on_output(listener)

    @property
    def alive(self) -> bool:
        """Whether its main process runs."""
        return self.process is not None and not self.process.exited.done()

    @property
    def serving(self) -> bool:
        """Whether its main process runs and has taken every connection."""
        return self.alive and not self.refused

    def describe_end(self) -> str:
        """The sentence on how its process, or its serving, ended."""
        if self.alive:
            return "the server takes no connections any more"
        code = self.process.returncode if self.process is not None else None
        return "the server process ended" + (f" with {describe_exit(code)}" if code is not None else "")

    async def exited(self) -> None:
        """Wait until its main process has ended."""
        assert self.process is not None
        await asyncio.wait({self.process.exited})

    def tls_context(
        self, certificate: ClientCertificate = "none", *, maximum: ssl.TLSVersion | None = None
    ) -> ssl.SSLContext:
        """A new context for a client with a certificate of its own, or with no newer TLS than ``maximum``."""
        usual = self.address.tls
        assert usual is not None, "the launch of this candidate has no TLS"
        assert self.certificates is not None
        verify = usual.verify_mode is not ssl.CERT_NONE
        return self.certificates.client_context(certificate=certificate, verify=verify, maximum=maximum)

    def register(self, name: str, claimant: Claimant) -> None:
        """Hand over all calls that carry a tag of this name."""
        self._claimants[name] = claimant

    def unregister(self, name: str) -> None:
        """Hand over no more calls to that name."""
        self._claimants.pop(name, None)

    def _hello(self, link: ProbeLink) -> None:
        self.facts.python = link.hello.get("python")
        self.facts.versions.update(link.hello.get("versions", {}))
        self.facts.importable.update(link.hello.get("importable", {}))
        self.pids.add(link.hello.get("pid", 0))
        self.on_hello(link)

    def _frame(self, link: ProbeLink, frame: Frame) -> None:
        if "scope" in frame:
            self._begin(link, frame)
            return
        call = self._calls.get((link, frame["call"]))
        if call is not None:
            if call.is_struck_by(frame):
                self.strokes.note(frame["at"], call.trace)
            call.take(frame)
            if call.ended is not None:
                del self._calls[link, frame["call"]]

    def _begin(self, link: ProbeLink, frame: Frame) -> None:
        tag = self._tag_in(frame)
        is_lifespan = _is_lifespan(frame)
        claimant = self._claimants.get(tag.split("-")[1]) if tag else self.sole
        if is_lifespan:
            claimant = self.driver
        if frame["style"] in FACES:
            face = Face(link, frame, 0, Trace(), self.patience.deadline)
            self._calls[link, frame["call"]] = face
            if claimant is not None:
                claimant.take_face(face)
            return
        self.facts.unwrapped = frame.get("unwrapped", self.facts.unwrapped)
        trace = claimant.trace if claimant else self._lifespan_trace
        number = claimant.next_call_number() if claimant else 0
        kind = RecordedCall if frame["style"] == RECORDED else Call
        call = kind(link, frame, number, trace, (claimant.patience if claimant else self.patience).deadline)
        self._calls[link, frame["call"]] = call
        self._learn(call)
        if is_lifespan:
            self.had_lifespan.set()
            self.on_lifespan(call)
            return
        if self.first_call_at is None:
            self.first_call_at = frame["at"]
        if claimant is not None:
            claimant.take_call(call, tag)
        else:
            self.strays.append(call.raw_scope)
            call.end_by_return()

    def _tag_in(self, frame: Frame) -> str | None:
        """The first tag of an exchange that is under way, or else the first: applications may keep others' tags."""
        tags = [found.decode() for found in TAG.findall(frame["raw"])]
        return next((tag for tag in tags if tag.split("-")[1] in self._claimants), tags[0] if tags else None)

    async def makes_lifespan(self) -> bool:
        """Whether a lifespan call has come, or comes within a quiet period; to be asked when requests are served."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.had_lifespan.wait(), self.patience.quiet)
        return self.had_lifespan.is_set()

    def take_lifespan(self, call: Call, hold: Hold | None = None) -> None:
        """Take a lifespan call as an ordinary application does; ``hold`` is awaited before it answers the shutdown."""
        if isinstance(call, RecordedCall):
            self.recorded_lifespans.append(call)
        else:
            self.lifespans.append(OrdinaryLifespan(call, hold))

    def _learn(self, call: Call) -> None:
        scope = call.raw_scope
        self.facts.event_loop = call.loop.partition(".")[0]
        if not isinstance(scope, dict):
            return
        kind, asgi = scope.get("type"), scope.get("asgi")
        if isinstance(kind, str) and isinstance(asgi, dict) and isinstance(asgi.get("spec_version"), str):
            self.facts.declares[kind] = asgi["spec_version"]
        self.facts.extensions.update(str(name) for name in call.extensions)

    def refuses(self) -> None:
        """Take note that it did not take a connection."""
        if not self.refused:
            self.seen_going = time.monotonic()
        self.refused = True

    def _lost(self, link: ProbeLink) -> None:
        self.was_lost = True
        self.seen_going = time.monotonic()
        for key in [key for key in self._calls if key[0] is link]:
            self._calls.pop(key).end(Ended("lost"))


def _is_lifespan(frame: Frame) -> bool:
    """Whether a call is a lifespan's: by its type, or, where that is missing or wrong, because it is about no path."""
    scope = frame["scope"]
    if not isinstance(scope, dict):
        return False
    # A mapping that is no dict is told as an iterable of pairs.
    pairs = scope.get("d") or [item["t"] for item in scope.get("i", [None, ()])[1] if isinstance(item, dict)]
    names = {str(pair[0]) for pair in pairs}
    return ["type", "lifespan"] in pairs or not names & {"path", "raw_path", "method"}
