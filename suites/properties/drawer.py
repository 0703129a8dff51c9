"""The process in which hypothesis draws the examples of properties, and makes counterexamples smaller.

Drawing costs as much as trying, so it goes on ahead on another processor. What passes tells hypothesis nothing; so an
example that fails has hypothesis draw the same ones again, and from that one on it waits for each verdict.

On both pipes a message is its length in four bytes and a pickled triple: the number of the search, what it is about,
and the content. The harness sends ``draw`` (a function that gives the strategy, and the sampling), ``more`` (a batch is
being tried), ``smaller`` (the place of the example that failed), ``failed`` (whether the last one did) and ``stop``; it
gets ``drawn`` (a batch; the last one is empty), ``try`` (an example), ``error`` (a text) and ``over``.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from asgi_conformance.sampling import Sampling

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

LENGTH = struct.Struct(">I")
#: How many examples are handed over at a time, and how many such batches may wait to be tried.
_BATCH, _WAITING = 25, 8
#: After so many new objects the collector looks for garbage: most of what is drawn is garbage, and not in cycles.
_SELDOM = 100_000

Message = tuple[int, str, Any]


def packed(message: Message) -> bytes:
    """A message as it travels."""
    content = pickle.dumps(message)
    return LENGTH.pack(len(content)) + content


def _draw_the_same_everywhere() -> None:
    """Have hypothesis draw no constants from the sources of those modules that happen to be loaded and installed here.

    There is no setting for that; where its place is another one, examples differ from installation to installation.
    """
    from hypothesis.internal.conjecture import providers

    vars(providers)["is_local_module_file"] = lambda path: False


class _Drawn:
    """An example in a wrapping, so that hypothesis describes that and not a megabyte of messages."""

    def __init__(self, example: object) -> None:
        self.example = example


class _Counterexample(Exception):
    """The property is not true of an example: what hypothesis makes smaller."""


class _Enough(BaseException):
    """No further example is wanted; hypothesis does not hold it for a failure."""


class Search:
    """One search for a counterexample, in a thread of its own; ``say`` sends a message of it.

    ``turn`` is held by the one search that draws, while the others wait for the harness: side by side they only hold
    each other up.
    """

    def __init__(
        self,
        examples: Callable[[], SearchStrategy[Any]],
        sampling: Sampling,
        say: Callable[[str, object], None],
        turn: threading.Lock,
    ) -> None:
        self.inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._examples = examples
        self._sampling = sampling
        self._say = say
        self._turn = turn
        self._batch: list[object] = []
        self._waiting = self._place = 0
        self._failed_at: int | None = None

    def run(self) -> None:
        """Draw ahead, then make smaller what failed, until the harness wants no more."""
        try:
            with self._turn:
                self._draw(self._ahead)
                if self._batch:
                    self._hand_over()
                self._say("drawn", [])  # also where there are fewer than were asked for
                while self._failed_at is None:
                    self._hear()
                self._draw(self._in_step)
        except _Enough:
            pass
        except BaseException:
            self._say("error", traceback.format_exc())
        self._say("over", None)

    def _draw(self, take: Callable[[object], None]) -> None:
        import hypothesis

        gc.freeze()  # hypothesis looks through all objects for each new thread
        settings = hypothesis.settings(
            max_examples=self._sampling.examples,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
            suppress_health_check=list(hypothesis.HealthCheck),
            report_multiple_bugs=False,
        )

        @hypothesis.seed(self._sampling.seed)
        @settings
        @hypothesis.given(self._examples().map(_Drawn))
        def every(drawn: _Drawn) -> None:
            take(drawn.example)

        with contextlib.suppress(_Counterexample, hypothesis.errors.Flaky):
            every()

    def _ahead(self, example: object) -> None:
        """Hand an example over as if it had passed."""
        self._batch.append(example)
        if len(self._batch) == _BATCH:
            self._hand_over()
        if self._failed_at is not None:
            raise _Counterexample

    def _hand_over(self) -> None:
        self._say("drawn", self._batch)
        self._batch = []
        self._waiting += 1
        while self._failed_at is None and (self._waiting > _WAITING or not self.inbox.empty()):
            self._hear()

    def _in_step(self, example: object) -> None:
        """Go through what has passed to what has failed, and have each one tried from then on."""
        assert self._failed_at is not None
        self._place += 1
        if self._place <= self._failed_at:
            return
        if self._place > self._failed_at + 1:
            self._say("try", example)
            if not self._hear():
                return
        raise _Counterexample

    def _hear(self) -> bool:
        """Take the next message of the harness: whether the example that was to be tried has failed."""
        self._turn.release()
        try:
            what, content = self.inbox.get()
        finally:
            self._turn.acquire()
        if what == "stop":
            raise _Enough
        if what == "smaller":
            self._failed_at = content
        if what == "more":
            self._waiting -= 1
        return what == "failed" and bool(content)


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Serve the searches of a harness until it closes its pipe."""
    searches: dict[int, Search] = {}
    writing, turn = threading.Lock(), threading.Lock()

    def say(number: int, what: str, content: object) -> None:
        with writing, contextlib.suppress(BrokenPipeError):
            outgoing.write(packed((number, what, content)))
            outgoing.flush()

    while length := incoming.read(LENGTH.size):
        number, what, content = pickle.loads(incoming.read(*LENGTH.unpack(length)))
        if what == "draw":
            examples, sampling = content
            searches[number] = search = Search(examples, sampling, partial(say, number), turn)
            threading.Thread(target=search.run, daemon=True).start()
        else:
            searches[number].inbox.put((what, content))


def main() -> None:
    """Serve the harness that started this process, by its standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness ends it
    _draw_the_same_everywhere()
    gc.set_threshold(_SELDOM)
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not be in the way of messages
    serve(sys.stdin.buffer, outgoing)
    os._exit(0)  # threads that draw are not waited for
