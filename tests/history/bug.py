"""The bugs that are known of released servers, as ``bugs/*.toml`` have them: a file for each server.

Each is a table under its id: ``shows`` what the server does, in one sentence; ``server`` its distribution; the version
that is ``bad`` and the first ``good`` one, which an open bug has not; ``python``; what is installed ``beside`` the
server, or ``beside-bad`` and ``beside-good`` where that differs; the ``command`` with ``<bin>`` for the folder of
programs; globs of the ``cases`` that find it, at least one case each; words that such a case ``observes`` where the
documents leave it free what a server does; and a ``link``. A bug that no case can find, or ought to, is ``explained``.
Where one request stops or hangs a server and there is no good version yet, a bug is ``private``: it has neither
``shows`` nor ``link``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgi_conformance.cases import Case, Suites, matches

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "bugs"


@dataclass(frozen=True)
class Release:
    """A version of a server, and all that has to be installed for it."""

    version: str
    packages: Sequence[str]


@dataclass(frozen=True)
class Bug:
    """What one release did wrong, and what finds it. Without a ``good`` release it is open."""

    id: str
    server: str
    python: str
    bad: Release
    good: Release | None
    command: str
    cases: Sequence[str]
    shows: str
    link: str
    observes: str
    explained: str
    private: bool

    def finding(self, suites: Suites) -> dict[str, list[Case]]:
        """The cases that each glob means."""
        return {glob: [case for case in suites.cases.values() if matches(case, glob)] for glob in self.cases}


def load() -> list[Bug]:
    """All bugs, by server."""
    return [
        _bug(name, entry)
        for source in sorted(FOLDER.glob("*.toml"))
        for name, entry in tomllib.loads(source.read_text(encoding="utf-8")).items()
    ]


def _bug(name: str, entry: Mapping[str, Any]) -> Bug:
    return Bug(
        id=name,
        server=entry["server"],
        python=entry["python"],
        bad=_release(entry, "bad"),
        good=_release(entry, "good") if "good" in entry else None,
        command=entry["command"],
        cases=entry.get("cases", ()),
        shows=entry.get("shows", ""),
        link=entry.get("link", ""),
        observes=entry.get("observes", ""),
        explained=entry.get("explained", ""),
        private=entry.get("private", False),
    )


def _release(entry: Mapping[str, Any], which: str) -> Release:
    version = entry[which]
    beside = entry.get("beside", ()) or entry.get(f"beside-{which}", ())
    return Release(version, [f"{entry['server']}=={version}", *beside])
