"""What a server hands over when it calls the application: the scope, and where the call runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asgi_conformance.control import Frame, decode
from asgi_conformance.expect import show
from asgi_conformance.verdict import Broken


class HandedOver:
    """What the probe tells of a call at its beginning.

    ``style`` is the kind of callable that was called, ``loop`` and ``backend`` name the event loop and its library,
    ``main_thread`` and ``thread_id`` the thread. ``began`` is when the application was called, by
    :func:`time.monotonic`.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._scope = decode(frame["scope"])
        self.style: str = frame["style"]
        self.loop: str = frame["loop"]
        self.backend: str = frame["backend"]
        self.main_thread: bool = frame["thread"]
        self.thread_id: int = frame["thread_id"]
        #: Two calls of one process with the same number ran in the same event loop.
        self.loop_id: int = frame["loop_id"]
        self.began: float = frame["at"]

    @property
    def scope(self) -> dict[str, Any]:
        """The scope as it was handed over. Raises Broken when it is no dict at all."""
        if not isinstance(self._scope, dict):
            raise Broken("the scope is a dict", f"the scope is {show(self._scope)}")
        return self._scope

    @property
    def raw_scope(self) -> object:
        """The scope, whatever it is."""
        return self._scope

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of the scope as a list of pairs. Raises Broken when they are not of that form."""
        found = self.scope.get("headers")
        try:
            pairs = [(name, value) for name, value in found]  # type: ignore[union-attr]
        except (TypeError, ValueError):
            raise Broken("scope['headers'] is an iterable of pairs", f"it is {show(found)}") from None
        return pairs

    def header_values(self, name: bytes) -> list[bytes]:
        """The values of one header, in order.

        The name's case does not matter, and whether it is a byte string is the matter of another requirement.
        """
        wanted = (name.lower(), name.decode("latin-1").lower())
        return [value for key, value in self.headers if isinstance(key, (bytes, str)) and key.lower() in wanted]

    @property
    def spec_version(self) -> str:
        """The version that the server claims for this scope's protocol; the documents' default when it claims none."""
        asgi = self.scope.get("asgi")
        claimed = asgi.get("spec_version") if isinstance(asgi, dict) else None
        return claimed if isinstance(claimed, str) else ("1.0" if self.scope.get("type") == "lifespan" else "2.0")

    @property
    def extensions(self) -> Mapping[str, object]:
        """The extensions that the scope lists; empty when there are none."""
        found = self.scope.get("extensions")
        return found if isinstance(found, dict) else {}
