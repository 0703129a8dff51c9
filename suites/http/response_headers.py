"""How the headers of a response reach the client."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Level

from .messages import body, start, whole

_PAIRS: list[tuple[bytes, bytes]] = [(b"x-a", b"one"), (b"x-b", b"two")]

#: Kinds of iterables that are neither list nor tuple.
ITERABLES: dict[str, object] = {
    "generator": odd("generator", _PAIRS),
    "iterator": odd("iterator", _PAIRS),
    "dict-items": odd("dict-items", _PAIRS),
}

#: Lists and tuples, outside and inside.
SHAPES: dict[str, object] = {
    "list-of-lists": [[name, value] for name, value in _PAIRS],
    "list-of-tuples": list(_PAIRS),
    "tuple-of-lists": tuple([name, value] for name, value in _PAIRS),
    "tuple-of-tuples": tuple(_PAIRS),
}

VALUES = {
    "high-bytes": b"caf\xc3\xa9 \x80\xff",
    "letter-case": b"Bearer aBcD-EFgh",
    "double-spaces": b"a  b   c",
    "quotes": b'"a\\"b", \'c\'; d="e"',
    "inner-tab": b"a\tb",
    "empty": b"",
    "4-kib": b"0123456789abcdef" * 256,
    "only-symbols": b"!#$%&'()*+,-./:;<=>?@[]^_`{|}~",
}

#: Twenty names in an order that no sorting gives, some of them repeated with others between; the value is the place.
_ORDER = (7, 3, 19, 3, 11, 1, 20, 14, 2, 9, 3, 18, 5, 16, 1, 12, 8, 20, 4, 17)
ORDERED = [(b"x-%d" % number, b"%d" % place) for place, number in enumerate(_ORDER)]


@case("http.response.start.headers.default", circumstances=EVERY_HTTP)
async def headers_may_be_left_out(exchange: Exchange) -> None:
    """A response start without headers is a response start with none."""
    client, app = await exchange.dialogue()
    await app.send({"type": "http.response.start", "status": 200}, body(b"bare"))
    await whole(client, app, 200, b"bare")


@case("http.response.start.headers.order", circumstances=EVERY_HTTP)
async def headers_keep_their_order(exchange: Exchange) -> None:
    """The application's headers reach the client in the application's order; the server's own stand anywhere."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=ORDERED), body(b"ordered"))
    response = await whole(client, app, 200, b"ordered")
    own = [(name.lower(), value) for name, value in response.headers if name.lower().startswith(b"x-")]
    expect(sorted(own), "the application's headers").equals(sorted(ORDERED))
    expect([int(place) for _, place in own], "the sequence of the headers that were given as number 0 to 19").equals(
        list(range(len(ORDERED)))
    )


@case("http.response.start.headers.duplicates", circumstances=EVERY_HTTP)
async def repeated_headers_stay_apart(exchange: Exchange) -> None:
    """Three headers of one name reach the client as three, not joined and none lost."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-a", b"1"), (b"x-a", b"2"), (b"x-a", b"2")]), body(b"three"))
    response = await whole(client, app, 200, b"three")
    expect(response.values(b"x-a"), "the values of x-a").equals([b"1", b"2", b"2"])


@case("http.response.headers.set-cookie-separate", circumstances=EVERY_HTTP_AND_10)
async def cookies_are_set_one_by_one(exchange: Exchange) -> None:
    """Several Set-Cookie headers reach the client as separate fields, in order."""
    cookies = [b"a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT", b"b=2; Path=/", b"a=3"]
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"set-cookie", cookie) for cookie in cookies]), body(b"set"))
    response = await whole(client, app, 200, b"set")
    expect(response.values(b"set-cookie"), "the values of set-cookie").equals(cookies)


@case("http.response.start.headers.inner-iterable", each=SHAPES, circumstances=(DEFAULT, HTTP2))
async def pairs_may_be_lists_or_tuples(exchange: Exchange, headers: object) -> None:
    """Headers given as lists or tuples of lists or tuples reach the client alike."""
    await _both_arrive(exchange, headers)


@case("http.response.start.headers.iterable", each=ITERABLES, circumstances=(DEFAULT, HTTP2))
async def headers_may_be_any_iterable(exchange: Exchange, headers: object) -> None:
    """Headers given as an iterable that can be walked only once, or as a view, reach the client."""
    await _both_arrive(exchange, headers)


async def _both_arrive(exchange: Exchange, headers: object) -> None:
    client, app = await exchange.dialogue()
    await app.send(start(headers=headers), body(b"both"))
    response = await whole(client, app, 200, b"both")
    own = [(name.lower(), value) for name, value in response.headers if name.lower().startswith(b"x-")]
    expect(own, "the application's headers").equals(_PAIRS)


@case("http.response.start.headers.values-exact", each=VALUES, circumstances=EVERY_HTTP)
async def values_go_out_byte_for_byte(exchange: Exchange, value: bytes) -> None:
    """The bytes of a header value reach the client as the application gave them."""
    client, app = await exchange.dialogue()
    await app.send(start(headers=[(b"x-value", value), (b"x-after", b"1")]), body(b"exact"))
    response = await whole(client, app, 200, b"exact")
    expect(response.values(b"x-value"), "the values of x-value").equals([value])
    expect(response.values(b"x-after"), "the values of x-after").equals([b"1"])


@case("http.response.start.headers.upper-case-tolerated", circumstances=(DEFAULT, HTTP2))
async def a_name_in_upper_case_is_sent_or_refused(exchange: Exchange) -> None:
    """A header name in upper case is either sent or makes send() raise.

    Over HTTP/2, where such a name is malformed, sending means in lower case.
    """
    client, app = await exchange.dialogue()
    raised = await app.try_send(start(headers=[(b"X-Upper", b"one")]), body(b"upper"))
    if raised is not None:
        await exchange.still_serves()
        raise exchange.observed(f"for a header name in upper case, send() raised {raised}")
    response = await whole(client, app, 200, b"upper")
    names = [name for name, _ in response.headers if name.lower() == b"x-upper"]
    expect(response.values(b"x-upper"), "the values of x-upper").equals([b"one"])
    raise exchange.observed(f"it sends the header name X-Upper as {show(names)}")


@case(
    "http.response.start.application-fields-win",
    each={"date": (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"), "server": (b"server", b"the application's")},
    circumstances=(DEFAULT, HTTP2),
)
async def the_servers_defaults_yield(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """A field that servers add by default is there once, with the application's value, when the application set it."""
    name, value = field
    client, app = await exchange.dialogue()
    await app.send(start(headers=[field]), body(b"mine"))
    response = await whole(client, app, 200, b"mine")
    values = response.values(name)
    expect(values, f"the values of {name.decode()}").contains(value)
    expect(values, f"the values of {name.decode()}").weakly(Level.SHOULD).equals([value])
