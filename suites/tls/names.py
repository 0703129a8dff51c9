"""The name of the client in the entry about TLS: the subject of its certificate, as RFC 4514 writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_conformance.candidate.certificates import ClientCertificate
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken

from .connections import EXTENSION, MUTUAL, chain_of, der, entry

if TYPE_CHECKING:
    from cryptography import x509

Parts = list[frozenset[tuple[str, str]]]
CERTIFICATES: dict[str, ClientCertificate] = {"leaf": "leaf", "chain": "chain"}


async def _named(exchange: Exchange, certificate: ClientCertificate) -> tuple[object, Parts]:
    """The name in an entry, and the subject of the first certificate. Raises Unsupported where the chain is empty."""
    from cryptography import x509

    _, found = await entry(exchange, certificate)
    chain = chain_of(found)
    if not chain:
        raise exchange.unsupported("client_cert_chain is empty though the client sent a certificate")
    subject = x509.load_der_x509_certificate(der(chain[0], "the first of client_cert_chain")).subject
    return found.get("client_cert_name"), _parts(subject)


def _parts(name: x509.Name) -> Parts:
    """The relative names of a name in the order of the certificate, each as the set of its types and values."""
    return [frozenset((one.oid.dotted_string, str(one.value)) for one in part) for part in name.rdns]


def _read(text: object) -> Parts:
    """What a name in RFC 4514's form says. Raises Broken where it has another form."""
    from cryptography import x509

    expect(text, "client_cert_name").is_a(str)
    try:
        return _parts(x509.Name.from_rfc4514_string(str(text)))
    except ValueError as error:
        raise Broken(
            "client_cert_name is a distinguished name in the form of RFC 4514", f"it is {show(text)}: {error}"
        ) from None


@case("tls.client-cert-name.required-with-chain", each=CERTIFICATES, launch=MUTUAL, extension=EXTENSION)
async def with_a_chain_there_is_a_name(exchange: Exchange, certificate: ClientCertificate) -> None:
    """Where client_cert_chain is not empty, client_cert_name is a str that is not empty."""
    name, _ = await _named(exchange, certificate)
    if not isinstance(name, str) or not name:
        raise Broken("client_cert_name is the subject of the first certificate", f"it is {show(name)}")


@case("tls.client-cert-name.consistent", each=CERTIFICATES, launch=MUTUAL, extension=EXTENSION)
async def the_name_is_the_subject_of_the_first_certificate(exchange: Exchange, certificate: ClientCertificate) -> None:
    """client_cert_name has the attributes of the subject of the first certificate of the chain."""
    name, subject = await _named(exchange, certificate)
    what = f"the set of the attributes in client_cert_name {show(name)}"
    expect(frozenset().union(*_read(name)), what).equals(frozenset().union(*subject))


@case("tls.client-cert-name.rfc4514", each={"usual": "leaf", "odd": "odd"}, launch=MUTUAL, extension=EXTENSION)
async def the_name_has_the_form_of_the_rfc(exchange: Exchange, certificate: ClientCertificate) -> None:
    """client_cert_name is in the form of RFC 4514: the last part of the subject first, and what needs it escaped."""
    name, subject = await _named(exchange, certificate)
    expect(_read(name), f"what client_cert_name {show(name)} says, read as RFC 4514 has it,").equals(subject)
