"""The catalogue: what the documents oblige a server to, one observable obligation at a time."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asgi_conformance import results
from asgi_conformance.errors import SuiteError
from asgi_conformance.verdict import Level

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Requirement:
    """One obligation of a document.

    ``since`` is the version of the sub-specification in which the text came in, ``subject`` who is obliged (server,
    application or both), ``observe`` how a test sees it, ``ambiguity`` the readings that a fair case accepts,
    ``untestable`` why no case can show it; the last two are None where there is nothing to say.
    """

    id: str
    suite: str
    document: str
    section: str
    url: str
    level: Level
    since: str | None
    subject: str
    text: str
    observe: str
    ambiguity: str | None = None
    untestable: str | None = None
    needs: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    @property
    def binds_servers(self) -> bool:
        """Whether a server is obliged by it."""
        return self.subject in ("server", "both")

    def to_json(self) -> results.Requirement:
        """The entry of this requirement in the JSON of a run."""
        return {
            "suite": self.suite,
            "document": self.document,
            "section": self.section,
            "url": self.url,
            "level": str(self.level),
            "since": self.since,
            "subject": self.subject,
            "text": self.text,
            "ambiguity": self.ambiguity,
            "untestable": self.untestable,
        }


@dataclass
class Catalogue(Mapping[str, Requirement]):
    """The requirements of all loaded suites, by id, in the order of the documents."""

    _requirements: dict[str, Requirement] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Requirement:
        return self._requirements[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._requirements)

    def __len__(self) -> int:
        return len(self._requirements)

    def add(self, suite: str, source: Path) -> None:
        """Read one suite's ``requirements.toml``.

        Raises:
            SuiteError: the file is not valid TOML, a field is missing or wrong, or an id is there twice.
        """
        try:
            content = tomllib.loads(source.read_text(encoding="utf-8"))
            for entry in content["requirement"]:
                requirement = _requirement(suite, content["meta"], entry)
                if requirement.id in self._requirements:
                    raise SuiteError(f"the requirement {requirement.id} is there twice, the second time in {source}")
                self._requirements[requirement.id] = requirement
        except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
            raise SuiteError(f"the catalogue {source} cannot be read: {error!r}") from error


def _link(meta: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The address of the clause: the section begins with its source's name, which ``meta.sources`` has a page for."""
    section = entry["section"]
    rfc = re.match(r"RFC (\d+)(?: § ([\d.]*\d))?", section)
    if rfc:
        number, part = rfc.groups()
        return f"https://www.rfc-editor.org/rfc/rfc{number}" + (f"#section-{part}" if part else "")
    source = section.partition(" § ")[0]
    page = str(meta.get("sources", {}).get(source, meta["url"]))
    return f"{page}#{entry['anchor']}" if entry.get("anchor") else page


def _requirement(suite: str, meta: Mapping[str, Any], entry: Mapping[str, Any]) -> Requirement:
    return Requirement(
        id=entry["id"],
        suite=suite,
        document=meta["document"],
        section=entry["section"],
        url=_link(meta, entry),
        level=Level(entry["level"]),
        since=entry.get("since"),
        subject=entry["subject"],
        text=entry["text"],
        observe=entry["observe"],
        ambiguity=entry.get("ambiguity"),
        untestable=entry.get("untestable"),
        needs=tuple(entry.get("needs", ())),
        refs=tuple(entry.get("refs", ())),
    )
