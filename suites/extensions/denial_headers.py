"""The headers of denial responses, which follow the rules of http.response.start, each at its level there."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.http.response_headers import ITERABLES, ORDERED, SHAPES, VALUES
from asgi_conformance.suites.http.response_headers_invalid import MISSHAPEN, TEXT
from asgi_conformance.suites.websocket.handshakes import gives_up, http_under
from asgi_conformance.verdict import Broken, Level

from .denials import EXTENSION, Message, asked, body, denied, start

ID = "extension.websocket-denial.start.headers"
CIRCUMSTANCES = (DEFAULT, HTTP2)
REPEATED: Headers = [(b"x-a", b"1"), (b"x-a", b"2"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-a", b"2")]


def own(response: Response) -> Headers:
    """The fields of a response that only an application sets, with the names in lower case."""
    return [(name.lower(), value) for name, value in response.headers if name.lower().startswith((b"x-", b"set-"))]


@case(ID, each={"order": ORDERED, "duplicates": REPEATED}, circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def headers_keep_their_order(exchange: Exchange, headers: Headers) -> None:
    """The headers reach the client in the application's order, repeated ones one by one."""
    response = await denied(exchange, start(headers=headers), body(b"no"), content=b"no")
    expect(own(response), "the application's headers").equals(headers)


@case(ID, "default", circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def headers_may_be_left_out(exchange: Exchange) -> None:
    """A denial start without headers is one with none."""
    bare: Message = {"type": "websocket.http.response.start", "status": 401}
    await denied(exchange, bare, body(b"bare"), content=b"bare")


@case(ID, "values-exact", each=VALUES, circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def values_go_out_byte_for_byte(exchange: Exchange, value: bytes) -> None:
    """The bytes of a header value reach the client as the application gave them."""
    headers = [(b"x-value", value), (b"x-after", b"1")]
    response = await denied(exchange, start(headers=headers), body(b"no"), content=b"no")
    expect(own(response), "the application's headers").equals(headers)


@case(ID, "shape", each=SHAPES, circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def pairs_may_be_lists_or_tuples(exchange: Exchange, headers: object) -> None:
    """Headers given as lists or tuples of lists or tuples reach the client alike."""
    response = await denied(exchange, start(headers=headers), body(b"no"), content=b"no")
    expect(own(response), "the application's headers").equals([(b"x-a", b"one"), (b"x-b", b"two")])


@case(ID, "iterable", each=ITERABLES, circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def headers_may_be_any_iterable(exchange: Exchange, headers: object) -> None:
    """Headers given as an iterable that is neither list nor tuple reach the client; otherwise it is a warning."""
    try:
        response = await denied(exchange, start(headers=headers), body(b"no"), content=b"no")
    except Broken as broken:
        raise Broken(broken.expected, broken.observed, level=Level.SHOULD) from None
    found = expect(own(response), "the application's headers").weakly(Level.SHOULD)
    found.equals([(b"x-a", b"one"), (b"x-b", b"two")])


@case(ID, "str", each=TEXT, circumstances=CIRCUMSTANCES, extension=EXTENSION)
@case(ID, "misshapen", each=MISSHAPEN, circumstances=CIRCUMSTANCES, extension=EXTENSION)
async def what_is_no_pair_of_bytes_is_refused(exchange: Exchange, headers: object) -> None:
    """Headers that are no pairs of byte strings make send() raise; otherwise it is a warning."""
    client, app = await asked(exchange)
    for message in (start(headers=headers), body(b"no")):
        if await app.try_send(message) is not None:
            await gives_up(exchange, client, app)
            return
    app.end_by_return()
    try:
        response = await http_under(client).response()
        seen = f"the client got {response.status} with {own(response)!r}"
    except Broken as broken:
        seen = f"the client saw this: {broken.observed}"
    raise Broken(
        f"send() of a denial response raises an exception for the headers {headers!r}",
        f"send() returned without one, and {seen}",
        level=Level.SHOULD,
    )
