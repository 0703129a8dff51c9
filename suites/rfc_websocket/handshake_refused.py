"""Requests that ask for a WebSocket and must not get one (RFC 6455 § 4.2.1, § 4.2.2, § 4.4)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http import Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level

from ..websocket.conversation import close
from ..websocket.handshakes import ACCEPT

KEY = b"Sec-WebSocket-Key"
VALID_KEY = base64.b64encode(bytes(16))
VERSIONS = {"99": b"99", "0": b"0", "255": b"255", "letter": b"x", "empty": b""}
METHODS = {method.lower(): method for method in ("POST", "PUT", "OPTIONS", "DELETE")}
KEYS = {
    "three-letters": b"abc",
    "15-bytes": base64.b64encode(bytes(15)),
    "17-bytes": base64.b64encode(bytes(17)),
    "no-base64": b"!!!!!!!!!!!!!!!!!!!!!!==",
    "empty": b"",
}
#: Fields that no request may have.
MALFORMED: dict[str, list[tuple[bytes, bytes]]] = {
    "bad-field-line": [(b"bad name", b"x")],
    "control-character": [(b"x-bad", b"a\x00b")],
    "two-hosts": [(b"Host", b"one.example"), (b"Host", b"two.example")],
}


@dataclass
class Asked:
    """What became of a handshake that is wrong.

    ``refusal`` is the server's own answer, None where the connection ended without one, or where the server took it
    for an ordinary request and called the application with an ``http`` scope (``ordinary``).
    """

    refusal: Response | None
    ordinary: bool = False
    how: str = ""


async def asks(exchange: Exchange, what: str, **handshake: Any) -> Asked:
    """Send a handshake that must not be accepted, and see that it is not, and that a right one is.

    An application that is called for it with a ``websocket`` scope accepts it: the answer must not be 101 even so.

    Raises:
        Broken: the handshake was accepted, or taken for a success.
        Unsupported: the candidate takes no WebSocket at all.
    """
    client = await exchange.websocket()
    await client.start_handshake(**handshake)
    got = await exchange.call_or_refusal(client)
    response: Response | None
    if isinstance(got, Call):
        ordinary = got.scope.get("type") == "http"
        if ordinary:
            await got.respond(404, body=b"an ordinary request")
        else:
            await got.receive()
            got.begin_send(ACCEPT, beside=True)
        response = (await client.handshake_response(strict=False)).response
        how = f"it called the application with the scope type {got.scope.get('type')!r}, and answered {response.status}"
        asked = Asked(None if ordinary else response, ordinary, how)
    else:
        response = client.handshaken.response if client.handshaken else None
        asked = Asked(response, how=got.what)
    if response is not None and response.status < 400:
        raise Broken(f"{what} does not open a WebSocket", asked.how)
    await client.drop()
    await exchange.open_websocket()
    return asked


async def refuses(exchange: Exchange, what: str, **handshake: Any) -> None:
    """Expect that such a handshake is not accepted, and is answered as a mistake of the client where it is refused.

    Raises:
        Broken: it was accepted, or, as a warning, answered by a bare close or as an error of the server.
    """
    asked = await asks(exchange, what, **handshake)
    if asked.ordinary:
        exchange.remark(f"{what} is an ordinary request: {asked.how}")
    elif asked.refusal is None or asked.refusal.status >= 500:
        raise Broken(f"{what} is answered with 4xx", asked.how, level=Level.SHOULD)


@case("rfc.websocket.handshake.method", each=METHODS)
async def only_get_opens_a_websocket(exchange: Exchange, method: str) -> None:
    """A request with all the fields of a handshake and another method than GET does not open a WebSocket."""
    await refuses(exchange, f"a handshake by {method}", method=method)


@case("rfc.websocket.handshake.http10")
async def http_10_opens_no_websocket(exchange: Exchange) -> None:
    """A handshake in an HTTP/1.0 request does not open a WebSocket."""
    await refuses(exchange, "a handshake over HTTP/1.0", http_version="1.0")


@case("rfc.websocket.handshake.version-unsupported", each=VERSIONS)
async def another_version_is_refused(exchange: Exchange, version: bytes) -> None:
    """A handshake of a version that the server does not speak is refused with an HTTP error."""
    await refuses(exchange, f"a handshake of the version {version!r}", version=version)


@case("rfc.websocket.handshake.version-named")
async def a_refusal_names_the_version_13(exchange: Exchange) -> None:
    """The refusal of version 99 names the versions that the server speaks, 13 among them."""
    asked = await asks(exchange, "a handshake of the version 99", version=b"99")
    if asked.refusal is None:
        raise exchange.not_applicable(f"there is no refusal that could name a version: {asked.how}")
    expect(asked.refusal.tokens(b"sec-websocket-version"), "Sec-WebSocket-Version in the refusal").contains(b"13")


@case("rfc.websocket.handshake.version-missing")
async def a_version_is_needed(exchange: Exchange) -> None:
    """A handshake without Sec-WebSocket-Version is refused."""
    await refuses(exchange, "a handshake without a version", version=None)


@case("rfc.websocket.handshake.key-missing")
async def a_key_is_needed(exchange: Exchange) -> None:
    """A handshake without Sec-WebSocket-Key is refused."""
    await refuses(exchange, "a handshake without a key", without=(KEY.lower(),))


@case("rfc.websocket.handshake.key-invalid", each=KEYS)
async def a_key_has_16_bytes(exchange: Exchange, key: bytes) -> None:
    """A handshake with a key that is not the base64 form of 16 bytes is refused."""
    await refuses(exchange, f"a handshake with the key {key!r}", headers=[(KEY, key)])


@case("rfc.websocket.handshake.key-duplicate")
async def there_is_one_key(exchange: Exchange) -> None:
    """A handshake with two keys is refused."""
    await refuses(exchange, "a handshake with two keys", headers=[(KEY, VALID_KEY), (KEY, VALID_KEY)])


@case("rfc.websocket.handshake.host")
async def a_host_is_needed(exchange: Exchange) -> None:
    """A handshake without Host is refused."""
    await refuses(exchange, "a handshake without Host", without=(b"host",))


@case("rfc.websocket.handshake.request-limits", each=MALFORMED)
async def a_malformed_handshake_is_refused(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """A handshake with a field that no request may have is refused like any other request, or the connection closed."""
    await asks(exchange, f"a handshake with {headers}", headers=headers)
    await exchange.still_serves()


@case("rfc.websocket.handshake.request-limits", "1-mebibyte")
async def a_huge_handshake_does_no_harm(exchange: Exchange) -> None:
    """A handshake with a field of 1 MiB is refused, or accepted where there is no limit, and the server serves on."""
    exchange.patient(0.4)  # some servers give no answer at all
    client = await exchange.websocket()
    await client.start_handshake(headers=[(b"x-huge", b"x" * 2**20)])
    got = await exchange.call_or_refusal(client)
    if isinstance(got, Call):
        await exchange.accepted(client, got)
        exchange.remark("it accepts a handshake with a field of 1 MiB")
    elif got.response is not None:
        expect(got.response.status, "the status of the refusal").satisfies("is 4xx", lambda status: 400 <= status < 500)
    await exchange.open_websocket()


@case("rfc.websocket.handshake.error-is-http", "server")
async def a_refusal_of_the_server_is_a_whole_response(exchange: Exchange) -> None:
    """A handshake of a wrong version gets a response that is whole and framed as HTTP wants it.

    That the server merely closes the connection is no more than a warning.
    """
    asked = await asks(exchange, "a handshake of the version 99", version=b"99")
    if asked.ordinary:
        raise exchange.not_applicable(f"the server refuses nothing here: {asked.how}")
    if asked.refusal is None:
        raise Broken("a refused handshake gets an HTTP response", asked.how, level=Level.SHOULD)
    expect_whole(asked.refusal)


@case("rfc.websocket.handshake.error-is-http", "application")
async def a_refusal_of_the_application_is_a_whole_response(exchange: Exchange) -> None:
    """A handshake that the application refuses gets a response that is whole and framed as HTTP wants it."""
    client, app = await exchange.knock()
    await app.receive()
    app.begin_send(close())
    app.end_by_return()
    answer = await client.handshake_response()
    expect(answer.status, "the status of the answer").satisfies("is an error", lambda status: 400 <= status < 600)
    expect_whole(answer.response)


def expect_whole(response: Response) -> None:
    """Expect a response whose framing came to its end, and over which no recipient stumbles."""
    expect(response.complete, "the refusal").is_true("is whole", "the connection ended before the end of the response")
    expect(response.flaws, "what is wrong with the grammar of the refusal").equals([])
