"""Where profiles come from: the suite's own, other distributions, and the user's project."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from asgi_conformance.candidate.profile import Profile, builtin_path, parse_profile
from asgi_conformance.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: The entry points of other distributions: each is a mapping of profiles by name, or the path of a TOML file of them.
GROUP = "asgi_conformance.profiles"


def load_profiles(folder: Path | None = None) -> dict[str, Profile]:
    """All profiles by name; later sources replace earlier ones: built in, entry points, the user's ``pyproject.toml``.

    Args:
        folder: Where the user's ``pyproject.toml`` is looked for; None for the current directory.

    Raises:
        UsageError: If a source cannot be read or holds something that is no profile.
    """
    profiles = dict(_builtin())
    for entry in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        profiles.update(_from_entry_point(entry))
    profiles.update(_from_pyproject((folder or Path.cwd()) / "pyproject.toml"))
    return profiles


@lru_cache(maxsize=1)
def _builtin() -> Mapping[str, Profile]:
    return _parse_all(_read(builtin_path()), "profiles.toml")


def _from_entry_point(entry: EntryPoint) -> dict[str, Profile]:
    source = f"the entry point {entry.name!r} ({entry.value})"
    try:
        found: object = entry.load()
    except Exception as error:
        raise UsageError(
            f"{source} of {GROUP} cannot be loaded: {type(error).__name__}: {error}.",
            hint="Repair or uninstall the package that declares it.",
        ) from error
    if isinstance(found, (str, Path)):
        return _parse_all(_read(Path(found)), f"{found}, from {source}")
    return _parse_all(found, source)


def _from_pyproject(path: Path) -> dict[str, Profile]:
    if not path.is_file():
        return {}
    table: object = _read(path)
    for key in ("tool", "asgi-conformance", "profiles"):
        if not isinstance(table, Mapping):
            return {}
        table = table.get(key, {})
    return _parse_all(table, f"[tool.asgi-conformance.profiles] of {path}")


def _parse_all(table: object, source: str) -> dict[str, Profile]:
    if not isinstance(table, Mapping):
        raise UsageError(f"{source} must be a table of profiles by name, and is {table!r}.")
    return {str(name): parse_profile(str(name), entries, source) for name, entries in table.items()}


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read as TOML: {error}.") from error
