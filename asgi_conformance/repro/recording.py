"""The recording of one case: what the client did and the application was told to do, whole and in order."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from asgi_conformance.attempt import Attempt, attempt
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.candidate.template import Template
from asgi_conformance.cases import Case, Suites
from asgi_conformance.exchange import Exchange
from asgi_conformance.repro.launching import Start, start_of
from asgi_conformance.runner import Options, open_starter
from asgi_conformance.trace import Trace
from asgi_conformance.verdict import Outcome

CLIENT = 0


@dataclass(frozen=True)
class Moment:
    """Something that happened at an end: ``side`` is CLIENT or the number of a call.

    ``kind`` is that of a trace's entry for the client, and ``told``, ``call``, ``answer`` or ``ended`` for a call;
    ``data`` are the bytes or the frame of the control channel, ``connection`` the client's.
    """

    at: float
    side: int
    kind: str
    data: Any
    connection: int = 0


class Recording(Trace):
    """A trace that also keeps everything that is needed to play the case again, up to its outcome."""

    def __init__(self) -> None:
        super().__init__()
        self.outcome: Outcome | None = None
        self.ended_at: float | None = None
        self._moments: list[Moment] = []

    def record(self, lane: str, kind: str, text: str = "", **more: Any) -> None:
        """Keep what a client did or saw, besides its line in the trace."""
        super().record(lane, kind, text, **more)
        if lane == "client" and kind != "note":
            data = more.get("data")
            self._keep(Moment(time.monotonic(), CLIENT, kind, text if data is None else data, more["connection"]))

    def step(self, call: int, frame: Mapping[str, Any]) -> None:
        """Keep what an application was told, and what came of it."""
        kind = "told" if "do" in frame else "call" if "scope" in frame else "ended" if "ended" in frame else "answer"
        self._keep(Moment(frame.get("at", time.monotonic()), call, kind, dict(frame)))

    def _keep(self, moment: Moment) -> None:
        if self.ended_at is None:
            self._moments.append(moment)

    def forget(self) -> None:
        """Forget what was kept, too."""
        super().forget()
        self._moments.clear()

    @property
    def moments(self) -> list[Moment]:
        """Everything, in the order of time."""
        return sorted(self._moments, key=lambda moment: moment.at)

    @property
    def silence(self) -> float:
        """For how many seconds nothing happened before the outcome."""
        assert self.ended_at is not None
        return self.ended_at - max((moment.at for moment in self._moments), default=self.ended_at)

    def of(self, function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The function of a case, so that what happens until its outcome is recorded here."""

        async def recorded(exchange: Exchange, *arguments: object) -> None:
            exchange.trace = self
            try:
                await function(exchange, *arguments)
            except Outcome as outcome:
                self.outcome = outcome
                raise
            finally:
                self.ended_at = time.monotonic()

        return recorded


@dataclass(frozen=True)
class Take:
    """A recorded case: what came of it, and how its server, and the reference server, are started for it."""

    recording: Recording
    attempt: Attempt
    start: Start
    reference: Start
    server: str


async def record(options: Options, suites: Suites, case: Case, reference: str) -> Take:
    """Run a case once, alone, and record it; ``reference`` is the command of the reference server.

    Raises:
        CandidateError, LaunchImpossible: the server cannot be started so.
    """
    recording = Recording()
    async with open_starter(options) as starter:
        candidate = await starter.start(case.launch)
        try:
            tried = await attempt(candidate, replace(case, function=recording.of(case.function)), suites)
        finally:
            await starter.stop(candidate)
        setting, facts = starter.setting, starter.facts
        trio = facts.event_loop == "trio"
        reference += " --backend trio" * (trio and find_spec("trio") is not None)
        template = Template.parse(reference, load_profiles(options.cwd))
        versions = [facts.versions[name] for name in setting.template.profile.distributions if name in facts.versions]
        rest = candidate.launch, candidate.address, setting
        return Take(
            recording,
            tried,
            start_of(setting.template, *rest, options.environment, trio=trio),
            start_of(template, *rest, {}, trio="trio" in reference),
            " ".join([setting.template.name, *versions[:1]]),
        )
