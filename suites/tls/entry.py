"""The entry about TLS: where it is, and what it says of the server and of the session."""

from __future__ import annotations

import ssl

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_PLAIN_HTTP, EVERY_WEBSOCKET
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, Level

from .connections import EXTENSION, TLS, ask, connect, der, entry, entry_of, entry_over, suite_number

#: The numbers of RFC 5246 and RFC 8446.
VERSIONS = {"tls-1.2": (ssl.TLSVersion.TLSv1_2, 0x0303), "tls-1.3": (ssl.TLSVersion.TLSv1_3, 0x0304)}


@case("tls.extension.absent-without-tls", "http", circumstances=EVERY_PLAIN_HTTP)
async def without_tls_a_request_has_no_entry(exchange: Exchange) -> None:
    """The scope of a request without TLS has no entry about TLS."""
    client, app = await exchange.dialogue()
    expect(list(app.extensions), "the extensions of a request without TLS").lacks(EXTENSION)
    await exchange.answered(client, app)


@case("tls.extension.absent-without-tls", "websocket", circumstances=EVERY_WEBSOCKET)
async def without_tls_a_websocket_has_no_entry(exchange: Exchange) -> None:
    """The scope of a WebSocket without TLS has no entry about TLS."""
    client, app = await exchange.open_websocket()
    expect(list(app.extensions), "the extensions of a WebSocket without TLS").lacks(EXTENSION)
    await client.close()


@case("tls.server-cert.value", launch=TLS, extension=EXTENSION)
async def the_certificate_is_the_one_that_the_client_got(exchange: Exchange) -> None:
    """server_cert is None, or the PEM form of the certificate that the client got.

    A text with the chain behind the certificate is a weaker breach.
    """
    session, found = await entry(exchange)
    given = found.get("server_cert")
    if given is None:
        return
    expect(given, "server_cert").is_a(str)
    text = str(given).strip()
    end = "-----END CERTIFICATE-----"
    first = text[: text.index(end) + len(end)] if end in text else text
    seen = session.getpeercert(binary_form=True)
    expect(der(first, "server_cert"), "the certificate in server_cert").is_true("is there")
    if der(first, "server_cert") != seen:
        raise Broken("server_cert is the certificate that the client got", f"it is another: {show(given)}")
    if text != first:
        raise Broken("server_cert is one certificate", f"it has {text.count(end)}", level=Level.SHOULD)


@case("tls.tls-version.value", each=VERSIONS, launch=TLS, extension=EXTENSION)
async def the_version_is_the_one_in_use(exchange: Exchange, version: tuple[ssl.TLSVersion, int]) -> None:
    """tls_version is None, or the number of the version that the connection uses."""
    session, found = await entry_over(exchange, await connect(exchange, version[0]))
    if session.version() != version[0].name.replace("_", "."):
        raise exchange.unsupported(f"the candidate chose {session.version()} where {version[0].name} was the newest")
    expect(found.get("tls_version"), "tls_version").is_one_of((None, version[1]))


@case("tls.cipher-suite.value", each=VERSIONS, launch=TLS, extension=EXTENSION)
async def the_cipher_suite_is_the_one_in_use(exchange: Exchange, version: tuple[ssl.TLSVersion, int]) -> None:
    """cipher_suite is None, or the number of the cipher suite that the connection uses."""
    session, found = await entry_over(exchange, await connect(exchange, version[0]))
    expect(found.get("cipher_suite"), "cipher_suite").is_one_of((None, suite_number(session)))


@case("tls.scope.per-connection", "neighbour", launch=TLS, extension=EXTENSION)
async def the_entry_is_of_its_own_connection(exchange: Exchange) -> None:
    """Of two connections with different versions, open at once, each has its own in its entries, on each request."""
    old, new = (version for version, _ in VERSIONS.values())
    clients: list[Http1Client] = []
    for version in (old, new):
        clients.append(await connect(exchange, version))
    for _ in range(2):
        for client in clients:
            session, found = await entry_over(exchange, client)
            number = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}[str(session.version())]
            expect(found.get("tls_version"), f"tls_version over {session.version()}").is_one_of((None, number))


@case("tls.scope.per-connection", "kept", launch=TLS, extension=EXTENSION)
async def each_request_of_a_connection_has_the_entry(exchange: Exchange) -> None:
    """A later request on the same connection has an entry with the same values."""
    client, app = await ask(exchange)
    first = entry_of(app)
    await exchange.answered(client, app)
    await client.request("GET", "/tls/again")
    again = await exchange.call(client)
    expect(dict(entry_of(again)), "the entry of the second request").equals(dict(first))
    await exchange.answered(client, again)
