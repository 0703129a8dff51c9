"""Responses that have no content by their nature: to HEAD, and 204, 205 and 304."""

from __future__ import annotations

from typing import cast

from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, HTTP10, KEPT
from asgi_conformance.clients.http import Headers, Response
from asgi_conformance.clients.http1 import Http1Client
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect

from ..http.messages import Message, body, start
from ..leaving import ending
from .in_step import in_step, in_step_or_closed, sent_or_refused

#: What applications answer HEAD with: the messages of a GET response.
AS_FOR_GET: dict[str, list[Message]] = {
    "with-length": [start(headers=[(b"content-length", b"5")]), body(b"hello")],
    "with-length-in-parts": [start(headers=[(b"content-length", b"5")]), body(b"he", more=True), body(b"llo")],
    "without-length": [start(), body(b"hello")],
    "without-length-in-parts": [start(), body(b"hello, ", more=True), body(b"world", more=True), body(b"")],
    "an-error": [start(status=404, headers=[(b"content-length", b"9")]), body(b"not found")],
}

#: What a response says of a representation.
REPRESENTATION: Headers = [(b"content-length", b"5"), (b"content-type", b"text/x-a"), (b"etag", b'"v1"')]
REPRESENTED: dict[str, list[Message]] = {
    "with-content": [start(headers=REPRESENTATION), body(b"hello")],
    "with-content-in-parts": [start(headers=REPRESENTATION), body(b"he", more=True), body(b"llo")],
    "content-left-out": [start(headers=REPRESENTATION), body(b"")],
}

#: What an application gives of framing and content where there is none: the headers and the bodies of its messages.
NO_CONTENT: dict[str, tuple[Headers, list[bytes]]] = {
    "empty": ([], [b""]),
    "empty-messages": ([], [b"", b"", b""]),
    "length-0": ([(b"content-length", b"0")], [b""]),
    "chunked": ([(b"transfer-encoding", b"chunked")], [b""]),
    "content": ([], [b"hello"]),
    "content-in-parts": ([], [b"hello, ", b"world", b""]),
    "length-and-content": ([(b"content-length", b"5")], [b"hello"]),
}


@case("rfc.http1.response.head.no-body", each=AS_FOR_GET, circumstances=(DEFAULT, HTTP10, KEPT))
async def nothing_follows_the_head(exchange: Exchange, messages: list[Message]) -> None:
    """Behind the head of a response to HEAD comes nothing but the answer to the next request."""
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request("HEAD")
    app = await exchange.call(client)
    await app.send(*messages)
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(messages[0]["status"])
    await in_step(exchange, client, response)


@case("rfc.http1.response.head.no-body", each=AS_FOR_GET, variation="pipelined")
async def a_pipelined_request_is_answered_behind_the_head(exchange: Exchange, messages: list[Message]) -> None:
    """The answer to a request that was pipelined behind HEAD follows the head at once, or the connection is closed."""
    client = await exchange.http1()
    await client.send_head("HEAD", "/head")
    first = client.tag
    await client.send_head("GET", "/behind")
    client.tag, second = first, client.tag
    app = await exchange.call(client)
    await app.send(*messages)
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(messages[0]["status"])
    client.tag = second
    await exchange.answered(client, await exchange.call(client))


@case("rfc.http1.response.head.no-body", "own-500")
async def the_error_in_place_of_a_head_has_no_body(exchange: Exchange) -> None:
    """The server's own response to HEAD, for an application that failed, has no body either."""
    client = await exchange.http1()
    await client.request("HEAD")
    app = await exchange.call(client)
    await app.fail()
    await in_step_or_closed(exchange, client, await ending(exchange, client))


@case("rfc.http1.response.head.fields-as-get", each=REPRESENTED, circumstances=(DEFAULT, HTTP10, KEPT))
async def the_fields_for_head_are_those_for_get(exchange: Exchange, messages: list[Message]) -> None:
    """What the application says of the representation, its length included, stands in the response to HEAD."""
    response = await _answer_to_head(exchange, messages)
    for name, value in REPRESENTATION:
        expect(response.values(name), f"the values of {name.decode()}").equals([value])


@case("rfc.http1.response.head.length-true", each={**REPRESENTED, **AS_FOR_GET}, circumstances=(DEFAULT, HTTP10, KEPT))
async def no_other_length_stands_in_the_head(exchange: Exchange, messages: list[Message]) -> None:
    """A Content-Length in the response to HEAD is that of the content that GET would get, not one made up."""
    response = await _answer_to_head(exchange, messages)
    given = [value for name, value in cast("Headers", messages[0]["headers"]) if name == b"content-length"]
    told = given or [b"%d" % sum(len(cast("bytes", message["body"])) for message in messages[1:])]
    expect(response.values(b"content-length"), "the values of content-length").is_one_of([[], told])


async def _answer_to_head(exchange: Exchange, messages: list[Message]) -> Response:
    client, app = await exchange.dialogue("HEAD")
    await app.send(*messages)
    app.end_by_return()
    response = await client.response()
    expect(response.status, "the status").equals(messages[0]["status"])
    return response


@case("rfc.http1.response.204", each=NO_CONTENT, circumstances=(DEFAULT, HTTP10, KEPT))
async def a_204_ends_with_its_head(exchange: Exchange, kind: tuple[Headers, list[bytes]]) -> None:
    """A 204 has no content and no field that frames any, whatever the application says.

    What does not belong there may make send() raise.
    """
    client, response = await _without_content(exchange, 204, kind)
    if response is not None and response.status == 204:
        for name in (b"content-length", b"transfer-encoding"):
            expect(response.values(name), f"the values of {name.decode()}").equals([])
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.304", each=NO_CONTENT, circumstances=(DEFAULT, HTTP10, KEPT))
async def a_304_ends_with_its_head(exchange: Exchange, kind: tuple[Headers, list[bytes]]) -> None:
    """A 304 has no content, though it may tell the length of the representation.

    Content of the application may make send() raise.
    """
    client, response = await _without_content(exchange, 304, kind)
    await in_step_or_closed(exchange, client, response)


@case("rfc.http1.response.205", each=NO_CONTENT, circumstances=(DEFAULT, HTTP10, KEPT))
async def a_205_is_framed_as_empty(exchange: Exchange, kind: tuple[Headers, list[bytes]]) -> None:
    """A 205 has no content and a clear end; what the application sends is left out, or makes send() raise.

    A server that passes the content on in a right frame is the weaker breach.
    """
    client, response = await _without_content(exchange, 205, kind)
    await in_step_or_closed(exchange, client, response)
    if response is not None and response.status == 205:
        expect(response.body, "the content of the 205").weakly().equals(b"")


async def _without_content(
    exchange: Exchange, status: int, kind: tuple[Headers, list[bytes]]
) -> tuple[Http1Client, Response | None]:
    headers, contents = kind
    client = await exchange.connect()
    assert isinstance(client, Http1Client)
    await client.request()
    app = await exchange.call(client)
    parts = [body(content, more=True) for content in contents[:-1]]
    response = await sent_or_refused(
        exchange, client, app, start(status=status, headers=headers), *parts, body(contents[-1])
    )
    if response is not None:
        expect(response.status, "the status").satisfies(
            f"is {status}, or that of an error", lambda got: got == status or got >= 500
        )
    return client, response
