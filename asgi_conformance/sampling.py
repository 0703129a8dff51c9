"""How properties are tried: with how many examples, and drawn from which seed."""

from __future__ import annotations

from dataclasses import dataclass

#: How many examples a property is tried with, unless a run says otherwise.
USUAL_EXAMPLES = 150


@dataclass(frozen=True)
class Sampling:
    """A property is tried with ``examples`` that are drawn from ``seed``: the same ones in every run that has both."""

    examples: int = USUAL_EXAMPLES
    seed: int = 0

    @property
    def stretch(self) -> float:
        """How many times longer than usual a case may run."""
        return max(1.0, self.examples / USUAL_EXAMPLES)

    def options(self) -> list[str]:
        """The options of the command line that say the same; none for what is usual."""
        usual = Sampling()
        words = ["--examples", str(self.examples)] if self.examples != usual.examples else []
        return words + (["--seed", str(self.seed)] if self.seed != usual.seed else [])
