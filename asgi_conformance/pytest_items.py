"""The cases as items of a pytest session."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asgi_conformance.background import Background
from asgi_conformance.baseline import Baseline, today
from asgi_conformance.cases import Case, Suites, load_suites, select
from asgi_conformance.errors import ConformanceError
from asgi_conformance.pytest_plugin import server_of
from asgi_conformance.reporting import load_module
from asgi_conformance.results import Result, Run
from asgi_conformance.runner import Options, run_candidate
from asgi_conformance.sampling import Sampling

#: The first part of the node ids.
NODE = "asgi-conformance"


class ConformanceWarning(UserWarning):
    """A should that the server does not keep."""


class NoPass(Exception):
    """Base of what an item raises for a verdict that is no pass; it tells itself as the command line does."""

    def __init__(self, run: Run, result: Result) -> None:
        super().__init__(f"{result['case']}: {result['observed'] or result['reason']}")
        # The first line is what pytest's summary shows.
        self.text = f"{result['observed'] or result['reason']}\n\n" + load_module("terminal").render_result(run, result)


class ConformanceFailure(NoPass):
    """A must is broken."""


class ConformanceUndecided(NoPass):
    """It could not be decided; a failure of its own kind."""


class SuiteFault(NoPass):
    """The suite is at fault, not the server."""


class Engine:
    """Runs cases in the background, once for each share of them, and hands out their results."""

    def __init__(self, options: Options, suites: Suites, baseline: Baseline | None) -> None:
        self._options = options
        self._suites = suites
        self._baseline = baseline
        self._runs: list[Run] = []
        self._results: dict[str, tuple[Run, Result]] = {}

    def result(self, case: Case, share: Sequence[Case]) -> tuple[Run, Result]:
        """The result of a case; its whole share is run with it when it was not yet.

        Raises:
            ConformanceError: the server could not be run.
        """
        if case.id not in self._results:
            with Background() as background:
                self._keep(background.run(self._run(share)))
        return self._results[case.id]

    async def _run(self, share: Sequence[Case]) -> Run:
        return await asyncio.ensure_future(run_candidate(self._options, self._suites, share))

    def _keep(self, run: Run) -> None:
        if self._baseline is not None:
            self._baseline.apply([run], today())
        self._runs.append(run)
        for result in run["results"]:
            self._results[result["case"]] = (run, result)


class Conformance:
    """A session with a server under test: collects the cases, and holds the engine."""

    def __init__(self, config: pytest.Config) -> None:
        server = server_of(config)
        assert server is not None
        option = config.getoption
        try:
            self.suites = load_suites()
            self.cases = select(
                self.suites,
                only=option("--asgi-select"),
                without=option("--asgi-deselect"),
                suite=option("--asgi-suite"),
                level=option("--asgi-level"),
            )
            self.baseline = _baseline_of(config)
        except ConformanceError as error:
            raise pytest.UsageError(str(error)) from error
        sampling = Sampling(option("--asgi-examples"), option("--asgi-seed"))
        given = Options(server) if isinstance(server, str) else server.options
        scale = option("--asgi-timeout-scale") * given.timeout_scale
        options = replace(given, timeout_scale=scale, sampling=sampling)
        self.engine = Engine(options, self.suites, self.baseline)
        self.shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        for marker in sorted({mark for case in self.cases for mark in self.marks(case)}):
            config.addinivalue_line("markers", f"{marker}: added to cases of asgi-conformance")

    def marks(self, case: Case) -> list[str]:
        """The names of a case's markers: by suite, level and launch."""
        requirement = self.suites.requirement_of(case)
        launch = re.sub(r"\W", "_", case.launch.name)
        return ["asgi", f"asgi_{requirement.suite}", f"asgi_{requirement.level}", f"asgi_launch_{launch}"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the cases to what was collected, before others choose among the items."""
        parent = Cases.from_parent(session, name=NODE, nodeid=NODE)
        items += [CaseItem.from_parent(parent, name=case.id, case=case, conformance=self) for case in self.cases]

    def share_of(self, items: Sequence[pytest.Item], item: CaseItem) -> list[Case]:
        """The cases that are run together with an item: those of the session that fall to the same worker."""
        number = share_number(item.case.id, self.shares)
        return [
            other.case
            for other in items
            if isinstance(other, CaseItem) and share_number(other.case.id, self.shares) == number
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Have xdist give each worker its whole share at once, where the user chose no other way to distribute."""
        if config.getoption("dist", "no") != "load":
            return None
        from asgi_conformance.pytest_xdist import make_scheduler

        return make_scheduler(config, log)


def share_number(case: str, shares: int) -> int:
    """The share that a case falls to; the same in every process."""
    return sum(case.encode()) % shares


def _baseline_of(config: pytest.Config) -> Baseline | None:
    named = config.getoption("--asgi-baseline")
    if named:
        return Baseline.read(Path(named))
    configured = config.getini("asgi_baseline")
    return Baseline.read(config.rootpath / configured) if configured else None


class Cases(pytest.Collector):
    """The node that has the cases."""

    def collect(self) -> list[pytest.Item]:
        """Nothing: the cases are added when the rest is known."""
        return []


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, conformance: Conformance, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case
        self.conformance = conformance
        for mark in conformance.marks(case):
            self.add_marker(mark)
        self._expect_what_is_known()

    def _expect_what_is_known(self) -> None:
        """What the baseline knows to fail is an xfail, strict where it is not flaky."""
        for entry in self.conformance.baseline.entries if self.conformance.baseline else ():
            if entry.matches(self.case.id, self.case.requirement):
                because = f"{entry.reason} {entry.link or ''}".strip()
                raises = (ConformanceFailure, ConformanceUndecided) if entry.kind == "flaky" else ConformanceFailure
                self.add_marker(pytest.mark.xfail(reason=because, strict=entry.kind == "failing", raises=raises))

    def runtest(self) -> None:
        """Wait for the verdict, and be it."""
        share = self.conformance.share_of(self.session.items, self)
        run, result = self.conformance.engine.result(self.case, share)
        verdict = result["verdict"]
        if verdict in ("unsupported", "not-applicable"):
            pytest.skip(f"{verdict}: {result['reason']}")
        if verdict == "fail":
            raise ConformanceFailure(run, result)
        if verdict == "inconclusive":
            raise ConformanceUndecided(run, result)
        if verdict == "error":
            raise SuiteFault(run, result)
        if verdict == "warn":
            what = f"{result['case']}: expected: {result['expected']}; observed: {result['observed']}"
            warnings.warn(ConformanceWarning(what), stacklevel=1)
        if verdict == "observed":
            self.add_report_section("call", "observed", str(result["observed"]))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the command line shows of it: expected, observed, the requirement, its link, the trace."""
        if isinstance(excinfo.value, NoPass):
            return excinfo.value.text
        if isinstance(excinfo.value, ConformanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case is written."""
        function = inspect.unwrap(self.case.function)
        path = inspect.getsourcefile(function) or __file__
        return Path(path), function.__code__.co_firstlineno - 1, self.case.id
