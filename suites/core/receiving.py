"""``receive()``: an awaitable that gives the next event when there is one, and waits when there is none."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP
from asgi_conformance.control import decode, encode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show, show_event
from asgi_conformance.step import Step
from asgi_conformance.verdict import Broken

from ..http.messages import early_call
from ..leaving import disconnect

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}


@case("core.receive.awaitable-callable", circumstances=EVERY_HTTP)
async def calling_receive_gives_an_awaitable(exchange: Exchange) -> None:
    """Calling receive() without arguments gives an awaitable, and awaiting that gives one event."""
    client, app = await exchange.dialogue("POST", body=b"content")
    found = await app.ask("awaitables", event=encode(START))
    expect(found["receive"], "what receive() gives").is_true("is an awaitable", "receive() gives no awaitable")
    event = decode(found["event"])
    expect(event, "what awaiting it gives").is_a(dict)
    await app.body()
    response = await client.response()
    expect(response.status, "the status").equals(200)


@case("core.receive.waits-for-event", circumstances=EVERY_HTTP)
async def receive_waits_while_there_is_nothing(exchange: Exchange) -> None:
    """After the whole request, with the client silent and connected, receive() waits until something happens."""
    client, app = await exchange.dialogue("POST", body=b"content")
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    await still_waiting(exchange, app, waiting)
    await client.close()
    await disconnect(app, waiting)


@case("core.receive.waits-for-event", "websocket")
async def receive_waits_for_a_message(exchange: Exchange) -> None:
    """On a silent WebSocket receive() waits, and gives the message when it comes."""
    client, app = await exchange.open_websocket()
    waiting = app.begin_receive(beside=True)
    await still_waiting(exchange, app, waiting)
    await client.send_text("at last")
    event = await app.event_of(waiting)
    expect(event.get("text"), "the text of the message").equals("at last")


@case("core.receive.new-dict-each-time", "requests", circumstances=EVERY_HTTP)
async def an_event_is_not_that_of_an_earlier_request(exchange: Exchange) -> None:
    """What an application does to the event of one request is not seen in the event of the next one."""
    client = await exchange.connect()
    seen = []
    for number in range(2):
        await client.request("GET", f"/{number}")
        app = await exchange.call(client)
        seen.append(await app.receive())
        await spoil_last_event(app)
        await exchange.answered(client, app)
    expect_unspoilt(seen[1])


@case("core.receive.new-dict-each-time", "disconnects", circumstances=EVERY_HTTP)
async def a_disconnect_is_not_the_event_before(exchange: Exchange) -> None:
    """What an application does to an http.disconnect event is not seen in one of a later call."""
    seen = []
    for _ in range(2):
        client, app = await exchange.dialogue()
        await app.receive_body()
        waiting = app.begin_receive(beside=True)
        await client.close()
        seen.append(await app.event_of(waiting))
        await spoil_last_event(app)
    expect_unspoilt(seen[1])


@case("core.receive.cancellation-loses-nothing", "body", circumstances=EVERY_HTTP)
async def a_cancelled_receive_loses_no_content(exchange: Exchange) -> None:
    """After a receive() that the application cancelled, the next one gives the content that comes then, complete."""
    client = await exchange.connect()
    await client.start_request("POST", length=8)
    await client.send_body(b"firs")
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the application is called only when the whole request has arrived")
    first = await app.receive_body(limit=4)
    expect(first.content, "the first part of the body").equals(b"firs")
    await cancelled_receive(app)
    await client.send_body(b"tlas")
    await client.end_body()
    rest = await app.receive_body()
    expect(rest.content, "the rest of the body").equals(b"tlas")


@case("core.receive.cancellation-loses-nothing", "disconnect", circumstances=EVERY_HTTP)
async def a_cancelled_receive_loses_no_disconnect(exchange: Exchange) -> None:
    """After a receive() that the application cancelled, the next one gives http.disconnect when the client leaves."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    await cancelled_receive(app)
    waiting = app.begin_receive(beside=True)
    await client.close()
    await disconnect(app, waiting)


@case("core.receive.cancellation-loses-nothing", "websocket")
async def a_cancelled_receive_loses_no_message(exchange: Exchange) -> None:
    """After a receive() that the application cancelled, the next one gives the message that comes then."""
    client, app = await exchange.open_websocket()
    for text in ("first", "second"):
        await cancelled_receive(app)
        await client.send_text(text)
        event = await app.event_of(app.begin_receive(beside=True))
        expect(event.get("text"), "the text of the message").equals(text)


async def cancelled_receive(app: Call) -> None:
    """Have the application begin a receive() in a child task and cancel it; expect that it ends as cancelled."""
    step = app.begin_receive(beside=True)
    await app.ask("loop-works")
    if step.done:
        raise Broken("receive() waits", f"it gave {show_event(await app.event_of(step))}")
    await step.cancel()
    raised = await step.outcome()
    if raised is None:
        raise Broken("a receive() that is cancelled ends so", f"it gave {show_event(await app.event_of(step))}")
    if not raised.is_cancellation:
        raise Broken("a receive() that is cancelled ends so", f"it raised {raised}")


async def still_waiting(exchange: Exchange, app: Call, waiting: Step) -> None:
    """Expect that a begun receive() gives nothing for a quiet period."""
    if await waiting.pending_after(exchange.patience.quiet):
        return
    expected = "receive() waits as long as there is no event"
    raised = await waiting.outcome()
    if raised is not None:
        raise Broken(expected, f"it raised {raised}")
    raise Broken(expected, f"it gave {show(decode(await waiting.result()))}")


async def spoil_last_event(app: Call) -> None:
    """Have the application add a key to the event that it received last, and change its type."""
    await app.ask("change", event=True, path=[], operation="set", key="x-spoilt", value=encode(True))
    await app.ask("change", event=True, path=[], operation="set", key="type", value=encode("x.spoilt"))


def expect_unspoilt(event: object) -> None:
    """Expect an event without a trace of :func:`spoil_last_event`."""
    told = show_event(event)
    expect(event, "the later event").is_a(dict)
    if isinstance(event, dict) and ("x-spoilt" in event or event.get("type") == "x.spoilt"):
        raise Broken("a change of one event is not seen in a later one", f"the later event is {told}")
