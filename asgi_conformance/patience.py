"""How long the suite waits: every wait of a run is a multiple of one unit."""

from __future__ import annotations

from dataclasses import dataclass

#: A dialogue with a candidate that takes longer than this, in seconds, stretches the unit.
_USUAL_DIALOGUE = 0.03
#: Servers close a connection that idles for 5 s, or longer; what ends before so many seconds was not ended by that.
_BEFORE_IDLE = 4.0


@dataclass(frozen=True)
class Patience:
    """The waits of a run in seconds; ``scale`` stretches all of them alike."""

    scale: float = 1.0

    @property
    def deadline(self) -> float:
        """How long something may take that has to come."""
        return 5.0 * self.scale

    @property
    def quiet(self) -> float:
        """How long nothing may come before it counts as absent, where no later event can show the absence."""
        return 0.25 * self.scale

    @property
    def prompt(self) -> float:
        """How long something may take that the documents want at once.

        However much it is stretched, it stays below the idle timeouts of servers, whose end would look like the answer.
        """
        return min(2.0 * self.scale, _BEFORE_IDLE)

    def measured(self, dialogue: float) -> Patience:
        """The patience for a candidate of which one dialogue took so many seconds; never stretched by more than 8."""
        return Patience(self.scale * min(8.0, max(1.0, dialogue / _USUAL_DIALOGUE)))
