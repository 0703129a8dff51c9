"""Violations of tls.rst: what the entry about TLS says of the connection, the server and the client."""

from __future__ import annotations

import ssl
from typing import Any

from ..application import Scope
from . import around

#: The entry over TCP, and over QUIC.
ENTRY = ("tls.TlsTransport.entry", "quic_transport.QuicTransport.entry")


def _set(name: str, key: str, value: Any, summary: str, **registration: Any) -> None:
    """A fault in which one key of every entry has a wrong value; one that is called gets the right value."""

    def spoil(original: Any, self: Any) -> dict[str, Any]:
        found: dict[str, Any] = original(self)
        return {**found, key: value(found[key]) if callable(value) else value}

    spoil.__doc__ = summary
    around(*ENTRY, name=name, **registration)(spoil)


def _leave_out(name: str, key: str) -> None:
    """A fault in which one key is missing in every entry."""

    def spoil(original: Any, self: Any) -> dict[str, Any]:
        return {name: value for name, value in original(self).items() if name != key}

    spoil.__doc__ = f"{key} is missing."
    around(*ENTRY, name=name, follows=["tls.base.*"])(spoil)


for _requirement, _key in (
    ("tls.server-cert.present", "server_cert"),
    ("tls.tls-version.present", "tls_version"),
    ("tls.cipher-suite.present", "cipher_suite"),
):
    _leave_out(f"{_requirement}/missing", _key)

NAMES = ["tls.client-cert-name.*"]
CHAINS = ["tls.client-cert-chain.*", "tls.client-cert-name.*"]

_set("tls.server-cert.type/bytes", "server_cert", str.encode, "server_cert is bytes.", follows=["tls.server-cert.*"])
_set(
    "tls.server-cert.value/chain",
    "server_cert",
    lambda pem: pem + pem,
    "server_cert is a chain of certificates.",
)
_set("tls.client-cert-name.type/bytes", "client_cert_name", b"CN=x", "client_cert_name is bytes.", follows=NAMES)
_set("tls.client-cert-error.type/empty", "client_cert_error", "", "client_cert_error is empty.", follows=["tls.*"])
_set("tls.tls-version.type/str", "tls_version", str, "tls_version is a str.", follows=["tls.*"])
_set(
    "tls.tls-version.value/one",
    "tls_version",
    0x0301,
    "tls_version is that of TLS 1.0.",
    follows=["tls.scope.*"],
)
_set("tls.cipher-suite.type/str", "cipher_suite", str, "cipher_suite is a str.", follows=["tls.*"])
_set("tls.cipher-suite.value/one", "cipher_suite", 0x002F, "cipher_suite is always the same.")
_set("tls.client-cert-chain.type/one-text", "client_cert_chain", "".join, "client_cert_chain is a str.", follows=CHAINS)
_set(
    "tls.client-cert-chain.empty/own",
    "client_cert_chain",
    lambda chain: chain or ["x"],
    "client_cert_chain is not empty without a client certificate.",
    follows=CHAINS,
)
_set("tls.client-cert-name.none/empty", "client_cert_name", lambda name: name or "", "client_cert_name is never None.")
_set(
    "tls.client-cert-name.required-with-chain/none",
    "client_cert_name",
    None,
    "client_cert_name is always None.",
    follows=NAMES,
)
_set(
    "tls.client-cert-name.consistent/another",
    "client_cert_name",
    lambda name: name and "CN=another",
    "client_cert_name names somebody else.",
    follows=NAMES,
)
_set(
    "tls.client-cert-name.rfc4514/reversed",
    "client_cert_name",
    lambda name: name and ",".join(reversed(name.split(","))),
    "client_cert_name has the parts of the subject in the order of the certificate.",
    follows=NAMES,
)
_set(
    "tls.client-cert-error.none-when-good/ok",
    "client_cert_error",
    "ok",
    "client_cert_error is never None.",
)


@around("extensions.with_tls", name="tls.extension.absent-without-tls/none", follows=["tls.*"])
def without_tls_the_entry_is_none(original: Any, offered: Any, transport: Any) -> Any:
    """Without TLS the scope has the entry, which is None."""
    found = original(offered, transport)
    found.setdefault("tls", None)
    return found


@around(*ENTRY, name="tls.entry.dict/list", follows=["tls.*"])
def the_entry_is_a_list(original: Any, self: Any) -> Any:
    """The entry is a list of pairs."""
    return list(original(self).items())


@around(
    "tls.client_chain",
    name="tls.client-cert-chain.first-is-client/twice",
    follows=["tls.client-cert-chain.*", "tls.client-cert-name.*"],
)
def the_chain_begins_with_another(original: Any, tls: Any) -> Any:
    """The first certificate of the chain is the server's."""
    chain = original(tls)
    return [_another(), *chain] if chain else chain


def _another() -> str:
    """A certificate that no client has."""
    import trustme

    return trustme.CA().cert_pem.bytes().decode()


@around("tls.client_chain", name="tls.client-cert-chain.order/another-issuer")
def the_chain_goes_on_with_another(original: Any, tls: Any) -> Any:
    """Behind the client's certificate comes one that has not signed it."""
    chain = original(tls)
    return [chain[0], _another()] if chain else chain


@around("tls.load", name="tls.client-cert-error.set-when-bad/let-in", follows=["tls.client-cert-*"])
def every_certificate_is_let_in(original: Any, config: Any) -> Any:
    """Nobody is asked for a certificate, and who has a bad one is let in without an error."""
    settings = original(config)
    if config.client_ca:
        settings.context.verify_mode = ssl.CERT_NONE
    return settings


@around(*ENTRY, name="tls.scope.per-connection/first", follows=["tls.*"])
def the_first_connection_counts(original: Any, self: Any) -> Any:
    """Every entry is that of the first connection."""
    if not hasattr(self.settings, "first"):
        self.settings.first = original(self)
    return dict(self.settings.first)


@around(*ENTRY, name="tls.scope.per-connection/once", breaks="tls.scope.per-connection/kept", follows=["tls.*"])
def a_later_request_has_another_entry(original: Any, self: Any) -> Any:
    """From the second request of a connection on, the version of TLS is not known."""
    found = original(self)
    if getattr(self, "told", False):
        found["tls_version"] = None
    self.told = True
    return found


@around("extensions.of_websocket", name="tls.base.websocket/other-form")
def websockets_have_another_entry(original: Any, transport: Any) -> Any:
    """The entry of a WebSocket has the version as a str."""
    found = original(transport)
    if "tls" in found:
        found["tls"]["tls_version"] = str(found["tls"]["tls_version"])
    return found


@around("extensions.of_http", name="tls.base.http2/missing", follows=["tls.*/http-2"])
def http2_has_no_entry(original: Any, transport: Any, request: Any) -> Any:
    """Over HTTP/2 there is no entry."""
    found: Scope = original(transport, request)
    if request.http_version == "2":
        found.pop("tls", None)
    return found
