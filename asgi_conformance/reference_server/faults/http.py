"""Violations of the HTTP part of www.rst (suite ``http``)."""

from __future__ import annotations

from typing import Any

import anyio

from ..application import Event, Scope, Send
from ..checks import InvalidEvent
from . import around, on_received, on_send, on_sent, swallowed
from .scribbling import scribble

# what the application receives


@on_received("http.request.body.bytes/bytearray", follows=["http.request.*"])
def body_as_bytearray(event: Event, scope: Scope) -> Event:
    """The body of a request event is a bytearray."""
    return {**event, "body": bytearray(event["body"])} if "body" in event else event


@on_received("http.request.more-body.bool/int")
def more_body_as_int(event: Event, scope: Scope) -> Event:
    """The more_body of a request event is 0 or 1."""
    return {**event, "more_body": int(event["more_body"])} if "more_body" in event else event


@around(
    "http_call.HttpCall.request_event",
    name="http.request.more-body.false-means-complete/first-piece",
    also=["http.request.body.complete"],
    follows=["http.request.*", "http.disconnect.*"],
)
def the_first_piece_is_the_last(original: Any, self: Any, piece: Any) -> Event:
    """The first request event says that the body is complete, whatever is still to come."""
    event: Event = original(self, piece)
    self._request_complete = True
    return {**event, "more_body": False}


@on_received("http.request.chunked.decoded/with-sizes", follows=["rfc.http1.request.*", "http.request.*"])
def chunks_with_their_sizes(event: Event, scope: Scope) -> Event:
    """A chunked request body arrives with a chunk size before each piece."""
    if event.get("body") and any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return {**event, "body": b"%x\r\n%s\r\n" % (len(event["body"]), event["body"])}
    return event


@around(
    "http_call.HttpCall.disconnect_event",
    name="http.request.truncated-is-disconnect/final-event",
    follows=["rfc.http1.request.*"],
)
def half_a_body_looks_whole(original: Any, self: Any) -> Event:
    """When the client leaves in the middle of its body, the application gets a final http.request."""
    event: Event = original(self)
    if self._request_complete or self.response.state.name == "COMPLETE":
        return event
    return {"type": "http.request", "body": b"", "more_body": False}


@around("http_call.HttpCall.receive", name="http.disconnect.repeatable/second-hangs")
async def only_one_disconnect(original: Any, self: Any) -> Event:
    """The second receive() after http.disconnect waits for ever."""
    if self.disconnected:
        await anyio.sleep_forever()
    event: Event = await original(self)
    return event


@around(
    "http_call.HttpCall.disconnect_event",
    name="http.disconnect.type/with-protocol-only",
    follows=[
        "http.disconnect.*",
        "http.send-closed.*",
        "http.request.truncated-is-disconnect*",
        "core.*",
    ],
)
def disconnect_under_another_name(original: Any, self: Any) -> Event:
    """The disconnect event is called "http.disconnected"."""
    return {**original(self), "type": "http.disconnected"}


@around(
    "http_call.HttpCall.receive",
    name="http.disconnect.after-response/never",
    also=["http.disconnect.pending-receive-at-completion"],
    follows=["http.disconnect.*"],
)
async def no_disconnect_after_a_response(original: Any, self: Any) -> Event:
    """A receive() after the response never ends."""
    event: Event = await original(self)
    if event["type"] == "http.disconnect" and self.response.complete and not self.stream.gone:
        await anyio.sleep_forever()
    return event


@around(
    "http1_stream.Http1Stream.client_left",
    "multiplexed.MultiplexedStream.client_left",
    name="http.disconnect.on-client-close/never",
    follows=["http.disconnect.*", "http.send-closed.*", "core.*", "core.app.cleanup-after-disconnect*"],
)
def nobody_ever_leaves(original: Any, self: Any) -> bool:
    """A client that closes its connection is not noticed."""
    return False


@around(
    "http_call.HttpCall.over",
    name="http.disconnect.not-before-end/after-request",
    also=["http.request.nothing-after-final", "core.receive.waits-for-event"],
    follows=["http.disconnect.*", "http.send-closed.*", "core.*"],
)
def disconnect_after_the_request(original: Any, self: Any) -> bool:
    """http.disconnect is given as soon as the request has been read."""
    return self._request_complete or bool(original(self))


# what the application sends


@around(
    "http1_stream.Http1Stream.send_body",
    "http2_stream.Http2Stream.send_body",
    "http3_stream.Http3Stream.send_body",
    name="http.response.body.flushed/at-the-end",
    follows=["http.*", "core.*", "websocket.*", "extension.*", "rfc.websocket.*"],
)
def body_kept_until_the_end(original: Any, self: Any, data: bytes) -> None:
    """Content is kept back until the response is complete."""
    if not hasattr(self, "kept"):
        self.kept = bytearray()
        send_end = self.send_end
        self.send_end = lambda trailers: (original(self, bytes(self.kept)), send_end(trailers))
    self.kept += data


@around("http_call.HttpCall.run", name="http.response.body.completes/when-the-call-ends", follows=["http.*", "core.*"])
async def completed_when_the_call_ends(original: Any, self: Any) -> None:
    """The end of a response goes out when the application's call has ended."""
    ends: list[Any] = []
    send_end, self.stream.send_end = self.stream.send_end, ends.append
    await original(self)
    for trailers in ends:
        send_end(trailers)


@on_sent(
    "http.response.start.status.passed/rounded",
    follows=["http.response.status.keeps-body*", "http.response.body.undisturbed/*"],
)
def status_of_its_class(event: Any) -> Any:
    """A status without a registered phrase is sent as the first of its class."""
    if isinstance(event, dict) and event.get("status") in (299, 418, 599):
        return {**event, "status": event["status"] // 100 * 100}
    return event


@around(
    "response_call.make_head",
    name="http.response.start.headers.order/sorted",
    follows=["http.response.headers.set-cookie-separate*"],
)
def headers_sorted(original: Any, method: str, status: int, headers: Any) -> Any:
    """Response headers go out in the order of their names."""
    return original(method, status, sorted(headers))


@around(
    "response_call.make_head",
    name="http.response.headers.set-cookie-separate/joined",
)
def cookies_joined(original: Any, method: str, status: int, headers: Any) -> Any:
    """Set-Cookie headers are joined with commas."""
    cookies = [value for name, value in headers if name == b"set-cookie"]
    others = [header for header in headers if header[0] != b"set-cookie"]
    return original(method, status, [*others, (b"set-cookie", b", ".join(cookies))] if cookies else others)


@around(
    "responses.keep_field",
    name="http.response.start.transfer-encoding-ignored/passed-on",
    follows=["http.response.start.transfer-encoding-with-length*"],
)
def transfer_encoding_passed_on(original: Any, status: int, name: bytes) -> bool:
    """A Transfer-Encoding of the application is sent as it is."""
    return name == b"transfer-encoding" or bool(original(status, name))


@on_sent("http.response.start.transfer-encoding-ignored/with-the-rest")
def headers_behind_it_are_ignored_too(event: Any) -> Any:
    """The headers behind a Transfer-Encoding of the application are dropped together with it."""
    if isinstance(event, dict) and event.get("type") == "http.response.start" and type(event.get("headers")) is list:
        names = [pair[0] for pair in event["headers"] if isinstance(pair, (tuple, list)) and pair]
        if b"transfer-encoding" in names:
            return {**event, "headers": event["headers"][: names.index(b"transfer-encoding")]}
    return event


@around(
    "response_call.Response.content_sent",
    name="http.response.body.empty-chunk/ends",
    follows=["http.response.body.*", "http.response.start.headers-before-body*"],
)
def an_empty_piece_ends_the_response(original: Any, self: Any, more: bool) -> None:
    """An empty body message ends the response, although more_body is true."""
    empty, self._sent_before = self._sent == getattr(self, "_sent_before", 0), self._sent
    original(self, more and not empty)


@around(
    "http_call.HttpCall.send",
    name="http.response.body.after-complete.nothing-on-wire/sent",
    follows=["http.response.start.twice-clean-wire*"],
)
async def more_after_the_end(original: Any, self: Any, event: Any) -> None:
    """The body of a message after the final one is written to the connection."""
    if self.response.complete and isinstance(event, dict):
        scribble(self.stream, event.get("body", b""))
    await original(self, event)


@around("http_call.HttpCall.send", name="http.response.body.after-complete.ignored/raises")
async def after_the_end_it_raises(original: Any, self: Any, event: Any) -> None:
    """A message after the final one raises RuntimeError."""
    if self.response.complete:
        raise RuntimeError("the response is complete")
    await original(self, event)


@around(
    "response_call.Response.abandon",
    name="http.app.returns-mid-body/completed",
    follows=["http.app.raises-mid-body*", "rfc.http1.response.incomplete-visible*", "rfc.http2.response.incomplete*"],
)
def a_broken_response_looks_complete(original: Any, self: Any, status: int, text: str) -> None:
    """A response that the application broke off is ended with a last chunk."""
    if self.head_sent and not self.complete:
        self.complete_with([])
    original(self, status, text)


@around("http_call.HttpCall.refuse_send", name="http.send-closed.raises-oserror/silent", follows=["http.send-closed.*"])
def silence_on_a_closed_connection(original: Any, self: Any) -> None:
    """A send() on a closed connection returns, although spec_version 2.5 is claimed."""


@around(
    "http_call.HttpCall.refuse_send",
    name="http.send-closed.no-other-exception/runtime-error",
    follows=["http.send-closed.*"],
)
def another_exception_on_a_closed_connection(original: Any, self: Any) -> None:
    """A send() on a closed connection raises RuntimeError."""
    raise RuntimeError("the connection is closed")


@swallowed("http.error.unknown-type/ignored", follows=["core.*"])
def unknown_types_are_dropped(event: Any) -> bool:
    """An event of unknown type is dropped in silence."""
    return isinstance(event, dict) and "unknown" in str(event.get("type"))


@on_sent("http.response.body.str/encoded")
def str_bodies_are_encoded(event: Any) -> Any:
    """A body of type str is encoded and sent."""
    if isinstance(event, dict) and isinstance(event.get("body"), str):
        return {**event, "body": event["body"].encode()}
    return event


@on_sent("http.response.body.wrong-type/bytes-of-int")
def an_int_makes_nul_bytes(event: Any) -> Any:
    """A body of 5 is sent as five NUL bytes."""
    if isinstance(event, dict) and type(event.get("body")) is int:
        return {**event, "body": bytes(event["body"])}
    return event


@around("http_call.HttpCall.send", name="http.response.start.twice/dropped")
async def a_second_start_is_dropped(original: Any, self: Any, event: Any) -> None:
    """A second response start is dropped in silence."""
    second = isinstance(event, dict) and event.get("type") == "http.response.start" and self.response.state.value > 1
    if not second:
        await original(self, event)


@on_send("http.error.extra-keys/raises")
async def unknown_keys_raise(send: Send, event: Any, scope: Scope) -> None:
    """An event with a key that nobody knows makes send() raise."""
    known = {"type", "status", "headers", "trailers", "body", "more_body"}
    if isinstance(event, dict) and not known.issuperset(event):
        raise InvalidEvent("unknown keys")
    await send(event)
