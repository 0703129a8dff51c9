"""What a person sees after a run: each failure with its reason and its trace, then the counts and the standing.

The standing is the last line, because the end is what a terminal shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from asgi_conformance.reports.ansi import TONES, Paint
from asgi_conformance.reports.diagram import draw
from asgi_conformance.reports.text import cells, clip, count, one_line, pad, visible, web_link, wrap
from asgi_conformance.reports.view import (
    MARKS,
    SHORT,
    also,
    by_suite,
    command_of,
    facts,
    grouped,
    having,
    is_known,
    requirement_of,
    standing,
    used_columns,
)
from asgi_conformance.results import Document, Result, Run, label

#: How far the details of a case stand from the left, and how wide their names are.
_INDENT, _NAME = "   ", 10


def render(document: Document, *, color: bool = False, width: int = 100, verbosity: int = 0) -> str:
    """The document for a terminal of ``width`` columns, taken as 72 to 160.

    ``verbosity`` is -1 (the ids of failures and the standing), 0 (failures in full, what else is notable in a line
    each), 1 (everything that is not a pass in full) or 2 (passes too, and traces uncut).
    """
    width = max(72, min(width, 160))
    return "\n".join(_Page(run, Paint(color), width, verbosity).text() for run in document["runs"])


def _shortened(reason: str) -> str:
    """A reason of many lines (a traceback) by its beginning and its end."""
    lines = reason.splitlines()
    return reason if len(lines) <= 8 else "\n".join([*lines[:2], "⋮ (-v shows all)", *lines[-4:]])


def render_result(run: Run, result: Result, *, width: int = 100) -> str:
    """One result of a run in full, without colours."""
    page = _Page(run, Paint(False), width, 1)
    page._block(result)
    return "\n".join(page.lines)


class _Page:
    """One run on a terminal."""

    def __init__(self, run: Run, paint: Paint, width: int, verbosity: int) -> None:
        self.run, self.paint, self.width, self.verbosity = run, paint, width, verbosity
        self.lines: list[str] = []

    def text(self) -> str:
        if self.verbosity < 0:
            for result in having(self.run, "fail", "error"):
                self._line_of(result)
            self._standing()
        else:
            if self.verbosity > 1:
                self._section("pass")
            for verdict in ("unsupported", "not-applicable", "observed", "inconclusive", "warn"):
                self._section(verdict, brief=self.verbosity < 1)
            self._section("error")
            self._section("fail")
            self._counts()
            self._standing()
        return "\n".join(self.lines) + "\n"

    def _section(self, verdict: str, brief: bool = False) -> None:
        """The results of one verdict. In brief, those that a summary counts well enough are left out."""
        results = having(self.run, verdict)
        if brief and verdict in ("unsupported", "not-applicable", "observed"):
            return
        for first, *others in grouped(results, whole=self.verbosity > 0):
            if brief or verdict == "pass":
                self._line_of(first, others)
            else:
                self._block(first, others)
        if results and (brief or verdict == "pass"):
            self.lines.append("")

    def _line_of(self, result: Result, others: Sequence[Result] = ()) -> None:
        """A result in one line: its id, how many others are like it, and what was observed or why nothing was."""
        mark = self.paint(MARKS[result["verdict"]], TONES[result["verdict"]], "bold")
        id_ = one_line(result["case"]) + (f" (and {len(others)} more)" if others else "")
        words = result["observed"] or result["reason"] or ""
        room = self.width - len(id_) - 5
        rest = self.paint("  " + clip(one_line(words), room), "dim") if words and room > 12 else ""
        self.lines.append(f" {mark} {id_}{rest}")

    def _block(self, result: Result, others: Sequence[Result] = ()) -> None:
        """A result in full, with what is to be said of others of the same requirement and verdict."""
        entry = requirement_of(self.run, result)
        self._heading(result)
        for line in wrap(result["title"], self.width - len(_INDENT)):
            self.lines.append(_INDENT + self.paint(line, "bold"))
        self.lines.append("")
        self._field("expected", result["expected"], "green")
        self._field("observed", result["observed"], TONES[result["verdict"]])
        self._field("reason", result["reason"] if self.verbosity > 0 else _shortened(result["reason"] or ""))
        self._field("also in", also(result, others))
        if result["launch"] != "plain":
            self._field("launch", result["launch"])
        if len(set(result["history"])) > 1:
            self._field("attempts", ", ".join(result["history"]))
        for note in result["notes"]:
            self._field("note", note)
        known = result["baseline"]
        if known is not None:
            state = "expected otherwise" if known["unexpected"] else f"known {known['kind']}"
            self._field("baseline", f"{state}: {known['reason']}" + (f"\n{known['link']}" if known["link"] else ""))
        self._field(entry["level"], entry["text"])
        if entry["ambiguity"] and self.verbosity > 0:
            self._field("readings", entry["ambiguity"])
        self._field("written in", entry["section"])
        link = web_link(entry["url"])
        if link:
            self.lines.append(_INDENT + " " * (_NAME + 2) + self.paint(link, "blue"))
        self._command(command_of(self.run, result))
        if result["trace"]:
            self.lines.append("")
            self.lines += draw(result["trace"], self.paint, self.width, whole=self.verbosity > 1)
        self.lines.append("")

    def _heading(self, result: Result) -> None:
        verdict = result["verdict"]
        known = " · known" if is_known(result) else ""
        level = f" {verdict}{known} ──"
        id_ = clip(one_line(result["case"]), self.width - len(level) - 6)
        rule = "─" * (self.width - cells(id_) - len(level) - 6)
        tone = TONES[verdict]
        left = f"── {MARKS[verdict]} "
        self.lines.append(self.paint(left, tone) + self.paint(id_, tone, "bold") + " " + self.paint(rule + level, tone))

    def _field(self, name: str, words: str | None, tone: str = "") -> None:
        """A named sentence, wrapped beside its name; nothing where there are no words."""
        if not words:
            return
        first = self.paint(pad(name, _NAME), "dim") + "  "
        for line in wrap(words, self.width - len(_INDENT) - _NAME - 2):
            self.lines.append(_INDENT + first + (self.paint(line, tone) if tone else line))
            first = " " * (_NAME + 2)

    def _command(self, command: str) -> None:
        """The command in one line, however long: it is there to be copied."""
        self.lines.append(_INDENT + self.paint(pad("run it", _NAME), "dim") + "  " + one_line(command))

    def _counts(self) -> None:
        suites = by_suite(self.run)
        columns = used_columns(suites.values())
        names = [SHORT.get(column, column) for column in columns]
        first = max([len(name) for name in suites] + [len("suite")])
        if first + sum(max(len(name), 5) + 2 for name in names) >= self.width:
            names = [name[:5] for name in names]
        self.lines.append(self.paint(f" {pad('suite', first)}" + "".join(f"  {name:>5}" for name in names), "dim"))
        total = self.run["summary"]
        for suite, counts in suites.items():
            self.lines.append(f" {pad(visible(suite), first)}" + self._numbers(counts, columns, names))
        if len(suites) > 1:
            self.lines.append(self.paint(f" {pad('all', first)}", "bold") + self._numbers(total, columns, names))
        self.lines.append("")

    def _numbers(self, counts: dict[str, int], columns: list[str], names: list[str]) -> str:
        numbers = []
        for column, name in zip(columns, names, strict=True):
            wide = max(len(name), 5)
            number = counts[column]
            numbers.append("  " + self.paint(f"{number or '·':>{wide}}", TONES[column] if number else "dim"))
        return "".join(numbers)

    def _standing(self) -> None:
        run = self.run
        found = standing(run)
        known = sum(is_known(result) for result in run["results"])
        ran = f"{count(len(run['results']), 'case')} in {run['duration_s']:.1f} s"
        extra = f", {known} known" if known else ""
        who = one_line(label(run))
        self.lines.append(
            f" {self.paint(MARKS[found.tone], TONES[found.tone], 'bold')} {self.paint(who, 'bold')} is "
            f"{self.paint(found.word, TONES[found.tone], 'bold')}: {found.sentence} ({ran}{extra})"
        )
        self.lines.append("   " + self.paint(clip(one_line(" · ".join(facts(run))), self.width - 3), "dim"))
        if not run["complete"]:
            self.lines.append("   " + self.paint("The run was interrupted; this report is partial.", "yellow"))
