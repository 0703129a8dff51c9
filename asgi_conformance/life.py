"""Lives: one start and one end of a candidate, driven by a script, of which many cases judge what it showed.

A process takes longer to start than hundreds of dialogues. Where several requirements are seen in the same experiment,
that experiment is one script, and each case judges its part of the record.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.verdict import Inconclusive, Outcome, Undecided

if TYPE_CHECKING:
    from asgi_conformance.exchange import Exchange

OWN = Launch(own=True)
R = TypeVar("R", bound="Record")


class Record:
    """What a life showed, as annotated attributes that the script sets **in the order of the annotations**.

    When the script ends before a fact is known, whoever asks for the fact at which it ended gets the outcome that
    ended it, and whoever asks for a later one is told that it cannot be decided.
    """

    _end: Outcome | None = None

    def end(self, outcome: Outcome) -> None:
        """Note what ended the script too early."""
        self._end = outcome

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            facts = [fact for kind in reversed(type(self).__mro__[:-2]) for fact in inspect.get_annotations(kind)]
            if name not in facts or self._end is None:
                raise AttributeError(f"the script of the life has not set {name!r}")
            if isinstance(self._end, Undecided) or name == next(fact for fact in facts if fact not in vars(self)):
                raise self._end
            raise Inconclusive(f"the candidate's life did not come so far: {self._end}")


@dataclass(frozen=True)
class Life(Generic[R]):
    """A script with its arguments; equal lives are lived once for all their cases.

    The script takes the exchange, the record and the ``arguments``, which have to be hashable. ``record`` makes the
    empty record, ``launch`` is how the candidate is started.
    """

    script: Callable[..., Awaitable[None]]
    record: Callable[[], R]
    arguments: tuple[object, ...] = ()
    launch: Launch = OWN

    async def run(self, exchange: Exchange) -> R:
        """Live it; an outcome that ends the script is in the record."""
        record = self.record()
        try:
            await self.script(exchange, record, *self.arguments)
        except Outcome as outcome:
            record.end(outcome)
        return record
