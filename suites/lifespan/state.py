"""The state that a lifespan hands to requests; on shared candidates the lifespan has put a text and a list into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.lifespan import DELETED, LIST, ORIGINAL, REPLACED, TOKEN, OrdinaryLifespan
from asgi_conformance.candidate.running import TAG
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.suites.stops import open_websocket

from .ordinary import ORDINARY, Ordinary
from .shared import lifespan_of

FILLED = {TOKEN, LIST, REPLACED, DELETED}

Another = Callable[[], Awaitable[tuple[HttpClient, Call]]]


async def _with_state(exchange: Exchange, call: Call) -> OrdinaryLifespan:
    """The lifespan of a call's loop, which has a state. Raises Unsupported when the server offers none."""
    lifespan = await lifespan_of(exchange, call)
    if not lifespan.has_state:
        raise exchange.unsupported("the lifespan scope has no state")
    return lifespan


def _expect_state(call: Call, lifespan: OrdinaryLifespan) -> dict[str, Any]:
    """The state of a call, with the text that its lifespan had put in."""
    state = call.scope.get("state")
    expect(state, f"the state of the {call.scope.get('type')} scope").is_a(dict)
    assert isinstance(state, dict)
    expect(state.get(TOKEN), f"{TOKEN!r} in the state").equals(lifespan.token)
    return state


@case("lifespan.state.in-http", circumstances=EVERY_HTTP[:2])
async def requests_see_what_the_lifespan_has_put_in(exchange: Exchange) -> None:
    """What the application put into the state at startup is in the state of a request."""
    client, app = await exchange.dialogue()
    _expect_state(app, await _with_state(exchange, app))
    await exchange.answered(client, app)


@case("lifespan.state.in-http2", launch=Launch(http2=True))
async def http2_streams_see_what_the_lifespan_has_put_in(exchange: Exchange) -> None:
    """What the application put into the state at startup is in the state of two streams of an HTTP/2 connection."""
    connection = await exchange.http2()
    for _ in range(2):
        client = connection.open_stream()
        await client.request()
        app = await exchange.call(client)
        _expect_state(app, await _with_state(exchange, app))
        await exchange.answered(client, app)


@case("lifespan.state.in-websocket")
async def websockets_see_what_the_lifespan_has_put_in(exchange: Exchange) -> None:
    """What the application put into the state at startup is in the state of a WebSocket."""
    app = await open_websocket(exchange, await exchange.websocket())
    _expect_state(app, await _with_state(exchange, app))


@case("lifespan.state.provided-everywhere", life=ORDINARY)
async def an_empty_state_is_handed_over_too(exchange: Exchange, seen: Ordinary) -> None:
    """When the application has put nothing into the state, a request has a state that is empty."""
    if seen.state is None:
        raise exchange.unsupported("the lifespan scope has no state")
    if "state" not in seen.http:
        raise expect(seen.http, "the scope of a request").weakly().fails("has the key 'state'")
    expect(seen.http["state"], "the state of a request").equals({})


@case("lifespan.state.provided-everywhere", "filled", circumstances=EVERY_HTTP)
async def every_request_has_a_state(exchange: Exchange) -> None:
    """When the lifespan scope has a state, the scope of a request has one."""
    client, app = await exchange.dialogue()
    await _with_state(exchange, app)
    expect("state" in app.scope, "the scope of a request").is_true("has the key 'state'", f"it has {list(app.scope)}")
    await exchange.answered(client, app)


@case("lifespan.state.copy-not-same-object", circumstances=EVERY_HTTP)
async def a_request_has_a_dict_of_its_own(exchange: Exchange) -> None:
    """The state of a request is another dict than that of the lifespan."""
    client, app = await exchange.dialogue()
    lifespan = await _with_state(exchange, app)
    _expect_state(app, lifespan)
    same = await app.ask("identity", path=["state"]) == await lifespan.identity("state")
    expect(same, "whether the request's state is the lifespan's own dict").equals(False)
    await exchange.answered(client, app)


def _mark(exchange: Exchange) -> str:
    """What nobody else writes; no tag, as the state is in every scope, where tags tell whose request it is."""
    return exchange.new_tag().replace("xc-", "mark-")


@case("lifespan.state.shallow", circumstances=EVERY_HTTP)
async def the_values_are_the_same_objects(exchange: Exchange) -> None:
    """A list in the state is one object: what a request appends is seen by the next one and by the lifespan."""
    client, app = await exchange.dialogue()
    lifespan = await _with_state(exchange, app)
    _expect_state(app, lifespan)
    mark = _mark(exchange)
    await app.change(["state", LIST], "append", value=mark)
    same = await app.ask("identity", path=["state", LIST]) == await lifespan.identity("state", LIST)
    expect(same, "whether the list in the request's state is the lifespan's own").equals(True)
    await exchange.answered(client, app)
    expect((await lifespan.state_now()).get(LIST, []), "the list in the lifespan's state").contains(mark)
    _, later = await exchange.dialogue("GET", "/later")
    if lifespan.belongs_to(later):
        found = _expect_state(later, lifespan).get(LIST, [])
        expect(found, "the list in the state of a later request").contains(mark)


@case("lifespan.state.isolated-between-requests", circumstances=EVERY_HTTP)
async def a_request_changes_only_its_own_state(exchange: Exchange) -> None:
    """Keys that a request adds, replaces and deletes in its state are untouched for a request on a new connection."""

    client, app = await exchange.dialogue()
    await _changes_stay(exchange, client, app, lambda: exchange.dialogue("GET", "/later"))


@case("lifespan.state.isolated-on-keep-alive", "http-1.1")
async def a_request_changes_no_state_on_its_connection(exchange: Exchange) -> None:
    """Keys that a request adds and replaces in its state are untouched for the next request on the same connection."""
    client = await exchange.http1()

    async def another() -> tuple[HttpClient, Call]:
        await client.request("GET", "/later")
        return client, await exchange.call(client)

    await client.request()
    await _changes_stay(exchange, client, await exchange.call(client), another)


@case("lifespan.state.isolated-on-keep-alive", "http-2", launch=Launch(http2=True))
async def a_stream_changes_no_state_on_its_connection(exchange: Exchange) -> None:
    """Keys that a request adds and replaces in its state are untouched for the next stream of the same connection."""
    connection = await exchange.http2()

    async def another() -> tuple[HttpClient, Call]:
        client = connection.open_stream()
        await client.request("GET", "/later")
        return client, await exchange.call(client)

    client, app = await another()
    await _changes_stay(exchange, client, app, another)


async def _changes_stay(exchange: Exchange, client: HttpClient, app: Call, another: Another) -> None:
    """Change the state of a call, answer it, and hold the state of another request against that of the lifespan."""
    lifespan = await _with_state(exchange, app)
    _expect_state(app, lifespan)
    mark = _mark(exchange)
    await app.change(["state"], "set", mark, "added")
    await app.change(["state"], "set", REPLACED, "replaced")
    await app.change(["state"], "delete", DELETED)
    await exchange.answered(client, app)
    await app.finish()
    client, later = await another()
    if not lifespan.belongs_to(later):
        raise exchange.inconclusive("the second request was served by another process")
    state = _expect_state(later, lifespan)
    expect(state, "the state of the second request").lacks(mark)
    expect(state.get(REPLACED), f"{REPLACED!r} in the state of the second request").equals(ORIGINAL)
    expect(state, "the state of the second request").contains(DELETED)
    await exchange.answered(client, later)


@case("lifespan.state.isolated-concurrent", circumstances=EVERY_HTTP)
async def requests_at_the_same_time_have_different_copies(exchange: Exchange) -> None:
    """Two requests that overlap each put another value under one key of their state, and read back their own."""
    dialogues = [await exchange.dialogue(), await exchange.dialogue()]
    key = _mark(exchange)
    for number, (_, app) in enumerate(dialogues):
        _expect_state(app, await _with_state(exchange, app))
        await app.change(["state"], "set", key, number)
    for number, (client, app) in enumerate(dialogues):
        now = await app.scope_now()
        state = now.get("state", {}) if isinstance(now, dict) else {}
        expect(state.get(key), f"what request {number + 1} finds in its state").equals(number)
        await exchange.answered(client, app)


@case("lifespan.state.not-written-back", circumstances=EVERY_HTTP)
async def a_request_does_not_change_the_state_of_the_lifespan(exchange: Exchange) -> None:
    """Keys that a request adds and replaces in its state do not reach the state of the lifespan."""
    client, app = await exchange.dialogue()
    lifespan = await _with_state(exchange, app)
    _expect_state(app, lifespan)
    mark = _mark(exchange)
    await app.change(["state"], "set", mark, "added")
    await app.change(["state"], "set", REPLACED, "replaced")
    await exchange.answered(client, app)
    await app.finish()
    state = await lifespan.state_now()
    expect(state, "the state of the lifespan").lacks(mark)
    expect(state.get(REPLACED), f"{REPLACED!r} in the state of the lifespan").equals(ORIGINAL)


@case("lifespan.state.untouched-by-server", circumstances=EVERY_HTTP)
async def the_server_puts_nothing_into_the_state(exchange: Exchange) -> None:
    """The state of a request, and that of the lifespan, have just the keys that the application has put in."""
    client, app = await exchange.dialogue()
    lifespan = await _with_state(exchange, app)
    for whose, state in (("a request", _expect_state(app, lifespan)), ("the lifespan", await lifespan.state_now())):
        # What another case has put in or deleted there is no doing of the server's.
        strange = {key for key in state if key not in FILLED and not TAG.fullmatch(str(key).encode())}
        expect(strange, f"the keys in the state of {whose} that are not the application's").equals(set())
        expect({TOKEN, LIST} - set(state), f"the keys of the application that are not in the state of {whose}").equals(
            set()
        )
    await exchange.answered(client, app)


@case("lifespan.state.untouched-by-server", "at-shutdown", life=ORDINARY)
async def the_server_leaves_the_state_alone_until_the_end(exchange: Exchange, seen: Ordinary) -> None:
    """When the lifespan receives shutdown, its state has the keys that the application has put in, and no others."""
    if seen.state is None:
        raise exchange.unsupported("the lifespan scope has no state")
    expect(seen.state, "the state of the lifespan at shutdown").equals({"asgi-conformance.late": "late"})


@case("lifespan.state.later-additions", life=ORDINARY)
async def what_is_added_after_startup(exchange: Exchange, seen: Ordinary) -> None:
    """Whether a request sees a key that the lifespan has put into the state after startup was complete."""
    if seen.state is None:
        raise exchange.unsupported("the lifespan scope has no state")
    has = "asgi-conformance.late" in (seen.added.get("state") or {})
    seen_or_not = "seen" if has else "not seen"
    raise exchange.observed(f"a key that the lifespan adds while the server serves is {seen_or_not} by requests")
