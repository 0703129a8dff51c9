"""TLS: what is agreed, and what the scope says of it."""

from __future__ import annotations

import ssl
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest

from .conftest import Running, read_all
from .h2client import Client


def connect(server: Running, folder: Path, certificate: str | None = None, **settings: Any) -> ssl.SSLSocket:
    """A TLS connection; settings are those of the context, and ``alpn``."""
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.set_alpn_protocols(settings.pop("alpn", ["http/1.1"]))
    if certificate:
        context.load_cert_chain(folder / certificate)
    ciphers = settings.pop("ciphers", None)
    if ciphers:
        context.set_ciphers(ciphers)
    for name, value in settings.items():
        setattr(context, name, value)
    return context.wrap_socket(server.connect(), server_hostname="localhost")


def scope_over(sock: ssl.SSLSocket) -> dict[str, Any]:
    """The scope of a request."""
    sock.sendall(b"GET /scope HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    scope: dict[str, Any] = literal_eval(read_all(sock).partition(b"\r\n\r\n")[2].decode())
    return scope


def test_the_entry_describes_the_connection(tls_server: Running, certificates: Path) -> None:
    """Certificates, version and cipher suite of the entry are those of the connection."""
    with connect(tls_server, certificates, "client.pem") as sock:
        server_certificate = sock.getpeercert(binary_form=True)
        cipher = sock.cipher()
        scope = scope_over(sock)
    entry = scope["extensions"]["tls"]
    assert scope["scheme"] == "https"
    assert ssl.PEM_cert_to_DER_cert(entry["server_cert"]) == server_certificate
    assert ssl.PEM_cert_to_DER_cert(entry["client_cert_chain"][0]) in ders(certificates / "client.pem")
    assert entry["client_cert_name"].startswith("CN=Me\\, myself,OU=")
    assert entry["client_cert_error"] is None
    assert entry["tls_version"] == 0x0304
    assert cipher is not None
    assert entry["cipher_suite"] == {"TLS_AES_256_GCM_SHA384": 0x1302, "TLS_AES_128_GCM_SHA256": 0x1301}[cipher[0]]


def ders(path: Path) -> list[bytes]:
    """The certificates of a PEM file."""
    end = "-----END CERTIFICATE-----\n"
    blocks = path.read_text().partition("-----BEGIN CERTIFICATE-----")
    return [ssl.PEM_cert_to_DER_cert(blocks[1] + blocks[2].partition(end)[0] + end)]


def test_without_a_client_certificate_the_entry_says_so(tls_server: Running, certificates: Path) -> None:
    """Without a client certificate chain, name and error are empty; TLS 1.2 has its own numbers."""
    settings: dict[str, Any] = {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE-ECDSA-AES128-GCM-SHA256"}
    with connect(tls_server, certificates, **settings) as sock:
        entry = scope_over(sock)["extensions"]["tls"]
    assert (entry["client_cert_chain"], entry["client_cert_name"], entry["client_cert_error"]) == ([], None, None)
    assert (entry["tls_version"], entry["cipher_suite"]) == (0x0303, 0xC02B)


def test_a_certificate_of_a_stranger_is_refused(tls_server: Running, certificates: Path) -> None:
    """A client certificate that the authority did not sign ends the connection."""
    try:
        refused = not hello(tls_server, certificates, "stranger.pem")
    except (ssl.SSLError, ConnectionError):
        refused = True
    assert refused
    assert hello(tls_server, certificates).endswith(b"hello")


def hello(server: Running, folder: Path, certificate: str | None = None) -> bytes:
    """The answer to a request over HTTP/1.1."""
    with connect(server, folder, certificate) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return read_all(sock)


@pytest.mark.parametrize(
    ("offer", "chosen"), [(["h2", "http/1.1"], "h2"), (["h2"], "h2"), (["http/1.1"], "http/1.1"), (["x"], None)]
)
def test_alpn_chooses_the_protocol(
    tls_server: Running, certificates: Path, offer: list[str], chosen: str | None
) -> None:
    """HTTP/2 is spoken when ALPN chose it, and HTTP/1.1 otherwise."""
    with connect(tls_server, certificates, alpn=offer) as sock:
        assert sock.selected_alpn_protocol() == chosen
        if chosen == "h2":
            content = client_response(sock)
            assert "'tls': {" in content
            assert "'http_version': '2'" in content
        else:
            assert scope_over(sock)["http_version"] == "1.1"


def client_response(sock: ssl.SSLSocket) -> str:
    """The scope of a request over HTTP/2, as text."""
    client = Client(sock)
    return client.response(client.request("/scope"))[1].decode()


@pytest.mark.parametrize("path", ["pathsend", "zerocopysend"])
def test_files_are_sent_over_tls(tls_server: Running, certificates: Path, path: str) -> None:
    """Path send and zero copy send work where the data has to be encrypted."""
    with connect(tls_server, certificates) as sock:
        sock.sendall(f"GET /extension/{path} HTTP/1.0\r\n\r\n".encode())
        body = read_all(sock).partition(b"\r\n\r\n")[2]
    assert body == (bytes(range(256)) * 4096 if path == "pathsend" else b"<ABCabDE>")
