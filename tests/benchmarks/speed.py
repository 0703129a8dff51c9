"""How fast the suite is, and where its time goes: ``python -m tests.benchmarks.speed``.

A measurement, not a test: nothing fails by it. It tells the best of three runs of a suite against a server, the times
of passing cases, the start of the command line, and the memory of the harness.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import time

from asgi_conformance.cases import load_suites, select
from asgi_conformance.results import Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.schedule import Schedule


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--server", default="uvicorn <app>")
    parser.add_argument("--suite", action="append")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    suites = load_suites()
    cases = select(suites, suite=arguments.suite or ["http"])
    runs = [asyncio.run(run_candidate(Options(arguments.server), suites, cases)) for _ in range(arguments.runs)]
    best = min(runs, key=lambda run: run["duration_s"])
    memory = _memory()
    alone = asyncio.run(run_candidate(Options(arguments.server, schedule=Schedule(jobs=1)), suites, cases))
    print(f"{arguments.server}: {len(cases)} cases, best of {len(runs)} runs")
    for line in (*_whole(best), *_passing(alone), *_slowest(best), *_command_line(), memory):
        print(line)


def _whole(run: Run) -> list[str]:
    timing = run["timing"]
    judged = sum(result["verdict"] != "not-applicable" for result in run["results"])
    return [
        f"  wall                        {run['duration_s']:8.2f} s",
        f"    first pass                {timing['first_pass_s']:8.2f} s",
        f"    confirming                {timing['confirmation_s']:8.2f} s",
        f"  sums over what runs side by side: starts {timing['starts_s']:.2f} s, stops {timing['stops_s']:.2f} s, "
        f"cases {timing['cases_s']:.2f} s",
        f"  cases that apply            {judged:8}",
        f"  wall per case of these      {1000 * run['duration_s'] / max(1, judged):8.2f} ms, "
        f"{1000 * timing['first_pass_s'] / max(1, judged):.2f} ms without confirming",
        *_examples(run),
    ]


def _examples(run: Run) -> list[str]:
    """How many examples properties were tried with, where the run has some."""
    notes = [note for result in run["results"] for note in result["notes"] if "examples were tried" in note]
    count = sum(int(note.partition(" ")[0]) for note in notes)
    return [f"  examples of properties      {count:8} ({count / run['duration_s']:.0f} a second)"] if count else []


def _passing(run: Run) -> list[str]:
    """What a passing case takes when it has the server to itself, which is when it can be measured."""
    passing = [result["duration_s"] for result in run["results"] if result["verdict"] == "pass"]
    return [
        f"  a passing case, one at a time: median {1000 * statistics.median(passing):.2f} ms, "
        f"nine in ten below {1000 * statistics.quantiles(passing, n=10)[-1]:.2f} ms",
    ]


def _slowest(run: Run) -> list[str]:
    slowest = sorted(run["results"], key=lambda result: -result["duration_s"])[:8]
    return ["  the slowest cases, which wait:", *(f"    {one['duration_s']:6.2f} s  {one['case']}" for one in slowest)]


def _command_line() -> list[str]:
    lines = []
    for words in (["--help"], ["list"]):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "asgi_conformance", *words], stdout=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - began)
        lines.append(f"  asgi-conformance {words[0]:<10} {1000 * statistics.median(times):8.0f} ms")
    return lines


def _memory() -> str:
    return f"  memory of the harness       {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB"


if __name__ == "__main__":
    main()
