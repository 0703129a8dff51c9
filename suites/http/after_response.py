"""What ``receive()`` gives once the response is complete: ``http.disconnect``, at the latest when the client leaves."""

from __future__ import annotations

import tempfile

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10
from asgi_conformance.clients.http import HttpClient
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..leaving import disconnect, left_midway

#: Much of a body, and less than the window that HTTP/2 gives before anything is read.
UNREAD = b"u" * 60_000
#: How many quiet periods a receive() may wait for what could come at once.
AT_ONCE = 4

#: The statuses, methods and messages of responses that are complete in different ways.
RESPONSES: dict[str, tuple[str, int, tuple[tuple[bytes, bool], ...]]] = {
    "in-one-message": ("GET", 200, ((b"whole", False),)),
    "in-several-messages": ("GET", 200, ((b"one, ", True), (b"two", False))),
    "ended-by-an-empty-message": ("GET", 200, ((b"whole", True), (b"", False))),
    "to-head": ("HEAD", 200, ((b"", False),)),
    "without-content": ("GET", 204, ((b"", False),)),
}


@case("http.disconnect.after-response", each=RESPONSES, circumstances=EVERY_HTTP)
async def nothing_but_the_disconnect_follows_a_response(
    exchange: Exchange, response: tuple[str, int, tuple[tuple[bytes, bool], ...]]
) -> None:
    """A receive() after the response is complete gives http.disconnect.

    It may come at once or when the client leaves; a longer wait on an idle connection is the weaker breach.
    """
    method, status, messages = response
    client, app = await exchange.dialogue(method)
    await app.receive_body()
    length = sum(len(body) for body, _ in messages)
    await app.start(status, [(b"content-length", b"%d" % length)] if length else [])
    for body, more in messages:
        await app.body(body, more=more)
    answer = await client.response()
    expect(answer.status, "the status").equals(status)
    expect(answer.complete, "the response").is_true("is complete")
    await disconnect_follows(exchange, client, app)


@case("http.disconnect.after-response", "path-send", extension="http.response.pathsend", circumstances=EVERY_HTTP)
async def the_disconnect_follows_a_file(exchange: Exchange) -> None:
    """A receive() after a response that http.response.pathsend completed gives http.disconnect."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"from a file")
        file.flush()
        await app.start(200, [(b"content-length", b"11")])
        await app.send({"type": "http.response.pathsend", "path": file.name})
        answer = await client.response()
    expect(answer.body, "the response's body").equals(b"from a file")
    await disconnect_follows(exchange, client, app)


@case("http.disconnect.after-response-unread-body", circumstances=EVERY_HTTP)
async def the_disconnect_follows_an_unread_body(exchange: Exchange) -> None:
    """A receive() after the response to a request whose body was not read comes to http.disconnect.

    What had arrived of the body may be given before it.
    """
    client, app = await exchange.dialogue("POST", body=UNREAD)
    await app.respond(200, body=b"not read")
    answer = await client.response()
    expect(answer.status, "the status").equals(200)
    await disconnect_follows(exchange, client, app, skip_body=True)


@case("http.disconnect.pending-receive-at-completion", circumstances=EVERY_HTTP_AND_10)
async def a_waiting_receive_ends_with_the_response(exchange: Exchange) -> None:
    """A receive() that waits in one task while another one completes the response ends with http.disconnect."""
    client, app = await exchange.dialogue()
    await app.receive_body()
    waiting = app.begin_receive(beside=True)
    await app.ask("loop-works")
    await exchange.answered(client, app)
    if await waiting.pending_after(AT_ONCE * exchange.patience.quiet):
        exchange.remark("http.disconnect comes only when the client closes the connection")
        await client.close()
    await disconnect(app, waiting)


@case("http.disconnect.repeatable", "after-response", circumstances=EVERY_HTTP)
async def the_disconnect_after_a_response_comes_again(exchange: Exchange) -> None:
    """After a complete response each further receive() gives http.disconnect again.

    For a server that claims less than version 2.3 a receive() that waits instead is the weaker breach.
    """
    client, app = await exchange.dialogue()
    await app.receive_body()
    await exchange.answered(client, app)
    first = app.begin_receive(beside=True)
    if await first.pending_after(AT_ONCE * exchange.patience.quiet):
        await client.close()
    await disconnect(app, first)
    await disconnect_again(exchange, app)


@case("http.disconnect.repeatable", "after-client-close", circumstances=EVERY_HTTP)
async def the_disconnect_of_a_client_comes_again(exchange: Exchange) -> None:
    """After the client has left each further receive() gives http.disconnect again.

    For a server that claims less than version 2.3 a receive() that waits instead is the weaker breach.
    """
    app = await left_midway(exchange)
    await disconnect_again(exchange, app)


async def disconnect_follows(exchange: Exchange, client: HttpClient, app: Call, *, skip_body: bool = False) -> None:
    """Expect http.disconnect of a receive() after the response, at once or when the client leaves."""
    waiting = app.begin_receive(beside=True)
    late = False
    while True:
        if not late and await waiting.pending_after(AT_ONCE * exchange.patience.quiet):
            late = True
            await client.close()
        if not skip_body or await waiting.outcome() is not None:
            break
        if (await app.event_of(waiting)).get("type") != "http.request":
            break
        waiting = app.begin_receive(beside=True)
    await disconnect(app, waiting)
    if late:
        seconds = AT_ONCE * exchange.patience.quiet
        raise Broken(
            "receive() after the response gives http.disconnect at once, or as soon as nothing else can come",
            f"it gave nothing for {seconds:.1f} s on an idle connection, and http.disconnect when the client closed it",
            level=Level.SHOULD,
        )


async def disconnect_again(exchange: Exchange, app: Call) -> None:
    """Expect http.disconnect twice more, soon."""
    lenient = tuple(map(int, app.spec_version.split("."))) < (2, 3)
    for _ in range(2):
        waiting = app.begin_receive(beside=True)
        try:
            await disconnect(app, waiting, AT_ONCE * exchange.patience.quiet)
        except TimedOut as late:
            raise Broken(
                "each receive() after http.disconnect gives http.disconnect again",
                f"{late.observed}; the server claims version {app.spec_version}",
                level=Level.SHOULD if lenient else None,
            ) from None
