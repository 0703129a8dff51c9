"""The files that a command is asked to write: results as JSON, and reports by format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgi_conformance.errors import UsageError
from asgi_conformance.reporting import load_report
from asgi_conformance.results import Document, dump

#: The options that are a format's own, by the name of the parameter.
_OPTIONS = {"json_path": "json", "junit_path": "junit", "html_path": "html", "markdown_path": "markdown"}


@dataclass(frozen=True)
class Outputs:
    """Formats with the paths to write them to; ``json`` is the results themselves."""

    files: tuple[tuple[str, Path], ...]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Outputs:
        """What the options ask for. Raises UsageError for a report that has no name or no format."""
        files = [(_format(name, options[key]), options[key]) for key, name in _OPTIONS.items() if options.get(key)]
        for given in options["reports"]:
            name, equals, path = given.partition("=")
            if not name or not equals or not path:
                raise UsageError(
                    f"--report {given!r} is not of the form FORMAT=PATH", hint="For example: --report sarif=out.sarif"
                )
            files.append((name, Path(path)))
        return cls(tuple(files))

    def check(self) -> None:
        """Find out now, rather than after the run, what cannot be written. Raises UsageError."""
        for name, path in self.files:
            if name != "json":
                load_report(name)
            place = path.parent
            if path.is_dir() or name in ("site", "badge"):
                continue
            if not place.is_dir():
                raise _unwritable(name, path, f"there is no folder {place}")
            existed = path.exists()
            try:
                with path.open("a"):
                    pass
            except OSError as error:
                raise _unwritable(name, path, error.strerror) from None
            if not existed:
                path.unlink()

    def write(self, doc: Document) -> None:
        """Write them all. Raises UsageError for one that cannot be written."""
        for name, path in self.files:
            if name == "json":
                dump(doc, path)
                continue
            rendered = load_report(name)(doc)
            try:
                if isinstance(rendered, str):
                    path.write_text(rendered, encoding="utf-8")
                else:
                    _write_folder(path, rendered)
            except OSError as error:
                raise _unwritable(name, path, error.strerror) from None


def _format(name: str, path: Path) -> str:
    """An HTML report goes to one page where a page is named, and is a site where a folder is."""
    return "site" if name == "html" and path.suffix.lower() not in (".html", ".htm") else name


def _write_folder(folder: Path, contents: Mapping[str, str]) -> None:
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _unwritable(name: str, path: Path, why: str | None) -> UsageError:
    return UsageError(
        f"the {name} report cannot be written to {path}: {why}",
        hint="Name a file in a folder that exists and that you may write to.",
    )
