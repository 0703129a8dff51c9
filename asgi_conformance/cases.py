"""Cases: what they are made of, how they are declared, how they are found and selected."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from asgi_conformance.candidate.launch import Launch
from asgi_conformance.circumstance import DEFAULT, Circumstance
from asgi_conformance.errors import SuiteError, UsageError
from asgi_conformance.life import Life, Record
from asgi_conformance.requirement import Catalogue, Requirement

if TYPE_CHECKING:
    from asgi_conformance.ambient import Breach, Shapes
    from asgi_conformance.exchange import Exchange
    from asgi_conformance.recorded import RecordedCall

SUITES = "asgi_conformance.suites"
FoundIn: TypeAlias = "Callable[[RecordedCall], list[Breach]]"


@dataclass(frozen=True)
class Case:
    """One experiment on one requirement.

    ``id`` is the requirement's id, or that id, a slash and a variation. ``since`` is the claimed spec_version from
    which the requirement binds, or None when it always does; ``extension`` the extension that has to be listed in
    the scope, or None. An ``exclusive`` case runs when no other one uses its candidate; a ``slow`` one, which may wait
    for seconds, is begun before the others. With a ``life`` the function
    judges the record of that life, its second argument, and a candidate is started and ended for it. ``revision``
    grows when the case comes to judge differently.
    """

    id: str
    requirement: str
    function: Callable[..., Awaitable[None]]
    launch: Launch = field(default_factory=Launch)
    circumstance: Circumstance = DEFAULT
    arguments: tuple[object, ...] = ()
    exclusive: bool = False
    slow: bool = False
    since: str | None = None
    extension: str | None = None
    life: Life[Any] | None = None
    revision: int = 1

    @property
    def title(self) -> str:
        """What the case shows, in one sentence."""
        return (inspect.getdoc(self.function) or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def description(self) -> str:
        """The whole docstring of the case."""
        return inspect.getdoc(self.function) or ""

    async def run(self, exchange: Exchange, *lived: Record) -> None:
        """Run the experiment, or judge what was ``lived``.

        It returns when the requirement was kept and raises an Outcome when not.
        """
        await self.function(exchange, *lived, *self.arguments)


_declared: list[Case] = []


def case(
    requirement: str,
    variation: str | None = None,
    *,
    each: Mapping[str, object] | None = None,
    launch: Launch | None = None,
    circumstances: Sequence[Circumstance] = (DEFAULT,),
    exclusive: bool = False,
    slow: bool = False,
    since: str | None = None,
    extension: str | None = None,
    life: Life[Any] | None = None,
    revision: int = 1,
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Declare the decorated coroutine function as a case of a requirement.

    With ``each`` it is a family: every name becomes a variation whose value the function gets as its last argument.
    It runs in each of the ``circumstances``; a circumstance other than the usual one ends the id.
    """
    names: list[tuple[str | None, tuple[object, ...]]] = [(variation, ())]
    if each is not None:
        names = [("/".join(filter(None, (variation, name))), (value,)) for name, value in each.items()]

    def declare(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        for name, arguments in names:
            for circumstance in circumstances:
                _declared.append(
                    Case(
                        id="/".join(part for part in (requirement, name, circumstance.name) if part),
                        requirement=requirement,
                        function=function,
                        launch=life.launch if life else circumstance.adapt(launch or Launch()),
                        circumstance=circumstance,
                        arguments=arguments,
                        exclusive=exclusive,
                        slow=slow,
                        since=since,
                        extension=extension,
                        life=life,
                        revision=revision,
                    )
                )
        return function

    return declare


def _nothing_found(call: RecordedCall) -> list[Breach]:
    return []


@dataclass
class Suites:
    """The loaded suites: their requirements, cases and shapes."""

    catalogue: Catalogue
    cases: dict[str, Case]
    shapes: Shapes
    #: What an application did in a call that the documents do not have; a suite brings this with its ``SENT``.
    found_in: FoundIn = _nothing_found

    def requirement_of(self, case: Case) -> Requirement:
        """The requirement that a case is about."""
        return self.catalogue[case.requirement]

    def suite_of(self, case: Case) -> str:
        """The name of the suite that a case belongs to: that of its requirement."""
        return self.catalogue[case.requirement].suite


def load_suites() -> Suites:
    """Load every suite that an installed distribution announces (entry points ``asgi_conformance.suites``).

    Raises:
        SuiteError: a suite cannot be imported, or its catalogue or cases are wrong.
    """
    from asgi_conformance.ambient import Shape, Shapes, read_shapes

    catalogue, packages = Catalogue(), []
    shapes: list[Shape] = []
    # An ORDER in a suite's package says where its document stands among the others.
    loaded = sorted(_packages(), key=lambda item: (getattr(item[1], "ORDER", 1000), item[0]))
    for suite, package in loaded:
        folder = Path(package.__path__[0])
        catalogue.add(suite, folder / "requirements.toml")
        if (folder / "shapes.toml").is_file():
            shapes += read_shapes(folder / "shapes.toml")
        packages.append(package)
    for package in packages:
        _import_cases(package)
    names = tuple(package.__name__ + "." for package in packages)
    cases: dict[str, Case] = {}
    for declared in _declared:
        if declared.function.__module__.startswith(names):
            _check(declared, catalogue, cases)
            cases[declared.id] = declared
    for shape in shapes:
        if shape.requirement not in catalogue:
            raise SuiteError(f"the shape of {shape.name()} is of no requirement in the catalogue: {shape.requirement}")
    order = {requirement: number for number, requirement in enumerate(catalogue)}
    ordered = dict(sorted(cases.items(), key=lambda item: order[item[1].requirement]))
    return Suites(catalogue, ordered, Shapes(shapes), *_judges_of_applications(packages))


def _packages() -> Iterable[tuple[str, ModuleType]]:
    for entry in entry_points(group=SUITES):
        try:
            yield entry.name, entry.load()
        except ImportError as error:
            raise SuiteError(f"the suite {entry.name!r} ({entry.value}) cannot be imported: {error}") from error


def _judges_of_applications(packages: Iterable[ModuleType]) -> Iterator[FoundIn]:
    """The function that the first package with a ``SENT`` (``module:function``) names, if there is one."""
    for package in packages:
        module, _, function = getattr(package, "SENT", "").partition(":")
        if module:
            yield getattr(importlib.import_module(f"{package.__name__}.{module}"), function)
            return


def _import_cases(package: ModuleType) -> None:
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def _check(declared: Case, catalogue: Catalogue, cases: Mapping[str, Case]) -> None:
    where = f"{declared.function.__module__}.{declared.function.__qualname__}"
    if declared.requirement not in catalogue:
        raise SuiteError(f"the case {declared.id!r} ({where}) is of no requirement in the catalogue")
    if declared.id in cases:
        raise SuiteError(f"the case {declared.id!r} is declared twice, the second time by {where}")
    if declared.launch.own is (declared.life is None):
        raise SuiteError(f"the case {declared.id!r} ({where}) needs a life and a launch of its own, or neither")
    if not declared.title:
        raise SuiteError(f"the case {declared.id!r} ({where}) does not say in a docstring what it shows")


def select(
    suites: Suites,
    *,
    only: Iterable[str] = (),
    without: Iterable[str] = (),
    suite: Iterable[str] = (),
    level: Iterable[str] = (),
) -> list[Case]:
    """The cases that the patterns name, in document order.

    A pattern is a glob over case ids; one that equals a requirement's id also means all its variations.

    Raises:
        UsageError: a pattern, a suite or the whole selection matches nothing.
    """
    chosen = list(suites.cases.values())
    names = set(suite)
    known = {requirement.suite for requirement in suites.catalogue.values()}
    if names - known:
        wrong = ", ".join(sorted(names - known))
        raise UsageError(f"there is no suite {wrong}", hint=f"The suites are: {', '.join(sorted(known))}.")
    if names:
        chosen = [one for one in chosen if suites.suite_of(one) in names]
    levels = set(level)
    if levels:
        chosen = [one for one in chosen if str(suites.requirement_of(one).level) in levels]
    included = list(only)
    if included:
        _each_matches(included, suites, "--select")
        chosen = [one for one in chosen if any(matches(one, pattern) for pattern in included)]
    excluded = list(without)
    _each_matches(excluded, suites, "--deselect")
    chosen = [one for one in chosen if not any(matches(one, pattern) for pattern in excluded)]
    if not chosen:
        raise UsageError("the selection leaves no case to run", hint="See the cases with: asgi-conformance list")
    return chosen


def matches(one: Case, pattern: str) -> bool:
    """Whether a glob means this case."""
    return one.requirement == pattern or fnmatch.fnmatchcase(one.id, pattern)


def _each_matches(patterns: Sequence[str], suites: Suites, option: str) -> None:
    for pattern in patterns:
        if not any(matches(one, pattern) for one in suites.cases.values()):
            raise UsageError(
                f"{option} {pattern!r} matches no case",
                hint="A pattern is a glob over the ids that `asgi-conformance list` shows, such as 'http.scope.*'.",
            )
