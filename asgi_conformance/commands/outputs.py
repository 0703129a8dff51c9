"""The files that a run is asked to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgi_conformance.errors import UsageError
from asgi_conformance.reporting import load_report
from asgi_conformance.results import Document, dump


@dataclass(frozen=True)
class Outputs:
    """Reports by format and path; ``json`` is the results themselves."""

    files: tuple[tuple[str, Path], ...]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Outputs:
        """What the options ask for. Raises UsageError for a report that has no name or no format."""
        files: list[tuple[str, Path]] = []
        if options["json_path"]:
            files.append(("json", options["json_path"]))
        if options["junit_path"]:
            files.append(("junit", options["junit_path"]))
        for given in options["reports"]:
            name, equals, path = given.partition("=")
            if not name or not equals or not path:
                raise UsageError(
                    f"--report {given!r} is not of the form FORMAT=FILE", hint="For example: --report html=out.html"
                )
            files.append((name, Path(path)))
        return cls(tuple(files))

    def check(self) -> None:
        """Find out now, rather than after the run, what cannot be written. Raises UsageError."""
        for name, path in self.files:
            if name != "json":
                load_report(name)
            existed = path.exists()
            try:
                with path.open("a"):
                    pass
            except OSError as error:
                raise UsageError(
                    f"the {name} report cannot be written to {path}: {error.strerror}",
                    hint="Name a file in a folder that exists and that you may write to.",
                ) from None
            if not existed:
                path.unlink()

    def write(self, doc: Document) -> None:
        """Write them all. Raises UsageError for one that cannot be written any more."""
        for name, path in self.files:
            if name == "json":
                dump(doc, path)
                continue
            try:
                path.write_text(load_report(name)(doc), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"the {name} report cannot be written to {path}: {error.strerror}") from None
