"""Requests and their responses, as a browser makes and shows them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from asgi_conformance.expect import expect
from asgi_conformance.values import payload
from asgi_conformance.verdict import Broken

from .applications import visited
from .visit import Visit

TEXT = "text/plain"
#: A body of every byte, and what is uploaded: so many blocks of it, each another one.
EVERY_BYTE = bytes(range(256)) * 8
BLOCKS, BLOCK = 48, 65536
#: What the applications send: see reference_apps/examples.
PIECES = b"".join(b"piece %d\n" % number for number in range(10))
DOWNLOAD = EVERY_BYTE * 32 * 48


@visited("interop.request.answered")
async def a_page_is_shown(visit: Visit) -> None:
    """The page that an application answers with reaches the browser: status, content type and text."""
    response = await visit.get("/hello")
    expect(response.text, "the page").equals("hello")
    expect(response.headers.get("content-type", ""), "its content type").satisfies(
        f"begins with {TEXT}", lambda kind: kind.startswith(TEXT)
    )


@visited("interop.request.routed")
async def a_page_is_found_by_its_address(visit: Visit) -> None:
    """What stands in the path and the query, also beyond ASCII, is what the application finds there."""
    response = await visit.get("/greet/zo\u00eb?from=J%C3%BCrgen+%26+co")
    expect(response.text, "the page").equals("zo\u00eb, from J\u00fcrgen & co")


@visited("interop.request.body")
async def a_body_is_echoed(visit: Visit) -> None:
    """A body of all bytes comes back as it was posted, with its content type."""
    kind = "application/vnd.example"
    response = await visit.browser.post("/echo", content=EVERY_BYTE, headers={"content-type": kind})
    await visit.page(response)
    expect(response.content, "what came back").equals(EVERY_BYTE)
    expect(response.headers.get("content-type"), "its content type").equals(kind)


@visited("interop.upload.whole")
async def a_large_upload_arrives(visit: Visit) -> None:
    """Three megabytes that are uploaded in chunks are all there for the application."""
    blocks = [payload(f"block {number}", BLOCK) for number in range(BLOCKS)]

    async def upload() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    response = await visit.page(await visit.browser.post("/upload", content=upload()))
    whole = b"".join(blocks)
    expect(response.text, "length and digest of what arrived").equals(
        f"{len(whole)} {hashlib.sha256(whole).hexdigest()}"
    )


@visited("interop.download.whole")
async def a_large_download_arrives(visit: Visit) -> None:
    """Three megabytes that an application sends in blocks are all there for the browser."""
    response = await visit.get("/download")
    expect(len(response.content), "the length of the download").equals(len(DOWNLOAD))
    expect(response.content == DOWNLOAD, "the download").is_true("is what was sent", "it has other bytes in it")


@visited("interop.response.streamed")
async def a_response_comes_in_pieces(visit: Visit) -> None:
    """The pieces of a response whose length nobody knows before come all, and in order."""
    response = await visit.get("/stream")
    expect(response.content, "the streamed response").equals(PIECES)


@visited("interop.session.cookies")
async def a_browser_is_known_again(visit: Visit) -> None:
    """Both cookies of a response are kept by the browser, and the application finds what it sends back."""
    for count in range(1, 4):
        response = await visit.get("/visits")
        expect(response.text, "the count of visits").equals(str(count))
    expect(sorted(visit.browser.cookies)[0], "a cookie beside that of the session").equals("seen")


@visited("interop.application.fails")
async def a_bug_is_a_500(visit: Visit) -> None:
    """A request on which the application fails is answered 500, and the next one is served."""
    response = await visit.browser.get("/fail")
    await visit.page(response, 500)
    expect((await visit.get("/hello")).text, "the next page").equals("hello")


@visited("interop.events.while-open", "streams")
async def events_come_while_the_response_is_open(visit: Visit) -> None:
    """Server-sent events reach the browser when they are sent, though the response has no end."""
    async with visit.browser.stream("GET", "/events") as response:
        expect(response.status_code, "the status").equals(200)
        call = await visit.call()
        events = [line async for line in _first_events(response.aiter_lines(), 3)]
        expect(events, "the events that came while the response is open").equals(["0", "1", "2"])
        expect(call.ended, "the end of the call before the browser left").is_none()


@visited("interop.events.client-leaves", "streams")
async def an_application_learns_that_the_browser_left(visit: Visit) -> None:
    """An application that sends events learns that the browser left, by http.disconnect or at its next send()."""
    async with visit.browser.stream("GET", "/events") as response:
        call = await visit.call()
        _ = [line async for line in _first_events(response.aiter_lines(), 1)]
    learnt = await call.until(lambda one: one.ended is not None or _was_told(one.received))
    if not learnt and not call.receiving:
        raise visit.exchange.observed(f"{visit.name} does not ask whether the browser is still there")
    if not learnt:
        raise Broken(
            "receive() gives http.disconnect when the browser has left", "the application still awaits receive()"
        )
    expect((await visit.get("/hello")).text, "the next page").equals("hello")


def _was_told(events: list[object]) -> bool:
    return any(isinstance(event, dict) and event.get("type") == "http.disconnect" for event in events)


async def _first_events(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    """The data of the first server-sent events."""
    async for line in lines:
        if line.startswith("data:"):
            yield line.removeprefix("data:").strip()
            count -= 1
        if not count:
            return


@visited("interop.middleware.both-directions", own=True)
async def a_middleware_sees_both_directions(visit: Visit) -> None:
    """A middleware that wraps the application sees what the browser sent and what it got."""
    tag = visit.exchange.new_tag()
    response = await visit.page(await visit.browser.post(f"/echo?tag={tag}", content=b"content"))
    expect(response.content, "what came back").equals(b"content")
    log = (await visit.get("/log")).text.splitlines()
    mine = [line for line in log if tag in line]
    expect(mine, "the lines of the log about the request").equals([f"POST /echo?tag={tag} 200 7 7"])
