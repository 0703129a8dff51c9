"""TLS: the settings, the transport over it, and the entry of the ``tls`` extension."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from .config import Config
from .extensions import FilePart
from .transport import READ_SIZE, Transport

#: How long a TLS handshake may take, in seconds.
HANDSHAKE_LIMIT = 10.0
#: tls.tls-version.value
VERSIONS = {"TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
PEM_BLOCK = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


@dataclass
class TlsSettings:
    """What all TLS connections of a server share.

    Attributes:
        context: The context, with the certificate loaded.
        certificate: The certificate that clients get, PEM-encoded (tls.server-cert.value).
        cipher_suites: The number of each cipher suite by the name that OpenSSL has for it.
    """

    context: ssl.SSLContext
    certificate: str
    cipher_suites: dict[str, int]


def load(config: Config) -> TlsSettings:
    """Load the certificate, the key and the authorities that ``config`` names."""
    assert config.certfile is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.certfile, config.keyfile)
    if config.client_ca:
        context.verify_mode = ssl.CERT_OPTIONAL  # tls.client-cert-error.set-when-bad: a bad one is refused
        context.load_verify_locations(config.client_ca)
    context.set_alpn_protocols(["http/1.1"] if config.spec_minimal else ["h2", "http/1.1"])  # rfc.http2.alpn
    blocks = PEM_BLOCK.findall(Path(config.certfile).read_text())
    # tls.cipher-suite.type: OpenSSL's identifiers have the number in their lower 16 bits
    suites = {cipher["name"]: cipher["id"] & 0xFFFF for cipher in context.get_ciphers()}
    return TlsSettings(context, blocks[0], suites)


async def accept(sock: socket.socket, settings: TlsSettings) -> TlsTransport | None:
    """Shake hands on a connection that was just accepted; None when that fails."""
    transport = TlsTransport(sock, settings)
    with anyio.move_on_after(HANDSHAKE_LIMIT):
        if await transport.shake_hands():
            return transport
    return None


class TlsTransport(Transport):
    """A transport whose bytes are encrypted on the way."""

    def __init__(self, sock: socket.socket, settings: TlsSettings) -> None:
        super().__init__(sock)
        self.settings = settings
        self.tls_entry = self.entry
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = settings.context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def shake_hands(self) -> bool:
        """Do the handshake; False when it fails."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._pass_on_now()
                data = await self.receive_raw()
                if not data:
                    return False
                self._incoming.write(data)
            except ssl.SSLError:
                self._pass_on_now()  # the alert says why
                return False
            else:
                self._pass_on_now()
                self.alpn = self.tls.selected_alpn_protocol()
                return True

    def _pass_on(self) -> None:
        super().write(self._outgoing.read())

    def _pass_on_now(self) -> None:
        self._pass_on()
        self.push()

    async def receive(self) -> bytes:
        """Wait for bytes of the client, decrypted."""
        while True:
            try:
                data = self.tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                self._pass_on()
                raw = await self.receive_raw()
                if raw:
                    self._incoming.write(raw)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:  # the end without a goodbye, or nonsense
                return b""
            else:
                self._pass_on()
                return data

    def write(self, data: bytes) -> None:
        """Encrypt bytes, and send them as soon as the kernel takes them."""
        if data and not self.lost:
            self.tls.write(data)
            self._pass_on()
        else:
            super().write(data)

    def say_goodbye(self) -> None:
        """Announce the end of the stream in TLS."""
        with contextlib.suppress(ssl.SSLError):  # it wants to read the client's goodbye, which nobody waits for
            self.tls.unwrap()
        self._pass_on()

    async def send_file(self, part: FilePart) -> None:
        """Send a part of a file, which has to be read here to be encrypted."""
        for offset, length in part.pieces():
            self.write(part.read(offset, length))
            await self.drained()

    def entry(self) -> dict[str, Any]:
        """The entry of the ``tls`` extension (tls.entry.dict, tls.scope.per-connection)."""
        cipher = self.tls.cipher()
        return make_entry(
            self.settings.certificate,
            client_chain(self.tls),
            VERSIONS.get(self.tls.version() or ""),
            self.settings.cipher_suites.get(cipher[0]) if cipher else None,
        )


def make_entry(certificate: str, chain: list[str], version: int | None, cipher_suite: int | None) -> dict[str, Any]:
    """The entry for a connection with this certificate of the server, and this chain of the client."""
    return {
        "server_cert": certificate,  # tls.server-cert.present, tls.server-cert.type
        "client_cert_chain": chain,  # tls.client-cert-chain.first-is-client, .order, .empty
        # tls.client-cert-name.required-with-chain, .consistent, .none, .type
        "client_cert_name": subject_of(chain[0]) if chain else None,
        "client_cert_error": None,  # tls.client-cert-error.none-when-good, tls.client-cert-error.type
        "tls_version": version,  # tls.tls-version.present, tls.tls-version.type
        "cipher_suite": cipher_suite,  # tls.cipher-suite.present, tls.cipher-suite.value
    }


def client_chain(tls: ssl.SSLObject) -> list[str]:
    """The certificates that the client sent, its own first, PEM-encoded; before Python 3.13 its own alone.

    tls.client-cert-chain.type
    """
    own = tls.getpeercert(binary_form=True)
    if own is None:
        return []
    chain = tls.get_unverified_chain() if hasattr(tls, "get_unverified_chain") else [own]
    return [ssl.DER_cert_to_PEM_cert(certificate) for certificate in chain]


def subject_of(certificate: str) -> str:
    """The subject of a PEM certificate in the string form of RFC 4514 (tls.client-cert-name.rfc4514)."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.encode()).subject.rfc4514_string()


def preload() -> None:
    """Import what client certificates need, before the first connection waits for it."""
    import cryptography.x509  # noqa: F401
