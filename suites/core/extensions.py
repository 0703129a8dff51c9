"""Extensions as such: what is listed can be used, and what can be used is listed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.step import Raised
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

#: A file that the candidate can read: this one.
FILE = Path(__file__).resolve()
START = {"type": "http.response.start", "status": 200, "headers": []}


@dataclass(frozen=True)
class Tried:
    """What came of an event of an extension: what ``send()`` raised, and what the client saw of it (None: nothing)."""

    raised: Raised | None
    effect: str | None


Try = Callable[[HttpClient, Call], Awaitable[Tried]]


def _hint(response: Response) -> str | None:
    found = [one for one in response.informational if one.status == 103]
    return "a 103 response came to the client" if found else None


async def early_hint(client: HttpClient, app: Call) -> Tried:
    """Hint at a style sheet before the response."""
    raised = await app.try_send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
    await app.respond(200, body=b"fine")
    response = await client.response()
    return Tried(raised, _hint(response))


async def push(client: HttpClient, app: Call) -> Tried:
    """Push another resource in a response, where the client takes none."""
    await app.start(200)
    raised = await app.try_send({"type": "http.response.push", "path": "/pushed", "headers": []})
    await app.body(b"fine")
    await client.response()
    return Tried(raised, None)


async def file_by(event: dict[str, object], client: HttpClient, app: Call) -> Tried:
    """Send a file in place of a body, with the event that has it."""
    content = FILE.read_bytes()
    await app.start(200, [(b"content-length", b"%d" % len(content))])
    raised = await app.try_send(event)
    if raised is not None:
        await app.try_send({"type": "http.response.body", "body": content})
    else:
        app.end_by_return()
    try:
        sent = (await client.response()).body == content
    except Broken:
        sent = False  # where nothing was sent, there is no response at all
    return Tried(raised, "the client got the file" if sent and raised is None else None)


async def zero_copy_send(client: HttpClient, app: Call) -> Tried:
    """Send an open file."""
    return await file_by({"type": "http.response.zerocopysend", "file": odd("file", str(FILE))}, client, app)


async def path_send(client: HttpClient, app: Call) -> Tried:
    """Send a file by its path."""
    return await file_by({"type": "http.response.pathsend", "path": str(FILE)}, client, app)


async def trailers(client: HttpClient, app: Call) -> Tried:
    """Announce trailers, and send them behind a response."""
    await app.send({**START, "headers": [(b"trailer", b"x-trailer")], "trailers": True})
    await app.body(b"fine")
    raised = await app.try_send({"type": "http.response.trailers", "headers": [(b"x-trailer", b"1")]})
    app.end_by_return()
    try:
        sent = bool((await client.response()).trailers)
    except Broken:
        sent = False  # where they are waited for and not known, the response has no end
    return Tried(raised, "the client got the trailer" if sent else None)


async def unannounced_trailers(client: HttpClient, app: Call) -> Tried:
    """Send trailers in the midst of a response that has not announced them."""
    await app.start(200)
    await app.body(b"fine", more=True)
    raised = await app.try_send({"type": "http.response.trailers", "headers": [(b"x-trailer", b"1")]})
    await app.try_send({"type": "http.response.body", "body": b""})
    response = await client.response()
    return Tried(raised, "the client got the trailer" if response.trailers else None)


async def debug(client: HttpClient, app: Call) -> Tried:
    """Send debug information before the response."""
    raised = await app.try_send({"type": "http.response.debug", "info": {"x": 1}})
    await app.respond(200, body=b"fine")
    await client.response()
    return Tried(raised, None)


EXTENSIONS: dict[str, tuple[str, Try]] = {
    "early-hint": ("http.response.early_hint", early_hint),
    "push": ("http.response.push", push),
    "zerocopysend": ("http.response.zerocopysend", zero_copy_send),
    "pathsend": ("http.response.pathsend", path_send),
    "trailers": ("http.response.trailers", trailers),
    "debug": ("http.response.debug", debug),
}
#: Those of which a client without a push stream of its own sees an effect.
VISIBLE = {name: EXTENSIONS[name] for name in ("early-hint", "zerocopysend", "pathsend", "trailers")}
UNLISTED = {**EXTENSIONS, "trailers": ("http.response.trailers", unannounced_trailers)}
DENIAL = "websocket.http.response"


async def tried(exchange: Exchange, name: str, attempt: Try) -> tuple[Tried, bool]:
    """What came of trying an extension, and whether the scope lists it. The server goes on serving after it."""
    client, app = await exchange.dialogue("GET", "/extension", [(b"TE", b"trailers")])
    result = await attempt(client, app)
    await exchange.still_serves()
    return result, name in app.extensions


async def tried_denial(exchange: Exchange) -> tuple[Tried, bool]:
    """The same for the denial of a WebSocket. Raises Unsupported where the server takes no WebSocket."""
    client = await exchange.websocket()
    await client.start_handshake()
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal) or app.scope.get("type") != "websocket":
        raise exchange.unsupported("the candidate takes no WebSocket")
    await app.receive()
    raised = await app.try_send({"type": f"{DENIAL}.start", "status": 418, "headers": []})
    again = raised or await app.try_send({"type": f"{DENIAL}.body", "body": b"denied"})
    try:
        answer = await asyncio.wait_for(client.handshake_response(), exchange.patience.quiet)
        sent = (answer.status, answer.body) == (418, b"denied")
    except (Broken, asyncio.TimeoutError):
        sent = False  # where the events were dropped, nothing comes, or the connection just ends
        await app.try_send({"type": "websocket.close"})
    await exchange.still_serves()
    return Tried(again, "the client got the response that was sent" if sent else None), DENIAL in app.extensions


def is_usable(exchange: Exchange, name: str, result: Tried, listed: bool) -> None:
    """Judge core.extensions.listed-means-usable."""
    if not listed:
        raise exchange.unsupported(f"the scope does not list {name}")
    if result.raised is not None:
        raise Broken(f"{name}, which the scope lists, can be sent", f"send() raised {result.raised}")


def is_listed(exchange: Exchange, name: str, result: Tried, listed: bool) -> None:
    """Judge core.extensions.listed-when-supported."""
    if listed:
        return
    if result.effect is not None:
        raise Broken(f"the scope lists {name}, which the server supports", f"it does not, and {result.effect}")
    outcome = f"send() raised {result.raised}" if result.raised else "the event had no effect"
    raise exchange.unsupported(f"the scope does not list {name}, and {outcome}")


def is_rejected(exchange: Exchange, name: str, result: Tried, listed: bool) -> None:
    """Judge core.extensions.unlisted-event-rejected."""
    if listed:
        raise exchange.not_applicable(f"the scope lists {name}")
    if result.effect is not None:
        raise exchange.not_applicable(f"{result.effect}: that is core.extensions.listed-when-supported")
    expect(result.raised, f"what send() raises for an event of {name}, which the scope does not list,").is_true(
        "is an exception", "send() returned without one, and the event had no effect"
    )


@case("core.extensions.listed-means-usable", each=EXTENSIONS, circumstances=EVERY_HTTP)
async def what_is_listed_can_be_sent(exchange: Exchange, extension: tuple[str, Try]) -> None:
    """The event of an extension that the scope lists can be sent."""
    result, listed = await tried(exchange, *extension)
    is_usable(exchange, extension[0], result, listed)


@case("core.extensions.listed-when-supported", each=VISIBLE, circumstances=EVERY_HTTP)
async def what_has_an_effect_is_listed(exchange: Exchange, extension: tuple[str, Try]) -> None:
    """An extension whose event has an effect is listed in the scope."""
    result, listed = await tried(exchange, *extension)
    is_listed(exchange, extension[0], result, listed)


@case("core.extensions.unlisted-event-rejected", each=UNLISTED, circumstances=EVERY_HTTP)
async def what_is_not_listed_cannot_be_sent(exchange: Exchange, extension: tuple[str, Try]) -> None:
    """The event of an extension that the scope does not list makes send() raise."""
    result, listed = await tried(exchange, *extension)
    is_rejected(exchange, extension[0], result, listed)


@case("core.extensions.listed-means-usable", "websocket-denial")
async def a_listed_denial_can_be_sent(exchange: Exchange) -> None:
    """The events of a denial response that the scope of a WebSocket lists can be sent."""
    is_usable(exchange, DENIAL, *await tried_denial(exchange))


@case("core.extensions.listed-when-supported", "websocket-denial")
async def a_denial_that_works_is_listed(exchange: Exchange) -> None:
    """A denial response that reaches the client is listed in the scope of the WebSocket."""
    is_listed(exchange, DENIAL, *await tried_denial(exchange))


@case("core.extensions.unlisted-event-rejected", "websocket-denial")
async def an_unlisted_denial_cannot_be_sent(exchange: Exchange) -> None:
    """The events of a denial response that the scope does not list make send() raise."""
    is_rejected(exchange, DENIAL, *await tried_denial(exchange))
