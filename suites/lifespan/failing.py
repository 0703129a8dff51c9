"""Applications whose startup fails, and that say so."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.clients.waiting import Bell
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.life import Life, Record
from asgi_conformance.step import Raised
from asgi_conformance.verdict import Broken, Level

MESSAGE = "no-database-7f3a"
WORKERS = 2


class Failed(Record):
    """What a life shows in which the startup fails.

    ``raised`` is what ``send()`` of startup.failed raised, or None; ``status`` the exit status. ``served`` is whether
    any request reached the application, ``output`` all that the server printed.
    """

    raised: Raised | None
    served: bool
    status: int
    output: str


async def fail(exchange: Exchange, seen: Failed, message: str | None, then: str) -> None:
    """Send startup.failed, with a message or without, and then return, raise, or wait for what comes.

    An application that waits is one that catches what ``send()`` may raise; the others do not.
    """
    app = await exchange.lifecycle.lifespan()
    await app.receive()
    event = {"type": "lifespan.startup.failed"} | ({} if message is None else {"message": message})
    seen.raised = await app.begin_send(event, propagate=then != "waits").outcome()
    if seen.raised is None or then == "waits":
        await _end(app, then)
    try:
        status = await exchange.lifecycle.gone()
    finally:
        seen.served = exchange.candidate.first_call_at is not None
    seen.status = status
    seen.output = exchange.lifecycle.output


async def _end(app: Call, then: str) -> None:
    if then == "waits":
        app.begin_receive()
    elif then == "raises":
        await app.fail()
    else:
        app.end_by_return()


RETURNS = Life(fail, Failed, (MESSAGE, "returns"))
RAISES = Life(fail, Failed, (MESSAGE, "raises"))
WAITS = Life(fail, Failed, (MESSAGE, "waits"))
WITHOUT_MESSAGE = Life(fail, Failed, (None, "returns"))
ENDINGS = {"returns": RETURNS, "raises": RAISES, "waits": WAITS, "without-message": WITHOUT_MESSAGE}


async def a_failed_startup_serves_nothing(exchange: Exchange, seen: Failed) -> None:
    """After startup.failed no request reaches the application, though a client tries all the time."""
    expect(not seen.served, "the server").is_true(
        "processes no connection after lifespan.startup.failed", "a request reached the application"
    )


async def a_failed_startup_ends_the_server_however_the_call_ends(exchange: Exchange, seen: Failed) -> None:
    """After startup.failed the server ends, whether the application then returns, raises, or waits for what comes."""
    exchange.remark(f"It ended with status {seen.status}.")


for _name, _life in ENDINGS.items():
    case("lifespan.startup.failed.serves-nothing", _name, life=_life, since="2.0")(a_failed_startup_serves_nothing)
for _name, _life in (("returns", RETURNS), ("raises", RAISES), ("waits", WAITS)):
    case("lifespan.startup.failed.then-raises", _name, life=_life, since="2.0")(
        a_failed_startup_ends_the_server_however_the_call_ends
    )


@case("lifespan.startup.failed.exits", life=RETURNS, since="2.0")
async def a_failed_startup_ends_the_server(exchange: Exchange, seen: Failed) -> None:
    """After lifespan.startup.failed the server process ends."""
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.startup.failed.exit-status", life=RETURNS, since="2.0")
async def the_exit_status_after_a_failed_startup(exchange: Exchange, seen: Failed) -> None:
    """With which exit status the server process ends after lifespan.startup.failed."""
    what = "success" if seen.status == 0 else "failure"
    raise exchange.observed(f"it ends with status {seen.status}, as after a {what}")


@case("lifespan.startup.failed.message-logged", life=RETURNS, since="2.0")
async def the_message_of_a_failed_startup_is_printed(exchange: Exchange, seen: Failed) -> None:
    """The message of lifespan.startup.failed is in the output of the server."""
    expect(seen.output, "the output of the server").contains(MESSAGE)


@case("lifespan.startup.failed.message-optional", life=WITHOUT_MESSAGE, since="2.0")
async def the_message_of_a_failed_startup_may_be_missing(exchange: Exchange, seen: Failed) -> None:
    """A lifespan.startup.failed without a message ends the server as one with a message does."""
    if seen.raised is not None:
        expect(seen.raised.text, "the text of what send() raised").lacks("message")
    exchange.remark(f"It ended with status {seen.status}.")


@case("lifespan.scope.asgi.spec-version.claim-2-0", "startup-failed", life=RETURNS, since="2.0")
async def sending_startup_failed_raises_nothing(exchange: Exchange, seen: Failed) -> None:
    """send() of lifespan.startup.failed returns.

    A server that ends as it is told, and hands its own end to the application as an exception, has understood the
    event: its breach is only that a valid event makes send() raise.
    """
    if seen.raised is not None:
        understood = not seen.served and not exchange.candidate.alive and MESSAGE in seen.output
        raise Broken(
            "send() of lifespan.startup.failed returns",
            f"it raised {seen.raised}",
            level=Level.SHOULD if understood else None,
        )


class Workers(Record):
    """What a life shows in which the startup fails in each of several workers.

    ``calls`` is the number of lifespan calls, ``served`` whether a request reached the application, ``status`` the exit
    status, or None where the server had not ended in time.
    """

    calls: int
    served: bool
    status: int | None


async def fail_everywhere(exchange: Exchange, seen: Workers) -> None:
    """Send startup.failed in every worker, also in those that are started anew."""
    lifecycle = exchange.lifecycle
    failed = Bell()
    calls: list[Call] = []

    async def follow(call: Call) -> None:
        calls.append(call)
        await call.receive()
        await call.begin_send({"type": "lifespan.startup.failed", "message": MESSAGE}, propagate=True).outcome()
        call.end_by_return()
        failed.ring()

    lifecycle.needs_lifespan()
    lifecycle.take_lifespans(follow)
    await lifecycle.spawn()
    exited = lifecycle.process.exited
    exited.add_done_callback(lambda _: failed.ring())
    await failed.until(lambda: bool(calls), 4 * exchange.patience.deadline)
    await failed.until(lambda: exited.done() or len(calls) > WORKERS, 2 * exchange.patience.deadline)
    seen.calls, seen.served = len(calls), exchange.candidate.first_call_at is not None
    seen.status = await lifecycle.gone() if lifecycle.process.exited.done() else None


@case(
    "lifespan.startup.failed.exits",
    "workers",
    life=Life(fail_everywhere, Workers, launch=Launch(own=True, workers=WORKERS)),
    since="2.0",
)
async def a_startup_that_fails_in_every_worker_ends_the_server(exchange: Exchange, seen: Workers) -> None:
    """When the startup fails in each of two workers, the server ends or serves nothing, and begins no worker anew."""
    if seen.served and not seen.calls:
        raise exchange.unsupported("the candidate serves requests and has made no lifespan call")
    expect(not seen.served, "the server").is_true(
        "processes no connection after lifespan.startup.failed", "a request reached the application"
    )
    expect(seen.calls, "the number of startups").satisfies(
        "is at least one, and none is begun anew", lambda calls: 1 <= calls <= WORKERS
    )
    ended = "it had not ended" if seen.status is None else f"it had ended with status {seen.status}"
    exchange.remark(f"When {seen.calls} startups had failed {ended}, within {2 * exchange.patience.deadline:g} s.")


class Wrong(Record):
    """What a life shows in which startup.failed has messages that are no str.

    ``raised`` tells for each what its ``send()`` raised, as far as the server went on; ``ended`` is the exit status, or
    None where the server serves.
    """

    raised: dict[str, Raised | None]
    ended: int | None


#: What is no message, by the name of its type.
WRONG_MESSAGES = {"bytes": b"no-database", "int": 5}


async def send_wrong_messages(exchange: Exchange, seen: Wrong) -> None:
    """Send startup.failed with messages that are no str, until one is taken; complete the startup if none is."""
    app = await exchange.lifecycle.lifespan()
    await app.receive()
    raised: dict[str, Raised | None] = {}
    for name, message in WRONG_MESSAGES.items():
        raised[name] = await app.try_send({"type": "lifespan.startup.failed", "message": message})
        if raised[name] is None:
            break
    seen.raised = raised
    if None in raised.values():
        app.end_by_return()
    else:
        await app.try_send({"type": "lifespan.startup.complete"})
    seen.ended = await exchange.lifecycle.serving_or_gone()


@case("lifespan.startup.failed.message.wrong-type", life=Life(send_wrong_messages, Wrong), since="2.0")
async def a_message_of_a_wrong_type_is_refused(exchange: Exchange, seen: Wrong) -> None:
    """A message of lifespan.startup.failed that is no str makes send() raise, and the server serves or ends then."""
    after = "serves" if seen.ended is None else f"ends with status {seen.ended}"
    for name, raised in seen.raised.items():
        sent = f"what send() of a message of type {name} raised"
        expect(raised, sent).is_true("is an exception", f"send() returned, and the server {after}")
