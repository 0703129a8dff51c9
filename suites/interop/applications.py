"""The applications that are mounted, and how a case is declared for each of them.

They all serve the same paths, as ``reference_apps/examples/gallery.py`` has them; what an application cannot do at all
(a WSGI application has no WebSockets) has no case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.case import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.verdict import NotApplicable

from .visit import Visit


@dataclass(frozen=True)
class Application:
    """One application: its name in ids, the file that has it, and the modules that it needs.

    ``does`` are the parts of the common paths that it serves, ``loops`` the event loops under which it runs.
    """

    name: str
    file: str
    needs: tuple[str, ...] = ()
    does: frozenset[str] = frozenset({"streams", "sockets", "starts", "fails", "uploads"})
    loops: frozenset[str] = frozenset({"asyncio", "trio"})

    @property
    def launch(self) -> Launch:
        """How a candidate is started with it."""
        return Launch(application=self.file, needs=self.needs)


EXAMPLES = Application("examples", "examples/gallery")
APPLICATIONS = (EXAMPLES,)

Experiment = Callable[[Visit], Awaitable[None]]


def visited(requirement: str, does: str | None = None, *, own: bool = False) -> Callable[[Experiment], Experiment]:
    """Declare the decorated experiment as a case of a requirement for every application that ``does`` this.

    With ``own`` the framework says how it is done, and only the examples show what a server makes of it.
    """

    def declare(experiment: Experiment) -> Experiment:
        for application in APPLICATIONS:
            if (does is None or does in application.does) and (not own or application is EXAMPLES):
                case(requirement, application.name, launch=application.launch)(_case(application, experiment))
        return experiment

    return declare


def _case(application: Application, experiment: Experiment) -> Callable[[Exchange], Awaitable[None]]:
    async def visits(exchange: Exchange) -> None:
        loop = "trio" if exchange.candidate.facts.event_loop == "trio" else "asyncio"
        if loop not in application.loops:
            raise NotApplicable(f"{application.name} runs on asyncio alone, and the server runs on {loop}")
        async with Visit(exchange, application.name) as visit:
            await experiment(visit)

    visits.__doc__ = f"{(experiment.__doc__ or '').removesuffix('.')} (application: {application.name})."
    visits.__module__ = experiment.__module__
    return visits
