"""Certificates made at run time, and the client's TLS contexts that trust them."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import trustme
    from cryptography import x509

#: The names in the server's certificate; the last is no address, so that a client can ask for it by SNI.
SERVER_NAMES = ("localhost", "127.0.0.1", "::1", "candidate.test")

ClientCertificate = Literal["none", "leaf", "chain", "odd", "stranger"]
#: A subject with what its string form has to escape: several values in one part, and a name that repeats.
ODD_SUBJECT = (
    (("O", "Müller + Söhne, Inc."),),
    (("OU", "a"), ("OU", "b")),
    (("CN", ' #odd=<name>;\\" '),),
)


@dataclass(frozen=True)
class _Files:
    authority: Path
    certificate: Path
    key: Path
    leaf: Path
    chain: Path
    odd: Path
    stranger: Path


class Certificates:
    """The certificates of one run, written into ``folder`` when they are first needed.

    The server has an RSA key in PKCS#8, which every TLS library reads. Clients have a certificate from the same
    authority (``leaf``), one with a subject that is hard to write down (``odd``), one from an intermediate authority,
    which comes with its chain (``chain``), and one from an authority that nobody trusts (``stranger``).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def authority(self) -> Path:
        """The PEM file of the authority, for servers that check clients and for clients that check servers."""
        return self._files.authority

    @property
    def certificate(self) -> Path:
        """The PEM file of the server's certificate."""
        return self._files.certificate

    @property
    def key(self) -> Path:
        """The PEM file of the server's private key."""
        return self._files.key

    def client_file(self, which: ClientCertificate) -> Path | None:
        """The PEM file with a client's key and certificates, or None for ``none``."""
        return None if which == "none" else Path(getattr(self._files, which))

    def client_pem(self, which: ClientCertificate) -> list[str]:
        """The client's certificates as PEM texts, its own first; empty for ``none``."""
        path = self.client_file(which)
        end = "-----END CERTIFICATE-----\n"
        if path is None:
            return []
        text = path.read_text("ascii").replace("\r\n", "\n")
        certificates = text[text.index("-----BEGIN CERTIFICATE-----") :]
        return [part.lstrip() + end for part in certificates.split(end) if part.strip()]

    def client_context(
        self,
        alpn: Sequence[str] = (),
        *,
        certificate: ClientCertificate = "none",
        verify: bool = True,
        maximum: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """A new context for a client of a candidate.

        Args:
            alpn: The protocols to offer, the preferred first; none offers nothing.
            certificate: The client's own certificate.
            verify: Whether to trust only this run's authority; False takes the certificate of a user's own as well.
            maximum: The newest version of TLS to offer, or None for the newest there is.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if verify:
            context.load_verify_locations(cafile=self.authority)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        path = self.client_file(certificate)
        if path is not None:
            context.load_cert_chain(path)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if maximum is not None:
            context.maximum_version = maximum
        return context

    def make(self) -> None:
        """Write the files now, a matter of a tenth of a second, rather than at first use."""
        _ = self._files

    @cached_property
    def _files(self) -> _Files:
        import trustme  # takes as long as the rest of the program to import, and most runs need none of it

        folder = self._folder
        folder.mkdir(exist_ok=True)
        names = ("ca", "server", "server-key", "client", "client-chain", "client-odd", "stranger")
        files = _Files(*(folder / f"{name}.pem" for name in names))
        authority = trustme.CA(organization_name="asgi-conformance")
        server = authority.issue_cert(*SERVER_NAMES, common_name="candidate", key_type=trustme.KeyType.RSA)
        authority.cert_pem.write_to_path(files.authority)
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
        files.key.touch(mode=0o600)
        files.key.write_bytes(_as_pkcs8(server.private_key_pem.bytes()))
        intermediate = authority.create_child_ca()
        for path, issuer, name in (
            (files.leaf, authority, "client"),
            (files.chain, intermediate, "chained-client"),
            (files.stranger, trustme.CA(organization_name="nobody"), "stranger"),
        ):
            client = issuer.issue_cert(f"{name}@example.test", common_name=name)
            path.touch(mode=0o600)
            path.write_bytes(client.private_key_and_cert_chain_pem.bytes())
        files.odd.touch(mode=0o600)
        files.odd.write_bytes(_with_odd_subject(client.private_key_pem.bytes(), authority))
        return files


def _as_pkcs8(pem: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

    key = load_pem_private_key(pem, password=None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _with_odd_subject(key_pem: bytes, authority: trustme.CA) -> bytes:
    """The key, and a certificate for it with :data:`ODD_SUBJECT`."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key(key_pem, password=None)
    issuer_key = load_pem_private_key(authority.private_key_pem.bytes(), password=None)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(odd_subject())
        .issuer_name(issuer.subject)
        .public_key(key.public_key())  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(issuer_key, SHA256())  # type: ignore[arg-type]
    )
    return key_pem + certificate.public_bytes(Encoding.PEM)


def odd_subject() -> x509.Name:
    """:data:`ODD_SUBJECT` as a name."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    types = {
        "CN": NameOID.COMMON_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    }
    return x509.Name(
        x509.RelativeDistinguishedName(x509.NameAttribute(types[kind], value) for kind, value in part)
        for part in ODD_SUBJECT
    )
