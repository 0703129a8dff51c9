"""Is a value that came out of a file a document? The answer is read off the types in :mod:`.results` themselves."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from asgi_conformance.errors import UsageError
from asgi_conformance.results import FORMAT, LEVELS, VERDICTS, Document, summarise


class _ShapeError(Exception):
    """The value at ``path`` is not what the format says; ``found`` is what it is."""

    def __init__(self, path: str, wanted: str, found: str) -> None:
        super().__init__(path)
        self.path, self.wanted, self.found = path, wanted, found


def check(value: object, name: str) -> Document:
    """``value`` as a document, once everything in it is known to have the format's types.

    ``summary`` is counted anew, so that it cannot disagree with the results.

    Raises:
        UsageError: it is no document; the message names the place and ``name``.
    """
    try:
        _check_format(value)
        _conform(value, Document, "")
        document = cast(Document, value)
        for number, run in enumerate(document["runs"]):
            for place, result in enumerate(run["results"]):
                path = f"runs[{number}].results[{place}]"
                _one_of(result["verdict"], VERDICTS, f"{path}.verdict")
                _one_of(result["level"], LEVELS, f"{path}.level")
                _one_of(result["requirement"], run["requirements"], f"{path}.requirement")
                _one_of(result["case"], run["cases"], f"{path}.case")
            run["summary"] = summarise(run["results"])
    except _ShapeError as wrong:
        raise UsageError(
            f"{name} is no run of asgi-conformance: {wrong.path or 'the whole'} should be {wrong.wanted}, "
            f"but is {wrong.found}.",
            hint="Give a file that --json wrote, or the HTML report of one candidate.",
        ) from None
    return document


def _check_format(value: object) -> None:
    if not isinstance(value, dict):
        raise _ShapeError("", "an object", _describe(value))
    if value.get("format") != FORMAT:
        raise _ShapeError("format", repr(FORMAT), _describe(value.get("format")))


def _one_of(value: str, allowed: Collection[str], path: str) -> None:
    if value not in allowed:
        wanted = "one of " + ", ".join(sorted(allowed)) if len(allowed) < 12 else "one of those that the run lists"
        raise _ShapeError(path, wanted, _describe(value))


@cache
def _keys(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


def _conform(value: object, shape: Any, path: str) -> None:
    """Raise _ShapeError unless ``value`` has the type ``shape``: a TypedDict, list, dict, union or plain type."""
    if is_typeddict(shape):
        if not isinstance(value, dict):
            raise _ShapeError(path, "an object", _describe(value))
        for key, inner in _keys(shape).items():
            where = f"{path}.{key}" if path else key
            if key not in value and key in shape.__optional_keys__:
                continue
            if key not in value:
                raise _ShapeError(where, "there", "missing")
            _conform(value[key], inner, where)
        return
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is list:
        if not isinstance(value, list):
            raise _ShapeError(path, "a list", _describe(value))
        for number, item in enumerate(value):
            _conform(item, arguments[0], f"{path}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            raise _ShapeError(path, "an object", _describe(value))
        for key, item in value.items():
            _conform(item, arguments[1], f"{path}[{key!r}]")
    elif origin in (Union, UnionType):
        _conform_optional(value, arguments, path)
    elif not _is_plain(value, shape):
        raise _ShapeError(path, _NAMES[shape], _describe(value))


def _conform_optional(value: object, arguments: tuple[Any, ...], path: str) -> None:
    """The format has no unions but "this, or null"."""
    if value is not None:
        (inner,) = [argument for argument in arguments if argument is not NoneType]
        _conform(value, inner, path)


_NAMES = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def _is_plain(value: object, shape: type) -> bool:
    if isinstance(value, bool):
        return shape is bool
    return isinstance(value, (int, float) if shape is float else shape)


def _describe(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
