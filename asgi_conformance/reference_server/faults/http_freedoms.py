"""Where the HTTP part of www.rst leaves a choice (suite ``http``): what the reference server does not choose."""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from urllib.parse import unquote

from ..application import Scope, Send
from ..checks import InvalidEvent
from . import around, on_scope, on_send, on_sent


@on_scope("http.scope.path.percent-decoded-slash/kept", follows=["http.scope.path.*"])
def slashes_stay_encoded(scope: Scope) -> None:
    """An encoded slash stays encoded in the path, where all else is decoded."""
    parts = re.split("(%2[fF])", scope["raw_path"].decode())
    scope["path"] = "".join(part if number % 2 else unquote(part) for number, part in enumerate(parts))


@around(
    "http1.check_head",
    name="http.scope.raw-path.absolute-form/whole-target",
    follows=["http.scope.*", "rfc.http1.request.*"],
)
def raw_path_is_the_whole_target(original: Any, head: Any, tls: bool, number: int) -> Any:
    """For a target in absolute form raw_path is all of it."""
    request = original(head, tls, number)
    if not head.target.startswith(b"/"):
        request = dataclasses.replace(request, raw_path=head.target.partition(b"?")[0])
    return request


@around(
    "response_call.Response.start",
    name="http.response.start.early-flush-allowed/at-once",
    also=["http.response.start.error-may-replace"],
    follows=["http.*", "core.error.*", "extension.*", "rfc.*"],
)
def the_head_goes_out_at_once(original: Any, self: Any, *head: Any) -> None:
    """The head goes out with the response start, before there is any content."""
    original(self, *head)
    self.send_head()


@on_send("http.response.start.transfer-encoding-with-length/coded-twice")
async def the_body_is_coded_for_the_application(send: Send, event: Any, scope: Scope) -> None:
    """A response with a length and a Transfer-Encoding has chunks in its content."""
    if isinstance(event, dict) and event.get("type") == "http.response.start":
        headers = event.get("headers")
        names = {pair[0] for pair in headers if len(pair) == 2} if type(headers) is list else set()
        if {b"content-length", b"transfer-encoding"} <= names:
            scope["x-coded"] = True
            event = {**event, "headers": [pair for pair in event["headers"] if pair[0] != b"content-length"]}
    elif "x-coded" in scope and event.get("body"):
        event = {**event, "body": b"%x\r\n%s\r\n0\r\n\r\n" % (len(event["body"]), event["body"])}
    await send(event)


@around(
    "checks.name",
    name="http.response.start.headers.upper-case-tolerated/refused",
    follows=["http.response.start.headers.*", "interop.*"],
)
def upper_case_is_refused(original: Any, field_name: Any) -> Any:
    """Header names in upper case make send() raise."""
    if isinstance(field_name, bytes) and field_name != field_name.lower():
        raise InvalidEvent(f"the header name {field_name!r} is not in lower case")
    return original(field_name)


@on_sent("http.response.body.bytes-like/taken")
def what_is_like_bytes_is_taken(event: Any) -> Any:
    """A bytearray or a memoryview as the body is sent as if it were bytes."""
    if isinstance(event, dict) and isinstance(event.get("body"), (bytearray, memoryview)):
        return {**event, "body": bytes(event["body"])}
    return event


@around(
    "http1.Http1Connection.finish_one",
    "http_call.HttpCall.run",
    name="http.app.concurrent-keep-alive/one-after-the-other",
    follows=["http.app.*", "http.disconnect.*", "core.app.*", "rfc.http1.*"],
)
async def the_next_request_waits_for_the_call(original: Any, self: Any, *stream: Any) -> Any:
    """The next request of a connection is looked at when the call for the one before has ended."""
    if not stream:
        try:
            return await original(self)
        finally:
            self.stream.call_ended = True
            self.stream.transport.changed.fire()
    going_on = await original(self, *stream)
    while going_on and not hasattr(stream[0], "call_ended") and not self.transport.lost:
        await self.transport.changed.wait()
    return going_on
