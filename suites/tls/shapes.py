"""The kinds of what is in the entry about TLS; the shapes themselves are in shapes.toml."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.shaped import shape_cases

from .connections import EXTENSION

ENTRY = {
    "tls.entry.dict": "The entry about TLS is a dict.",
    "tls.server-cert.present": "server_cert is there.",
    "tls.server-cert.type": "server_cert is a str or None.",
    "tls.client-cert-name.type": "client_cert_name, where given, is a str or None.",
    "tls.client-cert-error.type": "client_cert_error, where given, is a str that is not empty, or None.",
    "tls.tls-version.present": "tls_version is there.",
    "tls.tls-version.type": "tls_version is an int or None.",
    "tls.cipher-suite.present": "cipher_suite is there.",
    "tls.cipher-suite.type": "cipher_suite is an int or None.",
}


async def over_tls(exchange: Exchange) -> None:
    """A request over TLS, answered; Unsupported where its scope has no entry about TLS."""
    client, app = await exchange.dialogue("GET", "/shapes")
    await exchange.answered(client, app)
    if EXTENSION not in app.extensions:
        raise exchange.unsupported("the scope of a request over TLS does not list the extension tls")


shape_cases(ENTRY, over_tls, circumstances=EVERY_HTTP, launch=Launch(tls=True))
