"""websocket.accept: the handshake completes, with the subprotocol that the application chose and no other."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, EVERY_WEBSOCKET_AND_TLS, HTTP2
from asgi_conformance.clients.websocket import HandshakeResponse, WebSocketClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.verdict import Broken, TimedOut

from .handshake_connect import connected
from .handshakes import ACCEPT, CLOSE, gives_up, http_under

OFFERED = ["a", "b", "chat.v2+json"]
CHOICES = {"first": "a", "second": "b", "with-marks": "chat.v2+json"}
NO_CHOICE: dict[str, dict[str, object]] = {"default": {}, "headers-only": {"headers": []}}
WRONG_TYPES: dict[str, object] = {"bytes": b"chat", "int": 5, "list": ["chat"]}
NO_TOKENS = {"white-space": "chat room", "comma": "a,b", "not-ascii": "chät", "line-break": "a\r\nx-b: c"}
UNOFFERED: dict[str, list[str]] = {"nothing-offered": [], "others-offered": ["a", "b"]}
EXTRA = {"x-extra": "1", "x-deep": {"a": [1, None]}}
PROTOCOL = b"sec-websocket-protocol"


async def answer_to(
    exchange: Exchange, accept: dict[str, object], offered: list[str]
) -> tuple[WebSocketClient, HandshakeResponse]:
    """Have the application accept a handshake with these keys; gives the client and the acceptance that it got."""
    client, app = await exchange.knock(subprotocols=offered)
    await connected(app)
    await app.send({**ACCEPT, **accept})
    response = await client.handshake_response(strict=False)
    expect(response.accepted, "the handshake").is_true("is accepted", f"the answer to it is {response.status}")
    return client, response


async def refused(exchange: Exchange, what: str, accept: dict[str, object], offered: list[str]) -> None:
    """Have the application accept with something invalid; send() has to raise, and the server to go on.

    Raises:
        Broken: send() returned as if nothing were wrong.
    """
    client, app = await exchange.knock(subprotocols=offered)
    await connected(app)
    if await app.try_send({**ACCEPT, **accept}) is None:
        raise Broken(
            f"send() of websocket.accept raises an exception for {what}",
            f"send() returned without one, and {await chosen(client)}",
        )
    await gives_up(exchange, client, app)


async def chosen(client: WebSocketClient) -> str:
    """What the client was told in the answer, as a sentence."""
    try:
        response = await http_under(client).head()
    except Broken as broken:
        return f"the client saw this: {broken.observed}"
    return f"the client got {response.status} with the subprotocols {show(response.values(PROTOCOL))}"


async def echoes(client: WebSocketClient, app: Call) -> None:
    """See that messages go both ways, text and bytes."""
    await client.send_text("to the application")
    event = await app.receive()
    expect(event.get("text"), "the text that the application received").equals("to the application")
    await client.send_bytes(b"\x00\xff")
    event = await app.receive()
    expect(event.get("bytes"), "the bytes that the application received").equals(b"\x00\xff")
    await app.send({"type": "websocket.send", "text": "to the client"}, {"type": "websocket.send", "bytes": b"\xff"})
    expect(await client.message(), "the first message that the client received").equals("to the client")
    expect(await client.message(), "the second message that the client received").equals(b"\xff")


@case("websocket.accept.completes-handshake", circumstances=EVERY_WEBSOCKET_AND_TLS)
async def accepting_opens_the_socket(exchange: Exchange) -> None:
    """After websocket.accept the client has an open WebSocket, and messages go both ways."""
    client, app = await exchange.open_websocket()
    await echoes(client, app)


@case("websocket.accept.subprotocol.sent", each=CHOICES, circumstances=EVERY_WEBSOCKET)
async def the_choice_reaches_the_client(exchange: Exchange, choice: str) -> None:
    """The subprotocol that the application chose is in the answer, in one line."""
    _, response = await answer_to(exchange, {"subprotocol": choice}, OFFERED)
    expect(response.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").equals([choice.encode()])


@case("websocket.accept.subprotocol.default", each=NO_CHOICE, circumstances=EVERY_WEBSOCKET)
async def without_a_choice_there_is_none(exchange: Exchange, accept: dict[str, object]) -> None:
    """Without a subprotocol in websocket.accept the answer names none, whatever the client offered."""
    _, response = await answer_to(exchange, accept, OFFERED)
    expect(response.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").equals([])


@case("websocket.accept.subprotocol.none", each={"offers": OFFERED, "no-offers": []}, circumstances=EVERY_WEBSOCKET)
async def a_choice_of_none_is_no_choice(exchange: Exchange, offered: list[str]) -> None:
    """The subprotocol None is the same as none given."""
    _, response = await answer_to(exchange, {"subprotocol": None}, offered)
    expect(response.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").equals([])


@case("websocket.accept.subprotocol.wrong-type", each=WRONG_TYPES)
async def a_choice_that_is_no_str_is_refused(exchange: Exchange, choice: object) -> None:
    """A subprotocol that is neither a str nor None makes send() raise."""
    await refused(exchange, f"the subprotocol {choice!r}", {"subprotocol": choice}, ["chat", "5"])


@case("websocket.accept.subprotocol.not-a-token", each=NO_TOKENS)
async def a_choice_that_is_no_token_is_refused(exchange: Exchange, choice: str) -> None:
    """A subprotocol that is no token, so that no client can have offered it, makes send() raise."""
    await refused(exchange, f"the subprotocol {choice!r}", {"subprotocol": choice}, ["chat"])


@case("websocket.accept.subprotocol.not-offered", each=UNOFFERED, circumstances=(DEFAULT, HTTP2))
async def a_choice_that_was_not_offered(exchange: Exchange, offered: list[str]) -> None:
    """What becomes of a subprotocol that the client did not offer: send() raises, or it is sent; the server goes on."""
    client, app = await exchange.knock(subprotocols=offered)
    await connected(app)
    raised = await app.try_send({**ACCEPT, "subprotocol": "x"})
    if raised is not None:
        await gives_up(exchange, client, app)
        raise exchange.observed(f"for a subprotocol that was not offered, send() raised {raised}")
    try:
        response = await client.handshake_response(strict=False)
    except TimedOut:
        raise
    except Broken as broken:
        await exchange.still_serves()
        raise exchange.observed(f"for a subprotocol that was not offered, {broken.observed}") from None
    await exchange.still_serves()
    values = response.response.values(PROTOCOL)
    raise exchange.observed(
        f"for a subprotocol that was not offered, it answers {response.status} with the subprotocols {show(values)}"
    )


@case("websocket.accept.twice", circumstances=EVERY_WEBSOCKET)
async def accepting_twice_is_refused(exchange: Exchange) -> None:
    """A second websocket.accept makes send() raise, and nothing of it is on the wire."""
    client, app = await exchange.open_websocket()
    raised = await app.try_send(ACCEPT)
    if await app.try_send({"type": "websocket.send", "text": "afterwards"}) is None:
        expect(await client.message(), "the first message that the client got").equals("afterwards")
    else:
        app.end_by_return()
        await client.closed()
    if raised is None:
        raise Broken("send() of a second websocket.accept raises an exception", "send() returned without one")
    await exchange.still_serves()


@case("websocket.accept.extra-keys", "accept", circumstances=EVERY_WEBSOCKET)
async def unknown_keys_of_accept_change_nothing(exchange: Exchange) -> None:
    """websocket.accept with keys that nobody knows is what it is without them."""
    client, app = await exchange.knock(subprotocols=OFFERED)
    response = await exchange.accepted(client, app, subprotocol="b", **EXTRA)
    expect(response.response.values(PROTOCOL), "the Sec-WebSocket-Protocol lines").equals([b"b"])
    await echoes(client, app)


@case("websocket.accept.extra-keys", "send", circumstances=EVERY_WEBSOCKET)
async def unknown_keys_of_send_change_nothing(exchange: Exchange) -> None:
    """websocket.send with keys that nobody knows is what it is without them."""
    client, app = await exchange.open_websocket()
    await app.send({"type": "websocket.send", "text": "a text", **EXTRA})
    await app.send({"type": "websocket.send", "bytes": b"bytes", **EXTRA})
    expect(await client.message(), "the first message that the client got").equals("a text")
    expect(await client.message(), "the second message that the client got").equals(b"bytes")


@case("websocket.accept.extra-keys", "close", circumstances=EVERY_WEBSOCKET)
async def unknown_keys_of_close_change_nothing(exchange: Exchange) -> None:
    """websocket.close with keys that nobody knows is what it is without them."""
    client, app = await exchange.open_websocket()
    sending = app.begin_send({**CLOSE, "code": 3001, **EXTRA})
    closed = await client.close_frame()
    expect(closed.code, "the code of the close frame").equals(3001)
    await client.drop()
    await sending.result()


@case("websocket.accept.extra-keys", "close-before-accept", circumstances=EVERY_WEBSOCKET)
async def unknown_keys_of_a_refusal_change_nothing(exchange: Exchange) -> None:
    """websocket.close before the acceptance, with keys that nobody knows, refuses the handshake all the same."""
    client, app = await exchange.knock()
    await connected(app)
    await app.send({**CLOSE, **EXTRA})
    app.end_by_return()
    response = await client.handshake_response()
    expect(response.status, "the status of the answer to the handshake").equals(403)
