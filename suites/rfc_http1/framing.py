"""The lines and the framing of responses, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import show
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken

from ..http.messages import body, start, whole
from ..leaving import ending
from .in_step import in_step

STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-5][0-9]{2} [\t \x21-\x7e\x80-\xff]*\r\n")
#: Statuses with a registered phrase and without one.
STATUSES = {str(status): status for status in (200, 404, 299, 599)}

#: The sizes of the body messages of responses without a length.
CHUNKED: dict[str, Sequence[int]] = {
    "one-message": (5,),
    "sizes-of-more-digits": (1, 9, 10, 15, 16, 17, 255, 256, 257, 4095, 4096),
    "around-buffers": (65535, 65536, 65537),
    "empty-messages": (0, 3, 0, 0, 4, 0),
    "nothing": (0, 0, 0),
    "one-mebibyte": (1024 * 1024,),
}

#: The headers of responses whose application has its own mind about framing, or none.
FRAMED: dict[str, list[tuple[bytes, bytes]]] = {
    "no-fields": [],
    "length": [(b"content-length", b"10")],
    "length-then-chunked": [(b"content-length", b"10"), (b"transfer-encoding", b"chunked")],
    "chunked-then-length": [(b"transfer-encoding", b"chunked"), (b"content-length", b"10")],
}


@case("rfc.http1.response.status-line", each=STATUSES, circumstances=(DEFAULT, HTTP10, KEPT))
async def the_first_line_is_a_status_line(exchange: Exchange, status: int) -> None:
    """A response starts with version, space, status, space and a phrase that may be empty."""
    client, app = await exchange.dialogue()
    await app.respond(status, body=b"lined")
    _has_status_line(await whole(client, app, status, b"lined"))


@case("rfc.http1.response.status-line", "own-400")
async def the_error_for_a_malformed_request_has_a_status_line(exchange: Exchange) -> None:
    """The server's own response to a malformed request starts with a well-formed status line."""
    _has_status_line(await own_400(exchange))


@case("rfc.http1.response.status-line", "own-500")
async def the_error_for_a_failed_application_has_a_status_line(exchange: Exchange) -> None:
    """The server's own response for an application that failed starts with a well-formed status line."""
    _has_status_line(await own_500(exchange))


def _has_status_line(response: Response) -> None:
    line = response.raw.partition(b"\n")[0] + b"\n"
    if not STATUS_LINE.fullmatch(line):
        raise Broken("the first line is version, space, three digits, space, phrase", f"it is {show(line)}")


@case("rfc.http1.response.never-both", each=FRAMED, circumstances=(DEFAULT, KEPT, HTTP10), exclusive=True)
async def a_response_is_framed_once(exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
    """A response has no Transfer-Encoding beside a Content-Length, whatever the application gave of both."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    raised = await app.try_send(start(headers=headers), body(b"5\r\nhe", more=True), body(b"llo\r\n"))
    if raised is not None:
        await app.fail(error="last")
    response = await client.head_or_end()
    await exchange.still_serves()
    if response is None:
        raise exchange.not_applicable("it closes without a response")
    _has_one_framing(response)


@case("rfc.http1.response.never-both", "own-400")
async def the_error_for_a_malformed_request_is_framed_once(exchange: Exchange) -> None:
    """The server's own response to a malformed request has one framing."""
    _has_one_framing(await own_400(exchange))


@case("rfc.http1.response.never-both", "own-500")
async def the_error_for_a_failed_application_is_framed_once(exchange: Exchange) -> None:
    """The server's own response for an application that failed has one framing."""
    _has_one_framing(await own_500(exchange))


def _has_one_framing(response: Response) -> None:
    fields = {name: response.values(name) for name in (b"content-length", b"transfer-encoding")}
    if all(fields.values()):
        raise Broken("the response has Content-Length or Transfer-Encoding or neither", f"it has {show(fields)}")


@case("rfc.http1.response.chunked-valid", each=CHUNKED, circumstances=(DEFAULT, KEPT))
async def chunks_are_well_formed(exchange: Exchange, sizes: Sequence[int]) -> None:
    """A chunked response has the content in chunks of the right sizes, one last chunk, and nothing behind it."""
    content = [payload(f"chunk-{number}", size) for number, size in enumerate(sizes)]
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    await app.send(start())
    for part in content[:-1]:
        await app.send(body(part, more=True))
    await app.send(body(content[-1]))
    response = await whole(client, app, 200, b"".join(content))
    if response.framing != "chunked":
        await in_step(exchange, client, response)
        raise exchange.not_applicable(f"it frames this response by {response.framing} and not in chunks")
    await in_step(exchange, client, response)


async def own_400(exchange: Exchange) -> Response:
    """The server's own response to a malformed request. Raises NotApplicable when there is none."""
    client = await exchange.http1()
    await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n", method="GET")
    return await _own(exchange, client, "a request is malformed")


async def own_500(exchange: Exchange) -> Response:
    """The server's own response for an application that failed. Raises NotApplicable when there is none."""
    client = await exchange.http1()
    await client.request()
    app = await exchange.call(client)
    await app.fail()
    return await _own(exchange, client, "the application fails")


async def _own(exchange: Exchange, client: HttpClient, when: str) -> Response:
    response = await ending(exchange, client)
    await exchange.still_serves()
    if response is None:
        raise exchange.not_applicable(f"it closes without a response when {when}")
    return response
