"""Cases about shapes: an exchange is made, and what it was handed is judged by the shapes of one requirement.

The shapes are looked at in every exchange of every case; these are the cases on which their breaches count.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.cases import case
from asgi_conformance.circumstance import DEFAULT, Circumstance
from asgi_conformance.exchange import Exchange

Dialogue = Callable[[Exchange], Awaitable[None]]


def shape_cases(
    sentences: Mapping[str, str],
    dialogue: Dialogue,
    *,
    variation: str | None = None,
    circumstances: Sequence[Circumstance] = (DEFAULT,),
    launch: Launch | None = None,
) -> None:
    """Declare a case for each requirement in ``sentences``, which gives what the case shows.

    ``dialogue`` makes the exchange; it raises an Outcome when there was nothing to look at. The other arguments are
    those of :func:`asgi_conformance.cases.case`.
    """
    for requirement, sentence in sentences.items():
        declare = case(requirement, variation, circumstances=circumstances, launch=launch)
        declare(_experiment(requirement, sentence, dialogue))


def _experiment(requirement: str, sentence: str, dialogue: Dialogue) -> Dialogue:
    async def keeps_the_shape(exchange: Exchange) -> None:
        await dialogue(exchange)
        exchange.watch.judge(requirement)

    keeps_the_shape.__doc__ = sentence
    # A case belongs to the suite of the module that declares it.
    keeps_the_shape.__module__ = dialogue.__module__
    return keeps_the_shape
