"""Shards of one candidate's run, joined into one run."""

from __future__ import annotations

from collections.abc import Iterable

from asgi_conformance.errors import UsageError
from asgi_conformance.results import Run, label, summarise


def join(shards: list[tuple[str, Run]]) -> Run:
    """One run of these shards, each given with the name of its file; all are complete and of one candidate.

    The times add up, since shards are what one machine would have done in a row; the earliest start is kept.

    Raises:
        UsageError: a case is in two shards, or the candidate declared different versions in them.
    """
    first_name, first = shards[0]
    declares: dict[str, str] = {}
    extensions: set[str] = set()
    seen: dict[str, str] = {}
    for name, run in shards:
        for result in run["results"]:
            if result["case"] in seen:
                raise UsageError(
                    f"{seen[result['case']]} and {name} both hold the case {result['case']} of {label(run)}.",
                    hint="Merge shards that divide the cases among them; to see what changed between runs, compare.",
                )
            seen[result["case"]] = name
        for protocol, version in run["candidate"]["declares"].items():
            if declares.setdefault(protocol, version) != version:
                raise UsageError(
                    f"{label(run)} declares {protocol} {declares[protocol]} in {first_name}, but {version} in {name}.",
                    hint="These are not shards of one run of one server.",
                )
        extensions.update(run["candidate"]["extensions"])
    results = [result for _, run in shards for result in run["results"]]
    return {
        **first,
        "started": min(run["started"] for _, run in shards),
        "duration_s": round(sum(run["duration_s"] for _, run in shards), 3),
        "timing": _sums(run["timing"] for _, run in shards),
        "candidate": {**first["candidate"], "declares": declares, "extensions": sorted(extensions)},
        "summary": summarise(results),
        "requirements": {id_: entry for _, run in shards for id_, entry in run["requirements"].items()},
        "cases": {id_: case for _, run in shards for id_, case in run["cases"].items()},
        "results": results,
    }


def _sums(timings: Iterable[dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for timing in timings:
        for key, seconds in timing.items():
            total[key] = round(total.get(key, 0.0) + seconds, 3)
    return total
