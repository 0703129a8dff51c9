"""A conformance suite for ASGI servers: both ends of a server in one hand.

The names here are the library's stable ones; they are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_conformance.api import Candidate as Candidate
    from asgi_conformance.api import run as run
    from asgi_conformance.candidate.launch import Launch as Launch
    from asgi_conformance.cases import case as case
    from asgi_conformance.exchange import Exchange as Exchange

__version__ = "0.1.0"
__all__ = ["Candidate", "Exchange", "Launch", "__version__", "case", "run"]

_HOMES = {
    "Candidate": "asgi_conformance.api",
    "Exchange": "asgi_conformance.exchange",
    "Launch": "asgi_conformance.candidate.launch",
    "case": "asgi_conformance.cases",
    "run": "asgi_conformance.api",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    return found
