"""How the application is called: how often, where it runs, and how long it lives."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from ..leaving import disconnect, left_midway

#: How many requests are counted.
MANY = 5


@case("core.app.called-once-per-connection", "new-connections")
async def each_request_is_one_call(exchange: Exchange) -> None:
    """The application is called exactly once for each request on a connection of its own."""
    for number in range(MANY):
        client = await exchange.http1()
        await client.request("GET", f"/{number}")
        await exchange.answered(client, await exchange.call(client))
    expect_calls(exchange, MANY)


@case("core.app.called-once-per-connection", "requests-of-a-connection", circumstances=EVERY_HTTP)
async def each_request_of_a_connection_is_one_call(exchange: Exchange) -> None:
    """The application is called exactly once for each of the requests on one connection."""
    client = await exchange.connect()
    before = len(exchange.calls)
    for number in range(MANY):
        await client.request("POST", f"/{number}", body=b"content")
        app = await exchange.call(client)
        await app.receive_body()
        await exchange.answered(client, app)
    expect_calls(exchange, before + MANY)


@case("core.app.called-once-per-connection", "websocket")
async def each_websocket_is_one_call(exchange: Exchange) -> None:
    """The application is called exactly once for a WebSocket, however many messages come over it."""
    client, app = await exchange.open_websocket()
    for number in range(MANY):
        await client.send_text(f"message {number}")
        event = await app.receive()
        expect(event.get("text"), "the text of the message").equals(f"message {number}")
    expect_calls(exchange, 1)


@case("core.app.awaited-in-event-loop", circumstances=EVERY_HTTP)
async def the_loop_of_the_application_runs(exchange: Exchange) -> None:
    """The application runs in a running event loop, whose events, wake-ups and sleeps work."""
    client, app = await exchange.dialogue()
    found = await app.ask("loop-works")
    expect(found, "the kind of event loop that runs").is_one_of(["asyncio", "trio"])
    await exchange.answered(client, app)


@case("core.app.main-thread")
async def the_application_runs_on_the_main_thread(exchange: Exchange) -> None:
    """The application runs on the main thread of its process.

    lifespan.rst expects servers with a loop in each of several threads, so that another thread is information only.
    """
    client, app = await exchange.dialogue()
    await app.ask("loop-works")
    await exchange.answered(client, app)
    if not app.main_thread:
        raise exchange.observed("the application runs on another thread than the main one")


@case("core.app.concurrent-connections", circumstances=EVERY_HTTP)
async def a_waiting_call_does_not_stop_others(exchange: Exchange) -> None:
    """While a call awaits something, requests on other connections are served, and it goes on afterwards."""
    client, waiting = await exchange.dialogue()
    for number in range(MANY):
        other = await exchange.http1()
        await other.request("GET", f"/{number}")
        await exchange.answered(other, await exchange.call(other))
    await exchange.answered(client, waiting)


@case("core.app.cleanup-after-completion", circumstances=EVERY_HTTP)
async def a_call_may_go_on_after_its_response(exchange: Exchange) -> None:
    """After the client has its whole response, the call goes on for a little, awaits something, and returns."""
    client, app = await exchange.dialogue()
    await exchange.answered(client, app)
    await clean_up(exchange, app, exchange.patience.quiet)


@case("core.app.cleanup-after-completion", "client-left", circumstances=EVERY_HTTP)
async def a_call_may_go_on_after_its_client_left(exchange: Exchange) -> None:
    """The same holds when the client closes the connection as soon as it has its response."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await exchange.answered(client, app)
    await client.close()
    await disconnect(app, app.begin_receive(beside=True))
    await clean_up(exchange, app, exchange.patience.quiet)


@case("core.app.cleanup-after-disconnect", circumstances=EVERY_HTTP)
async def a_call_may_clean_up_after_the_disconnect(exchange: Exchange) -> None:
    """After http.disconnect in the midst of a response, the call still gets to finish a short clean-up.

    A server may cancel the call, so that its ``finally`` blocks run, instead of waiting for it.
    """
    app = await left_midway(exchange)
    await clean_up(exchange, app, exchange.patience.quiet / 2, may_cancel=True)


async def clean_up(exchange: Exchange, app: Call, seconds: float, *, may_cancel: bool = False) -> None:
    """Have the application await something for so many seconds, then return; expect that it comes so far."""
    step = app.tell("sleep", what="the clean-up of the application", seconds=seconds)
    raised = await step.outcome()
    if raised is not None:
        if not (may_cancel and raised.is_cancellation):
            raise Broken(f"the application gets to clean up for {seconds:.2f} s", f"within that time came {raised}")
        return
    ended = await app.finish()
    expect(ended.how, "the way in which the call ended").equals("returned")
    await exchange.still_serves()


def expect_calls(exchange: Exchange, number: int) -> None:
    """Expect so many calls in all, also ones that the case did not ask for."""
    expect(len(exchange.calls), "the number of calls of the application").equals(number)
