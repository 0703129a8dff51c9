"""What the server makes of an application that fails after another call had to be cancelled."""

from __future__ import annotations

import contextlib

from asgi_conformance.cases import case
from asgi_conformance.exchange import Exchange
from asgi_conformance.life import Life, Record
from asgi_conformance.verdict import Broken, TimedOut

from ..leaving import ending


class Cancelled(Record):
    """What a life shows in which a client leaves a call that goes on, and another application fails then.

    ``how`` is how the first call ended in the time that it got, or None; ``status`` the status with which the second
    request was answered, or None where its connection ended instead.
    """

    how: str | None
    status: int | None


async def leave_and_fail(exchange: Exchange, seen: Cancelled) -> None:
    """Leave a call that works on and does not look for a disconnect; then have the application of another one fail."""
    await exchange.lifecycle.listening()
    client, app = await exchange.dialogue("GET", "/long-work")
    app.tell("sleep", what="the application's work", seconds=4 * exchange.patience.deadline)
    await client.close()
    with contextlib.suppress(TimedOut):
        await app.over(exchange.patience.prompt)
    seen.how = app.ended.how if app.ended else None
    client, failing = await exchange.dialogue("GET", "/fails")
    await failing.fail()
    answer = await ending(exchange, client)
    seen.status = answer.status if answer else None
    await exchange.still_serves()


@case("core.error.app-exception.server-survives", "after-a-cancelled-call", life=Life(leave_and_fail, Cancelled))
async def a_cancelled_call_harms_no_later_error(exchange: Exchange, seen: Cancelled) -> None:
    """When a call whose client had left was ended by the server, or not, a later call that fails is ended as ever.

    The call works on for a while without looking for the disconnect; a server may cancel it, and need not.
    """
    if seen.status is not None and seen.status < 400:
        raise Broken("a request whose application fails gets an error, or its end", f"it got the status {seen.status}")
    exchange.remark("The call whose client had left " + (f"{seen.how}." if seen.how else "went on."))
