"""The headers in the scope: all of them, one by one, with the bytes that the client sent."""

from __future__ import annotations

from collections import Counter

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, EVERY_HTTP_AND_10, HTTP2, HTTP10, KEPT
from asgi_conformance.clients.http import TAG
from asgi_conformance.control import decode
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from .refusals import refuses

Lines = list[tuple[bytes, bytes]]

NOT_JOINED: dict[str, Lines] = {
    "own": [(b"X-A", b"1"), (b"X-A", b"2")],
    "lists": [(b"Accept", b"a/b"), (b"Accept", b"c/d"), (b"Accept-Encoding", b"br"), (b"Accept-Encoding", b"gzip")],
    "forwarded": [(b"Via", b"1.1 a"), (b"Via", b"1.1 b")],
}
DUPLICATES: dict[str, Lines] = {
    "equal": [(b"X-A", b"1"), (b"X-A", b"1"), (b"X-A", b"1")],
    "apart": [(b"X-A", b"1"), (b"X-B", b"1"), (b"X-A", b"1")],
    "letter-case": [(b"X-Mixed", b"1"), (b"x-mixed", b"1"), (b"X-MIXED", b"1")],
    "empty": [(b"X-A", b""), (b"X-A", b"")],
}
#: Values that may not be changed; those with bytes above 0x7F may be refused.
VALUES = {
    "inner-spaces": b"a  b   c",
    "inner-tab": b"a\tb",
    "quotes-and-commas": b"\"a, b\", c; d='e'",
    "escapes": b"%41%zz\\x41 &amp; +",
    "separators": b"a:b=c;d,e",
    "long": b"0123456789" * 300,
}
HIGH_VALUES = {
    "latin-1": "é".encode("latin-1"),
    "utf-8-two-bytes": "é".encode(),
    "utf-8-three-bytes": "€".encode(),
    "all-high-bytes": bytes(range(0x80, 0x100)),
}
USUAL: Lines = [
    (b"User-Agent", b"conformance/1 (own; words)"),
    (b"Accept", b"*/*"),
    (b"Accept-Language", b"de, en;q=0.5"),
    (b"Authorization", b"Basic dXNlcjpwYXNz"),
    (b"Cookie", b"a=1; b=2"),
    (b"Origin", b"http://example.org"),
    (b"Referer", b"http://example.org/"),
    (b"Content-Type", b"text/plain; charset=utf-8"),
    (b"If-None-Match", b'"tag"'),
    (b"X-Empty", b""),
]
MANY: Lines = [(b"X-Own-%d" % number, b"value %d" % number) for number in range(40)]


def lines_of(app: Call) -> Counter[tuple[bytes, bytes]]:
    """The header lines of a scope, without the tag, as a multiset with the names in lower case."""
    return Counter((name.lower(), value) for name, value in app.headers if name.lower() != TAG)


async def the_values_are(exchange: Exchange, lines: Lines) -> None:
    """Send header lines and see that each name has the values that were sent, in their order."""
    client, app = await exchange.dialogue(headers=lines)
    for name in dict.fromkeys(name.lower() for name, _ in lines):
        sent = [value for key, value in lines if key.lower() == name]
        expect(app.header_values(name), f"the values of {name!r} in scope['headers']").equals(sent)
    await exchange.answered(client, app)


async def a_request_without_headers(exchange: Exchange) -> Call:
    """An answered HTTP/1.0 request without any header line. Raises Unsupported where the server refuses it."""
    client = await exchange.http1()
    target = f"/?{client.new_tag()}"
    await client.send_head("GET", target, version="1.0", host=False, tag=False)
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await exchange.still_serves()
        raise exchange.unsupported(f"the server does not take HTTP/1.0 without Host: {app.what}")
    await exchange.answered(client, app)
    return app


@case("http.scope.headers.present", "none")
async def no_headers_are_an_empty_iterable(exchange: Exchange) -> None:
    """The headers of an HTTP/1.0 request that has none can be iterated."""
    await a_request_without_headers(exchange)
    exchange.watch.judge("http.scope.headers.present")


@case("http.scope.headers.nothing-added", "none")
async def nothing_is_added_to_no_headers(exchange: Exchange) -> None:
    """The headers of an HTTP/1.0 request that has none are empty."""
    app = await a_request_without_headers(exchange)
    expect(app.headers, "scope['headers'], as a list,").equals([])


@case("http.scope.headers.re-iterable", circumstances=EVERY_HTTP)
async def headers_can_be_iterated_again(exchange: Exchange) -> None:
    """Every iteration over the headers gives the same ones."""
    client, app = await exchange.dialogue(headers=[(b"X-A", b"1")])
    first, again = [decode(await app.ask("iterate", path=["headers"])) for _ in range(2)]
    expect(again, "list(scope['headers']), made once more,").equals(app.headers)
    expect(first, "list(scope['headers'])").equals(again)
    await exchange.answered(client, app)


@case("http.request.headers.not-joined", each=NOT_JOINED, circumstances=EVERY_HTTP_AND_10)
async def lines_of_one_name_are_not_joined(exchange: Exchange, lines: Lines) -> None:
    """Header lines with the same name are handed over one by one, not joined with commas."""
    await the_values_are(exchange, lines)


@case("http.scope.headers.duplicates-kept", each=DUPLICATES, circumstances=EVERY_HTTP)
async def equal_lines_are_all_there(exchange: Exchange, lines: Lines) -> None:
    """Header lines that are equal are all handed over."""
    await the_values_are(exchange, lines)


@case("http.scope.headers.value-order", circumstances=EVERY_HTTP)
async def values_keep_their_order(exchange: Exchange) -> None:
    """The values of a repeated header keep the order in which they were sent."""
    await the_values_are(
        exchange, [(b"X-A", b"2"), (b"X-B", b"z"), (b"X-A", b"1"), (b"x-a", b"3"), (b"X-B", b"a"), (b"X-A", b"0")]
    )


@case("http.scope.headers.lower-case", circumstances=(DEFAULT, HTTP10, KEPT))
async def names_are_in_lower_case(exchange: Exchange) -> None:
    """The names of headers are in lower case, or as the client sent them."""
    client, app = await exchange.dialogue(headers=[(b"X-MiXeD", b"v"), (b"aCCept", b"*/*")])
    names = [name for name, _ in app.headers]
    for sent in (b"X-MiXeD", b"aCCept"):
        found = [name for name in names if name.lower() == sent.lower()]
        expect(found, f"the names in scope['headers'] for {sent!r}").is_one_of([[sent.lower()], [sent]])
        if found == [sent]:
            exchange.remark(f"{sent!r} is not lower-cased: the client's letter case is kept")
    await exchange.answered(client, app)


@case("http.scope.headers.values-exact", each=VALUES, circumstances=EVERY_HTTP_AND_10)
async def values_are_the_bytes_that_were_sent(exchange: Exchange, value: bytes) -> None:
    """The value of a header is handed over byte for byte."""
    await the_values_are(exchange, [(b"X-Value", value)])


@case("http.scope.headers.values-exact", "empty", circumstances=EVERY_HTTP_AND_10)
async def an_empty_value_is_empty_bytes(exchange: Exchange) -> None:
    """An empty value of a header is b""."""
    await the_values_are(exchange, [(b"X-Before", b"1"), (b"X-Empty", b""), (b"X-After", b"2")])


@case("http.scope.headers.values-exact", each=HIGH_VALUES, circumstances=EVERY_HTTP)
async def high_bytes_are_kept_or_refused(exchange: Exchange, value: bytes) -> None:
    """Bytes above 0x7F in the value of a header are handed over as they are, or refused."""
    client = await exchange.connect()
    await client.request("GET", "/", [(b"X-Value", value)])
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, f"a header value {value[:20]!r}")
        return
    expect(app.header_values(b"x-value"), "the values of b'x-value' in scope['headers']").equals([value])
    await exchange.answered(client, app)


@case("http.scope.headers.values-exact", "in-pieces", circumstances=(DEFAULT, KEPT))
async def headers_may_come_in_pieces(exchange: Exchange) -> None:
    """Headers whose bytes come one by one are handed over whole."""
    client = await exchange.http1()
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long-Name: a longer value, with words\r\nX-Empty:\r\nX-Exchange: %s\r\n\r\n"
    await client.send_slowly(head % client.new_tag().encode(), method="GET")
    app = await exchange.call(client)
    for name, value in ((b"host", b"a"), (b"x-long-name", b"a longer value, with words"), (b"x-empty", b"")):
        expect(app.header_values(name), f"the values of {name!r} in scope['headers']").equals([value])
    await exchange.answered(client, app)


@case("http.scope.headers.values-exact", "white-space", circumstances=(DEFAULT, KEPT))
async def white_space_around_a_value_is_removed(exchange: Exchange) -> None:
    """The white space that frames a value in HTTP/1 is no part of it.

    That is how HTTP has values parsed; ASGI itself only asks for the bytes of the client: a warning.
    """
    client = await exchange.http1()
    tag = client.new_tag()
    await client.send(
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Spaces:   a b  \r\nX-Tab:\ta\t\r\nX-None:a\r\nX-Exchange: %s\r\n\r\n"
        % tag.encode(),
        method="GET",
    )
    app = await exchange.call(client)
    for name, value in ((b"x-spaces", b"a b"), (b"x-tab", b"a"), (b"x-none", b"a")):
        found = expect(app.header_values(name), f"the values of {name!r} in scope['headers']")
        found.weakly(Level.SHOULD).equals([value])
    await exchange.answered(client, app)


@case("http.scope.headers.nothing-lost", each={"usual": USUAL, "many": MANY}, circumstances=EVERY_HTTP_AND_10)
async def all_headers_are_there(exchange: Exchange, lines: Lines) -> None:
    """Every header line of the request is in the scope."""
    client, app = await exchange.dialogue("POST", headers=lines, body=b"content")
    sent = Counter((name.lower(), value) for name, value in lines)
    sent[b"content-length", b"7"] += 1
    missing = sent - lines_of(app)
    if missing:
        raise Broken("every header of the request is in scope['headers']", f"these are missing: {show(list(missing))}")
    expect(len(app.header_values(b"host")), "the number of host headers").equals(1)
    await exchange.answered(client, app)


@case("http.scope.headers.nothing-lost", "underscore", circumstances=EVERY_HTTP)
async def names_with_underscores_are_there(exchange: Exchange) -> None:
    """A header whose name has an underscore is in the scope like any other, or the request is refused.

    Servers leave them out to protect gateways that turn names into variables. Nothing in the document lets them, but
    it is meant as a protection: a warning.
    """
    client = await exchange.connect()
    await client.request("GET", "/", [(b"X_Under_Score", b"1")])
    app = await exchange.call_or_refusal(client)
    if isinstance(app, Refusal):
        await refuses(exchange, app, "a request with the header b'X_Under_Score'")
        return
    found = app.header_values(b"x_under_score")
    expect(found, "the values of b'x_under_score' in scope['headers']").weakly(Level.SHOULD).equals([b"1"])
    await exchange.answered(client, app)


@case("http.scope.headers.nothing-added", circumstances=EVERY_HTTP_AND_10)
async def no_headers_are_added(exchange: Exchange) -> None:
    """The scope has no header that the client did not send, but for host made from :authority."""
    client, app = await exchange.dialogue(headers=[(b"X-Only", b"1")])
    expected = {b"host", TAG, b"x-only"}
    added = [(name, value) for name, value in app.headers if name.lower() not in expected]
    if added:
        raise Broken("scope['headers'] has what the client sent and nothing else", f"it also has {show(added)}")
    expect(lines_of(app)[b"x-only", b"1"], "the number of headers x-only: 1").equals(1)
    await exchange.answered(client, app)


@case("http.request.headers.cookie-not-comma-joined", circumstances=EVERY_HTTP_AND_10)
async def a_cookie_line_is_kept(exchange: Exchange) -> None:
    """A Cookie field arrives byte for byte."""
    cookie = b'a=1; b="2, 3"; c=d=e'
    client, app = await exchange.dialogue(headers=[(b"Cookie", cookie)])
    expect(app.header_values(b"cookie"), "the values of b'cookie' in scope['headers']").equals([cookie])
    await exchange.answered(client, app)


@case("http.request.headers.cookie-not-comma-joined", "two-lines", circumstances=(DEFAULT, HTTP10, KEPT))
@case("http.request.headers.cookie-http2", circumstances=(HTTP2,))
async def cookie_lines_are_kept_or_joined_with_semicolons(exchange: Exchange) -> None:
    """Several Cookie fields all arrive: as they are, or joined with "; "."""
    client, app = await exchange.dialogue(headers=[(b"Cookie", b"a=1"), (b"Cookie", b"b=2, 3"), (b"Cookie", b"c=4")])
    forms = [[b"a=1", b"b=2, 3", b"c=4"], [b"a=1; b=2, 3; c=4"]]
    expect(app.header_values(b"cookie"), "the values of b'cookie' in scope['headers']").is_one_of(forms)
    await exchange.answered(client, app)
