"""What an application prepares before it serves, and the end of it; and applications of the older kind."""

from __future__ import annotations

from dataclasses import replace

from asgi_conformance.candidate.starting import needs_an_application
from asgi_conformance.cases import case
from asgi_conformance.errors import CandidateError
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.recorded import RecordedCall
from asgi_conformance.verdict import CandidateDied, Unsupported

from .applications import APPLICATIONS, EXAMPLES, visited
from .visit import Application, Visit

LEGACY = Application("legacy", "examples/legacy")
LEGACY_LAUNCH = replace(LEGACY.launch, interface="legacy", own=True)


def _lifespan(exchange: Exchange) -> RecordedCall:
    if not exchange.candidate.recorded_lifespans:
        raise Unsupported("the candidate serves requests and has made no lifespan call")
    return exchange.candidate.recorded_lifespans[0]


@visited("interop.lifespan.prepared", "starts")
async def what_the_startup_prepared_is_there(visit: Visit) -> None:
    """What the application prepares in its startup is there when it serves a request."""
    lifespan = _lifespan(visit.exchange)
    if visit.name == EXAMPLES.name and "state" not in lifespan.scope:
        raise Unsupported("the scope of the lifespan has no state")
    expect((await visit.get("/state")).text, "what the request found").equals("prepared")


class Ended(Record):
    """What came of a candidate that served one page and was asked to stop: its lifespan, and its exit status."""

    lifespan: RecordedCall
    status: int


async def serve_and_stop(exchange: Exchange, seen: Ended, application: Application) -> None:
    """Start the server, get a page, and stop it in order."""
    await exchange.lifecycle.listening()
    async with Visit(exchange, application) as visit:
        response = await visit.browser.get("/hello")
        call = await visit.call()
        needs_an_application(call, application.needs)
        expect(response.status_code, "the status of a page").equals(200)
    lifespan = _lifespan(exchange)
    exchange.lifecycle.ask_to_stop()
    seen.status = await exchange.lifecycle.gone()
    seen.lifespan = lifespan


def _ends(application: Application) -> None:
    life = Life(serve_and_stop, Ended, (application,), launch=replace(application.launch, own=True))

    async def is_tidied_up(exchange: Exchange, seen: Ended) -> None:
        received = [event.get("type") for event in seen.lifespan.received if isinstance(event, dict)]
        expect(received, "what the lifespan received").equals(["lifespan.startup", "lifespan.shutdown"])
        expect(seen.lifespan.ended, "the lifespan call's end").is_present()

    is_tidied_up.__doc__ = f"An orderly stop lets the application tidy up (application: {application.name})."
    case("interop.lifespan.tidied", application.name, life=life)(is_tidied_up)


for _application in APPLICATIONS:
    if "starts" in _application.does:
        _ends(_application)


class Legacy(Record):
    """What came of a double-callable application: what it answered, or why it was not served (None: it was)."""

    refusal: str | None
    answer: str


async def serve_legacy(exchange: Exchange, seen: Legacy) -> None:
    """Start the server with the application, and post to it."""
    try:
        await exchange.lifecycle.listening()
        async with Visit(exchange, LEGACY) as visit:
            response = await visit.browser.post("/old/path", content=b"content")
            called = await visit.was_called()
    except (CandidateError, CandidateDied) as error:
        seen.refusal = error.what if isinstance(error, CandidateDied) else error.message
        return
    seen.refusal = None if called else f"it answered {response.status_code} by itself"
    seen.answer = f"{response.status_code}: {response.text}"


@case(
    "interop.legacy.served",
    life=Life(serve_legacy, Legacy, launch=replace(LEGACY.launch, interface="legacy", own=True)),
)
async def a_legacy_class_is_served(exchange: Exchange, seen: Legacy) -> None:
    """A class that takes the scope, and whose instances take receive and send, serves a request."""
    if seen.refusal is not None:
        raise Unsupported(f"no double-callable application is served: {seen.refusal}")
    expect(seen.answer, "the answer").equals("200: /old/path, 7 bytes")
