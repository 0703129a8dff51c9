"""What an application sent is held against the documents: types and order."""

from __future__ import annotations

from typing import Any

import pytest

from asgi_conformance.cases import load_suites
from asgi_conformance.control import Frame, encode
from asgi_conformance.recorded import RecordedCall
from asgi_conformance.suites.interop.sent import (
    IN_GENERAL,
    LEFT_OPEN,
    ORDER,
    UNLISTED,
    Breach,
    _shapes,
    breaches_of,
    found_in,
)
from asgi_conformance.trace import Trace

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]}
BODY: dict[str, Any] = {"type": "http.response.body", "body": b"content"}
PART: dict[str, Any] = {**BODY, "more_body": True}
ACCEPT, CLOSE = {"type": "websocket.accept"}, {"type": "websocket.close"}
CONNECT, LEFT = {"type": "websocket.connect"}, {"type": "http.disconnect"}


class Link:
    """Stands in for the connection of a process."""

    hello: Frame = {}  # noqa: RUF012


def call_of(protocol: str, *happened: tuple[str, Any], ended: str = "returned", **scope: Any) -> RecordedCall:
    """A call in which this was received ("in") and sent ("out"), in this order, and which then ended so."""
    described = encode({"type": protocol, **scope})
    frame: Frame = {"call": 1, "scope": described, "style": "recorded", "loop": "", "backend": "asyncio"}
    frame |= {"thread": True, "thread_id": 1, "loop_id": 1, "at": 0.0}
    link: Any = Link()
    call = RecordedCall(link, frame, 1, Trace(), 1.0)
    for direction, event in happened:
        call.take({"call": 1, "at": 0.0, {"in": "received", "out": "sent"}[direction]: encode(event)})
    error = {"error": {"type": "ValueError", "bases": [], "text": ""}} if ended == "raised" else {}
    call.take({"call": 1, "at": 0.0, "ended": ended, **error})
    return call


def sends(protocol: str, *events: object, **scope: Any) -> list[Breach]:
    """The breaches of an application that sends these events, after what such a call begins with."""
    begin = [("in", CONNECT)] if protocol == "websocket" else []
    return breaches_of(call_of(protocol, *begin, *(("out", event) for event in events), **scope))


@pytest.mark.parametrize(
    ("protocol", "events"),
    [
        ("http", [START, BODY]),
        ("http", [START, PART, PART, BODY]),
        ("http", [{"type": "http.response.start", "status": 204}, {"type": "http.response.body"}]),
        ("websocket", [ACCEPT, {"type": "websocket.send", "text": ""}, CLOSE]),
        ("websocket", [ACCEPT]),
        ("websocket", [CLOSE]),
    ],
)
def test_what_the_documents_have_is_no_breach(protocol: str, events: list[object]) -> None:
    """Ordinary responses and conversations are right."""
    assert sends(protocol, *events) == []


@pytest.mark.parametrize(
    ("protocol", "events", "told"),
    [
        ("http", [BODY], "when it was begun"),
        ("http", [START, START], "when it was started"),
        ("http", [START, BODY, BODY], "when it was complete"),
        ("http", [START, PART], "returned when its http call was under way"),
        ("http", [], "returned when its http call was begun"),
        ("http", [{**START, "status": "200"}, BODY], "http.response.start.status.wrong-type"),
        ("http", [{"type": "http.response.start"}, BODY], "http.response.start.status.wrong-type"),
        ("http", [{**START, "headers": [("x-a", b"1")]}, BODY], "http.response.start.headers.wrong-shape"),
        ("http", [{**START, "headers": [(b"X-A", b"1")]}, BODY], "http.response.start.headers.lower-case"),
        ("http", [{**START, "headers": [(b":status", b"1")]}, BODY], "http.response.start.headers.no-pseudo"),
        ("http", [START, {**BODY, "body": "text"}], "http.response.body.wrong-type"),
        ("http", [START, {**BODY, "more_body": 0}], "http.response.body.more-body.wrong-type"),
        ("http", [{"type": 1}], "core.event.application-sends-serialisable"),
        ("http", [START, BODY, {"type": "http.response.trailers"}], "does not list among its extensions"),
        ("websocket", [], "returned when its websocket call was begun"),
        ("websocket", [{"type": "websocket.send", "text": "a"}], "when it was begun"),
        ("websocket", [ACCEPT, {"type": "websocket.send"}], "websocket.send.neither"),
        ("websocket", [ACCEPT, {"type": "websocket.send", "text": b"a"}], "websocket.send.text-wrong-type"),
        ("websocket", [ACCEPT, {**CLOSE, "code": "1000"}], "websocket.close.code.wrong-type"),
        ("websocket", [ACCEPT, CLOSE, CLOSE], "when it was complete"),
        ("lifespan", [{"type": "lifespan.startup.complete"}], "when it was begun"),
    ],
)
def test_what_the_documents_do_not_have_is_told(protocol: str, events: list[object], told: str) -> None:
    """Each breach is a sentence with the event, or the requirement, in it."""
    (breach,) = sends(protocol, *events)
    assert told in breach.text


def test_what_the_server_took_it_has_to_serve() -> None:
    """A name in capitals excuses a server that refuses it, and no other; a wrong order excuses every one."""
    capitals = {**START, "headers": [(b"X-A", b"1")]}
    assert [breach.excuses for breach in sends("http", capitals, BODY)] == [False]
    assert [breach.excuses for breach in sends("http", START, BODY, BODY)] == [True]
    call = call_of("http", ("out", capitals), ended="raised")
    call.take({"call": 1, "at": 0.0, "refused": 0, "error": {"type": "ValueError", "bases": [], "text": ""}})
    assert [breach.excuses for breach in breaches_of(call)] == [True]


def test_who_was_told_that_the_client_left_may_stop_anywhere() -> None:
    """An application that received http.disconnect owes nothing, and what it had on its way is no breach."""
    assert breaches_of(call_of("http", ("out", START), ("in", LEFT))) == []
    assert breaches_of(call_of("http", ("out", START), ("out", BODY), ("in", LEFT), ("out", BODY))) == []


def test_who_failed_owes_nothing() -> None:
    """An application that raised has said so in the way that the documents have."""
    assert breaches_of(call_of("http", ("out", START), ended="raised")) == []


def test_an_event_of_an_extension_that_is_listed_is_right() -> None:
    """Trailers are sent where the scope lists them."""
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
    extensions: dict[str, Any] = {"http.response.trailers": {}}
    assert sends("http", {**START, "trailers": True}, BODY, trailers, extensions=extensions) == []


def test_a_file_by_its_path_goes_with_no_other_part_of_a_body() -> None:
    """An application that has sent a part of a body may not send the path of a file."""
    path = {"type": "http.response.pathsend", "path": "/file"}
    extensions: dict[str, Any] = {"http.response.pathsend": {}}
    assert sends("http", START, path, extensions=extensions) == []
    assert "when it was under way" in sends("http", START, PART, path, extensions=extensions)[0].text


def test_each_row_names_a_requirement() -> None:
    """A breach of types, or of the order, is one of a requirement in the catalogue."""
    named = {shape.requirement for shape in _shapes().all} | {IN_GENERAL, UNLISTED, *LEFT_OPEN.values()}
    assert named <= set(load_suites().catalogue)


def test_a_breach_has_its_requirement() -> None:
    """What a middleware is judged by names the requirement: of a value, of what was left open, of an extension."""
    calls = [
        call_of("http", ("out", {**START, "status": "200"}), ("out", BODY)),
        call_of("http"),
        call_of("http", ("out", START), ("out", BODY), ("out", {"type": "http.response.trailers"})),
    ]
    wanted = ["http.response.start.status.wrong-type", LEFT_OPEN["http"], UNLISTED]
    assert [one.requirement for call in calls for one in found_in(call)] == wanted


def test_a_state_that_is_entered_can_be_left_or_is_the_end() -> None:
    """The tables of the order know no state that nothing leads to."""
    for protocol, table in ORDER.items():
        entered = {"begun", "starting", "stopping", *table.values()}
        assert {state for state, _ in table} <= entered, protocol
