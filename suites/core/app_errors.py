"""What the server makes of an application that fails, and of messages to a connection that has been closed."""

from __future__ import annotations

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, EVERY_HTTP, HTTP2
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import payload_there
from asgi_conformance.verdict import Broken, CandidateDied

from ..http.messages import body, early_call, start
from ..leaving import BEGUN, HANG, WAYS, disconnect, ending, leave, left_midway, raised_by, send_to_nobody, streaming
from ..server_log import listening

WHOLE = (start(headers=[(b"content-length", b"5")]), body(b"whole"))
PIECE = body(payload_there("after the end", 65536), more=True)


@case("core.error.app-exception.terminates-connection", "after-start", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def failing_after_the_start_ends_the_request(exchange: Exchange) -> None:
    """When the application raises after the response start, the client gets an error or the end, and does not hang.

    Alone, like every case in which an application fails within its response: one is known whose care for failed
    applications ends with the first of these.
    """
    client, app = await exchange.dialogue()
    await app.start(200, [(b"content-length", b"5")])
    await app.fail()
    await ending(exchange, client)
    await exchange.still_serves()


@case("core.error.app-exception.terminates-connection", "request-under-way", circumstances=EVERY_HTTP)
async def failing_within_the_request_ends_it(exchange: Exchange) -> None:
    """When the application raises while the request's body is still coming, the client is not left waiting."""
    client = await exchange.connect()
    await client.start_request("POST", length=100)
    await client.send_body(b"half")
    app = await early_call(exchange, client)
    if app is None:
        raise exchange.not_applicable("the application is called only when the whole request has arrived")
    await app.fail()
    await ending(exchange, client)
    await exchange.still_serves()


@case("core.error.app-exception.terminates-connection", "with-children", circumstances=EVERY_HTTP)
async def failing_with_a_task_in_receive_ends_the_request(exchange: Exchange) -> None:
    """When the application raises while a task of its own awaits receive(), the client is not left waiting."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    app.begin_receive(beside=True)
    await app.fail()
    await ending(exchange, client)
    await exchange.still_serves()


@case("core.error.app-exception.terminates-connection", "websocket")
async def failing_ends_the_websocket(exchange: Exchange) -> None:
    """When the application of an accepted WebSocket raises, the WebSocket is closed or its connection ended."""
    client, app = await exchange.open_websocket()
    await client.send_text("content")
    await app.receive()
    await app.fail()
    await client.closed()
    await exchange.still_serves()


@case("core.error.app-exception.server-survives", circumstances=EVERY_HTTP)
async def a_failure_does_not_harm_the_neighbours(exchange: Exchange) -> None:
    """While a response streams, another application raises: it completes, and new requests are served."""
    client, streamer = await streaming(exchange)
    _, other = await exchange.dialogue()
    await other.fail()
    await streamer.body(b" and ended")
    response = await client.response()
    expect(response.body, "the body of the other response").equals(BEGUN + b" and ended")
    await exchange.still_serves()


@case("core.error.app-exception.server-survives", "failing-again", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def a_failure_does_not_harm_the_care_for_the_next(exchange: Exchange) -> None:
    """After an application raised within its response, the server still ends the requests of others that raise."""
    _, first = await streaming(exchange)
    await first.fail()
    client, second = await exchange.dialogue()
    await second.fail()
    await ending(exchange, client)
    await exchange.still_serves()


@case("core.error.app-exception.server-survives", "streams-of-a-connection", launch=Launch(http2=True), exclusive=True)
async def a_failing_stream_does_not_harm_its_neighbours(exchange: Exchange) -> None:
    """While a response streams, applications of other streams of its HTTP/2 connection raise: it completes."""
    connection = await exchange.http2()
    clients = [connection.open_stream() for _ in range(3)]
    calls = []
    for client in clients:
        await client.request()
        calls.append(await exchange.call(client))
    streamer, early, late = calls
    await streamer.send(start(headers=[]), body(BEGUN, more=True))
    await early.fail()
    await late.send(start(headers=[]), body(BEGUN, more=True))
    await late.fail()
    await streamer.body(b" and ended")
    response = await clients[0].response()
    expect(response.body, "the body of the other response").equals(BEGUN + b" and ended")
    following = connection.open_stream()
    await following.request()
    await exchange.answered(following, await exchange.call(following))


@case(
    "core.error.app-exception.base-exceptions",
    each={"cancelled-error": "cancelled", "base-exception": "base"},
    circumstances=(DEFAULT, HTTP2),
    exclusive=True,
    revision=2,
)
async def other_errors_end_the_request_too(exchange: Exchange, error: str) -> None:
    """When what the application raises is no subclass of Exception, the client is not left waiting either.

    An orderly stop of the whole server on such an error is fair, and takes its time.
    """
    client, app = await exchange.dialogue()
    await app.fail(error=error)
    answer = await ending(exchange, client, exchange.patience.deadline)
    if answer is not None and answer.status < 400:
        raise Broken("the request is ended, by an error or by closing", f"the server answered {answer.status}")
    try:
        await exchange.still_serves()
    except (CandidateDied, Broken):
        await exchange.within(
            exchange.candidate.exited(),
            exchange.patience.deadline,
            "the server goes on serving after such an error, or stops in order",
            "it serves no request any more, and its process did not end",
        )
        raise exchange.observed(f"the server stops when the application raises its {error} error") from None


@case("core.error.send-after-close.no-op", each=WAYS, circumstances=EVERY_HTTP)
async def a_response_to_nobody_is_no_error(exchange: Exchange, way: str) -> None:
    """A whole response, sent when the client had left before its start, raises nothing, or an OSError."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    await leave(client, way)
    await disconnect(app, waiting)
    for event in WHOLE:
        await send_to_nobody(exchange, app, event)
    ended = await app.finish()
    expect(ended.how, "the way in which the call ended").equals("returned")


@case("core.error.send-after-close.does-not-hang", each=WAYS, circumstances=EVERY_HTTP)
async def sends_to_nobody_end(exchange: Exchange, way: str) -> None:
    """After http.disconnect in the midst of a response, further sends, large ones too, end promptly."""
    app = await left_midway(exchange, way)
    for event in (*[PIECE] * 8, body(b"last")):
        sending = app.begin_send(event, beside=True)
        await sending.outcome(exchange.patience.prompt)


@case("core.error.send-after-close.not-logged", circumstances=(DEFAULT, HTTP2), exclusive=True)
async def sends_to_nobody_are_not_logged(exchange: Exchange) -> None:
    """Sends to clients that have left in the midst of a response are not logged as errors."""
    async with listening(exchange) as log:
        for way in WAYS:
            app = await left_midway(exchange, way)
            for event in (PIECE, body(b"last")):
                await send_to_nobody(exchange, app, event)
            await app.finish()
        await log.expect_no_error("sends to clients that have left")


@case("core.error.send-error.ignored-when-reraised", each=WAYS, circumstances=(DEFAULT, HTTP2), exclusive=True)
async def what_send_raised_is_ignored(exchange: Exchange, way: str) -> None:
    """An error that send() raised for a closed connection is ignored when it comes out of the application."""
    async with listening(exchange) as log:
        client, app = await exchange.dialogue()
        await app.receive_body()
        waiting = app.begin_receive(beside=True)
        await leave(client, way)
        await disconnect(app, waiting)
        await log.forget()
        sending = app.begin_send(*WHOLE, propagate=True)
        if await sending.pending_after(exchange.patience.prompt):
            raise exchange.inconclusive(f"the send() did not end: {HANG}")
        raised = raised_by(exchange, await sending.outcome())
        await app.over()
        await log.expect_no_error(f"the {raised.type_name} that its send() raised")
