"""Violations of extensions.rst in how files are sent (suite ``extensions``)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

from ..checks import InvalidEvent
from ..extensions import FilePart
from ..response_call import State
from . import around, on_sent, swallowed
from .scribbling import scribble

ZERO_COPY, PATH = "http.response.zerocopysend", "http.response.pathsend"
FILES = ["extension.zerocopysend.*", "core.*"]
PATHS = ["extension.pathsend.*", "core.*"]


def _is(event: Any, *kinds: str) -> bool:
    return isinstance(event, dict) and event.get("type") in kinds


def _ignored(key: str, name: str) -> None:
    """A fault in which a key of a zero copy send is not looked at."""

    def spoil(event: Any) -> Any:
        return {name: value for name, value in event.items() if name != key} if _is(event, ZERO_COPY) else event

    spoil.__doc__ = f"{key} is not looked at."
    on_sent(name, follows=FILES)(spoil)


_ignored("offset", "extension.zerocopysend.offset/none")
_ignored("count", "extension.zerocopysend.count/none")
_ignored("more_body", "extension.zerocopysend.more-body/never")


@on_sent(
    "extension.zerocopysend.count/not-zero",
    breaks="extension.zerocopysend.count/zero",
    follows=FILES,
)
def a_count_of_zero_is_none(event: Any) -> Any:
    """A count of zero is taken for a missing one."""
    if not _is(event, ZERO_COPY) or event.get("count") != 0:
        return event
    return {key: value for key, value in event.items() if key != "count"}


@on_sent("extension.zerocopysend.more-body/by-default", follows=FILES)
def more_is_expected_by_default(event: Any) -> Any:
    """A missing more_body is taken for true."""
    return {"more_body": True, **event} if _is(event, ZERO_COPY) else event


@around(
    "http_call.HttpCall.send",
    name="extension.zerocopysend.before-start/late",
    breaks="extension.zerocopysend.before-start/late",
    follows=FILES,
)
async def a_late_file_is_sent(original: Any, self: Any, event: Any) -> None:
    """A file after the final body is written behind the response."""
    if _is(event, ZERO_COPY) and self.response.complete:
        scribble(self.stream, b"file")
    await original(self, event)


@around(
    "multiplexed.MultiplexedStream.send_file",
    name="extension.zerocopysend.chunked/over-http-2",
    breaks="extension.zerocopysend.chunked/http-2",
    follows=[*FILES, *PATHS],
)
async def a_file_has_no_end_over_http2(original: Any, self: Any, part: Any) -> None:
    """Over HTTP/2 and HTTP/3 the last byte of a file is missing."""
    part.count -= 1
    await original(self, part)


@around("response_call.FilePart", name="extension.zerocopysend.whole-file/start", follows=[*FILES, *PATHS])
def no_more_than_a_mebibyte(original: Any, descriptor: int, file: Any, offset: Any = None, count: Any = None) -> Any:
    """No more than a mebibyte of a file is sent."""
    return original(descriptor, file, offset, min(count or 1048576, 1048576))


@around("response_call.FilePart", name="extension.zerocopysend.offset-default/zero", follows=FILES)
def files_are_read_from_the_start(
    original: Any, descriptor: int, file: Any, offset: Any = None, count: Any = None
) -> Any:
    """Without offset a file is read from its start."""
    return original(descriptor, file, offset or 0, count)


@around("response_call.FilePart", name="extension.zerocopysend.count-default/less", follows=[*FILES, *PATHS])
def the_end_of_a_part_is_missing(
    original: Any, descriptor: int, file: Any, offset: Any = None, count: Any = None
) -> Any:
    """With offset and without count ten bytes too few are sent."""
    part = original(descriptor, file, offset, count)
    if offset and count is None:
        part.count = max(0, part.count - 10)
    return part


@around("response_call.Response.file", name="extension.zerocopysend.mixed/files-only", follows=FILES)
async def a_file_behind_a_body_is_dropped(original: Any, self: Any, part: Any, more: bool) -> None:
    """A file behind a body is not sent."""
    if self.state is State.BODY:
        part.count = 0
    await original(self, part, more)


@around("response_call.Response.accept", name="extension.zerocopysend.before-start/sent", follows=FILES)
async def a_file_starts_the_response(original: Any, self: Any, message: Any) -> None:
    """A file before the response start begins a response of its own."""
    if _is(message, ZERO_COPY) and self.state is State.IDLE:
        self.start(200, [], False)
    await original(self, message)


@around("response_call.Response.accept", name="extension.zerocopysend.file-not-closed/closed", follows=FILES)
async def the_file_is_closed(original: Any, self: Any, message: Any) -> None:
    """The server closes the file after it has sent it."""
    await original(self, message)
    if _is(message, ZERO_COPY):
        message["file"][1].close()


@around("http1_stream.Http1Stream.send_file", name="extension.zerocopysend.chunked/raw", follows=[*FILES, *PATHS])
async def a_file_is_not_framed(original: Any, self: Any, part: Any) -> None:
    """A file is written without the framing of the response."""
    if self.framing == "chunked":
        await self.transport.send_file(part)
    else:
        await original(self, part)


def _with_a_body_for_head(name: str, kind: str, follows: list[str]) -> None:
    """A fault in which a file is sent in answer to HEAD."""

    async def spoil(original: Any, self: Any, message: Any) -> None:
        await original(self, message)
        if _is(message, kind) and self.stream.request.method == "HEAD":
            scribble(self.stream, b"file")

    spoil.__doc__ = "Bytes of the file are sent in answer to HEAD."
    around("response_call.Response.accept", name=name, follows=follows)(spoil)


_with_a_body_for_head("extension.zerocopysend.head/sent", ZERO_COPY, FILES)
_with_a_body_for_head("extension.pathsend.head/sent", PATH, PATHS)


@swallowed("extension.zerocopysend.wrong-file/dropped", follows=FILES)
def a_wrong_file_is_dropped(event: Any) -> bool:
    """What is no open file is dropped without an exception."""
    return _is(event, ZERO_COPY)


# by path


@around("response_call.Response.path", name="extension.pathsend.file-sent/quoted", follows=PATHS)
async def a_path_is_decoded(original: Any, self: Any, path: str) -> None:
    """A path is taken for a percent-encoded one."""
    await original(self, unquote(path))


@around("response_call.Response.path", name="extension.pathsend.file-sent/encoded", follows=PATHS)
async def a_path_is_encoded(original: Any, self: Any, path: str) -> None:
    """A path is percent-encoded before the file is opened."""
    await original(self, quote(path))


@around("response_call.Response.path", name="extension.pathsend.file-sent/short", follows=PATHS)
async def a_file_is_not_whole(original: Any, self: Any, path: str) -> None:
    """The last byte of a file is not sent, and an empty file makes send() raise."""
    with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230
        part = FilePart(file.fileno(), file)
        if not part.count:
            raise InvalidEvent("the file is empty")
        part.count -= 1
        await self.file(part, False)


@around("response_call.Response.path", name="extension.pathsend.file-sent/more", follows=PATHS)
async def a_file_does_not_end_the_response(original: Any, self: Any, path: str) -> None:
    """The file does not complete the response."""
    with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230
        await self.file(FilePart(file.fileno(), file), True)


@around("response_call.Response.path", name="extension.pathsend.not-mixed/file-first", follows=PATHS)
async def a_body_may_follow_a_file(original: Any, self: Any, path: str) -> None:
    """The file does not complete a response without a length, so that a body may follow."""
    assert self._head is not None
    with open(path, "rb", buffering=0) as file:  # noqa: ASYNC230
        await self.file(FilePart(file.fileno(), file), self._head.length is None)


@around("response_call.Response.path", name="extension.pathsend.headers-from-application/guessed", follows=PATHS)
async def the_type_is_guessed(original: Any, self: Any, path: str) -> None:
    """Content-Type is made from the name of the file."""
    headers = [field for field in self._head.headers if field[0] != b"content-type"]
    headers.append((b"content-type", b"text/plain"))
    self._head.headers[:] = headers
    await original(self, path)


@around("http_call.HttpCall.send", name="extension.pathsend.once/twice", follows=PATHS)
async def a_second_file_is_sent(original: Any, self: Any, event: Any) -> None:
    """A second path send is written behind the response."""
    if _is(event, PATH) and self.response.complete:
        scribble(self.stream, b"file")
    await original(self, event)


@around("response_call.Response.accept", name="extension.pathsend.not-mixed/mixed", follows=PATHS)
async def a_file_goes_with_a_body(original: Any, self: Any, message: Any) -> None:
    """A path send may follow a body, and completes the response."""
    if _is(message, PATH) and self.state is State.BODY:
        await self.path(message["path"])
        await self.stream.flush()
        return
    await original(self, message)


@around("response_call.Response.accept", name="extension.pathsend.before-start/starts", follows=PATHS)
async def a_path_starts_the_response(original: Any, self: Any, message: Any) -> None:
    """A path send before the response start begins a response of its own."""
    if _is(message, PATH) and self.state is State.IDLE:
        self.start(200, [], False)
    await original(self, message)


@around("response_call.Response.accept", name="extension.pathsend.missing-file/empty", follows=PATHS)
async def a_missing_file_is_empty(original: Any, self: Any, message: Any) -> None:
    """A file that cannot be read is sent as an empty body."""
    try:
        await original(self, message)
    except InvalidEvent:
        if not _is(message, PATH) or self.state is not State.STARTED:
            raise
        self.body(b"", False)
        await self.stream.flush()


@swallowed("extension.pathsend.wrong-type/dropped", follows=PATHS)
def a_wrong_path_is_dropped(event: Any) -> bool:
    """A wrong path is dropped without an exception."""
    return _is(event, PATH)
