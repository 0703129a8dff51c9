"""Requirements by document and section, in the order in which the documents have them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asgi_conformance.results import Requirement

# A section is cited as "source § heading". The headings of the ASGI documents, in their order.
_DOCUMENTS: dict[str, tuple[str, Sequence[str]]] = {
    "asgi.rst": (
        "ASGI specification",
        (
            "Overview",
            "Connection Scope",
            "Events",
            "Applications",
            "Legacy Applications",
            "Protocol Specifications",
            "Middleware",
            "Error Handling",
            "Extensions",
            "Strings and Unicode",
        ),
    ),
    "www.rst": (
        "HTTP & WebSocket message format",
        (
            "Spec Versions",
            "HTTP",
            "HTTP Connection Scope",
            "Request - receive event",
            "Response Start - send event",
            "Response Body - send event",
            "Disconnected Client - send exception",
            "Disconnect - receive event",
            "WebSocket",
            "Websocket Connection Scope",
            "Connect - receive event",
            "Accept - send event",
            "Receive - receive event",
            "Send - send event",
            "Disconnect - receive event (WebSocket)",
            "Disconnected Client - send exception (WebSocket)",
            "Close - send event",
            "WSGI Compatibility",
            "WSGI encoding differences",
        ),
    ),
    "lifespan.rst": (
        "Lifespan protocol",
        (
            "Lifespan Protocol",
            "Scope",
            "Lifespan State",
            "Startup - receive event",
            "Startup Complete - send event",
            "Startup Failed - send event",
            "Shutdown - receive event",
            "Shutdown Complete - send event",
            "Shutdown Failed - send event",
        ),
    ),
    "tls.rst": (
        "TLS extension",
        ("The Base Protocol", "When to use this extension", "TLS Connection Scope", "Events"),
    ),
    "extensions.rst": (
        "Common extensions",
        (
            "Websocket Denial Response",
            "HTTP/2 Server Push",
            "Zero Copy Send",
            "Path Send",
            "TLS",
            "Early Hints",
            "HTTP Trailers",
            "Debug",
        ),
    ),
}
_RFCS = {
    "RFC 9110": "HTTP Semantics",
    "RFC 9112": "HTTP/1.1",
    "RFC 9113": "HTTP/2",
    "RFC 8441": "WebSockets with HTTP/2",
    "RFC 6455": "The WebSocket Protocol",
    "RFC 7692": "Compression Extensions for WebSocket",
    "RFC 6585": "Additional HTTP Status Codes",
}


@dataclass
class Section:
    """One section of a document: its heading, its link, and the ids of its requirements."""

    source: str
    heading: str
    url: str
    requirements: list[str] = field(default_factory=list)


@dataclass
class Chapter:
    """One document with the sections of which there are requirements."""

    source: str
    title: str
    sections: list[Section] = field(default_factory=list)


def outline(requirements: Mapping[str, Requirement]) -> list[Chapter]:
    """The documents of these requirements. Sections that are unknown here come last, in the catalogue's order."""
    sections: dict[tuple[str, str], Section] = {}
    for id_, entry in requirements.items():
        source, _, heading = entry["section"].partition(" § ")
        section = sections.setdefault((source, heading), Section(source, heading, entry["url"]))
        section.requirements.append(id_)
    chapters: dict[str, Chapter] = {}
    for section in sorted(sections.values(), key=_place):
        chapter = chapters.setdefault(section.source, Chapter(section.source, title_of(section.source)))
        chapter.sections.append(section)
    return list(chapters.values())


def title_of(source: str) -> str:
    """What a document is called, from the name by which sections cite it."""
    if source in _DOCUMENTS:
        return _DOCUMENTS[source][0]
    return f"{source}: {_RFCS[source]}" if source in _RFCS else source


def is_known(citation: str) -> bool:
    """Whether the order of a cited section is known."""
    source, _, heading = citation.partition(" § ")
    if source in _DOCUMENTS:
        return heading in _DOCUMENTS[source][1]
    return source in _RFCS and re.fullmatch(r"[0-9]+(\.[0-9]+)*", heading) is not None


def _place(section: Section) -> tuple[int, int, tuple[int, ...]]:
    """Sorts sections: documents in their order, RFCs behind them, then headings or numbers."""
    names = list(_DOCUMENTS)
    if section.source in _DOCUMENTS:
        headings = _DOCUMENTS[section.source][1]
        known = section.heading in headings
        return names.index(section.source), headings.index(section.heading) if known else len(headings), ()
    rfcs = list(_RFCS)
    document = len(names) + (rfcs.index(section.source) if section.source in _RFCS else len(rfcs))
    return document, 0, tuple(int(number) for number in re.findall(r"[0-9]+", section.heading))
