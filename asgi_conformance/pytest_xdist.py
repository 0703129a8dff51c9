"""With pytest-xdist: the scheduler that gives each worker its share of the cases as one piece."""

from __future__ import annotations

from typing import Any

import pytest


def make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A scheduler that keeps shares together and distributes every other item by itself."""
    from xdist.scheduler import LoadScopeScheduling

    from asgi_conformance.pytest_items import NODE, share_number

    class SharesTogether(LoadScopeScheduling):  # type: ignore[misc]
        """Keeps the cases of one share on one worker."""

        def _split_scope(self, nodeid: str) -> str:
            if not nodeid.startswith(NODE + "::"):
                return nodeid
            return f"{NODE} {share_number(nodeid.removeprefix(NODE + '::'), self.numnodes)}"

    return SharesTogether(config, log)
