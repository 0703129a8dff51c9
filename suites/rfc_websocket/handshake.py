"""The answer to a handshake that is accepted (RFC 6455 § 4.2.2)."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP2
from asgi_conformance.clients.handshake import GUID
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..websocket.conversation import text
from ..websocket.handshakes import ACCEPT
from ..websocket.sending import comes

EXTENSIONS = b"Sec-WebSocket-Extensions"
KEYS = {"example": b"dGhlIHNhbXBsZSBub25jZQ==", "zeros": base64.b64encode(bytes(16)), "random": b""}
HANDSHAKES: dict[str, list[tuple[bytes, bytes]]] = {
    "last-in-list": [(b"Connection", b"keep-alive, Upgrade")],
    "first-in-list": [(b"Connection", b"Upgrade, keep-alive")],
    "without-space": [(b"Connection", b"keep-alive,Upgrade")],
    "two-lines": [(b"Connection", b"keep-alive"), (b"Connection", b"Upgrade")],
    "first-of-two-lines": [(b"Connection", b"Upgrade"), (b"Connection", b"keep-alive")],
    "upper-case": [(b"Connection", b"UPGRADE"), (b"Upgrade", b"WEBSOCKET")],
    "mixed-case": [(b"Connection", b"uPgRaDe"), (b"Upgrade", b"WebSocket")],
}
#: What a client may offer that no server knows.
UNKNOWN: dict[str, list[tuple[bytes, bytes]]] = {
    "none-offered": [],
    "unknown": [(EXTENSIONS, b"x-foo")],
    "unknown-with-parameters": [(EXTENSIONS, b'x-foo; bar=1; baz="b"')],
    "several-unknown": [(EXTENSIONS, b"x-foo"), (EXTENSIONS, b"x-bar, x-baz")],
}


@case("rfc.websocket.handshake.accept-key", each=KEYS)
async def the_answer_fits_the_key(exchange: Exchange, key: bytes) -> None:
    """Sec-WebSocket-Accept is the digest of the client's key and the GUID of RFC 6455, once."""
    key = key or base64.b64encode(os.urandom(16))
    client, app = await exchange.knock(headers=[(b"Sec-WebSocket-Key", key)])
    await app.receive()
    await app.send(ACCEPT)
    answer = await client.handshake_response(strict=False)
    digest = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    expect(answer.response.values(b"sec-websocket-accept"), "Sec-WebSocket-Accept").equals([digest])


@case("rfc.websocket.handshake.101-fields")
async def the_answer_switches_protocols(exchange: Exchange) -> None:
    """The 101 has Upgrade: websocket and Connection: Upgrade and no framing of a body: a frame comes next."""
    client, app = await exchange.knock()
    await app.receive()
    await app.send(ACCEPT, text("first"))
    answer = await client.handshake_response(strict=False)
    response = answer.response
    expect(response.status, "the status").equals(101)
    expect(response.tokens(b"upgrade"), "Upgrade").equals([b"websocket"])
    expect(response.tokens(b"connection"), "Connection").contains(b"upgrade")
    framing = response.values(b"content-length") + response.values(b"transfer-encoding")
    expect(framing, "Content-Length and Transfer-Encoding").equals([])
    await comes(client, "first")


@case("rfc.websocket.handshake.connection-list", each=HANDSHAKES)
async def the_handshake_is_read_as_a_list(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """A handshake is one wherever "Upgrade" stands in Connection, and in whatever case it and "websocket" are."""
    client, app = await exchange.open_websocket(headers=headers)
    await app.send(text("hello"))
    await comes(client, "hello")


@case("rfc.websocket.handshake.no-unoffered-subprotocol", each={"none-offered": (), "offered": ("one", "two")})
async def the_server_chooses_no_subprotocol_of_its_own(exchange: Exchange, offered: Sequence[str]) -> None:
    """When the application chooses no subprotocol the answer names none that was not offered, and at most one."""
    client, app = await exchange.knock(subprotocols=offered)
    await app.receive()
    await app.send(ACCEPT)
    answer = await client.handshake_response(strict=False)
    expect(answer.accepted, "the handshake").is_true("is accepted", f"the answer to it is {answer.status}")
    chosen = answer.response.values(b"sec-websocket-protocol")
    expect(chosen, "the subprotocols in the answer").satisfies(
        "is at most one that was offered", lambda names: not names or names in [[one.encode()] for one in offered]
    )


@case("rfc.websocket.handshake.no-unoffered-subprotocol", "chosen")
async def the_subprotocol_is_named_once(exchange: Exchange) -> None:
    """When the application chooses one of the offered subprotocols the answer names that one, once."""
    client, app = await exchange.knock(subprotocols=("one", "two"))
    await app.receive()
    await app.send({**ACCEPT, "subprotocol": "two"})
    answer = await client.handshake_response(strict=False)
    expect(answer.response.values(b"sec-websocket-protocol"), "the subprotocols in the answer").equals([b"two"])


@case("rfc.websocket.handshake.no-unoffered-extension", each=UNKNOWN, circumstances=(DEFAULT, HTTP2))
async def the_server_agrees_to_no_extension_of_its_own(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """The answer names no extension when none, or none that a server knows, was offered."""
    client, app = await exchange.knock(headers=headers)
    await app.receive()
    await app.send(ACCEPT)
    answer = await client.handshake_response(strict=False)
    expect(answer.accepted, "the handshake").is_true("is accepted", f"the answer to it is {answer.status}")
    expect(answer.extensions, "the extensions in the answer").equals("")
    await app.send(text("hello"))
    await comes(client, "hello")
