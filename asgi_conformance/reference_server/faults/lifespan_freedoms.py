"""Where the lifespan protocol leaves a choice (suite ``lifespan``): what the reference server does not choose."""

from __future__ import annotations

from typing import Any

from ..application import Scope
from ..lifespan import Phase
from . import around


@around("scope.made", name="lifespan.scope.state.optional/without", follows=["lifespan.*", "*.scope.state.*"])
def there_is_no_state(original: Any, scope: Scope, server: Any) -> Scope:
    """No scope has a state."""
    del scope["state"]
    made: Scope = original(scope, server)
    return made


@around("server.Server.serve", name="lifespan.startup.failed.exit-status/zero")
async def failure_exits_with_zero(original: Any, self: Any, ready: Any = None) -> int:
    """The exit status after startup.failed is 0."""
    await original(self, ready)
    return 0


@around("lifespan.Lifespan.run", name="lifespan.exception.state-afterwards/cleared")
async def state_is_cleared_after_an_exception(original: Any, self: Any) -> None:
    """What an application had put into the state before its startup raised is not kept."""
    await original(self)
    if self.phase is Phase.STARTING:
        self.server.state.clear()


@around("lifespan.Lifespan.send", "scope.common", name="lifespan.state.later-additions/not-seen")
def state_is_copied_once(original: Any, first: Any, *others: Any) -> Any:
    """Requests get copies of the state as it was when startup was complete."""
    if original.__name__ == "send":
        first.server.at_startup = dict(first.server.state)
        return original(first, *others)
    scope: Scope = original(first, *others)
    scope["state"] = dict(getattr(first, "at_startup", first.state))
    return scope
