"""Sessions: ``nox -l`` lists them."""

from __future__ import annotations

import nox

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
