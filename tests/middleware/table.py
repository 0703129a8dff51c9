"""The table of middlewares, and what each of them changes, out of the JSON of runs behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from asgi_conformance.middleware import is_of_the_server
from asgi_conformance.results import Result, Run
from tests.interop.table import BEGIN, END, escaped

#: What stands in a sentence of this run alone: objects by their address, and all that follows.
_OF_THIS_RUN = re.compile(
    r": Cancelled via cancel scope.*| (object )?at 0x[0-9a-f]+|\(b'date', b'[^']*'\)(, )?| at 127\.0\.0\.1:\d+"
)
_LONGEST = 160


def page(text: str, runs: Sequence[Run], refused: Mapping[str, str]) -> str:
    """The page with the part between its marks made anew; ``refused`` says what could not be run, and why.

    Raises:
        ValueError: it has no marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} and {END}")
    return "\n".join([before + BEGIN, "", *table(runs, refused), "", *changes(runs), END + after])


def table(runs: Sequence[Run], refused: Mapping[str, str]) -> list[str]:
    """The lines of the table: a row for each middleware."""
    lines = [
        "| middleware | cases | pass | fail | warn | undecided | requirements on what it sends |",
        "| --- " * 7 + "|",
    ]
    for run in runs:
        counts = Counter(result["verdict"] for result in run["results"])
        numbers = [len(run["results"]), *(counts[one] for one in ("pass", "fail", "warn", "inconclusive"))]
        broken = len(run["middleware"]["sent"])
        sent = f"broken there: {broken}" if broken else "keeps the documents"
        lines.append(f"| {_name(run)} | {' | '.join(map(str, numbers))} | {sent} |")
    return lines + [f"| {name} | {_said(why)} | | | | | |" for name, why in refused.items()]


def changes(runs: Sequence[Run]) -> list[str]:
    """A part for each middleware that breaks something: a line for each requirement and verdict."""
    lines: list[str] = []
    for run in runs:
        found: dict[tuple[str, str], list[Result]] = {}
        for result in run["results"]:
            verdict, own = result["verdict"], not is_of_the_server(run, result["case"], result["verdict"])
            if own and verdict in ("fail", "warn", "inconclusive"):
                found.setdefault((verdict, result["requirement"]), []).append(result)
        told = [_line(*key, results) for key, results in sorted(found.items())]
        told += [
            f"- sends: `{one['requirement']}`: {_said(one['observed'])} (in `{one['case']}`)"
            for one in run["middleware"]["sent"]
        ]
        lines += [f"### {_name(run)}", "", *told, ""] if told else []
    return lines


def _line(verdict: str, requirement: str, results: Sequence[Result]) -> str:
    first = results[0]
    cases = f" ({len(results)} cases)" if len(results) > 1 else ""
    if first["expected"] is None:
        return f"- {verdict}: `{requirement}`{cases}: {_said(first['reason'] or '')}"
    both = f"expected: {_said(first['expected'])}; observed: {_said(first['observed'] or '')}"
    return f"- {verdict}: `{requirement}`{cases}: {both}"


def _said(text: str) -> str:
    text = _OF_THIS_RUN.sub("", text)
    return escaped(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def _name(run: Run) -> str:
    return run["middleware"]["factory"].rpartition(":")[2]
