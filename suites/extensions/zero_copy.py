"""Zero copy send: what of an open file is sent, and how it goes together with bodies."""

from __future__ import annotations

from dataclasses import dataclass, field

from asgi_conformance.cases import case
from asgi_conformance.circumstance import EVERY_HTTP, EVERY_HTTP_AND_10, TLS
from asgi_conformance.exchange import Exchange
from asgi_conformance.expect import expect
from asgi_conformance.values import odd
from asgi_conformance.verdict import Broken

from .files import LARGE, SMALL, ZERO_COPY, file_of, opened, zero_copy
from .judging import Message, body, ending, has_a_dict, is_refused, start, whole

#: With what everything is declared that has a file sent.
EVERYWHERE = (*EVERY_HTTP, TLS)


@dataclass(frozen=True)
class Part:
    """A part of a file: the keys of the event, where the file stands before, and the bytes that are to come."""

    content: bytes
    keys: dict[str, object] = field(default_factory=dict)
    position: int = 0


OFFSETS = {
    "hundred": Part(SMALL[100:], {"offset": 100}, position=7),
    "zero": Part(SMALL, {"offset": 0}, position=50),
}
COUNTS = {
    "with-offset": Part(SMALL[20:30], {"offset": 20, "count": 10}),
    "alone": Part(SMALL[5:15], {"count": 10}, position=5),
}


async def _is_sent(exchange: Exchange, part: Part) -> None:
    """An event sends this part of a small file, and nothing else, as the whole body of a response."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.start(200, [(b"content-length", b"%d" % len(part.content))])
        await app.send(zero_copy(opened(path, part.position), **part.keys))
        await app.ask("file", path=str(path))
        await whole(client, app, part.content)


@case("extension.zerocopysend.advertised", circumstances=EVERY_HTTP)
async def zero_copy_send_is_listed_with_a_dict(exchange: Exchange) -> None:
    """Zero copy send is listed with a dict, where it is."""
    await has_a_dict(exchange, ZERO_COPY)


@case(
    "extension.zerocopysend.whole-file",
    each={"length": True, "no-length": False},
    circumstances=EVERY_HTTP,
    extension=ZERO_COPY,
)
async def a_whole_file_is_sent(exchange: Exchange, length: bool) -> None:
    """A file of 3 MiB comes to the client whole."""
    with file_of(LARGE) as path:
        client, app = await exchange.dialogue()
        await app.start(200, [(b"content-length", b"%d" % len(LARGE))] if length else [])
        sending = app.begin_send(zero_copy(opened(path)))
        response = await client.response()
        await sending.result()
        expect(response.body == LARGE, "the response's body").is_true(
            "is the file", f"it has {len(response.body)} bytes, the file {len(LARGE)}"
        )
        expect(response.complete, "the response").is_true("is complete")


@case("extension.zerocopysend.offset", each=OFFSETS, circumstances=EVERYWHERE, extension=ZERO_COPY)
async def reading_starts_at_the_offset(exchange: Exchange, part: Part) -> None:
    """With offset the file is sent from there on, wherever it stands."""
    await _is_sent(exchange, part)


@case("extension.zerocopysend.offset-default", circumstances=EVERYWHERE, extension=ZERO_COPY)
async def reading_starts_where_the_file_stands(exchange: Exchange) -> None:
    """Without offset the file is sent from where it stands."""
    await _is_sent(exchange, Part(SMALL[50:], position=50))


@case("extension.zerocopysend.count", each=COUNTS, circumstances=EVERYWHERE, extension=ZERO_COPY)
async def count_is_how_much_is_sent(exchange: Exchange, part: Part) -> None:
    """With count so many bytes are sent."""
    await _is_sent(exchange, part)


@case("extension.zerocopysend.count", "zero", circumstances=EVERY_HTTP, extension=ZERO_COPY)
async def a_count_of_zero_sends_nothing(exchange: Exchange) -> None:
    """With a count of zero nothing of the file is sent; that it is refused is fair."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.start(200)
        await app.try_send(zero_copy(opened(path), count=0, more_body=True))
        await app.send(body(b"fine"))
        await whole(client, app, b"fine")


@case("extension.zerocopysend.count-default", circumstances=EVERYWHERE, extension=ZERO_COPY)
async def without_count_the_file_is_sent_to_its_end(exchange: Exchange) -> None:
    """With an offset and without count the file is sent to its end."""
    await _is_sent(exchange, Part(SMALL[200:], {"offset": 200}))


@case("extension.zerocopysend.more-body", circumstances=EVERY_HTTP_AND_10, extension=ZERO_COPY)
async def without_more_body_the_response_is_complete(exchange: Exchange) -> None:
    """Without more_body the file completes the response, though the application goes on."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(), zero_copy(opened(path)))
        response = await client.response()
        expect(response.body, "the response's body").equals(SMALL)
        expect(response.complete, "the response").is_true("is complete")


@case("extension.zerocopysend.more-body", "more", circumstances=EVERY_HTTP_AND_10, extension=ZERO_COPY)
async def with_more_body_the_response_goes_on(exchange: Exchange) -> None:
    """With more_body the response goes on behind the file."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(), zero_copy(opened(path), more_body=True))
        await client.body_until(len(SMALL))
        await app.send(body(b"fine"))
        await whole(client, app, SMALL + b"fine")


@case("extension.zerocopysend.mixed", circumstances=EVERYWHERE, extension=ZERO_COPY)
async def files_and_bodies_keep_their_order(exchange: Exchange) -> None:
    """Files and bodies come in the order in which they were sent."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(), body(b"first", more=True), zero_copy(opened(path), more_body=True))
        await app.send(body(b"second", more=True), zero_copy(opened(path), offset=128))
        await whole(client, app, b"first" + SMALL + b"second" + SMALL[128:])


@case("extension.zerocopysend.before-start", "first", circumstances=EVERY_HTTP, extension=ZERO_COPY)
async def a_file_before_the_start_comes_to_nobody(exchange: Exchange) -> None:
    """A file before the response start is refused or passed over: the client gets a proper response, or none."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        if await app.try_send(zero_copy(opened(path))) is None:
            await app.try_send(start(200, (b"content-length", b"4")), body(b"fine"))
        app.end_by_return()
        response = await ending(client)
        if response is not None and SMALL in response.body:
            raise Broken("nothing of a file before the response start is sent", "the client got the file")
        await exchange.still_serves()


@case("extension.zerocopysend.before-start", "late", circumstances=EVERY_HTTP, extension=ZERO_COPY)
async def a_file_after_the_end_comes_to_nobody(exchange: Exchange) -> None:
    """A file after the final body is refused or passed over, and the next response is intact."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(200, (b"content-length", b"4")), body(b"fine"))
        await app.try_send(zero_copy(opened(path)))
        await whole(client, app, b"fine")
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


@case("extension.zerocopysend.file-not-closed", circumstances=EVERY_HTTP, extension=ZERO_COPY)
async def the_file_is_left_open(exchange: Exchange) -> None:
    """After the response the file is open still, so that the application may close it."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(), zero_copy(opened(path)))
        expect((await client.response()).body, "the response's body").equals(SMALL)
        expect(await app.ask("file", path=str(path)), "that the file is closed after the response").equals(False)


@case("extension.zerocopysend.chunked", circumstances=EVERYWHERE, extension=ZERO_COPY)
async def a_file_is_framed_like_a_body(exchange: Exchange) -> None:
    """Without Content-Length the file comes whole in the framing of the response, and a next response behind it."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue()
        await app.send(start(), zero_copy(opened(path), count=100, more_body=True), zero_copy(opened(path), offset=100))
        await whole(client, app, SMALL)
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


@case("extension.zerocopysend.head", circumstances=EVERYWHERE, extension=ZERO_COPY)
async def nothing_of_a_file_answers_head(exchange: Exchange) -> None:
    """Nothing of the file comes in answer to a HEAD request, and the next response is intact."""
    with file_of(SMALL) as path:
        client, app = await exchange.dialogue("HEAD")
        await app.send(start(200, (b"content-length", b"256")), zero_copy(opened(path)))
        await whole(client, app, b"")
        await client.request("GET", "/next")
        await exchange.answered(client, await exchange.call(client))


WRONG: dict[str, Message] = {
    "in-memory": zero_copy(odd("iterator", [b"x"])),
    "path": zero_copy("/etc/hostname"),
    "missing": {"type": ZERO_COPY},
}


@case("extension.zerocopysend.wrong-file", each=WRONG, circumstances=EVERY_HTTP, extension=ZERO_COPY)
async def what_is_no_open_file_is_refused(exchange: Exchange, event: Message) -> None:
    """A file that has no descriptor, or that is missing, makes send() raise."""
    client, app = await exchange.dialogue()
    await app.send(start())
    await is_refused(exchange, client, app, event, await app.try_send(event))
