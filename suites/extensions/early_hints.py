"""Early hints: 103 responses before the final one, which stays as it is."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10
from asgi_conformance.clients.http import HttpClient, Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect, show
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

from .judging import Message, has_a_dict, is_refused, whole

EXTENSION = "http.response.early_hint"
LINKS = [b"</a.css>; rel=preload; as=style", b"</b.js>; rel=preload"]
ITERABLES = {"tuple": tuple(LINKS), "empty": [], "generator": odd("generator", LINKS)}
WRONG: dict[str, Message] = {
    "str": {"type": EXTENSION, "links": ["</a.css>; rel=preload"]},
    "missing": {"type": EXTENSION},
    "none": {"type": EXTENSION, "links": None},
}


def hint(*links: bytes) -> Message:
    """The event with these links."""
    return {"type": EXTENSION, "links": list(links)}


def hinted(response: Response) -> list[list[bytes]]:
    """The links of each 103 response that came before a response."""
    return [
        [link.strip() for name, value in early.headers if name.lower() == b"link" for link in value.split(b",")]
        for early in response.informational
        if early.status == 103
    ]


async def _answered(client: HttpClient, app: Call) -> Response:
    """The final response, which hints do not change."""
    await app.respond(201, [(b"x-final", b"1")], b"fine")
    return _final(await whole(client, app, b"fine", status=201))


def _final(response: Response) -> Response:
    expect(response.values(b"x-final"), "the header x-final of the final response").equals([b"1"])
    expect(response.values(b"link"), "the header link of the final response").equals([])
    return response


@case("extension.early-hint.advertised", circumstances=EVERY_HTTP)
async def early_hints_are_listed_with_a_dict(exchange: Exchange) -> None:
    """Early hints are listed with a dict, where they are."""
    await has_a_dict(exchange, EXTENSION)


@case("extension.early-hint.sent", circumstances=EVERY_HTTP_AND_10, extension=EXTENSION)
async def a_hint_is_a_103(exchange: Exchange) -> None:
    """The links of a hint come to the client in a 103 response before the final one; an HTTP/1.0 client gets none."""
    client, app = await exchange.dialogue()
    await app.send(hint(*LINKS))
    hints = hinted(await _answered(client, app))
    if client.version == "1.0":
        expect(hints, "the early hints to an HTTP/1.0 client").equals([])
    elif not hints:
        raise exchange.observed("it ignores the hint, and no 103 response comes")
    else:
        expect(hints, "the links of the early hints").equals([LINKS])


@case("extension.early-hint.order", circumstances=EVERY_HTTP, extension=EXTENSION)
async def a_hint_has_its_place(exchange: Exchange) -> None:
    """A hint can be sent before the response start, or after it, and the response is as ever both times."""
    raised = []
    for early in (True, False):
        client, app = await exchange.dialogue()
        if early:
            raised.append(await app.try_send(hint(LINKS[0])))
        await app.start(201, [(b"x-final", b"1"), (b"content-length", b"4")])
        if not early:
            raised.append(await app.try_send(hint(LINKS[0])))
        await app.body(b"fine")
        _final(await whole(client, app, b"fine", status=201))
        await client.close()
    if all(raised):
        raise Broken("a hint can be sent before the response start, or after it", f"send() raised {raised[0]}")


@case("extension.early-hint.several", circumstances=EVERY_HTTP, extension=EXTENSION)
async def several_hints_can_be_sent(exchange: Exchange) -> None:
    """Two hints can be sent in one exchange; of each comes a 103 response, or nothing."""
    client, app = await exchange.dialogue()
    await app.send(hint(LINKS[0]))
    await app.send(hint(LINKS[1]))
    hints = hinted(await _answered(client, app))
    allowed: list[object] = [[[LINKS[0]], [LINKS[1]]], [[LINKS[0]]], [[LINKS[1]]], []]
    expect(hints, "the links of the early hints").is_one_of(allowed)


@case("extension.early-hint.links-iterable", each=ITERABLES, circumstances=EVERY_HTTP, extension=EXTENSION)
async def links_are_any_iterable(exchange: Exchange, links: object) -> None:
    """The links of a hint may be any iterable of bytes; an empty one does no harm.

    That an iterable that is neither list nor tuple is refused is fair.
    """
    client, app = await exchange.dialogue()
    raised = await app.try_send({"type": EXTENSION, "links": links})
    hints = hinted(await _answered(client, app))
    if raised is not None and isinstance(links, (list, tuple)):
        raise Broken(f"a hint with the links {show(links)} can be sent", f"send() raised {raised}")
    if raised is not None:
        raise exchange.observed(f"it refuses links that are neither list nor tuple: {raised}")
    expect(hints, "the links of the early hints").is_one_of(([LINKS], []) if links else ([[]], []))


@case("extension.early-hint.final-response-intact", circumstances=EVERY_HTTP, extension=EXTENSION)
async def the_final_response_is_as_without(exchange: Exchange) -> None:
    """The final response has the status, the headers and the body that it has without a hint."""
    client, app = await exchange.dialogue()
    await app.send(hint(*LINKS))
    with_hint = await _answered(client, app)
    await client.close()
    client, app = await exchange.dialogue()
    without = await _answered(client, app)
    names = [[name.lower() for name, _ in response.headers] for response in (with_hint, without)]
    expect(names[0], "the names of the headers after a hint").equals(names[1])


@case("extension.early-hint.links.str", each=WRONG, circumstances=EVERY_HTTP, extension=EXTENSION)
async def wrong_links_are_refused(exchange: Exchange, event: Message) -> None:
    """Links that are no bytes, or none at all, make send() raise."""
    client, app = await exchange.dialogue()
    raised = await app.try_send(event)
    await is_refused(exchange, client, app, event, raised)


@case("extension.early-hint.after-final-body", circumstances=EVERY_HTTP, extension=EXTENSION)
async def a_late_hint_comes_to_nobody(exchange: Exchange) -> None:
    """A hint after the final body is refused or passed over, and nothing of it is before the next response."""
    client, app = await exchange.dialogue()
    await _answered_and_open(client, app)
    await app.try_send(hint(*LINKS))
    app.end_by_return()
    await client.request("GET", "/next")
    again = await exchange.call(client)
    expect(hinted(await _answered(client, again)), "the early hints before the next response").equals([])


async def _answered_and_open(client: HttpClient, app: Call) -> None:
    """A whole response, after which the application is still there."""
    await app.respond(200, body=b"fine")
    response = await client.response()
    expect(response.body, "the response's body").equals(b"fine")
