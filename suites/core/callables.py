"""The kinds of callables that can be mounted: single ones of all common kinds, and those of ASGI 2.

Each kind needs a start of the server, in which all that is asked of it is done.
"""

from __future__ import annotations

from asgi_conformance.candidate.launch import AppKind, Interface, Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.errors import CandidateError
from asgi_conformance.exchange import Exchange, Refusal
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.verdict import Broken, CandidateDied, Unsupported

#: How many requests are made after the first.
MORE = 3


class Mounted(Record):
    """What a server does with an application of some kind, in the order of time.

    ``has_switch`` is whether the server has an option for single callables, ``has_legacy`` one for legacy ones.
    ``refusal`` is what it did instead of calling the application, or None. Then: ``style`` is that of the call,
    ``scope`` its scope, ``body`` what receive() gave, ``calls`` how many calls all requests caused, ``echoed`` what
    came back over a WebSocket (None: the server takes none).
    """

    has_switch: bool
    has_legacy: bool
    refusal: str | None
    style: str
    scope: dict[str, object]
    body: object
    calls: int
    echoed: str | bytes | None


async def mount(exchange: Exchange, seen: Mounted) -> None:
    """Start the server, make some requests and a WebSocket."""
    seen.has_switch = exchange.lifecycle.has_option("single")
    seen.has_legacy = exchange.lifecycle.has_option("legacy")
    try:
        await exchange.lifecycle.listening()
        client = await exchange.http1()
        await client.request("POST", "/mounted?x=1", [(b"X-A", b"1")], b"content")
        app = await exchange.call_or_refusal(client)
    except (CandidateError, CandidateDied) as error:
        app = Refusal(None, error.what if isinstance(error, CandidateDied) else error.message)
    seen.refusal = app.what if isinstance(app, Refusal) else None
    if isinstance(app, Refusal):
        return
    seen.style = app.style
    seen.scope = app.scope
    seen.body = (await app.receive_body()).content
    await exchange.answered(client, app, body=b"mounted")
    for _ in range(MORE):
        await exchange.still_serves()
    seen.calls = len(exchange.calls)
    try:
        socket, other = await exchange.open_websocket()
    except Unsupported:
        seen.echoed = None
        return
    await socket.send_text("echo")
    event = await other.receive()
    await other.send({"type": "websocket.send", "text": event.get("text")})
    seen.echoed = await socket.message()


def mounted(kind: AppKind, interface: Interface) -> Life[Mounted]:
    """The life of a server in which an application of this kind is mounted."""
    return Life(mount, Mounted, launch=Launch(app=kind, interface=interface, own=True))


def works(seen: Mounted, what: str, style: str = "single") -> None:
    """See that the application was called in its style and answered. Raises Broken when not."""
    expect(seen.refusal is None, "the server").is_true(f"calls {what} as what it is", f"it did not: {seen.refusal}")
    expect(seen.style, f"the style in which {what} is called").equals(style)
    expect(seen.body, "the request's body").equals(b"content")
    expect(seen.calls, "the number of calls").equals(1 + MORE)


@case("core.app.single-callable", circumstances=EVERY_HTTP)
async def a_coroutine_function_is_called(exchange: Exchange) -> None:
    """A coroutine function is called with scope, receive and send, and its answer reaches the client."""
    client, app = await exchange.dialogue("POST", body=b"content")
    expect(app.style, "the style in which the application is called").equals("single")
    expect((await app.receive_body()).content, "the request's body").equals(b"content")
    await exchange.answered(client, app, body=b"single")


@case("core.app.callable-kinds", "instance", life=mounted("instance", "single"))
async def an_instance_is_called(exchange: Exchange, seen: Mounted) -> None:
    """An instance with an async __call__ is called; the switch for single callables is set where there is one."""
    works(seen, "an instance with an async __call__")


@case("core.app.callable-kinds", "bound-method", life=mounted("bound", "single"))
async def a_bound_method_is_called(exchange: Exchange, seen: Mounted) -> None:
    """A bound async method is called; the switch for single callables is set where there is one."""
    works(seen, "a bound async method")


@case("core.legacy.not-misdetected", "instance", life=mounted("instance", "auto"))
async def an_instance_is_told_from_a_legacy_application(exchange: Exchange, seen: Mounted) -> None:
    """An instance with an async __call__ is not taken for a legacy application."""
    works(seen, "an instance with an async __call__")


@case("core.legacy.not-misdetected", "bound-method", life=mounted("bound", "auto"))
async def a_bound_method_is_told_from_a_legacy_application(exchange: Exchange, seen: Mounted) -> None:
    """A bound async method is not taken for a legacy application."""
    works(seen, "a bound async method")


@case("core.legacy.not-misdetected", "partial", life=mounted("partial", "auto"))
async def a_partial_is_told_from_a_legacy_application(exchange: Exchange, seen: Mounted) -> None:
    """A functools.partial of a coroutine function is not taken for a legacy application."""
    works_or_has_no_switch(exchange, seen, "a functools.partial of a coroutine function")


@case("core.legacy.not-misdetected", "plain-function", life=mounted("plain", "auto"))
async def a_plain_function_is_told_from_a_legacy_application(exchange: Exchange, seen: Mounted) -> None:
    """A plain function that returns a coroutine is not taken for a legacy application."""
    works_or_has_no_switch(exchange, seen, "a plain function that returns a coroutine")


def works_or_has_no_switch(exchange: Exchange, seen: Mounted, what: str) -> None:
    """See that an application of a kind that is hard to tell works; where there is no switch, what happens is told."""
    try:
        works(seen, what)
    except Broken as broken:
        if seen.has_switch:
            raise
        raise exchange.observed(f"{broken.observed}; there is no switch for the style of applications") from None


LEGACY: dict[str, Life[Mounted]] = {"function": mounted("legacy", "legacy"), "class": mounted("legacy_class", "legacy")}


def needs_legacy(exchange: Exchange, seen: Mounted) -> None:
    """Raise Unsupported where the server does not take a legacy application.

    Raises:
        Broken: it does not, though it has an option for them.
    """
    if seen.refusal is not None and seen.has_legacy:
        raise Broken("the server calls an application of ASGI 2, for which it has an option", seen.refusal)
    if seen.refusal is not None:
        raise exchange.unsupported(f"the server takes no application of ASGI 2: {seen.refusal}")


@case("core.legacy.supported", "function", life=LEGACY["function"])
@case("core.legacy.supported", "class", life=LEGACY["class"])
async def a_legacy_application_is_served(exchange: Exchange, seen: Mounted) -> None:
    """An application of ASGI 2 is served; the switch for it is set where there is one."""
    needs_legacy(exchange, seen)
    works(seen, "an application of ASGI 2", "legacy")


@case("core.legacy.first-call-scope-only", "function", life=LEGACY["function"])
@case("core.legacy.first-call-scope-only", "class", life=LEGACY["class"])
async def the_first_callable_gets_the_scope_alone(exchange: Exchange, seen: Mounted) -> None:
    """The first callable of a legacy application is called with the scope and nothing else, once for each request.

    It takes one argument; a call with another number of them raises in it, and does not become a call of the probe.
    """
    needs_legacy(exchange, seen)
    expect(seen.style, "the style of the call").equals("legacy")
    expect(seen.scope.get("path"), "scope['path']").equals("/mounted")
    expect(seen.calls, "the number of calls").equals(1 + MORE)


@case("core.legacy.second-call-awaited", "function", life=LEGACY["function"])
@case("core.legacy.second-call-awaited", "class", life=LEGACY["class"])
async def the_second_callable_is_awaited(exchange: Exchange, seen: Mounted) -> None:
    """What the first callable of a legacy application returned is called with receive and send, and awaited."""
    needs_legacy(exchange, seen)
    expect(seen.style, "the style of the call").equals("legacy")
    expect(seen.body, "what receive() gave to the second callable").equals(b"content")
    expect(seen.calls, "the number of second calls for as many first ones").equals(1 + MORE)


@case("core.legacy.same-semantics", "http", life=LEGACY["function"])
async def a_legacy_application_gets_the_same_request(exchange: Exchange, seen: Mounted) -> None:
    """The scope, the events and the response of a request are for a legacy application what they are for others."""
    needs_legacy(exchange, seen)
    wanted = {"type": "http", "method": "POST", "path": "/mounted", "query_string": b"x=1", "http_version": "1.1"}
    expect({key: seen.scope.get(key) for key in wanted}, "what the scope says of the request").equals(wanted)
    expect(seen.body, "the request's body").equals(b"content")


@case("core.legacy.same-semantics", "websocket", life=LEGACY["function"])
async def a_legacy_application_serves_a_websocket(exchange: Exchange, seen: Mounted) -> None:
    """A WebSocket is for a legacy application what it is for others."""
    needs_legacy(exchange, seen)
    if seen.echoed is None:
        raise exchange.unsupported("the candidate takes no WebSocket")
    expect(seen.echoed, "what came back over the WebSocket").equals("echo")


@case("core.legacy.dropped-by-default", life=mounted("legacy", "auto"))
async def whether_legacy_applications_are_served_by_default(exchange: Exchange, seen: Mounted) -> None:
    """Whether an application of ASGI 2 is served without a switch; where not, it is refused cleanly."""
    if seen.refusal is not None:
        raise exchange.observed(f"without a switch, an application of ASGI 2 is refused: {seen.refusal}")
    expect(seen.style, "the style of the call").equals("legacy")
    raise exchange.observed("an application of ASGI 2 is served without a switch")
