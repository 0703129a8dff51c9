"""Applications whose lifespan call ends early: by an exception, or without a word."""

from __future__ import annotations

from typing import Any

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.verdict import Broken, CandidateDied

from .ordinary import answered_scope

#: The key that the application puts into the state before it fails.
KEY = "asgi-conformance.before"


class Unsupported(Record):
    """What a life shows in which the application does not support the lifespan protocol.

    ``scope`` is that of a request that was served nevertheless, ``further`` how many other lifespan calls came, and
    ``status`` the exit status after the server was asked to stop.
    """

    scope: dict[str, Any]
    further: int
    status: int


async def raise_at_once(exchange: Exchange, seen: Unsupported) -> None:
    """Raise for the lifespan scope before anything is awaited, and go on to serve."""
    app = await exchange.lifecycle.lifespan()
    await app.over()
    await _serve(exchange, seen)


async def fail(exchange: Exchange, seen: Unsupported, event: bool, error: str) -> None:
    """Raise for the lifespan scope, or for its first ``event``, and go on to serve."""
    app = await exchange.lifecycle.lifespan()
    if event:
        await app.receive()
        if "state" in app.scope:
            await app.change(["state"], "set", KEY, "before")
    await app.fail(error=error)
    await _serve(exchange, seen)


async def _serve(exchange: Exchange, seen: Unsupported) -> None:
    await exchange.lifecycle.serving()
    seen.scope = await answered_scope(exchange)
    seen.further = exchange.lifecycle.lifespan_calls
    exchange.lifecycle.ask_to_stop()
    seen.status = await exchange.lifecycle.gone()


AT_CALL = Life(raise_at_once, Unsupported, launch=Launch(own=True, app="raises_for_lifespan"))
AT_EVENT = Life(fail, Unsupported, (True, "RuntimeError"))

#: Lives by the kind of the exception; that of the call itself is an AssertionError.
KINDS = {
    "assertion-error": AT_CALL,
    "runtime-error": AT_EVENT,
    "key-error": Life(fail, Unsupported, (False, "KeyError")),
}


def _is_served(seen: Unsupported) -> None:
    expect(seen.scope.get("type"), "the type of the scope of a request after the exception").equals("http")


@case("lifespan.exception.at-call", life=AT_CALL)
async def raising_for_the_scope_does_not_stop_the_server(exchange: Exchange, seen: Unsupported) -> None:
    """An application that raises for the lifespan scope is served all the same."""
    _is_served(seen)


@case("lifespan.exception.at-startup-event", life=AT_EVENT)
async def raising_for_startup_does_not_stop_the_server(exchange: Exchange, seen: Unsupported) -> None:
    """An application that raises when it gets lifespan.startup is served all the same."""
    _is_served(seen)


async def any_exception_counts(exchange: Exchange, seen: Unsupported) -> None:
    """An application that raises this kind of exception in its lifespan is served all the same."""
    _is_served(seen)


for _name, _life in KINDS.items():
    case("lifespan.exception.kinds", _name, life=_life)(any_exception_counts)


@case("lifespan.exception.no-more-events", life=AT_CALL)
@case("lifespan.exception.no-more-events", "at-startup-event", life=AT_EVENT)
async def nothing_of_lifespan_comes_after_the_exception(exchange: Exchange, seen: Unsupported) -> None:
    """After the exception no second lifespan call comes, and the server stops without waiting for one to answer."""
    _is_served(seen)
    expect(seen.further, "the number of further lifespan calls").equals(0)
    exchange.remark(f"Asked to stop, it ended with status {seen.status}.")


@case("lifespan.exception.state-afterwards", life=AT_EVENT)
async def state_after_an_exception(exchange: Exchange, seen: Unsupported) -> None:
    """What requests see as state when the lifespan has ended with an exception."""
    if "state" not in seen.scope:
        raise exchange.observed("requests have no state after an exception at startup")
    expect(seen.scope["state"], "the state of a request").satisfies(
        "is empty or what the application had put in", lambda state: state in ({}, {KEY: "before"})
    )
    kept = "what the application had put in before it raised" if seen.scope["state"] else "an empty state"
    raise exchange.observed(f"requests have {kept} after an exception at startup")


class Early(Record):
    """What a life shows in which the lifespan call ends early.

    ``ended`` is the exit status where the server ended by itself, or None where it served. ``status`` is the exit
    status in the end.
    """

    ended: int | None
    status: int


async def end_early(exchange: Exchange, seen: Early, error: bool) -> None:
    """Return, or raise (``error``), when startup is complete."""
    app = await exchange.lifecycle.started()
    await (app.fail() if error else app.finish())
    seen.ended = await serves_or_ends(exchange)
    await _stop(exchange, seen)


async def return_at_once(exchange: Exchange, seen: Early) -> None:
    """Return for the lifespan scope before anything is awaited."""
    app = await exchange.lifecycle.lifespan()
    await app.over()
    seen.ended = await exchange.lifecycle.serving_or_gone()
    await _stop(exchange, seen)


async def _stop(exchange: Exchange, seen: Early) -> None:
    if seen.ended is None:
        exchange.lifecycle.ask_to_stop()
    seen.status = await exchange.lifecycle.gone()


async def serves_or_ends(exchange: Exchange) -> int | None:
    """None where the candidate, which has served, serves; the exit status where it ends.

    Raises:
        Broken: it does neither.
    """
    try:
        await answered_scope(exchange)
    except (Broken, CandidateDied) as failed:
        try:
            return await exchange.lifecycle.gone()
        except Broken as lives:
            raise Broken("the server serves requests, or ends", f"{failed}, and {lives.observed}") from failed
    return None


@case("lifespan.exception.after-complete", life=Life(end_early, Early, (True,)))
async def raising_after_startup_leaves_no_limbo(exchange: Exchange, seen: Early) -> None:
    """When the lifespan call raises after startup.complete, the server goes on serving and can be stopped, or ends."""
    how = "goes on serving" if seen.ended is None else f"ends with status {seen.ended}"
    exchange.remark(f"It {how}; in the end its status was {seen.status}.")


@case("lifespan.return.after-complete", life=Life(end_early, Early, (False,)))
async def returning_after_startup_changes_nothing(exchange: Exchange, seen: Early) -> None:
    """When the lifespan call returns after startup.complete, the server goes on serving and ends when it is told."""
    expect(seen.ended, "the exit status without having been asked to stop").is_none()
    exchange.remark(f"Asked to stop, it ended with status {seen.status}.")


RETURNS = Life(return_at_once, Early, launch=Launch(own=True, app="returns_for_lifespan"))


@case("lifespan.return.without-events", life=RETURNS)
async def returning_at_once_does_not_hang_the_server(exchange: Exchange, seen: Early) -> None:
    """When the lifespan call returns without a word, the server serves requests.

    A server that ends with an error instead has not understood it as most do, but does not hang either.
    """
    if seen.ended is not None:
        raise exchange.observed(f"it ends with status {seen.ended} when the lifespan call returns without a word")
    exchange.remark(f"Asked to stop, it ended with status {seen.status}.")
