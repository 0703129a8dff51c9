"""What the cases about TLS share: requests over connections of a chosen kind, and the entry in their scopes."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from asgi_conformance.call import Call
from asgi_conformance.candidate.certificates import ClientCertificate
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.clients.wire import TlsFailed
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken

EXTENSION = "tls"
TLS = Launch(tls=True)
MUTUAL = Launch(tls=True, client_certificates=True)


def entry_of(call: Call) -> Mapping[str, object]:
    """The entry about TLS in a call's scope. Raises Broken where it is no dict, or is not there."""
    found = call.extensions.get(EXTENSION)
    if not isinstance(found, dict):
        raise Broken("scope['extensions']['tls'] is a dict", f"it is {show(found)}")
    return found


async def ask(exchange: Exchange) -> tuple[Http1Client, Call]:
    """A request on a new connection, and its call."""
    client = await exchange.http1()
    await client.request("GET", "/tls")
    return client, await exchange.call(client)


async def connect(exchange: Exchange, version: ssl.TLSVersion) -> Http1Client:
    """A connection that offers no newer version. Raises Unsupported where the candidate takes newer ones alone."""
    try:
        return await exchange.http1(tls=exchange.candidate.tls_context(maximum=version))
    except TlsFailed as refused:
        await exchange.still_serves()
        raise exchange.unsupported(f"the candidate does not take {version.name}: {refused.observed}") from None


async def entry(
    exchange: Exchange, certificate: ClientCertificate = "none"
) -> tuple[ssl.SSLObject, Mapping[str, object]]:
    """The session of a new connection, and the entry of a request on it, which is answered."""
    client = await exchange.http1(tls=exchange.candidate.tls_context(certificate))
    return await entry_over(exchange, client)


async def entry_over(exchange: Exchange, client: Http1Client) -> tuple[ssl.SSLObject, Mapping[str, object]]:
    """The session of a connection, and the entry of a request on it, which is answered."""
    await client.request("GET", "/tls")
    app = await exchange.call(client)
    found = entry_of(app)
    await exchange.answered(client, app)
    session = client.wire.tls_session
    assert session is not None
    return session, found


def chain_of(found: Mapping[str, object]) -> list[str]:
    """The client's certificates in an entry, as texts; none where the key is missing."""
    given = found.get("client_cert_chain", ())
    try:
        chain: list[str] = list(given)  # type: ignore[call-overload]
    except TypeError:
        raise Broken("client_cert_chain is an iterable", f"it is {show(given)}") from None
    for one in chain:
        expect(one, "an item of client_cert_chain").is_a(str)
    return chain


def der(pem: str, what: str) -> bytes:
    """The certificate in a PEM text. Raises Broken where it has none."""
    try:
        return ssl.PEM_cert_to_DER_cert(pem.strip())
    except ValueError as error:
        raise Broken(f"{what} is a PEM certificate", f"it is {show(pem)}: {error}") from None


def suite_number(session: ssl.SSLObject) -> int:
    """The number of the cipher suite that a session uses (IANA's registry of TLS cipher suites)."""
    cipher = session.cipher()
    assert cipher is not None
    numbers = {known["name"]: known["id"] & 0xFFFF for known in session.context.get_ciphers()}
    return numbers[cipher[0]]
