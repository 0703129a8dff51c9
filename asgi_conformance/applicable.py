"""Whether a case binds a candidate: by the version that a call claims, and by the extensions that it lists."""

from __future__ import annotations

from asgi_conformance.call import Call
from asgi_conformance.verdict import NotApplicable, Unsupported


def check_since(call: Call, since: str | None) -> None:
    """Raise NotApplicable where the version that a call claims is older than ``since`` (None: it always binds)."""
    if since is not None and _version(call.spec_version) < _version(since):
        raise NotApplicable(f"it binds from version {since} on, and the candidate declares {call.spec_version}")


def check_extension(call: Call, extension: str | None) -> None:
    """Raise Unsupported where the scope of a call does not list ``extension`` (None: none is needed)."""
    if extension is not None and extension not in call.extensions:
        listed = ", ".join(sorted(map(str, call.extensions))) or "none"
        raise Unsupported(f"the scope does not list the extension {extension} (listed: {listed})")


def _version(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        return (0,)
