"""The length that a request declares, and the content that comes (RFC 9113 § 8.1.1)."""

from __future__ import annotations

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange

from .asking import BOTH, body_refused, opened

SENT = {"too-short": [b"hello"], "too-long": [b"hello", b"hello hello"], "none": [], "by-one": [b"hello world"]}


@case("rfc.http2.content-length-mismatch", each=SENT, circumstances=BOTH)
async def content_of_another_length_is_not_complete(exchange: Exchange, parts: list[bytes]) -> None:
    """A request whose content has not the declared length of 10 is not complete for the application, and is refused."""
    client = await opened(exchange)
    await client.start_request("POST", length=10)
    for part in parts:
        await client.send_body(part)
    await client.end_body()
    what = f"a request with content-length 10 and {sum(map(len, parts))} bytes"
    await body_refused(exchange, client, what)


@case("rfc.http2.content-length-mismatch", "head-alone", circumstances=BOTH)
async def a_length_without_content_is_not_complete(exchange: Exchange) -> None:
    """A request that ends with its head though its content-length is 10 is not complete for the application."""
    client = await opened(exchange)
    await client.request("POST", "/", [(b"content-length", b"10")])
    await body_refused(exchange, client, "a request with content-length 10 whose head ends it")
