"""Sessions: ``nox -l`` lists them."""

from __future__ import annotations

from pathlib import Path

import nox
import tomllib
from nox.command import CommandFailed

nox.options.sessions = ["lint", "types", "tests"]
PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly, of everything."""
    session.install("--editable", ".[test]")
    session.run("python", "tests/check_types.py")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, with a page for every requirement, in docs/_build; a warning is an error."""
    session.install("--editable", ".[docs]")
    session.run("sphinx-build", "-W", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session(python="3.10")
def lowest(session: nox.Session) -> None:
    """Run the tests of the plugin with the lowest pytest and pytest-xdist that are supported."""
    session.install("--editable", ".[test]", "pytest==8.0.0", "pytest-xdist==3.5.0")
    session.run("python", "-m", "pytest", "tests/plugin", *session.posargs)


REAL = tomllib.loads(Path("tests/servers/real.toml").read_text())


def server_home(session: nox.Session, server: str, *more: str) -> Path | None:
    """The folder of an environment for a released server, with ``more`` packages; None where it cannot be installed."""
    home = Path(session.create_tmp()) / server
    session.run("python", "-m", "venv", str(home))
    packages = [*REAL[server]["install"], *more]
    try:
        session.run(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages, external=True)
    except CommandFailed:
        session.warn(f"{server} is left out: it cannot be installed here ({' '.join(packages)})")
        return None
    return home


@nox.session(python="3.11")
def servers(session: nox.Session) -> None:
    """Judge the released servers in environments of their own, one JSON a variant in site/runs, and build the site."""
    session.install(".[http3]")
    try:
        session.run("python", "-m", "tests.servers", *session.posargs)
    finally:
        build_site(session)


@nox.session(python="3.11")
@nox.parametrize("server", ["uvicorn", "hypercorn"])
def wheel(session: nox.Session, server: str) -> None:
    """Judge a server from the built wheel, with the source out of the way: by the command and in pytest, compared."""
    home = Path(session.create_tmp())
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(home), silent=True)
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "build")
    (built,) = home.glob("*.whl")
    session.install(str(built), "pytest", server)
    benchmark = Path("tests/benchmarks/in_pytest.py").resolve()
    session.chdir(home)
    session.run("python", str(benchmark), f"{session.bin}/{server} <app>")


@nox.session(python="3.11")
def site(session: nox.Session) -> None:
    """Build the site again, of all runs that `nox -s servers` left in site/runs."""
    session.install(".")
    build_site(session)


def build_site(session: nox.Session) -> None:
    """Build the site of the runs in site/runs."""
    runs = sorted(str(path) for path in Path("site/runs").glob("*.json"))
    if not runs:
        session.error("there are no runs in site/runs: nox -s servers makes them")
    session.run("asgi-conformance", "report", *runs, "--html", "site")


@nox.session(python="3.11")
def interop(session: nox.Session) -> None:
    """Visit the applications of all frameworks on every released server, and write the table in docs/interop.md."""
    session.install("--editable", ".[test,frameworks]")
    session.run("python", "-m", "pytest", "tests/interop")
    frameworks = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["frameworks"]
    runs = Path("site") / "interop"
    runs.mkdir(parents=True, exist_ok=True)
    for server in session.posargs or sorted(REAL):
        home = server_home(session, server, *frameworks)
        if home is None:
            continue
        command = next(iter(REAL[server]["variants"].values())).replace("<bin>", str(home / "bin"))
        run = str(runs / f"{server}.json")
        choice = ["--suite", "interop", "--json", run]
        session.run("asgi-conformance", "--server", command, *choice, success_codes=[0, 1])
        listed = session.run(
            str(home / "bin" / "python"), "-m", "pip", "list", "--format", "json", silent=True, external=True
        )
        (runs / f"{server}.packages.json").write_text(str(listed), encoding="utf-8")
    written = sorted(str(path) for path in runs.glob("*.json") if not path.name.endswith(".packages.json"))
    session.run("python", "-m", "tests.interop", "docs/interop.md", *written)


@nox.session(python="3.11")
def middleware(session: nox.Session) -> None:
    """Judge well-known middlewares, on the reference server, and write the table in docs/middleware.md."""
    session.install("--editable", ".[test]", "starlette", "itsdangerous", "uvicorn", "asgi-correlation-id")
    session.run("python", "-m", "pytest", "tests/middleware")
    session.run("python", "-m", "tests.middleware", *(session.posargs or ["docs/middleware.md"]))


@nox.session
def faults(session: nox.Session) -> None:
    """Try every fault of the reference server, look at what else fails, and write docs/discrimination.md."""
    # With the frameworks, so that the cases on their applications can be seen to fail.
    session.install("--editable", ".[test,frameworks]")
    session.run("python", "-m", "pytest", "-m", "faults", "tests/faults")
    page = ["--record", "--write", "docs/discrimination.md"]
    session.run("python", "-m", "tests.faults", "--collateral", *(session.posargs or page))


@nox.session(python="3.11")
def history(session: nox.Session) -> None:
    """Run the cases on the releases that had the bugs they find, and write docs/history.md."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "tests.history", *(session.posargs or ["--write", "docs/history.md"]))


@nox.session(python="3.11")
@nox.parametrize("server", ["", *sorted(REAL)])
def repro(session: nox.Session, server: str) -> None:
    """Write and play the files of failed cases: of faults of the reference server, and of each released server."""
    session.install("--editable", ".[test]")
    if not server:
        session.run("python", "-m", "pytest", "-m", "repro or not repro", "tests/repro", "-n", "2")
        return
    home = server_home(session, server)
    if home is None:
        session.skip(f"{server} cannot be installed here")
    where = {"REPRO_SERVER": server, "REPRO_PROGRAMS": str(home / "bin")}
    session.run("python", "-m", "pytest", "-m", "repro", "tests/repro/test_servers.py", env=where)
