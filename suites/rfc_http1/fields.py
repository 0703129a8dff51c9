"""The fields of a response: none that the grammar forbids, and one Date."""

from __future__ import annotations

from email.utils import format_datetime, parsedate_to_datetime

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from ..http.messages import body, start, whole
from .framing import own_400
from .in_step import in_step_or_closed, sent_or_refused

#: What would make two lines or two responses out of one value or name.
INJECTED: dict[str, tuple[bytes, bytes]] = {
    "crlf-in-value": (b"x-a", b"a\r\nx-evil: 1"),
    "lf-in-value": (b"x-a", b"a\nx-evil: 1"),
    "cr-in-value": (b"x-a", b"a\rx-evil: 1"),
    "nul-in-value": (b"x-a", b"a\x00b"),
    "crlf-at-the-end": (b"x-a", b"a\r\n"),
    "folded": (b"x-a", b"a\r\n b"),
    "response-in-value": (b"x-a", b"a\r\ncontent-length: 0\r\n\r\nHTTP/1.1 299 Evil\r\nx-evil: 1"),
    "crlf-in-name": (b"x-a: 1\r\nx-evil", b"1"),
    "lf-in-name": (b"x-a: 1\nx-evil", b"1"),
    "cr-in-name": (b"x-a\rx-evil", b"1"),
    "nul-in-name": (b"x-a\x00", b"1"),
    "crlf-in-location": (b"location", b"/a\r\nset-cookie: evil=1\r\nx-evil: 1"),
    "crlf-in-set-cookie": (b"set-cookie", b"a=1\r\nx-evil: 1"),
}

NO_TOKENS: dict[str, bytes] = {
    "empty": b"",
    "space-within": b"x a",
    "space-before": b" x",
    "space-behind": b"x ",
    "tab": b"x\ta",
    "colon": b"x:a",
    "not-ascii": b"x\xe9",
    "delete": b"x\x7f",
    "brackets": b"(x)",
    "quotes": b'"x"',
}


@case("rfc.http1.response.header-injection", each=INJECTED, circumstances=(DEFAULT, KEPT, HTTP10))
async def a_value_makes_no_further_line(exchange: Exchange, field: tuple[bytes, bytes]) -> None:
    """CR, LF and NUL in a name or value do not reach the wire: send() raises, or the field is left out or mended."""
    client, response = await _sent(exchange, field)
    if response is not None:
        names = [name.lower() for name, _ in response.headers]
        expect(names, "the names of the response's fields").lacks(b"x-evil")
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.header-name-invalid", each=NO_TOKENS, circumstances=(DEFAULT, KEPT, HTTP10))
async def a_name_that_is_no_token_is_not_sent(exchange: Exchange, name: bytes) -> None:
    """A header name that is no token makes send() raise, or its field is left out or mended."""
    client, response = await _sent(exchange, (name, b"evil"))
    if response is not None:
        evil = [(name, value) for name, value in response.headers if value.endswith(b": evil")]
        expect(evil, "the fields that were read out of the name").equals([])
    await in_step_or_closed(exchange, client, response)


async def _sent(exchange: Exchange, field: tuple[bytes, bytes]) -> tuple[Http1Client, Response | None]:
    """Have a field be sent between two others; gives what the client got, which a strict parser has read."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    headers = [(b"content-length", b"2"), field, (b"x-last", b"1")]
    response = await sent_or_refused(exchange, client, app, start(headers=headers), body(b"ok"))
    if response is not None:
        expect(response.status, "the status").satisfies("is 200, or that of an error", lambda got: got in (200, 500))
    return client, response


#: Responses that need a date: the method, the status, and the headers of the application.
DATED: dict[str, tuple[str, int, Headers]] = {
    "200": ("GET", 200, []),
    "204": ("GET", 204, []),
    "301": ("GET", 301, [(b"location", b"/there")]),
    "304": ("GET", 304, []),
    "404": ("GET", 404, []),
    "to-head": ("HEAD", 200, []),
    "of-the-application": ("GET", 200, [(b"date", b"Tue, 15 Nov 1994 08:12:31 GMT")]),
}


@case("rfc.http1.response.date", each=DATED, circumstances=(DEFAULT, KEPT, HTTP10))
async def a_response_has_one_date(exchange: Exchange, kind: tuple[str, int, Headers]) -> None:
    """A response has one Date that is a date, also when the application sends one of its own."""
    method, status, headers = kind
    client, app = await exchange.dialogue(method)
    await app.send(start(status=status, headers=headers), body(b""))
    _has_one_date(await whole(client, app, status, b""))


@case("rfc.http1.response.date", "own-400")
async def the_error_for_a_malformed_request_has_a_date(exchange: Exchange) -> None:
    """The server's own response to a malformed request has one Date; none is the weaker breach."""
    response = await own_400(exchange)
    if not response.values(b"date"):
        raise Broken("the response has a Date", f"its fields are {show(response.headers)}", level=Level.SHOULD)
    _has_one_date(response)


def _has_one_date(response: Response) -> None:
    dates = response.values(b"date")
    expect(len(dates), "the number of Date fields").equals(1)
    expect(dates[0], "the Date").satisfies("is a date in the form of RFC 9110 § 5.6.7", _is_date)


def _is_date(value: bytes) -> bool:
    text = value.decode("latin-1")
    try:
        return format_datetime(parsedate_to_datetime(text), usegmt=True) == text
    except (TypeError, ValueError):
        return False
