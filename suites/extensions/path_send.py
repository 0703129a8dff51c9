"""Path send: a whole file by its path, which completes the response."""

from __future__ import annotations

import tempfile

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10, TLS
from asgi_conformance.clients.http import Response
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.verdict import Broken

from .files import LARGE, PATH, SMALL, file_of, path_send
from .judging import Message, body, ending, has_a_dict, is_refused, start, whole

EVERYWHERE = (*EVERY_HTTP_AND_10, TLS)
CONTENTS = {"small": SMALL, "large": LARGE, "empty": b""}
WRONG: dict[str, Message] = {"bytes": {"type": PATH, "path": b"/etc/hostname"}, "missing": {"type": PATH}}
UNREADABLE = {"absent": "/nowhere/there-is-no-such-file", "folder": tempfile.gettempdir()}


@case("extension.pathsend.advertised", circumstances=EVERY_HTTP)
async def path_send_is_listed_with_a_dict(exchange: Exchange) -> None:
    """Path send is listed with a dict, where it is."""
    await has_a_dict(exchange, PATH)


@case("extension.pathsend.file-sent", each=CONTENTS, circumstances=EVERYWHERE, extension=PATH)
async def the_file_is_sent(exchange: Exchange, content: bytes) -> None:
    """The content of the file comes to the client and completes the response."""
    with file_of(content) as path:
        client, app = await exchange.dialogue()
        await app.start(200, [(b"content-length", b"%d" % len(content))])
        sending = app.begin_send(path_send(path))
        response = await client.response()
        await sending.result()
    _is_whole(response, content)


def _is_whole(response: Response, content: bytes) -> None:
    seen = f"it has {len(response.body)} bytes, the file {len(content)}"
    expect(response.body == content, "the response's body").is_true("is the file", seen)
    expect(response.complete, "the response").is_true("is complete", "the connection ended before its end")


@case(
    "extension.pathsend.file-sent",
    each={"spaces": "a file.bin", "non-ascii": "Übung ☕.bin", "percent": "100%25.bin"},
    circumstances=EVERY_HTTP,
    extension=PATH,
)
async def the_name_of_a_file_may_be_any(exchange: Exchange, name: str) -> None:
    """A file is sent whatever its name has in it: spaces, letters beyond ASCII, a percent sign."""
    with file_of(SMALL, name) as path:
        client, app = await exchange.dialogue()
        await app.send(start(200, (b"content-length", b"256")), path_send(path))
        _is_whole(await client.response(), SMALL)


@case("extension.pathsend.headers-from-application", "given", circumstances=EVERY_HTTP_AND_10, extension=PATH)
async def the_headers_are_the_application_s(exchange: Exchange) -> None:
    """Content-Type and Content-Length are those of the response start."""
    with file_of(SMALL, "file.txt") as path:
        client, app = await exchange.dialogue()
        given = {b"content-type": b"x-test/of-its-own", b"content-length": b"256"}
        await app.send(start(200, *given.items()), path_send(path))
        response = await whole(client, app, SMALL)
    for name, value in given.items():
        expect(response.values(name), f"the header {name.decode()}").equals([value])


@case("extension.pathsend.headers-from-application", "no-length", circumstances=EVERY_HTTP_AND_10, extension=PATH)
async def without_a_length_the_framing_is_valid(exchange: Exchange) -> None:
    """Without Content-Length the file comes whole all the same, and no Content-Type is made up.

    A Content-Length that the server adds is fair.
    """
    with file_of(SMALL, "file.txt") as path:
        client, app = await exchange.dialogue()
        await app.send(start(), path_send(path))
        response = await whole(client, app, SMALL)
    expect(response.values(b"content-type"), "the header content-type, which was not given,").equals([])


@case("extension.pathsend.once", circumstances=EVERY_HTTP, extension=PATH)
async def a_second_file_comes_to_nobody(exchange: Exchange) -> None:
    """A second path send in one response is refused or passed over: the client gets one file, and the next response."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(200, (b"content-length", b"256")), path_send(path))
        await app.try_send(path_send(path))
        await whole(client, app, SMALL)
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


@case(
    "extension.pathsend.not-mixed",
    each={"body-first": True, "file-first": False},
    circumstances=EVERY_HTTP,
    extension=PATH,
)
async def a_file_and_a_body_make_no_response(exchange: Exchange, body_first: bool) -> None:
    """A file and a body do not make one complete response: one of them is refused, or the later is passed over."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.start(200)
        events = [body(b"body", more=body_first), path_send(path)]
        for event in events if body_first else events[::-1]:
            if await app.try_send(event) is not None:
                break
        app.end_by_return()
        response = await ending(client)
    if response is not None and response.complete and b"body" in response.body and SMALL in response.body:
        raise Broken("a file and a body make no complete response", "the client got a complete one with both in it")
    await exchange.still_serves()


@case("extension.pathsend.before-start", circumstances=EVERY_HTTP, extension=PATH)
async def a_file_cannot_come_before_the_start(exchange: Exchange) -> None:
    """A path send before the response start makes send() raise."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        event = path_send(path)
        await is_refused(exchange, client, app, event, await app.try_send(event))


@case("extension.pathsend.head", circumstances=(*EVERY_HTTP, TLS), extension=PATH)
async def nothing_of_a_file_answers_head(exchange: Exchange) -> None:
    """Nothing of the file comes in answer to a HEAD request, and the next response is intact."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue("HEAD")
        await app.send(start(200, (b"content-length", b"256")), path_send(path))
        await whole(client, app, b"")
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


@case("extension.pathsend.missing-file", each=UNREADABLE, circumstances=EVERY_HTTP, extension=PATH)
async def a_file_that_cannot_be_read_is_an_error(exchange: Exchange, path: str) -> None:
    """A path that cannot be read makes send() raise, or leaves the client with an error or without a whole response."""
    client, app = await exchange.dialogue()
    await app.start(200)
    raised = await app.try_send(path_send(path))
    app.end_by_return()
    seconds = exchange.patience.prompt
    what = "the response or the connection ends though the file cannot be read"
    response = await exchange.within(ending(client), seconds, what, f"neither had within {seconds:.1f} s")
    await exchange.still_serves()
    if raised is None and isinstance(response, Response) and response.complete and response.status < 400:
        raise Broken(
            "a file that cannot be read is an error",
            f"send() returned, and the client got a complete response {response.status} of {len(response.body)} bytes",
        )


@case("extension.pathsend.wrong-type", each=WRONG, circumstances=EVERY_HTTP, extension=PATH)
async def what_is_no_path_is_refused(exchange: Exchange, event: Message) -> None:
    """A path that is no str, or that is missing, makes send() raise."""
    client, app = await exchange.dialogue()
    await app.start(200)
    await is_refused(exchange, client, app, event, await app.try_send(event))
