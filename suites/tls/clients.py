"""What the entry about TLS says of clients: their certificates, their name, and what was wrong with them."""

from __future__ import annotations

import ssl

from asgi_conformance.call import Call
from asgi_conformance.candidate.certificates import ClientCertificate
from asgi_conformance.cases import case
from asgi_conformance.clients.wire import TlsFailed
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, TimedOut

from .connections import EXTENSION, MUTUAL, TLS, chain_of, der, entry, entry_of

CERTIFICATES: dict[str, ClientCertificate] = {"leaf": "leaf", "chain": "chain"}


def _own(exchange: Exchange, certificate: ClientCertificate) -> list[bytes]:
    """The certificates that the client sends, its own first."""
    assert exchange.candidate.certificates is not None
    return [ssl.PEM_cert_to_DER_cert(one) for one in exchange.candidate.certificates.client_pem(certificate)]


async def _without(exchange: Exchange) -> dict[str, object]:
    """The entry of a client without a certificate. Raises NotApplicable where the candidate lets none in."""
    try:
        return dict((await entry(exchange))[1])
    except (TimedOut, Broken) as broken:
        if isinstance(broken, TimedOut) or not exchange.candidate.launch.client_certificates or exchange.calls:
            raise
        raise exchange.not_applicable(
            f"the candidate, told to ask for certificates, takes none without: {broken.observed}"
        ) from None


async def _chain(exchange: Exchange, certificate: ClientCertificate) -> tuple[dict[str, object], list[bytes]]:
    """The entry of a client with a certificate, and its chain. Raises Unsupported where the chain is empty."""
    _, found = await entry(exchange, certificate)
    chain = [der(one, "an item of client_cert_chain") for one in chain_of(found)]
    if not chain:
        raise exchange.unsupported("client_cert_chain is empty though the client sent a certificate")
    return dict(found), chain


@case("tls.client-cert-chain.empty", "not-asked", launch=TLS, extension=EXTENSION)
@case("tls.client-cert-chain.empty", "asked", launch=MUTUAL, extension=EXTENSION)
async def the_chain_is_empty(exchange: Exchange) -> None:
    """Without a client certificate client_cert_chain is empty, or missing."""
    expect(chain_of(await _without(exchange)), "client_cert_chain without a client certificate").equals([])


@case("tls.client-cert-name.none", "not-asked", launch=TLS, extension=EXTENSION)
@case("tls.client-cert-name.none", "asked", launch=MUTUAL, extension=EXTENSION)
async def there_is_no_name(exchange: Exchange) -> None:
    """Without a client certificate client_cert_name is None, or missing."""
    expect((await _without(exchange)).get("client_cert_name"), "client_cert_name").is_none()


@case("tls.client-cert-error.none-when-good", "not-asked", launch=TLS, extension=EXTENSION)
@case("tls.client-cert-error.none-when-good", "asked", launch=MUTUAL, extension=EXTENSION)
async def there_is_no_error_without_a_certificate(exchange: Exchange) -> None:
    """Without a client certificate client_cert_error is None, or missing."""
    expect((await _without(exchange)).get("client_cert_error"), "client_cert_error").is_none()


@case("tls.client-cert-error.none-when-good", each=CERTIFICATES, launch=MUTUAL, extension=EXTENSION)
async def there_is_no_error_with_a_good_certificate(exchange: Exchange, certificate: ClientCertificate) -> None:
    """With a certificate that was verified client_cert_error is None, or missing."""
    _, found = await entry(exchange, certificate)
    expect(found.get("client_cert_error"), "client_cert_error").is_none()


@case("tls.client-cert-error.set-when-bad", launch=MUTUAL)
async def a_bad_certificate_is_refused_or_told(exchange: Exchange) -> None:
    """A client whose certificate nobody vouches for is refused, or its error is in client_cert_error."""
    try:
        client = await exchange.http1(tls=exchange.candidate.tls_context("stranger"))
        await client.request("GET", "/stranger")
        app = await exchange.call_or_refusal(client)
    except TlsFailed:
        app = None
    if isinstance(app, Call):
        if EXTENSION not in app.extensions:
            raise exchange.unsupported("the scope of a request over TLS does not list the extension tls")
        error = entry_of(app).get("client_cert_error")
        if not isinstance(error, str) or not error:
            raise Broken("client_cert_error says what is wrong with the certificate", f"it is {show(error)}")
        return
    client = await exchange.http1(tls=exchange.candidate.tls_context("leaf"))  # it was about the certificate
    await client.request("GET", "/trusted")
    await exchange.answered(client, await exchange.call(client))


@case("tls.client-cert-chain.type", each=CERTIFICATES, launch=MUTUAL, extension=EXTENSION)
async def the_chain_is_of_texts(exchange: Exchange, certificate: ClientCertificate) -> None:
    """client_cert_chain is an iterable of str, each of them a PEM certificate."""
    _, found = await entry(exchange, certificate)
    exchange.watch.judge("tls.client-cert-chain.type")
    for one in chain_of(found):
        der(one, "an item of client_cert_chain")


@case("tls.client-cert-chain.first-is-client", each=CERTIFICATES, launch=MUTUAL, extension=EXTENSION)
async def the_first_is_the_client_s_own(exchange: Exchange, certificate: ClientCertificate) -> None:
    """The first certificate of the chain, where it is not empty, is the client's own."""
    _, chain = await _chain(exchange, certificate)
    own = _own(exchange, certificate)
    place = own.index(chain[0]) + 1 if chain[0] in own else None
    expect(place, "the place of the chain's first certificate among those that the client sent").equals(1)


@case("tls.client-cert-chain.order", launch=MUTUAL, extension=EXTENSION)
async def the_chain_is_in_order(exchange: Exchange) -> None:
    """Behind the client's certificate comes the one that signed it, where there are more; the root may end it."""
    _, chain = await _chain(exchange, "chain")
    sent = _own(exchange, "chain")
    if len(chain) == 1:
        raise exchange.unsupported("client_cert_chain has the client's own certificate alone")
    places = [sent.index(one) + 1 if one in sent else None for one in chain[: len(sent)]]
    what = "the places of the chain's certificates among those that the client sent"
    expect(places, what).equals(list(range(1, len(places) + 1)))
