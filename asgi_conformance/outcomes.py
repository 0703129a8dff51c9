"""How a case ends other than by a breach, in the words of a case."""

from __future__ import annotations

from asgi_conformance.verdict import Inconclusive, NotApplicable, Observed, Unsupported


class Outcomes:
    """The outcomes that a case raises when it has neither passed nor found a breach, and its remarks."""

    remarks: list[str]

    def observed(self, what: str) -> Observed:
        """The outcome to raise when the document leaves it free what the candidate does; ``what`` is what it does."""
        return Observed(what)

    def unsupported(self, reason: str) -> Unsupported:
        """The outcome to raise when an optional feature is absent, with the evidence as the reason."""
        return Unsupported(reason)

    def not_applicable(self, reason: str) -> NotApplicable:
        """The outcome to raise when the requirement does not apply to this candidate."""
        return NotApplicable(reason)

    def inconclusive(self, reason: str) -> Inconclusive:
        """The outcome to raise when it cannot be decided."""
        return Inconclusive(reason)

    def remark(self, text: str) -> None:
        """Add something worth knowing that is no verdict."""
        self.remarks.append(text)
