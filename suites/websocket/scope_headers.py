"""The headers of the handshake in the scope of a WebSocket: all of them, one by one, with the client's bytes."""

from __future__ import annotations

from collections import Counter

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2, KEPT
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from ..http.scope_headers import DUPLICATES, HIGH_VALUES, NOT_JOINED, USUAL, VALUES, Lines, lines_of
from .handshakes import call_unless_refused

SENT: Lines = [line for line in USUAL if line[0] not in (b"Content-Type", b"If-None-Match")]
AUTHORITY = b"example.org:8443"
REPEATED = {**DUPLICATES, "own": [(b"X-A", b"1"), (b"X-B", b"4"), (b"X-A", b"2"), (b"X-B", b"5"), (b"X-A", b"3")]}
REPEATED["lists"] = NOT_JOINED["lists"]
#: Fields of the handshake itself over HTTP/1.1, in lower case.
OWN_FIELDS = (b"upgrade", b"connection", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-protocol")


async def the_values_are(exchange: Exchange, lines: Lines) -> None:
    """Send header lines with a handshake and see that each name has the values that were sent, in their order."""
    client, app = await exchange.knock(headers=lines)
    for name in dict.fromkeys(name.lower() for name, _ in lines):
        sent = [value for key, value in lines if key.lower() == name]
        expect(app.header_values(name), f"the values of {name!r} in scope['headers']").equals(sent)
    await exchange.accepted(client, app)


@case("websocket.scope.headers.order", circumstances=EVERY_WEBSOCKET)
async def headers_keep_their_order(exchange: Exchange) -> None:
    """The headers are in the order in which the client sent them."""
    lines = [(b"x-3", b"a"), (b"x-1", b"b"), (b"x-4", b"c"), (b"x-2", b"d"), (b"x-0", b"e")]
    await the_order_is(exchange, lines)


@case("websocket.scope.headers.order", "repeated", circumstances=EVERY_WEBSOCKET)
async def repeated_headers_keep_their_places(exchange: Exchange) -> None:
    """A header that comes twice is in both places at which the client sent it."""
    await the_order_is(exchange, [(b"x-1", b"a"), (b"x-2", b"b"), (b"x-1", b"c"), (b"x-3", b"d"), (b"x-2", b"e")])


async def the_order_is(exchange: Exchange, lines: Lines) -> None:
    """Send header lines with a handshake and see that they are handed over in their order."""
    client, app = await exchange.knock(headers=lines)
    await exchange.accepted(client, app)
    found = [(name.lower(), value) for name, value in app.headers if name.lower() in dict(lines)]
    if Counter(found) != Counter(lines):
        raise exchange.inconclusive(f"not all of these headers are there, so there is no order: {show(found)}")
    expect(found, "the headers of scope['headers'] that are called x-0 to x-4").equals(lines)


@case("websocket.scope.headers.duplicates-kept", each=REPEATED, circumstances=EVERY_WEBSOCKET)
async def repeated_headers_are_all_there(exchange: Exchange, lines: Lines) -> None:
    """Header lines with the same name are handed over one by one: none is lost, and none are joined."""
    client, app = await exchange.knock(headers=lines)
    found = lines_of(app)
    for (name, value), times in Counter((name.lower(), value) for name, value in lines).items():
        expect(found[name, value], f"how often scope['headers'] has {name!r}: {value!r}").equals(times)
    await exchange.accepted(client, app)


@case("websocket.scope.headers.lower-case", circumstances=(DEFAULT, KEPT))
async def names_are_in_lower_case(exchange: Exchange) -> None:
    """The names of headers are in lower case, or as the client sent them."""
    client, app = await exchange.knock(headers=[(b"X-MiXeD", b"v"), (b"aCCept-Language", b"de")])
    for sent in (b"X-MiXeD", b"aCCept-Language"):
        found = [name for name, _ in app.headers if name.lower() == sent.lower()]
        expect(found, f"the names in scope['headers'] for {sent!r}").is_one_of([[sent.lower()], [sent]])
        if found == [sent]:
            exchange.remark(f"{sent!r} is not lower-cased: the client's letter case is kept")
    await exchange.accepted(client, app)


@case("websocket.scope.headers.values-exact", each=VALUES, circumstances=(DEFAULT, HTTP2))
async def values_are_the_bytes_that_were_sent(exchange: Exchange, value: bytes) -> None:
    """The value of a header is handed over byte for byte."""
    await the_values_are(exchange, [(b"X-Value", value)])


@case("websocket.scope.headers.values-exact", "empty", circumstances=EVERY_WEBSOCKET)
async def an_empty_value_is_empty_bytes(exchange: Exchange) -> None:
    """An empty value of a header is b""."""
    await the_values_are(exchange, [(b"X-Before", b"1"), (b"X-Empty", b""), (b"X-After", b"2")])


@case("websocket.scope.headers.values-exact", each=HIGH_VALUES, circumstances=EVERY_WEBSOCKET)
async def high_bytes_are_kept_or_refused(exchange: Exchange, value: bytes) -> None:
    """Bytes above 0x7F in the value of a header are handed over as they are, or the handshake is refused with 4xx."""
    client = await exchange.websocket()
    await client.start_handshake(headers=[(b"X-Value", value)])
    app = await call_unless_refused(exchange, client, f"a header value {value[:20]!r}", as_mistake=True)
    if app is None:
        return
    expect(app.header_values(b"x-value"), "the values of b'x-value' in scope['headers']").equals([value])
    await exchange.accepted(client, app)


@case("websocket.scope.headers.nothing-lost", circumstances=EVERY_WEBSOCKET)
async def all_headers_are_there(exchange: Exchange) -> None:
    """Every header line of the handshake is in the scope, and one host."""
    client, app = await exchange.knock(headers=SENT)
    missing = Counter((name.lower(), value) for name, value in SENT) - lines_of(app)
    if missing:
        raise Broken(
            "every header of the handshake is in scope['headers']", f"these are missing: {show(list(missing))}"
        )
    expect(len(app.header_values(b"host")), "the number of host headers").equals(1)
    await exchange.accepted(client, app)


@case("websocket.scope.headers.nothing-lost", "of-the-handshake", circumstances=(DEFAULT, KEPT))
async def the_fields_of_the_handshake_are_there(exchange: Exchange) -> None:
    """The fields that make the request a handshake are headers like any other. A warning: the server has used them."""
    client, app = await exchange.knock(subprotocols=["chat"])
    names = {name.lower() for name, _ in app.headers}
    missing = [name for name in OWN_FIELDS if name not in names]
    expect(missing, "the fields of the handshake that scope['headers'] lacks").weakly(Level.SHOULD).equals([])
    await exchange.accepted(client, app)


@case("websocket.scope.headers.nothing-lost", "underscore", circumstances=EVERY_WEBSOCKET)
async def names_with_underscores_are_there(exchange: Exchange) -> None:
    """A header whose name has an underscore is in the scope like any other, or the handshake is refused.

    Servers leave them out to protect gateways that turn names into variables. Nothing in the document lets them, but
    it is meant as a protection: a warning.
    """
    client = await exchange.websocket()
    await client.start_handshake(headers=[(b"X_Under_Score", b"1")])
    app = await call_unless_refused(exchange, client, "a handshake with the header b'X_Under_Score'")
    if app is None:
        return
    found = app.header_values(b"x_under_score")
    expect(found, "the values of b'x_under_score' in scope['headers']").weakly(Level.SHOULD).equals([b"1"])
    await exchange.accepted(client, app)


@case("websocket.scope.headers.no-pseudo-headers", circumstances=(HTTP2,))
async def pseudo_headers_are_no_headers(exchange: Exchange) -> None:
    """The pseudo-headers of an extended CONNECT are not among the headers."""
    client, app = await exchange.knock("/p?x=1", [(b"x-a", b"1")])
    pseudo = [(name, value) for name, value in app.headers if name.startswith(b":")]
    expect(pseudo, "what scope['headers'] has with a colon before its name").equals([])
    expect(app.header_values(b"protocol"), "the values of b'protocol' in scope['headers']").equals([])
    expect(app.header_values(b"x-a"), "the values of b'x-a' in scope['headers']").equals([b"1"])
    await exchange.accepted(client, app)


@case("websocket.scope.headers.authority-becomes-host", circumstances=(HTTP2,))
async def the_authority_becomes_host(exchange: Exchange) -> None:
    """The value of :authority is in the headers under the name host: once, and before all others."""
    client, app = await exchange.knock(headers=[(b":authority", AUTHORITY), (b"origin", b"null"), (b"x-a", b"1")])
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([AUTHORITY])
    names = [name for name, _ in app.headers]
    expect(names[:1] == [b"host"], "the first name in scope['headers']").is_true(
        "is b'host'", f"the names are {show(names)}"
    )
    await exchange.accepted(client, app)


@case("websocket.scope.headers.authority-becomes-host", "replaces-host", circumstances=(HTTP2,))
async def the_authority_replaces_another_host(exchange: Exchange) -> None:
    """Of a :authority and another host, the value of :authority remains, once; or the handshake is refused."""
    client = await exchange.websocket()
    await client.start_handshake(headers=[(b":authority", AUTHORITY), (b"x-a", b"1"), (b"host", b"b.example")])
    app = await call_unless_refused(exchange, client, "a handshake with one :authority and another host")
    if app is None:
        return
    expect(app.header_values(b"host"), "the values of b'host' in scope['headers']").equals([AUTHORITY])
    await exchange.accepted(client, app)
