"""Reports by name: each is a function of results that an installed distribution announces."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from asgi_conformance.errors import SuiteError, UsageError

REPORTS = "asgi_conformance.reports"


def report_names() -> list[str]:
    """The names of all reports."""
    return sorted({entry.name for entry in entry_points(group=REPORTS)})


def load_module(name: str) -> Any:
    """What the entry point of a report names, usually a module with ``render``.

    Raises:
        UsageError: there is no report of this name.
        SuiteError: there is, and it cannot be imported.
    """
    found = list(entry_points(group=REPORTS, name=name))
    if not found:
        raise UsageError(
            f"there is no report format {name!r}", hint=f"The formats are: json, {', '.join(report_names())}."
        )
    try:
        return found[0].load()
    except ImportError as error:
        raise SuiteError(f"the report {name!r} ({found[0].value}) cannot be imported: {error}") from error


def load_report(name: str) -> Callable[..., Any]:
    """The ``render`` function of a report. Raises as :func:`load_module` does."""
    module = load_module(name)
    render: Callable[..., Any] = module if callable(module) else module.render
    return render
