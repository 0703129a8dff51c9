"""What changed between two runs, told apart by cause: the server, the case, or neither."""

from __future__ import annotations

from dataclasses import dataclass

from asgi_conformance.reports.ansi import TONES, Paint
from asgi_conformance.reports.text import clip, count, one_line
from asgi_conformance.reports.view import MARKS
from asgi_conformance.results import Document, Result, Run, identity, label

#: The causes of a change, in the order in which they are told, with what they mean.
CAUSES = {
    "server": "the server changed",
    "unstable": "neither the server nor the case changed",
    "case": "the case changed",
    "new": "only in the second run",
    "gone": "only in the first run",
}
_WORTH = ("error", "fail", "inconclusive", "warn", "unsupported", "not-applicable", "observed", "pass")


@dataclass(frozen=True)
class Change:
    """One case whose verdict is not what it was; ``before`` or ``after`` is None where the case was not there."""

    case: str
    cause: str
    before: Result | None
    after: Result | None

    @property
    def is_worse(self) -> bool:
        """Whether the second verdict is graver than the first."""
        return (
            self.before is not None
            and self.after is not None
            and _WORTH.index(self.after["verdict"]) < _WORTH.index(self.before["verdict"])
        )


@dataclass(frozen=True)
class Comparison:
    """Two runs of one candidate: what changed, how many cases did not, and of how many only the judging changed."""

    before: Run
    after: Run
    changes: list[Change]
    same: int
    rejudged: int


def compare(before: Run, after: Run) -> Comparison:
    """Hold two runs against each other. A case whose ``revision`` differs was judged by another rule."""
    old = {result["case"]: result for result in before["results"]}
    new = {result["case"]: result for result in after["results"]}
    server_changed = identity(before) != identity(after)
    changes: list[Change] = []
    same = rejudged = 0
    for id_ in dict.fromkeys([*old, *new]):
        first, second = old.get(id_), new.get(id_)
        if first is None or second is None:
            changes.append(Change(id_, "new" if first is None else "gone", first, second))
            continue
        revised = before["cases"][id_]["revision"] != after["cases"][id_]["revision"]
        if first["verdict"] == second["verdict"]:
            same += 1
            rejudged += revised
        else:
            cause = "case" if revised else "server" if server_changed else "unstable"
            changes.append(Change(id_, cause, first, second))
    return Comparison(before, after, changes, same, rejudged)


def pairs(before: Document, after: Document) -> tuple[list[tuple[Run, Run]], list[Run], list[Run]]:
    """The runs of one candidate in both documents, then those only in the first, then those only in the second.

    Candidates are paired by name and variant; two single runs are a pair whatever they are of.
    """
    if len(before["runs"]) == len(after["runs"]) == 1:
        return [(before["runs"][0], after["runs"][0])], [], []
    olds = {_name(run): run for run in before["runs"]}
    news = {_name(run): run for run in after["runs"]}
    both = [(olds[name], news[name]) for name in olds if name in news]
    gone = [run for name, run in olds.items() if name not in news]
    return both, gone, [run for name, run in news.items() if name not in olds]


def _name(run: Run) -> tuple[str, str | None]:
    return run["candidate"]["name"], run["candidate"]["variant"]


def render(document: Document, *, against: Document, color: bool = False, width: int = 100) -> str:
    """What changed from ``against`` (the earlier document) to ``document``, for a terminal."""
    paint = Paint(color)
    both, gone, new = pairs(against, document)
    lines = [line for before, after in both for line in _told(compare(before, after), paint, width)]
    lines += [f" {one_line(label(run))} is only in the first document." for run in gone]
    lines += [f" {one_line(label(run))} is only in the second document." for run in new]
    return "\n".join(lines) + "\n"


def _told(found: Comparison, paint: Paint, width: int) -> list[str]:
    lines = [
        " " + paint(f"{_who(found.before)}  →  {_who(found.after)}", "bold"),
        "",
    ]
    for cause, meaning in CAUSES.items():
        changes = [change for change in found.changes if change.cause == cause]
        if not changes:
            continue
        lines.append(paint(f" {meaning} ({len(changes)})", "bold"))
        changes.sort(key=lambda change: (not change.is_worse, change.case))
        lines += [_line(change, paint, width) for change in changes]
        lines.append("")
    worse = sum(change.is_worse for change in found.changes)
    better = sum(change.before is not None and change.after is not None for change in found.changes) - worse
    judged = f" ({found.rejudged} of them judged by another revision of their case)" if found.rejudged else ""
    lines.append(f" {count(found.same, 'verdict')} as before{judged}, {worse} worse, {better} better.")
    return [*lines, ""]


def _who(run: Run) -> str:
    return one_line(f"{label(run)} (suite {run['tool']['version']})")


def _line(change: Change, paint: Paint, width: int) -> str:
    verdicts = [result["verdict"] if result else "–" for result in (change.before, change.after)]
    shown = " → ".join(
        paint(f"{MARKS[verdict]} {verdict}", TONES[verdict]) if verdict in MARKS else verdict for verdict in verdicts
    )
    blank = " " * max(0, 28 - sum(len(verdict) + 2 * (verdict in MARKS) for verdict in verdicts))
    words = _sentence(change.after) or (f"was: {_sentence(change.before)}" if _sentence(change.before) else "")
    id_ = one_line(change.case)
    room = width - 36 - len(id_)
    said = "  " + paint(clip(one_line(words), room), "dim") if words and room > 12 else ""
    return f"   {shown}{blank} {id_}{said}"


def _sentence(result: Result | None) -> str:
    return (result["observed"] or result["reason"] or "") if result else ""
