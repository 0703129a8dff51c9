"""The kinds of the values in the scope of an HTTP request; the shapes themselves are in shapes.toml."""

from __future__ import annotations

from asgi_conformance.circumstance import EVERY_HTTP_AND_10
from asgi_conformance.exchange import Exchange
from asgi_conformance.shaped import shape_cases

SCOPE = {
    "http.spec-version.known-value": "spec_version, where given, is a str that names a version of this document.",
    "http.headers.pairs": "The headers are a sequence of pairs, no mapping.",
    "http.scope.http-version.present": "http_version is there, a str.",
    "http.scope.method.present": "method is there, a str.",
    "http.scope.scheme.type": "scheme, where given, is a str that is not empty.",
    "http.scope.path.type": "path is there, a str.",
    "http.scope.raw-path.type": "raw_path, where given, is bytes.",
    "http.scope.query-string.type": "query_string is there, as bytes.",
    "http.scope.root-path.type": "root_path, where given, is a str.",
    "http.scope.headers.present": "headers is there and can be iterated.",
    "http.scope.headers.two-item": "Every header is a pair of name and value.",
    "http.scope.headers.names-bytes": "Every name of a header is bytes.",
    "http.scope.headers.values-bytes": "Every value of a header is bytes.",
    "http.scope.client.shape": "client, where given, is a pair of a str and an int.",
    "http.scope.server.shape": "server, where given, is a pair of a str and an int, or None for the port.",
    "http.scope.state.shape": "state, where given, is a dict.",
}


async def post(exchange: Exchange) -> None:
    """A request with a query, a body and some headers, answered."""
    headers = [(b"Content-Type", b"text/plain"), (b"X-Empty", b""), (b"X-Twice", b"1"), (b"X-Twice", b"2")]
    client, app = await exchange.dialogue("POST", "/shapes?of=scope", headers, b"content")
    await app.receive_body()
    await exchange.answered(client, app)


shape_cases(SCOPE, post, circumstances=EVERY_HTTP_AND_10)
