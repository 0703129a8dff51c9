"""The server reads as the specification: what its comments name exists, and what exists is named."""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
CATALOGUE = {
    requirement["id"]: requirement
    for path in ROOT.glob("suites/*/requirements.toml")
    # These two say of all messages, and of applications, what the other suites say of some and of one.
    if path.parent.name not in ("properties", "interop")
    for requirement in tomllib.loads(path.read_text())["requirement"]
}
SOURCES = sorted((ROOT / "asgi_conformance" / "reference_server").glob("*.py"))
AREAS = "core|http|websocket|lifespan|tls|extension|rfc"
#: An identifier in full, or its end where the beginning is that of the one before.
NAMED = re.compile(rf"(?<![\w./-])(?:((?:{AREAS})(?:\.[a-z0-9-]+){{2,}})|((?:\.[a-z0-9-]+)+))(?![\w/-])")
#: Event types and extensions look like identifiers.
EVENTS = re.compile(r"(http\.response|websocket\.http|lifespan\.(startup|shutdown))\.\w+")
#: What this server has no way to show: it has no threads with loops of their own, and one certificate.
NOT_HERE = {"lifespan.loop.per-thread", "tls.server-cert.sni", "core.legacy.dropped-by-default"}


def texts(source: str) -> Iterator[str]:
    """The comments and docstrings of a module; adjacent comment lines are one text."""
    comment, last = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comment = f"{comment} {token.string[1:]}" if token.start[0] == last + 1 else token.string
            last = token.start[0]
            yield comment
        elif token.type == tokenize.STRING and token.string.startswith('"""'):
            yield token.string


def named(text: str) -> Iterator[str]:
    """The identifiers in a text, written out."""
    before = ""
    for match in NAMED.finditer(text):
        name = match[1] or complete(before, match[2])
        if name:
            before = name
            yield name


def complete(before: str, end: str) -> str:
    """The identifier that an end stands for, after another one; empty when it is no end of one."""
    parts = before.split(".")
    for kept in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:kept]) + end
        if name in CATALOGUE:
            return name
    return ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_requirements_that_are_named_exist(path: Path) -> None:
    """Every identifier in a comment or docstring is in the catalogue."""
    unknown = {name for text in texts(path.read_text()) for name in named(text) if name not in CATALOGUE}
    assert not {name for name in unknown if not EVENTS.fullmatch(name)}


def test_every_requirement_about_servers_is_named() -> None:
    """Each requirement that a test can see is named where it is met."""
    seen = {name for path in SOURCES for text in texts(path.read_text()) for name in named(text)}
    about_servers = {
        name
        for name, requirement in CATALOGUE.items()
        if requirement.get("subject") != "application" and not requirement.get("untestable")
    }
    assert sorted(about_servers - seen - NOT_HERE) == []
