"""How responses over HTTP/2 end: with END_STREAM when they are complete, and otherwise not (RFC 9113 § 8.1)."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.clients.http2 import ErrorCode
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken, Level, TimedOut

from ..http.messages import body, start
from ..leaving import ending
from .asking import BOTH, opened, serves

CONTENTS = {"content": b"fine", "empty": b""}
BODYLESS = {"head": ("HEAD", 200), "204": ("GET", 204), "304": ("GET", 304), "head-404": ("HEAD", 404)}
LENGTHS = {
    "too-short": [b"hello"],
    "too-long": [b"hello, hello, hello"],
    "too-long-in-parts": [b"hello", b", hello, hello"],
}
WAYS = {"returns": Call.finish, "raises": Call.fail}


@case("rfc.http2.response.end-stream", each=CONTENTS, circumstances=BOTH)
async def the_final_message_ends_the_stream(exchange: Exchange, content: bytes) -> None:
    """The final body message ends the stream with END_STREAM, after content and without any."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(content)
    app.end_by_return()
    response = await client.response()
    expect(response.body, "the response's body").equals(content)
    expect(response.complete, "the response").is_true("ends with END_STREAM", "it ended without")


@case("rfc.http2.response.end-stream", "while-running", circumstances=BOTH)
async def the_end_does_not_wait_for_the_call(exchange: Exchange) -> None:
    """The stream ends with the final message though the call goes on; that it waits is a warning."""
    client, app = await exchange.dialogue()
    await app.respond(200, body=b"fine")
    try:
        response = await client.response()
    except TimedOut as late:
        await app.finish()
        await client.response()
        raise Broken("the stream ends with the final message", late.observed, level=Level.SHOULD) from None
    expect(response.complete, "the response").is_true("ends with END_STREAM", "it ended without")


@case("rfc.http2.response.bodyless", each=BODYLESS, circumstances=BOTH)
async def what_has_no_content_gets_none(exchange: Exchange, one: tuple[str, int]) -> None:
    """A response to HEAD, with 204 or with 304 has no content although the application sends some."""
    method, status = one
    client = await opened(exchange)
    await client.request(method, "/bodyless")
    app = await exchange.call(client)
    raised = await app.try_send(start(status=status, headers=[(b"content-length", b"4")]), body(b"fine"))
    await app.finish()
    response = await ending(exchange, client)
    if response is not None:
        expect(response.body, f"the content of the {status} response to {method}").equals(b"")
        if response.status == 204:
            expect(response.values(b"content-length"), "the content-length of the 204 response").equals([])
    if raised is None:
        complete = response is not None and (response.status, response.complete) == (status, True)
        expect(complete, f"the {status} response to {method}").is_true("is complete", "it was cut or missing")
    await serves(exchange, client.connection)


@case("rfc.http2.response.content-length", each=LENGTHS, circumstances=BOTH, exclusive=True)
async def content_of_another_length_is_not_complete(exchange: Exchange, parts: list[bytes]) -> None:
    """A response with more or less content than its content-length says is not presented as complete."""
    client, app = await exchange.dialogue()
    events = [body(part, more=part is not parts[-1]) for part in parts]
    await app.try_send(start(headers=[(b"content-length", b"10")]), *events)
    await app.finish()
    response = await ending(exchange, client)
    if response is not None and response.complete:
        for length in response.values(b"content-length"):
            expect(b"%d" % len(response.body), "the size of the complete response").equals(length)
    await exchange.still_serves()


@case("rfc.http2.response.incomplete", each=WAYS, circumstances=BOTH, exclusive=True)
async def a_broken_off_response_is_reset(exchange: Exchange, way: object) -> None:
    """A response that its application broke off does not end with END_STREAM, and its reset names an error."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await app.body(b"begun", more=True)
    await client.body_until(5)
    await (app.fail() if way is Call.fail else app.finish())
    response = await ending(exchange, client)
    await exchange.still_serves()
    if response is None:
        return
    expect(response.complete, "the response").equals(False)
    expect(response.reset_code, "the code of RST_STREAM").differs(ErrorCode.NO_ERROR)


@case("rfc.http2.response.error-isolated", circumstances=BOTH, exclusive=True)
async def a_failing_call_ends_its_stream_alone(exchange: Exchange) -> None:
    """A call that raises ends its own stream; the response beside it completes, and the next request is served."""
    first = await opened(exchange)
    await first.request("GET", "/first")
    running = await exchange.call(first)
    await running.start(200)
    await running.body(b"begun", more=True)
    await first.body_until(5)
    failing = first.connection.open_stream()
    await failing.request("GET", "/failing")
    await (await exchange.call(failing)).fail()
    failed = await ending(exchange, failing)
    if failed is not None:
        expect(failed.status, "the status of the response whose call failed").equals(500)
    await running.body(b" and ended")
    running.end_by_return()
    response = await first.response()
    expect(response.body, "the body of the response beside it").equals(b"begun and ended")
    await serves(exchange, first.connection)
