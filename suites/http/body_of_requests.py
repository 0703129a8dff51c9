"""How the body of a request reaches the application."""

from __future__ import annotations

from asgi_conformance.case import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect


@case("http.request.chunked.decoded")
async def chunked_body_arrives_without_its_framing(exchange: Exchange) -> None:
    """A chunked request body reaches the application as plain bytes."""
    client = await exchange.http1()
    await client.send_head("POST", headers=[(b"transfer-encoding", b"chunked")])
    await client.send(b"4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n")

    app = await exchange.call(client)
    body = await app.receive_body()
    expect(body.content, "the request body").equals(b"Wikipedia")

    await app.respond(200, body=b"ok")
    response = await client.response()
    expect(response.status, "the status").equals(200)
