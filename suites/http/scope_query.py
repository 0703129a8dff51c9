"""The undecoded parts of the target in the scope: raw_path and query_string."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, KEPT
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect

from .refusals import refuses

RAW_PATHS = {
    "hex-digits": b"/a%2fb%2Fc/%7e",
    "slashes-and-dots": b"//./x/../y//",
    "percent-sign": b"/a%2520b",
    "utf-8": b"/%E2%82%AC",
    "delimiters": b"/a+b;c=1/d:e@f!$&'()*,=",
    "root": b"/",
}
#: Paths with a query behind them.
WITH_QUERY = {
    "value": (b"/p?x=1", b"/p"),
    "encoded-question-mark": (b"/p%3Fq?x=1", b"/p%3Fq"),
    "empty": (b"/p?", b"/p"),
}
QUERIES = {
    "second-question-mark": (b"/p?a=1&b=2?c", b"a=1&b=2?c"),
    "slashes": (b"/p?/a//b/../c", b"/a//b/../c"),
    "no-name": (b"/p?=", b"="),
    "separators": (b"/?a&b;c=1,2&&", b"a&b;c=1,2&&"),
    "long": (b"/?" + b"q=0123456789&" * 200, b"q=0123456789&" * 200),
}
ENCODED = {
    "hex-digits": b"q=%C3%a9+%26",
    "space-and-plus": b"a=%20&b=+&c=%2B",
    "encoded-question-mark": b"q=%3F%3d%23",
    "not-utf-8": b"q=%FF%FE",
    "nul": b"q=%00",
    "twice": b"q=%2520",
}
NO_ESCAPES = {"no-hex-digits": b"q=%zz", "cut-short": b"q=%4", "percent-sign": b"q=100%"}
WITHOUT_QUERY = {"none": "/p", "question-mark": "/p?"}


def raw_path_of(exchange: Exchange, app: Call) -> object:
    """The raw path of a call's scope. Raises Unsupported where the server gives none."""
    found = app.scope.get("raw_path")
    if found is None:
        state = "is None" if "raw_path" in app.scope else "is not there"
        raise exchange.unsupported(f"this is optional, and scope['raw_path'] {state}")
    return found


@case("http.scope.raw-path.unmodified", each=RAW_PATHS, circumstances=EVERY_HTTP_AND_10)
async def the_raw_path_is_what_was_sent(exchange: Exchange, target: bytes) -> None:
    """raw_path, where given, is the path of the target byte for byte."""
    client, app = await exchange.dialogue("GET", target.decode())
    await exchange.answered(client, app)
    expect(raw_path_of(exchange, app), f"scope['raw_path'] of a request for {target!r}").equals(target)


@case("http.scope.raw-path.unmodified", "not-utf-8", circumstances=EVERY_HTTP)
async def the_raw_path_needs_no_utf8(exchange: Exchange) -> None:
    """raw_path is what was sent also where it cannot be decoded, unless the server refuses such a path."""
    client = await exchange.connect()
    await client.request("GET", "/%FF")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, "a request for '/%FF'")
        return
    await exchange.answered(client, app)
    expect(raw_path_of(exchange, app), "scope['raw_path'] of a request for '/%FF'").equals(b"/%FF")


@case("http.scope.raw-path.excludes-query", each=WITH_QUERY, circumstances=EVERY_HTTP)
async def the_raw_path_has_no_query(exchange: Exchange, given: tuple[bytes, bytes]) -> None:
    """raw_path, where given, ends where the query begins."""
    target, path = given
    client, app = await exchange.dialogue("GET", target.decode())
    await exchange.answered(client, app)
    expect(raw_path_of(exchange, app), f"scope['raw_path'] of a request for {target!r}").equals(path)


@case("http.scope.query-string.value", each=QUERIES, circumstances=EVERY_HTTP_AND_10)
async def the_query_follows_the_first_question_mark(exchange: Exchange, given: tuple[bytes, bytes]) -> None:
    """query_string is what follows the first question mark of the target, whole and without it."""
    target, query = given
    client, app = await exchange.dialogue("GET", target.decode())
    expect(app.scope.get("query_string"), f"scope['query_string'] of a request for {target[:60]!r}").equals(query)
    await exchange.answered(client, app)


@case("http.scope.query-string.value", "in-pieces", circumstances=(DEFAULT, KEPT))
async def a_target_may_come_in_pieces(exchange: Exchange) -> None:
    """A target whose bytes come one by one gives the path and the query that a whole one gives."""
    client = await exchange.http1()
    head = b"GET /long/path%%20of/words?name=value&other=%%20 HTTP/1.1\r\nHost: a\r\nX-Exchange: %s\r\n\r\n"
    await client.send_slowly(head % client.new_tag().encode(), method="GET")
    app = await exchange.call(client)
    expect(app.scope.get("query_string"), "scope['query_string']").equals(b"name=value&other=%20")
    expect(app.scope.get("path"), "scope['path']").equals("/long/path of/words")
    await exchange.answered(client, app)


@case("http.scope.query-string.still-encoded", each=ENCODED, circumstances=EVERY_HTTP)
async def the_query_is_not_decoded(exchange: Exchange, query: bytes) -> None:
    """query_string is percent-encoded as it was sent."""
    client, app = await exchange.dialogue("GET", f"/p?{query.decode()}")
    expect(app.scope.get("query_string"), f"scope['query_string'] of a request with the query {query!r}").equals(query)
    await exchange.answered(client, app)


@case("http.scope.query-string.still-encoded", "invalid", each=NO_ESCAPES, circumstances=EVERY_HTTP)
async def percent_signs_without_digits_stay(exchange: Exchange, query: bytes) -> None:
    """A percent sign that begins no escape stays in query_string, unless the server refuses it."""
    client = await exchange.connect()
    await client.request("GET", f"/p?{query.decode()}")
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, f"a request with the query {query!r}")
        return
    expect(app.scope.get("query_string"), f"scope['query_string'] of a request with the query {query!r}").equals(query)
    await exchange.answered(client, app)


@case("http.scope.query-string.empty", each=WITHOUT_QUERY, circumstances=EVERY_HTTP_AND_10)
async def without_a_query_it_is_empty(exchange: Exchange, target: str) -> None:
    """Without a query, and with an empty one, query_string is b""."""
    client, app = await exchange.dialogue("GET", target)
    expect(app.scope.get("query_string"), f"scope['query_string'] of a request for {target!r}").equals(b"")
    await exchange.answered(client, app)
