"""Unit tests of the certificates: a server and its clients trust each other, in memory."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from asgi_conformance.candidate.certificates import Certificates, ClientCertificate


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The certificates of one run."""
    return Certificates(tmp_path_factory.mktemp("tls") / "new")


def server_context(certificates: Certificates, *alpn: str) -> ssl.SSLContext:
    """A server that has the certificate and asks clients for theirs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    context.load_verify_locations(certificates.authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def shake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Let the two shake hands in memory; gives the ends of the client and of the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=name)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    steps: list[Callable[[], object]] = [near.do_handshake, far.do_handshake]
    while steps:
        for step in list(steps):
            try:
                step()
            except ssl.SSLWantReadError:
                continue
            steps.remove(step)
    return near, far


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "candidate.test"])
def test_a_client_trusts_the_server_under_each_of_its_names(certificates: Certificates, name: str) -> None:
    """The server's certificate is good for the loopback names and addresses, and for a name for SNI."""
    near, _ = shake(certificates.client_context(), server_context(certificates), name)
    assert near.version() == "TLSv1.3"


def test_a_server_with_another_certificate_is_not_trusted(certificates: Certificates, tmp_path: Path) -> None:
    """A client checks that the server's certificate is of this run, unless it is told not to."""
    other = Certificates(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(certificates.client_context(), server_context(other), "localhost")
    shake(certificates.client_context(verify=False), server_context(other), "localhost")


@pytest.mark.parametrize(("which", "name"), [("leaf", "client"), ("chain", "chained-client")])
def test_a_server_trusts_a_client_with_a_certificate(
    certificates: Certificates, which: ClientCertificate, name: str
) -> None:
    """Both client certificates, also the one of an intermediate authority, are trusted by way of the authority."""
    _, far = shake(certificates.client_context(certificate=which), server_context(certificates), "localhost")
    seen = far.getpeercert(binary_form=True)
    assert seen is not None
    own = x509.load_pem_x509_certificate(certificates.client_pem(which)[0].encode())
    assert x509.load_der_x509_certificate(seen) == own
    assert own.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == name


def test_a_chain_has_its_intermediate_authority(certificates: Certificates) -> None:
    """The chain's texts are the client's certificate and the one that signed it."""
    assert certificates.client_pem("none") == []
    assert len(certificates.client_pem("leaf")) == 1
    own, issuer = (x509.load_pem_x509_certificate(text.encode()) for text in certificates.client_pem("chain"))
    assert own.issuer == issuer.subject


def test_a_client_without_a_certificate_shows_none(certificates: Certificates) -> None:
    """By default a client has no certificate."""
    _, far = shake(certificates.client_context(), server_context(certificates), "localhost")
    assert far.getpeercert(binary_form=True) is None


def test_a_client_offers_protocols_and_versions(certificates: Certificates) -> None:
    """What a client offers by ALPN and its newest version of TLS can be chosen."""
    client = certificates.client_context(["h2", "http/1.1"], maximum=ssl.TLSVersion.TLSv1_2)
    near, _ = shake(client, server_context(certificates, "http/1.1"), "localhost")
    assert (near.selected_alpn_protocol(), near.version()) == ("http/1.1", "TLSv1.2")


def test_the_servers_key_is_what_every_server_reads(certificates: Certificates) -> None:
    """The key is RSA in PKCS#8 (granian reads nothing else), and private to the user."""
    pem = certificates.key.read_bytes()
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert isinstance(load_pem_private_key(pem, None), RSAPrivateKey)
    assert certificates.key.stat().st_mode & 0o077 == 0


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    """A run without TLS makes no certificates."""
    Certificates(tmp_path / "tls")
    assert not (tmp_path / "tls").exists()
