"""What the application sends when its response is complete."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2, KEPT
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .messages import Message, body, start, whole

#: A response that is complete, and that the client sees to be so.
COMPLETE = (start(headers=[(b"content-length", b"8")]), body(b"complete"))

#: What is sent when nothing is left to be sent.
LATE: dict[str, list[Message]] = {
    "body": [body(b"extra")],
    "empty-body": [body(b"")],
    "more-body": [body(b"extra", more=True)],
    "start": [start(status=500)],
    "response": [start(status=500), body(b"extra")],
}


@case("http.response.body.after-complete.nothing-on-wire", each=LATE, circumstances=(DEFAULT, KEPT))
async def late_messages_do_not_reach_the_client(exchange: Exchange, messages: list[Message]) -> None:
    """What is sent after the complete response is not on the wire, and the next request gets its own answer."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    await app.send(*COMPLETE)
    await _try_each(app, messages)
    response = await whole(client, app, 200, b"complete")
    await app.over()
    if response.ended or b"close" in response.tokens(b"connection"):
        await client.ended()
        expect(client.surplus, "what follows the response").equals(b"")
        await exchange.still_serves()
        return
    await client.request("GET", "/next")
    following = await exchange.call(client)
    await following.respond(202, body=b"next")
    await whole(client, following, 202, b"next")


@case("http.response.body.after-complete.nothing-on-wire", each=LATE, circumstances=(HTTP2,))
async def late_messages_do_not_harm_the_connection(exchange: Exchange, messages: list[Message]) -> None:
    """Over HTTP/2, what is sent after the complete response harms neither it nor the next stream."""
    connection = await exchange.http2()
    client = connection.open_stream()
    await client.request()
    app = await exchange.call(client)
    await app.send(*COMPLETE)
    await _try_each(app, messages)
    await whole(client, app, 200, b"complete")
    await app.over()
    following = connection.open_stream()
    await following.request("GET", "/next")
    await exchange.answered(following, await exchange.call(following))


async def _try_each(app: Call, messages: list[Message]) -> None:
    for message in messages:
        await app.try_send(message)


@case("http.response.body.after-complete.ignored", each=LATE, circumstances=EVERY_HTTP)
async def late_messages_are_ignored(exchange: Exchange, messages: list[Message]) -> None:
    """send() after the complete response returns, or raises an OSError as on a closed connection."""
    client, app = await exchange.dialogue()
    await app.send(*COMPLETE)
    await whole(client, None, 200, b"complete")
    for message in messages:
        raised = await app.try_send(message)
        if raised is not None and not raised.is_os_error:
            raise Broken(
                f"send() of {message['type']} after the complete response returns, or raises an OSError",
                f"it raised {raised}",
            )
    await exchange.still_serves()
