"""Trailers: announced in the response start, sent behind the body, to clients that take them."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2, KEPT
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

from .judging import Message, body, has_a_dict, start, whole

EXTENSION = "http.response.trailers"
TAKES = [(b"TE", b"trailers")]
FIELDS = [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]
ANNOUNCED = (b"trailer", b"x-a, x-b")
LISTS: dict[str, list[tuple[bytes, bytes]]] = {
    "upper-case": [(b"TE", b"Trailers")],
    "behind-another": [(b"TE", b"gzip;q=0.5, trailers")],
    "two-lines": [(b"TE", b"gzip"), (b"TE", b"trailers")],
}
ITERABLES = {
    "tuples": tuple(FIELDS),
    "lists": [list(pair) for pair in FIELDS],
    "generator": odd("generator", FIELDS),
}


def trailers(*fields: tuple[bytes, bytes], **keys: object) -> Message:
    """The event with these fields."""
    return {"type": EXTENSION, "headers": list(fields), **keys}


async def asked(exchange: Exchange, headers: list[tuple[bytes, bytes]] = TAKES) -> tuple[HttpClient, Call]:
    """A request of a client that takes trailers, unless ``headers`` say otherwise."""
    return await exchange.dialogue("GET", "/trailers", headers)


async def came(client: HttpClient, app: Call, content: bytes = b"fine") -> list[tuple[bytes, bytes]]:
    """The trailer fields behind the response, which has to be complete and free of them otherwise."""
    response = await whole(client, app, content)
    for name in (b"x-a", b"x-b"):
        expect(response.values(name), f"the header {name.decode()} in the head").equals([])
    return [(name.lower(), value) for name, value in response.trailers]


@case("extension.trailers.advertised", circumstances=EVERY_HTTP)
async def trailers_are_listed_with_a_dict(exchange: Exchange) -> None:
    """Trailers are listed with a dict, where they are."""
    await has_a_dict(exchange, EXTENSION)


@case("extension.trailers.flag-type", circumstances=EVERY_HTTP, extension=EXTENSION)
async def without_the_flag_the_body_ends_the_response(exchange: Exchange) -> None:
    """Without trailers in the response start, or with False, the final body completes the response."""
    for keys in ({}, {"trailers": False}):
        client, app = await asked(exchange)
        await app.send(start(**keys), body(b"fine"))
        expect((await client.response()).complete, f"the response whose start has {keys}").is_true("is complete")
        await client.close()


@case("extension.trailers.waits", circumstances=EVERY_HTTP, extension=EXTENSION)
async def the_response_waits_for_its_trailers(exchange: Exchange) -> None:
    """With trailers announced the response is not complete before they have come, though the body is."""
    client, app = await asked(exchange)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"))
    await client.body_until(4)
    head = await client.head()
    if await _is_complete_soon(exchange, client):
        raise Broken("the response goes on until its trailers have come", "it was complete after the body")
    expect(head.complete, "the response before its trailers").equals(False)
    await app.send(trailers(*FIELDS))
    await came(client, app)


async def _is_complete_soon(exchange: Exchange, client: HttpClient) -> bool:
    """Whether the response ends within the time in which nothing may come."""
    try:
        await exchange.within(client.body_until(5), exchange.patience.quiet, "the response ends", "it goes on")
    except Broken:
        return (await client.head()).complete
    return False


@case("extension.trailers.sent", circumstances=EVERY_HTTP, extension=EXTENSION)
async def trailers_come_behind_the_body(exchange: Exchange) -> None:
    """A client that takes trailers gets the fields behind the body, in their order, and not in the head."""
    client, app = await asked(exchange)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"), trailers(*FIELDS))
    expect(await came(client, app), "the trailer fields").equals(FIELDS)


@case("extension.trailers.only-with-te", each={"without-te": []}, circumstances=EVERY_HTTP, extension=EXTENSION)
@case(
    "extension.trailers.only-with-te",
    each={"te-gzip": [(b"TE", b"gzip")]},  # over HTTP/2 TE says trailers or nothing (RFC 9113, section 8.2.2)
    circumstances=(DEFAULT, KEPT),
    extension=EXTENSION,
)
async def who_takes_no_trailers_gets_none(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """A client that has not said that it takes trailers gets the whole response without them."""
    client, app = await asked(exchange, headers)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"), trailers(*FIELDS))
    expect(await came(client, app), f"the trailer fields for a request with {headers or 'no TE'}").equals([])


@case("extension.trailers.te-parsing", each=LISTS, circumstances=(DEFAULT, KEPT), extension=EXTENSION)
@case("extension.trailers.te-parsing", each={"alone": TAKES}, circumstances=(HTTP2,), extension=EXTENSION)
async def te_is_a_list(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """TE is read as a list in any letter case, over several lines too."""
    client, app = await asked(exchange, headers)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"), trailers(*FIELDS))
    expect(await came(client, app), f"the trailer fields for a request with {headers}").equals(FIELDS)


@case("extension.trailers.more-trailers", circumstances=EVERY_HTTP, extension=EXTENSION)
async def more_trailers_may_follow(exchange: Exchange) -> None:
    """With more_trailers a further event follows: the fields of both come, and the response ends after the second."""
    client, app = await asked(exchange)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"))
    await app.send(trailers(*FIELDS[:2], more_trailers=True))
    await app.send(trailers(FIELDS[2]))
    expect(await came(client, app), "the trailer fields of both events").equals(FIELDS)


@case("extension.trailers.headers-iterable", each=ITERABLES, circumstances=EVERY_HTTP, extension=EXTENSION)
async def fields_are_any_iterable(exchange: Exchange, fields: object) -> None:
    """The fields may be any iterable of pairs; that one that is neither list nor tuple is refused is fair."""
    client, app = await asked(exchange)
    await app.send(start(200, ANNOUNCED, trailers=True), body(b"fine"))
    raised = await app.try_send({"type": EXTENSION, "headers": fields})
    if raised is not None and isinstance(fields, (list, tuple)):
        raise Broken(f"trailers with the headers {show(fields)} can be sent", f"send() raised {raised}")
    if raised is not None:
        raise exchange.observed(f"it refuses headers that are neither list nor tuple: {raised}")
    expect(await came(client, app), "the trailer fields").equals(FIELDS)


@case("extension.trailers.headers-iterable", "empty", circumstances=EVERY_HTTP, extension=EXTENSION)
async def no_fields_end_the_response(exchange: Exchange) -> None:
    """Trailers with an empty list of headers complete the response, without a field."""
    client, app = await asked(exchange)
    await app.send(start(200, trailers=True), body(b"fine"))
    await app.send(trailers())
    expect(await came(client, app), "the trailer fields").equals([])


@case(
    "extension.trailers.trailer-header-untouched",
    each={"other": [(b"trailer", b"x-other")], "none": []},
    circumstances=EVERY_HTTP,
    extension=EXTENSION,
)
async def the_trailer_header_is_the_application_s(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """The header Trailer passes as it is given, and the fields come though it does not name them."""
    client, app = await asked(exchange)
    await app.send(start(200, *headers, trailers=True), body(b"fine"), trailers(*FIELDS))
    response = await whole(client, app, b"fine")
    expect(response.values(b"trailer"), "the header trailer").equals([value for _, value in headers])
    expect([(name.lower(), value) for name, value in response.trailers], "the trailer fields").equals(FIELDS)
