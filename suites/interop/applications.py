"""The applications that are mounted, and how a case is declared for each of them.

They all serve the same paths, as ``reference_apps/examples/gallery.py`` has them; what an application cannot do at all
(a WSGI application has no WebSockets) has no case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange

from .visit import Application, Visit

EXAMPLES = Application("examples", "examples/gallery")
EVERYTHING = EXAMPLES.does
APPLICATIONS = (
    EXAMPLES,
    Application("starlette", "frameworks/starlette", ("starlette", "itsdangerous")),
    Application("fastapi", "frameworks/fastapi", ("fastapi",)),
    Application("quart", "frameworks/quart", ("quart",)),
    Application("litestar", "frameworks/litestar", ("litestar",)),
    Application("falcon", "frameworks/falcon", ("falcon",)),
    # Under ASGI, its WebSockets take no bytes where the text beside them is None, their close() does nothing, and what
    # it answers to an unknown one is a response to a request.
    Application("sanic", "frameworks/sanic", ("sanic",), EVERYTHING - {"bytes", "closes", "refuses"}),
    # Channels' router and the adapters of WSGI applications know no lifespan, and WSGI no WebSockets.
    Application("django", "frameworks/django", ("django", "channels"), EVERYTHING - {"starts"}),
    Application("a2wsgi", "frameworks/a2wsgi", ("a2wsgi",), frozenset()),
    Application("asgiref", "frameworks/asgiref", ("asgiref",), frozenset()),
)

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
        async with Visit(exchange, application) as visit:
            await experiment(visit)

    visits.__doc__ = f"{(experiment.__doc__ or '').removesuffix('.')} (application: {application.name})."
    visits.__module__ = experiment.__module__
    return visits
