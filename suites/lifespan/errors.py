"""Lifespan events that an application must not send, or sends at a wrong time, and what becomes of the server."""

from __future__ import annotations

from typing import Any

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Raised
from asgi_conformance.verdict import Broken, Level

from .exceptions import serves_or_ends
from .ordinary import shutdown_event

#: Events that are none of the lifespan protocol, by requirement and variation.
INVALID: dict[tuple[str, str], dict[str, Any]] = {
    ("unknown-type", "unknown"): {"type": "lifespan.x-unknown"},
    ("unknown-type", "http"): {"type": "http.response.start", "status": 200, "headers": []},
    ("missing-type", "empty"): {},
    ("missing-type", "message"): {"message": "x"},
}


class Invalid(Record):
    """What a life shows in which invalid events are sent before startup is complete.

    ``raised`` is what ``send()`` of each raised, as far as they could be sent. ``complete`` is what ``send()`` of
    startup.complete with an unknown key raised then, ``ended`` the exit status where the server ended, or None where it
    serves. ``shutdown`` is what ``send()`` of shutdown.complete with an unknown key raised, ``status`` the exit status.
    """

    raised: dict[tuple[str, str], Raised | None]
    complete: Raised | None
    ended: int | None
    shutdown: Raised | None
    status: int


async def send_invalid(exchange: Exchange, seen: Invalid) -> None:
    """Send all invalid events, and then valid ones with an unknown key."""
    app = await exchange.lifecycle.lifespan()
    await app.receive()
    raised = {}
    for name, event in INVALID.items():
        if app.ended is None:
            raised[name] = await app.try_send(event)
    seen.raised = raised
    seen.complete = await app.try_send({"type": "lifespan.startup.complete", "x-extra": 1})
    if seen.complete is not None:
        await app.try_send({"type": "lifespan.startup.complete"})
    seen.ended = await exchange.lifecycle.serving_or_gone()
    if seen.ended is not None:
        raise Broken("the server serves when startup is complete", f"it ended with status {seen.ended}")
    exchange.lifecycle.ask_to_stop()
    await shutdown_event(app)
    seen.shutdown = await app.try_send({"type": "lifespan.shutdown.complete", "x-extra": 1})
    await app.finish()
    seen.status = await exchange.lifecycle.gone()


SENDS_INVALID = Life(send_invalid, Invalid)


async def an_invalid_lifespan_event_is_refused(exchange: Exchange, seen: Invalid, name: tuple[str, str]) -> None:
    """An invalid event in a lifespan call makes send() raise, and the server serves or ends after it."""
    if name not in seen.raised:
        raise exchange.inconclusive("the server had ended the lifespan call at an earlier invalid event")
    after = "serves" if seen.ended is None else f"ends with status {seen.ended}"
    expect(seen.raised[name], f"what send() of {INVALID[name]} raised").is_true(
        "is an exception", f"send() returned; the server {after} after all of them and startup.complete"
    )
    if seen.ended is not None:
        raise exchange.observed(f"send() raises, and the server {after} though startup is complete then")


for _topic in ("unknown-type", "missing-type"):
    case(
        f"lifespan.error.{_topic}",
        each={variation: (topic, variation) for topic, variation in INVALID if topic == _topic},
        life=SENDS_INVALID,
    )(an_invalid_lifespan_event_is_refused)


@case("lifespan.error.extra-keys", "startup-complete", life=SENDS_INVALID)
async def startup_complete_may_have_further_keys(exchange: Exchange, seen: Invalid) -> None:
    """An unknown key in lifespan.startup.complete does not make send() raise."""
    expect(seen.complete, "what send() of startup.complete with the key x-extra raised").is_none()
    expect(seen.ended, "the exit status of the server at its start").is_none()


@case("lifespan.error.extra-keys", "shutdown-complete", life=SENDS_INVALID)
async def shutdown_complete_may_have_further_keys(exchange: Exchange, seen: Invalid) -> None:
    """An unknown key in lifespan.shutdown.complete does not make send() raise."""
    expect(seen.shutdown, "what send() of shutdown.complete with the key x-extra raised").is_none()
    exchange.remark(f"It ended with status {seen.status}.")


class Misplaced(Record):
    """What a life shows in which events are sent when startup has been complete.

    ``sent`` tells for each of them what its ``send()`` raised, or None, and with which status the server ended, or None
    where it served on; ``status`` is the exit status in the end.
    """

    sent: dict[str, tuple[Raised | None, int | None]]
    status: int


MISPLACED = {
    "complete-twice": ("startup.complete", "startup.failed"),
    "shutdown-message-early": ("shutdown.complete",),
}


async def send_misplaced(exchange: Exchange, seen: Misplaced) -> None:
    """Send events that have had their time, or have it later, while the server serves."""
    app = await exchange.lifecycle.started()
    sent: dict[str, tuple[Raised | None, int | None]] = {}
    for event in (event for events in MISPLACED.values() for event in events):
        if app.ended is None:
            sent[event] = (await app.try_send({"type": f"lifespan.{event}"}), await serves_or_ends(exchange))
    seen.sent = sent
    if exchange.candidate.alive:
        exchange.lifecycle.ask_to_stop()
        app.end_by_return()
    seen.status = await exchange.lifecycle.gone()


async def a_misplaced_event_hangs_nothing(exchange: Exchange, seen: Misplaced, event: str) -> None:
    """What the server does when the application sends this event while it serves."""
    try:
        sent, status = seen.sent, seen.status
    except Broken as hung:
        raise Broken(hung.expected, hung.observed, level=Level.SHOULD) from hung
    if event not in sent:
        raise exchange.inconclusive("the server had ended the lifespan call at an earlier event")
    raised, ended = sent[event]
    came = "send() returns" if raised is None else f"send() raises {raised.type_name}"
    raise exchange.observed(
        f"{came}, and the server " + ("serves on" if ended is None else f"ends with status {status}")
    )


SENDS_MISPLACED = Life(send_misplaced, Misplaced)

for _topic, _events in MISPLACED.items():
    case(
        f"lifespan.error.{_topic}",
        each={event.replace(".", "-"): event for event in _events},
        life=SENDS_MISPLACED,
    )(a_misplaced_event_hangs_nothing)
