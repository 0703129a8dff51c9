"""Headers of a response that are none: refused, and never on the wire."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .messages import body, refused, start, whole

PSEUDO = {"status": (b":status", b"500"), "path": (b":path", b"/")}

TEXT: dict[str, object] = {
    "both": [("x-a", "b")],
    "value": [(b"x-a", "b")],
    "name": [("x-a", b"b")],
    "beside-valid": [(b"x-valid", b"1"), ("x-a", "b")],
}

MISSHAPEN: dict[str, object] = {
    "int": 5,
    "name-alone": [b"x-a"],
    "three-items": [(b"x-a", b"b", b"c")],
    "one-item": [(b"x-a",)],
    "int-value": [(b"x-a", 1)],
    "none-value": [(b"x-a", None)],
    "bytes": b"x-a: b",
}


@case("http.response.start.headers.pseudo-not-forwarded", each=PSEUDO, circumstances=(DEFAULT, HTTP2))
async def pseudo_headers_of_the_application_stay_inside(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """A pseudo-header from the application makes send() raise, or does not reach the client."""
    client, app = await exchange.dialogue()
    for message in (start(headers=[field, (b"x-a", b"one")]), body(b"x")):
        if await app.try_send(message) is not None:
            await exchange.still_serves()
            return
    response = await whole(client, app, 200, b"x")
    names = [name.lower() for name, _ in response.headers]
    expect(names, "the names of the headers").lacks(field[0])
    expect(names, "the names of the headers").lacks(field[0].lstrip(b":"))
    expect(response.values(b"x-a"), "the values of x-a").equals([b"one"])


@case("http.response.start.headers.str", each=TEXT, circumstances=(DEFAULT, HTTP2))
async def text_is_no_header(exchange: Exchange, headers: object) -> None:
    """A header name or value of type str makes send() raise."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"the headers {headers!r}", start(headers=headers), body(b"x"))


@case("http.response.start.headers.wrong-shape", each=MISSHAPEN, circumstances=(DEFAULT, HTTP2))
async def what_is_no_pair_is_no_header(exchange: Exchange, headers: object) -> None:
    """Headers that are no iterable of pairs of byte strings make send() raise."""
    client, app = await exchange.dialogue()
    await refused(exchange, client, app, f"the headers {headers!r}", start(headers=headers), body(b"x"))


@case("http.response.start.headers.wrong-shape", "none", circumstances=(DEFAULT, HTTP2))
async def none_is_refused_or_no_headers(exchange: Exchange) -> None:
    """The headers None make send() raise, or are taken for none."""
    client, app = await exchange.dialogue()
    for message in (start(headers=None), body(b"none")):
        if await app.try_send(message) is not None:
            await exchange.still_serves()
            return
    try:
        await whole(client, app, 200, b"none")
    except Broken as broken:
        raise Broken("the headers None make send() raise or give a response without them", broken.observed) from None
