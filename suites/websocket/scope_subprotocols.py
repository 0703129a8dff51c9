"""The subprotocols in the scope of a WebSocket: what the client advertised."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_WEBSOCKET, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.kinds import items_of
from asgi_conformance.verdict import Broken, Level

#: Sec-WebSocket-Protocol lines, and the subprotocols in them.
ADVERTISED: dict[str, tuple[list[bytes], list[str]]] = {
    "one": ([b"chat"], ["chat"]),
    "one-line": ([b"chat, superchat"], ["chat", "superchat"]),
    "two-lines": ([b"a", b"b,c"], ["a", "b", "c"]),
    "no-white-space": ([b"z,y,x"], ["z", "y", "x"]),
    "much-white-space": ([b"a  ,\tb ,  c"], ["a", "b", "c"]),
    "letter-case": ([b"Chat, cHAT"], ["Chat", "cHAT"]),
}
#: Every character that a token may have stays as it is; a percent sign is one of them.
TOKENS = {
    "percent": ([b"a%2Cb, c%20d"], ["a%2Cb", "c%20d"]),
    "marks": ([b"v1.json+x!#$&'*^_`|~-, 2"], ["v1.json+x!#$&'*^_`|~-", "2"]),
}


def subprotocols_of(app: Call) -> list[object]:
    """The subprotocols of a scope as a list; empty where there are none.

    Raises:
        Broken: they are nothing that can be iterated.
    """
    found = app.scope.get("subprotocols", [])
    items = None if isinstance(found, (str, bytes)) else items_of(found)
    if items is None:
        raise Broken("scope['subprotocols'] is an iterable of str", f"it is {show(found)}")
    return list(items)


@case("websocket.scope.subprotocols.value", each={**ADVERTISED, **TOKENS}, circumstances=EVERY_WEBSOCKET)
async def the_subprotocols_are_those_of_the_client(exchange: Exchange, given: tuple[list[bytes], list[str]]) -> None:
    """subprotocols lists what the client advertised, each as it was written.

    They are in the client's order; another order is a warning, as only the WebSocket protocol gives it a meaning.
    """
    lines, names = given
    client, app = await exchange.knock(headers=[(b"Sec-WebSocket-Protocol", line) for line in lines])
    found = subprotocols_of(app)
    sent = ", ".join(repr(line) for line in lines)
    expect(sorted(map(str, found)), f"scope['subprotocols'] for {sent}, sorted,").equals(sorted(names))
    expect(found, f"scope['subprotocols'] for {sent}").weakly(Level.SHOULD).equals(names)
    await exchange.accepted(client, app, subprotocol=names[0])


@case("websocket.scope.subprotocols.empty", circumstances=EVERY_WEBSOCKET)
async def without_any_the_list_is_empty(exchange: Exchange) -> None:
    """For a client that advertises none, subprotocols is an empty iterable, or left out."""
    client, app = await exchange.knock()
    expect(subprotocols_of(app), "list(scope['subprotocols'])").equals([])
    await exchange.accepted(client, app)


@case("websocket.scope.subprotocols.empty", "neighbour", circumstances=(DEFAULT, HTTP2))
async def those_of_another_client_are_not_there(exchange: Exchange) -> None:
    """The subprotocols of one client are not in the scope of another that advertises none."""
    await exchange.open_websocket("/with", subprotocols=["chat"])
    client, app = await exchange.knock("/without")
    expect(subprotocols_of(app), "list(scope['subprotocols'])").equals([])
    await exchange.accepted(client, app)
