"""What an application sent, held against the documents: the types in its events, and their order.

The types are rows in ``sent.toml``, in the language of ``asgi_conformance/ambient.py``; the order is a table here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from asgi_conformance import ambient
from asgi_conformance.ambient import Shapes, Watch, read_shapes
from asgi_conformance.expect import show
from asgi_conformance.recorded import RecordedCall

#: In which state of a call an application may send what, and the state after it. ``…+`` is a body with more to come.
ORDER: dict[str, dict[tuple[str, str], str]] = {
    "http": {
        ("begun", "http.response.start"): "started",
        ("begun", "http.response.early_hint"): "begun",
        ("begun", "http.response.push"): "begun",
        ("begun", "http.response.debug"): "begun",
        ("started", "http.response.push"): "started",
        ("started", "http.response.body+"): "under way",
        ("started", "http.response.body"): "complete",
        ("started", "http.response.pathsend"): "complete",
        ("started", "http.response.zerocopysend+"): "under way",
        ("started", "http.response.zerocopysend"): "complete",
        # A file by its path is a whole body, and goes with no other part of one.
        ("under way", "http.response.push"): "under way",
        ("under way", "http.response.body+"): "under way",
        ("under way", "http.response.body"): "complete",
        ("under way", "http.response.zerocopysend+"): "under way",
        ("under way", "http.response.zerocopysend"): "complete",
        ("complete", "http.response.trailers+"): "complete",
        ("complete", "http.response.trailers"): "complete",
    },
    "websocket": {
        # Whether an application has to receive websocket.connect before it answers is open.
        ("begun", "websocket.accept"): "open",
        ("begun", "websocket.close"): "complete",
        ("begun", "websocket.http.response.start"): "denied",
        ("denied", "websocket.http.response.body+"): "denied",
        ("denied", "websocket.http.response.body"): "complete",
        ("open", "websocket.send"): "open",
        ("open", "websocket.close"): "complete",
    },
    "lifespan": {
        ("starting", "lifespan.startup.complete"): "complete",
        ("starting", "lifespan.startup.failed"): "complete",
        ("stopping", "lifespan.shutdown.complete"): "complete",
        ("stopping", "lifespan.shutdown.failed"): "complete",
    },
}
#: The state into which events that it receives bring a call, which begins as ``begun``.
RECEIVED = {
    ("begun", "lifespan.startup"): "starting",
    ("complete", "lifespan.shutdown"): "stopping",
}
#: What an application may leave unsaid when it returns: nothing, or all that a client who has left would not get.
LEFT = ("http.disconnect", "websocket.disconnect")
UNFINISHED = {
    "http": ("begun", "started", "under way"),
    "websocket": ("begun", "denied"),
    "lifespan": ("starting", "stopping"),
}
#: Events of extensions, which an application sends only where the scope lists them.
EXTENSIONS = {
    "http.response.push": "http.response.push",
    "http.response.early_hint": "http.response.early_hint",
    "http.response.debug": "http.response.debug",
    "http.response.pathsend": "http.response.pathsend",
    "http.response.zerocopysend": "http.response.zerocopysend",
    "http.response.trailers": "http.response.trailers",
    "websocket.http.response.start": "websocket.http.response",
    "websocket.http.response.body": "websocket.http.response",
}


#: The requirements that what is out of order breaks: the first, where none is closer to it.
IN_GENERAL = "interop.application.keeps-the-documents"
UNLISTED = "core.extensions.checked-before-use"
LEFT_OPEN = {"http": "http.response.start.followed-by-body", "websocket": "websocket.connect.answered"}


class Breach(NamedTuple):
    """What an application did that the documents do not have, as a sentence.

    ``excuses`` says that nobody can expect of the server what it should have made of the call otherwise.
    """

    text: str
    excuses: bool


def breaches_of(call: RecordedCall) -> list[Breach]:
    """What the application of a call did that the documents do not have.

    A wrong order excuses the server, and a wrong value does where it refused something; what it took it has to serve.
    """
    values = [f"{one.observed}, where {one.expected} ({one.requirement})" for one in _wrong_values(call)]
    return [
        *(Breach(text, excuses=call.was_thwarted) for text in values),
        *(Breach(one.observed, excuses=True) for one in _out_of_order(call)),
    ]


def found_in(call: RecordedCall) -> list[ambient.Breach]:
    """The same, each with the requirement that it breaks: how a middleware is judged."""
    return [*_wrong_values(call), *_out_of_order(call)]


def _wrong_values(call: RecordedCall) -> list[ambient.Breach]:
    protocol = call.scope.get("type")
    watch = Watch(_shapes())
    for sent in call.sent if protocol in ORDER else ():
        watch.look("event", protocol, sent.event)
    return watch.breaches


@cache
def _shapes() -> Shapes:
    return Shapes(read_shapes(Path(__file__).with_name("sent.toml")))


def _out_of_order(call: RecordedCall) -> list[ambient.Breach]:
    protocol = call.scope.get("type")
    if protocol not in ORDER:
        return []
    state, heard = "begun", 0
    for sent in call.sent:
        state, heard = _after(state, call.received[heard : sent.after]), sent.after
        name = _name(sent.event)
        if name is None:
            return []  # its type is wrong, which was told
        extension = EXTENSIONS.get(name.removesuffix("+"))
        if extension is not None and extension not in call.extensions:
            what = f"it sent {name.removesuffix('+')}, which the scope does not list among its extensions"
            return [ambient.Breach(UNLISTED, "events of extensions are sent where the scope lists them", what)]
        following = ORDER[protocol].get((state, name))
        if following is None:
            # Whoever has been told that the client has left may have had the event on its way.
            if _has_left(call.received[:heard]):
                return []
            what = f"it sent {show(sent.event)} when it was {state}"
            return [ambient.Breach(IN_GENERAL, "events are sent in an order that the documents have", what)]
        state = following
    state = _after(state, call.received[heard:])
    returned = call.ended is not None and call.ended.how == "returned"
    if returned and state in UNFINISHED[protocol] and not _has_left(call.received) and not _was_refused(call):
        what = f"it returned when its {protocol} call was {state}"
        return [ambient.Breach(LEFT_OPEN.get(protocol, IN_GENERAL), "what was begun is brought to its end", what)]
    return []


def _after(state: str, events: list[object]) -> str:
    for event in events:
        state = RECEIVED.get((state, _name(event) or ""), state)
    return state


def _name(event: object) -> str | None:
    """The type of an event, with a plus where more of its body follows; None where it has none."""
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return None
    more = event.get("more_body") or event.get("more_trailers")
    return f"{event['type']}+" if more else str(event["type"])


def _has_left(events: list[object]) -> bool:
    return any(_name(event) in LEFT for event in events)


def _was_refused(call: RecordedCall) -> bool:
    return any(sent.refused is not None for sent in call.sent)
