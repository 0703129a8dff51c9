"""Trailers where they do not belong: not announced, not sent, too early, of wrong types, where none can be carried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10, HTTP10
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .judging import Message, body, ending, is_refused, start, whole
from .trailers import EXTENSION, FIELDS, asked, trailers

ENDINGS: dict[str, Callable[[Call], Awaitable[object]]] = {"returns": Call.finish, "raises": Call.fail}
WRONG: dict[str, Message] = {
    "str": {"type": EXTENSION, "headers": [("x-a", "1")]},
    "str-value": {"type": EXTENSION, "headers": [(b"x-a", "1")]},
}


@case("extension.trailers.http10", "length", extension=EXTENSION)
@case("extension.trailers.http10", circumstances=(HTTP10,), extension=EXTENSION)
async def where_no_trailers_can_go_the_response_is_whole(exchange: Exchange) -> None:
    """To an HTTP/1.0 client, or with Content-Length, the response is complete without trailers."""
    client, app = await asked(exchange)
    length = [(b"content-length", b"4")] if client.version == "1.1" else []
    await app.send(start(200, *length, trailers=True), body(b"fine"))
    await app.try_send(trailers(*FIELDS))
    response = await whole(client, app, b"fine")
    if response.framing != "chunked":
        expect(response.trailers, f"the trailer fields of a response whose framing is {response.framing}").equals([])
    if length:  # where the connection is kept, nothing is between this response and the next
        await client.request("GET", "/next")
        following = await exchange.call_or_refusal(client)
        if isinstance(following, Call):
            await exchange.answered(client, following)
    await exchange.still_serves()


@case("extension.trailers.missing-event", each=ENDINGS, circumstances=EVERY_HTTP, extension=EXTENSION)
async def nobody_waits_for_trailers_that_never_come(
    exchange: Exchange, end: Callable[[Call], Awaitable[object]]
) -> None:
    """When the application ends without the trailers that it announced, the response or the connection ends."""
    client, app = await asked(exchange)
    await app.send(start(trailers=True), body(b"fine"))
    await end(app)
    expected = "the response or the connection ends after the application"
    seconds = exchange.patience.prompt
    await exchange.within(client.response(), seconds, expected, f"neither had ended within {seconds:.1f} s")
    await exchange.still_serves()


@case("extension.trailers.unannounced", circumstances=EVERY_HTTP_AND_10, extension=EXTENSION)
async def trailers_that_were_not_announced_come_to_nobody(exchange: Exchange) -> None:
    """A trailers event that the start has not announced is refused or passed over: nothing of it reaches the client."""
    client, app = await asked(exchange)
    await app.send(start(), body(b"fine"))
    await app.try_send(trailers(*FIELDS))
    response = await whole(client, app, b"fine")
    expect(response.trailers, "the trailer fields of a response that announced none").equals([])
    await exchange.still_serves()


@case("extension.trailers.before-final-body", circumstances=EVERY_HTTP, extension=EXTENSION)
async def trailers_cannot_come_before_the_body(exchange: Exchange) -> None:
    """A trailers event before the final body makes send() raise."""
    client, app = await asked(exchange)
    await app.send(start(trailers=True))
    event = trailers(*FIELDS)
    await is_refused(exchange, client, app, event, await app.try_send(event))


@case("extension.trailers.headers.str", each=WRONG, circumstances=EVERY_HTTP, extension=EXTENSION)
async def wrong_fields_are_refused(exchange: Exchange, event: Message) -> None:
    """Trailer names and values that are no bytes make send() raise."""
    client, app = await asked(exchange)
    await app.send(start(trailers=True), body(b"fine"))
    await is_refused(exchange, client, app, event, await app.try_send(event))


@case("extension.trailers.headers.str", "missing", circumstances=EVERY_HTTP, extension=EXTENSION)
async def missing_fields_are_refused_or_none(exchange: Exchange) -> None:
    """A trailers event without headers makes send() raise, or is taken as one without fields."""
    client, app = await asked(exchange)
    await app.send(start(trailers=True), body(b"fine"))
    if await app.try_send({"type": EXTENSION}) is None:
        response = await whole(client, app, b"fine")
        expect(response.trailers, "the trailer fields of an event without headers").equals([])
    await app.finish()
    await client.close()
    await exchange.still_serves()


@case("extension.trailers.key-without-support", "false", circumstances=EVERY_HTTP_AND_10)
async def the_key_is_known_to_every_server(exchange: Exchange) -> None:
    """The key trailers with the value False in the response start changes nothing, with and without the extension."""
    client, app = await exchange.dialogue()
    raised = await app.try_send(start(200, (b"content-length", b"4"), trailers=False))
    if raised is not None:
        raise Broken("http.response.start can have the key trailers with the value False", f"send() raised {raised}")
    await app.body(b"fine")
    await whole(client, app, b"fine")


@case("extension.trailers.key-without-support", "true", circumstances=EVERY_HTTP)
async def trailers_without_support_leave_a_response_or_an_error(exchange: Exchange) -> None:
    """A server without trailers that is told to expect them refuses that, or completes the response with its body."""
    client, app = await exchange.dialogue()
    if EXTENSION in app.extensions:
        raise exchange.not_applicable(f"the scope lists {EXTENSION}")
    if await app.try_send(start(200, trailers=True)) is None:
        await app.body(b"fine")
        await whole(client, app, b"fine")
    else:
        app.end_by_return()
        await ending(client)
    await exchange.still_serves()
