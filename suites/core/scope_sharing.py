"""Whose a scope is: one call's alone, unchanged as long as the call lasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.control import decode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import Iterable
from asgi_conformance.verdict import Broken, Level

FOREIGN = "x-conformance"
ASGI = ("core.scope.asgi.present", "core.scope.asgi.version.present")

Two = tuple[Call, Call]


async def same_connection(exchange: Exchange, change: Callable[[Call], Awaitable[None]]) -> Two:
    """Two calls for requests of one connection, one after the other; ``change`` is done in the first."""
    client = await exchange.http1()
    await client.request("GET", "/first")
    first = await exchange.call(client)
    await change(first)
    await exchange.answered(client, first)
    await client.request("GET", "/second")
    return first, await exchange.call(client)


async def new_connection(exchange: Exchange, change: Callable[[Call], Awaitable[None]]) -> Two:
    """Two calls for requests of two connections, both open at once; ``change`` is done in the first."""
    clients: list[HttpClient] = [await exchange.http1(), await exchange.http1()]
    return await _both(exchange, clients, change)


async def streams(exchange: Exchange, change: Callable[[Call], Awaitable[None]]) -> Two:
    """Two calls for streams of one HTTP/2 connection, both open at once; ``change`` is done in the first."""
    connection = await exchange.http2()
    return await _both(exchange, [connection.open_stream(), connection.open_stream()], change)


async def _both(exchange: Exchange, clients: list[HttpClient], change: Callable[[Call], Awaitable[None]]) -> Two:
    await clients[0].request("GET", "/first")
    first = await exchange.call(clients[0])
    await change(first)
    await clients[1].request("GET", "/second")
    return first, await exchange.call(clients[1])


Way = Callable[[Exchange, Callable[[Call], Awaitable[None]]], Awaitable[Two]]
WAYS: dict[str, Way] = {"same-connection": same_connection, "new-connection": new_connection}


@case("core.scope.own-dict-per-call", each=WAYS)
@case("core.scope.own-dict-per-call", each={"streams": streams}, launch=Launch(http2=True))
async def changes_of_one_call_are_not_in_the_next(exchange: Exchange, way: Way) -> None:
    """A key that one call adds, changes or deletes in its scope is as it should be in the scope of another call.

    That a required key is wrong then is a failure; that the foreign key is there, a warning.
    """

    async def change(app: Call) -> None:
        await app.change([], "set", FOREIGN, "1")
        await app.change([], "set", "path", "/changed")
        await app.change([], "delete", "asgi")

    _, second = await way(exchange, change)
    exchange.watch.disown(*ASGI)
    expect(second.scope.get("path"), "scope['path'] after another call changed its own").equals("/second")
    asgi = second.scope.get("asgi")
    expect(isinstance(asgi, dict), "scope['asgi']").is_true(
        "is there after another call deleted its own", f"scope['asgi'] is {show(asgi)}"
    )
    if FOREIGN in second.scope:
        raise Broken(
            "a key that one call adds to its scope is in no other scope",
            f"the next scope has it: {show(second.scope)}",
            level=Level.SHOULD,
        )


@case("core.scope.own-dict-per-call", "nested", each=WAYS, exclusive=True)
async def nested_deletions_of_one_call_are_not_in_the_next(exchange: Exchange, way: Way) -> None:
    """What one call deletes from the asgi dict of its scope is there in the scope of another call."""

    async def change(app: Call) -> None:
        await app.change(["asgi"], "delete", "version")

    first, second = await way(exchange, change)
    exchange.watch.disown(*ASGI)
    asgi = second.scope.get("asgi")
    if not isinstance(asgi, dict) or "version" not in asgi:
        # One dict for all calls would stay broken for all cases that come after this one.
        await second.change(["asgi"], "set", "version", first.scope["asgi"]["version"])
        raise Broken("the asgi dict has a version after another call deleted its own", f"it is {show(asgi)}")


@case("core.scope.nested-values-not-shared", each=WAYS, exclusive=True)
async def whether_nested_values_are_shared(exchange: Exchange, way: Way) -> None:
    """Whether what one call adds to the dicts and lists in its scope is in the scope of another call."""
    added: list[str] = []

    async def change(app: Call) -> None:
        for key in ("asgi", "extensions"):
            if isinstance(app.scope.get(key), dict):
                await app.change([key], "set", FOREIGN, {})
                added.append(key)
        if isinstance(app.scope.get("headers"), list):
            await app.change(["headers"], "append", value=(FOREIGN.encode(), b"1"))
            added.append("headers")

    _, second = await way(exchange, change)
    shared = [key for key in added if FOREIGN in names_in(second.scope.get(key))]
    for key in shared:
        if key != "headers":
            await second.change([key], "delete", FOREIGN)
    if shared:
        raise exchange.observed(f"these are shared between calls: {', '.join(shared)}")
    raise exchange.observed(f"these are not shared between calls: {', '.join(added)}")


def names_in(value: object) -> list[object]:
    """The keys of a dict, or the names of headers as text."""
    if isinstance(value, dict):
        return list(value)
    pairs = [pair for pair in value if isinstance(pair, (list, tuple))] if isinstance(value, list) else []
    return [pair[0].decode() for pair in pairs if pair and isinstance(pair[0], bytes)]


@case("core.scope.stable-during-call", circumstances=EVERY_HTTP)
async def a_scope_stays_as_it_was(exchange: Exchange) -> None:
    """The server does not change a scope after it was handed over: not with the body, the response, a next request."""
    client, app = await exchange.dialogue("POST", "/p?x=1", [(b"x-a", b"1")], b"content")
    await app.receive_body()
    await _same(app, "after the body was received")
    await exchange.answered(client, app)
    await _same(app, "after the response")
    await client.request("GET", "/next")
    other = await exchange.call(client)
    await _same(app, "after the next request of the connection")
    await exchange.answered(client, other)


async def _same(app: Call, when: str) -> None:
    """Compare the scope with what was handed over, unless the server has ended the call. Raises Broken."""
    step = app.tell("scope")
    try:
        now = decode(await step.result())
    except Broken:
        if app.ended is None:
            raise
        return
    before = app.scope
    if not isinstance(now, dict):
        raise Broken(f"the scope is a dict {when}", f"it is {show(now)}")
    changed = {
        key: now.get(key)
        for key in before.keys() | now.keys()
        if (key in before) is not (key in now)
        or (before.get(key) != now.get(key) and not isinstance(before.get(key), Iterable))
    }
    if changed:
        old = {key: before[key] for key in changed if key in before}
        raise Broken(f"the scope is {when} what it was", f"{show(old)} has become {show(changed)}")


@case("core.scope.server-survives-scope-mutation", circumstances=EVERY_HTTP_AND_10)
async def whether_a_server_copes_with_an_emptied_scope(exchange: Exchange) -> None:
    """Whether a call that empties its scope is answered, and the next request of the connection served."""
    client, app = await exchange.dialogue("GET", "/emptied")
    await app.change([], "clear")
    await exchange.answered(client, app)
    if client.version != "1.0":
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))
    await exchange.still_serves()
    raise exchange.observed("it copes: the response came, and the next request was served")


@case("core.middleware.server-wrappers-copy-scope")
async def wrappers_hand_over_what_is_the_requests_own(exchange: Exchange) -> None:
    """Where the server takes the client from proxy headers, what one call does to it is not in the next scope."""
    client = await exchange.http1()
    proxied = [(b"X-Forwarded-For", b"192.0.2.7"), (b"X-Forwarded-Proto", b"https")]
    await client.request("GET", "/first", proxied)
    first = await exchange.call(client)
    found = first.scope.get("client")
    if not isinstance(found, (list, tuple)) or found[:1] not in (["192.0.2.7"], ("192.0.2.7",)):
        await exchange.answered(client, first)
        raise exchange.not_applicable(f"no wrapper is on: with X-Forwarded-For, client is {show(found)}")
    await first.change([], "set", "client", ("198.51.100.1", 1))
    await first.change([], "set", "headers", [])
    await exchange.answered(client, first)
    await client.request("GET", "/second", [(b"X-Forwarded-For", b"192.0.2.8")])
    second = await exchange.call(client)
    host = (second.scope.get("client") or [None])[0]
    expect(host, "the host of scope['client'] for the second request").equals("192.0.2.8")
    expect(second.header_values(b"x-forwarded-for"), "the values of b'x-forwarded-for'").equals([b"192.0.2.8"])
    await exchange.answered(client, second)
