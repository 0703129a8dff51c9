"""What can go wrong with a run itself, told apart by whose fault it is.

A broken requirement is no error: it is an outcome (see :mod:`asgi_conformance.verdict`). The errors here end a
command, and the command line shows them as they render themselves: what happened, then what to do next.
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of all errors that the command line shows without a traceback.

    ``message`` says what happened, with the values; ``hint`` what to do next, or is empty; ``detail`` is text of
    somebody else (the tail of a server's output), or is empty.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        parts = [self.message]
        if self.detail:
            parts.append("\n".join("    " + line for line in self.detail.splitlines()))
        if self.hint:
            parts.append(self.hint)
        return "\n".join(parts)


class UsageError(ConformanceError):
    """The command was used in a way that cannot work: a wrong option, a pattern that matches nothing."""

    exit_code = 2


class CandidateError(ConformanceError):
    """The candidate could not be run: it exited, did not listen, or did not reach the application."""

    exit_code = 3


class LaunchImpossible(ConformanceError):
    """The candidate has no known way to be started as a case needs it; ``message`` is the reason."""

    exit_code = 3


class SuiteError(ConformanceError):
    """The suite is at fault: a case or a catalogue is wrong."""

    exit_code = 4
