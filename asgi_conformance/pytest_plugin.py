"""The pytest plugin: ``pytest --asgi-server "uvicorn <app>"`` adds every selected case as a test item.

It costs nothing without a server: whatever is more than a declaration is imported when there is one. The items of a
session share candidates and run side by side in the engine; the first item that is run starts it, and each waits for
its verdict. With pytest-xdist each worker process runs its own share of the cases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi_conformance.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asgi_conformance.api import Candidate
    from asgi_conformance.background import Background


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; each has an entry of the ini file with the same name in its ``asgi_`` form."""
    group = parser.getgroup("asgi-conformance", "conformance of an ASGI server")
    group.addoption(
        "--asgi-server", metavar="COMMAND", help="the server's command, with <app> where the application goes"
    )
    group.addoption(
        "--asgi-select", action="append", default=[], metavar="GLOB", help="only cases that match (repeatable)"
    )
    group.addoption(
        "--asgi-deselect", action="append", default=[], metavar="GLOB", help="no cases that match (repeatable)"
    )
    group.addoption(
        "--asgi-suite", action="append", default=[], metavar="NAME", help="only cases of this suite (repeatable)"
    )
    group.addoption(
        "--asgi-level", action="append", default=[], metavar="LEVEL", help="only must, should or may (repeatable)"
    )
    group.addoption("--asgi-baseline", metavar="FILE", help="what is known to fail or to be flaky (TOML)")
    group.addoption(
        "--asgi-examples",
        type=int,
        default=Sampling.examples,
        metavar="N",
        help="how many examples each property is tried with",
    )
    group.addoption("--asgi-seed", type=int, default=Sampling.seed, metavar="N", help="what these are drawn from")
    group.addoption("--asgi-timeout-scale", type=float, default=1.0, metavar="X", help="stretch every wait")
    parser.addini("asgi_server", "the command of the ASGI server under test, with <app> where the application goes")
    parser.addini("asgi_baseline", "what is known to fail or to be flaky (TOML), relative to the ini file")


class Hooks:
    """What a ``conftest.py`` can define."""

    @pytest.hookspec(firstresult=True)
    def pytest_asgi_server(self, config: pytest.Config) -> str | Candidate | None:
        """The server under test: its command, or a Candidate that is not running yet; None: not for this session.

        It gives the server to items and fixtures alike, unless the command line names another one.
        """


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hook."""
    pluginmanager.add_hookspecs(Hooks)


def server_of(config: pytest.Config) -> str | Candidate | None:
    """The server under test, by the option, the hook or the ini file, in this order; None when none names it."""
    given: str | Candidate | None = config.getoption("--asgi-server") or config.hook.pytest_asgi_server(config=config)
    return given or config.getini("asgi_server") or None


def pytest_configure(config: pytest.Config) -> None:
    """With a server, take part in the session."""
    if server_of(config) is not None:
        from asgi_conformance.pytest_items import Conformance

        config.pluginmanager.register(Conformance(config), "asgi-conformance-session")


@pytest.fixture(scope="session")
def asgi_server(pytestconfig: pytest.Config) -> str | Candidate:
    """The server that ``asgi_candidate`` starts, as a command or a Candidate; override it to give tests another one."""
    server = server_of(pytestconfig)
    if server is None:
        pytest.skip('no server: pytest --asgi-server "uvicorn <app>", or asgi_server in the ini file')
    return server


@pytest.fixture(scope="session")
def asgi_background() -> Iterator[Background]:
    """The thread in which the engine runs."""
    from asgi_conformance.background import Background

    with Background() as background:
        yield background


@pytest.fixture(scope="session")
def asgi_candidate(asgi_server: str | Candidate, asgi_background: Background) -> Iterator[Candidate]:
    """The server, running for the whole session; tests share it, as cases do."""
    from asgi_conformance.api import Candidate

    candidate = Candidate(asgi_server) if isinstance(asgi_server, str) else asgi_server
    asgi_background.run(candidate.__aenter__())
    yield candidate
    asgi_background.run(candidate.__aexit__(None, None, None))


@pytest.fixture
def asgi_exchange(
    request: pytest.FixtureRequest, asgi_candidate: Candidate, asgi_background: Background
) -> Iterator[Any]:
    """Both ends of the server for one test, and the end of all its calls and connections.

    In a coroutine test (under anyio, on asyncio or trio) it is an :class:`~asgi_conformance.exchange.Exchange` to be
    awaited; in a plain test its coroutine methods block and give their results.
    """
    import inspect

    from asgi_conformance.pytest_ends import Ends

    function = getattr(request, "function", None)
    ends = Ends(asgi_background, blocking=not inspect.iscoroutinefunction(function))
    context = asgi_candidate.exchange()
    yield ends.wrap(asgi_background.run(context.__aenter__()))
    asgi_background.run(context.__aexit__(None, None, None))
