"""Profiles: how each known server is told what a launch needs, as data."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from types import MappingProxyType

from asgi_conformance.candidate.options import NAMES, PLACEHOLDER, Option, parse_options
from asgi_conformance.errors import UsageError

#: The entries that ``options`` of a profile may have.
ENTRIES = frozenset(
    {
        "listen",
        "listen-tls",
        "unix",
        "tls",
        "client-certificates",
        "root-path",
        "workers",
        "lifespan-on",
        "lifespan-off",
        "single",
        "legacy",
        "factory",
        "http2",
        "http2-tls",
        "http3",
        "graceful-timeout",
        "pings",
        "message-limit",
        "keep-alive",
        "ipv6",
    }
)
_KEYS = frozenset(
    {
        "programs",
        "distributions",
        "same",
        "always",
        "shared",
        "options",
        "impossible",
        "refusals",
        "environment",
        "factory",
        "place",
        "stop",
        "quirks",
    }
)
#: Programs that run another program or module, which is the server then: ``python -m uvicorn``, ``nice uvicorn``.
_WRAPPERS = re.compile(
    r"(python|pypy)[\d.]*t?|env|nice|ionice|time|timeout|stdbuf|taskset|strace|ltrace|sudo|coverage|viztracer|kernprof"
    r"|uv|uvx|pipx|poetry|pdm|hatch|rye|pipenv|conda|mamba|micromamba|pixi|tox|nox|xvfb-run|catchsegv|perf"
)


@dataclass(frozen=True)
class Refusal:
    """What a server prints, or raises, when it cannot have a launch (``output``), and the reason in words."""

    output: str
    reason: str


@dataclass(frozen=True)
class Profile:
    """What is known of one server; ``profiles.toml`` says what each entry means."""

    name: str
    programs: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    same: tuple[frozenset[str], ...] = ()
    always: tuple[Option, ...] = ()
    shared: tuple[Option, ...] = ()
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=lambda: MappingProxyType({}))
    impossible: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    refusals: tuple[Refusal, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    factory: str = ""
    options_last: bool = False
    stop: signal.Signals = signal.SIGTERM
    quirks: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def names_of(self, option: Option) -> frozenset[str]:
        """All names of an option, its own and those that mean the same."""
        for group in self.same:
            if option.name in group:
                return group
        return frozenset({option.name})


def parse_profile(name: str, table: object, source: str) -> Profile:
    """Make a profile of a table as read from TOML.

    Args:
        name: The server's name, for people.
        table: The table; anything at all, as it comes from outside.
        source: Where it comes from, for the message of an error.

    Raises:
        UsageError: If the table is not a profile; the message says what is wrong and where.
    """
    check = _Check(f"the profile {name!r} in {source}")
    entries = check.table(table, "it")
    check.known_keys(entries, _KEYS, "it")
    options = check.table(entries.get("options", {}), "options")
    check.known_keys(options, ENTRIES, "options")
    impossible = check.strings_by_name(entries.get("impossible", {}), "impossible")
    check.known_keys(impossible, ENTRIES, "impossible")
    return Profile(
        name=name,
        programs=check.strings(entries.get("programs", [name]), "programs"),
        distributions=check.strings(entries.get("distributions", [name]), "distributions"),
        same=tuple(frozenset(check.strings(group, "same")) for group in check.items(entries.get("same", []), "same")),
        always=check.groups(entries, "always"),
        shared=check.groups(entries, "shared"),
        options={entry: check.options(words, f"options.{entry}") for entry, words in options.items()},
        impossible=impossible,
        refusals=tuple(check.refusal(item) for item in check.items(entries.get("refusals", []), "refusals")),
        environment=check.strings_by_name(entries.get("environment", {}), "environment"),
        factory=check.factory(entries.get("factory", "")),
        options_last=check.choice(entries.get("place", "before"), ("before", "after"), "place") == "after",
        stop=check.signal(entries.get("stop", "SIGTERM")),
        quirks=check.table(entries.get("quirks", {}), "quirks"),
    )


def recognise(words: Sequence[str], profiles: Mapping[str, Profile]) -> Profile | None:
    """Which known server a command starts, or None.

    The first word counts, by its last path component; after a program that runs others (an interpreter, ``nice``,
    ``uv run``) the first later word that is a known program, or a known module after ``-m``.
    """
    by_program = {program: profile for profile in profiles.values() for program in profile.programs}
    for index, word in enumerate(words):
        base = PurePath(word).name.removesuffix(".exe")
        if index == 0 or words[index - 1] != "-m":
            profile = by_program.get(base)
        else:
            profile = by_program.get(word.removesuffix(".__main__"))
        if profile is not None:
            return profile
        if index == 0 and not _WRAPPERS.fullmatch(base):
            break
        if "<" in word or (index and words[index - 1] == "-m") or base.endswith(".py"):
            break
    return None


class _Check:
    """Turns what TOML gave into typed values, or raises an error that names the place."""

    def __init__(self, where: str) -> None:
        self.where = where

    def fail(self, what: str) -> UsageError:
        return UsageError(
            f"{self.where}: {what}.", hint="The head of profiles.toml says which keys a profile has and what they mean."
        )

    def table(self, value: object, key: str) -> dict[str, object]:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise self.fail(f"{key} must be a table, and is {value!r}")
        return dict(value)

    def known_keys(self, table: Mapping[str, object], known: frozenset[str], key: str) -> None:
        unknown = sorted(set(table) - known)
        if unknown:
            raise self.fail(f"{key} has the unknown key {unknown[0]!r} (known: {', '.join(sorted(known))})")

    def items(self, value: object, key: str) -> list[object]:
        if not isinstance(value, (list, tuple)):
            raise self.fail(f"{key} must be a list, and is {value!r}")
        return list(value)

    def strings(self, value: object, key: str) -> tuple[str, ...]:
        texts = tuple(item for item in self.items(value, key) if isinstance(item, str))
        if len(texts) != len(self.items(value, key)):
            raise self.fail(f"{key} must be a list of strings, and is {value!r}")
        return texts

    def strings_by_name(self, value: object, key: str) -> dict[str, str]:
        texts = {name: text for name, text in self.table(value, key).items() if isinstance(text, str)}
        if len(texts) != len(self.table(value, key)):
            raise self.fail(f"{key} must be a table of strings, and is {value!r}")
        return texts

    def groups(self, entries: Mapping[str, object], key: str) -> tuple[Option, ...]:
        return tuple(option for group in self.items(entries.get(key, []), key) for option in self.options(group, key))

    def options(self, value: object, key: str) -> tuple[Option, ...]:
        words = self.strings(value, key)
        for word in words:
            for name in PLACEHOLDER.findall(word):
                if name not in NAMES - {"app"}:
                    raise self.fail(f"{key} has the unknown placeholder <{name}> (known: {_list_of_placeholders()})")
        try:
            return parse_options(words)
        except ValueError as error:
            raise self.fail(f"{key}: {error}") from None

    def choice(self, value: object, known: tuple[str, ...], key: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise self.fail(f"{key} must be {' or '.join(map(repr, known))}, and is {value!r}")
        return value

    def factory(self, value: object) -> str:
        if not isinstance(value, str) or (value and "<app>" not in value):
            raise self.fail(f"factory must be a text with <app> in it, such as '<app>()', and is {value!r}")
        return value

    def refusal(self, value: object) -> Refusal:
        texts = self.strings_by_name(value, "refusals")
        if set(texts) != {"output", "reason"}:
            raise self.fail("each of refusals must have output and reason, and nothing else")
        return Refusal(texts["output"], texts["reason"])

    def signal(self, value: object) -> signal.Signals:
        try:
            return signal.Signals[str(value)]
        except KeyError:
            raise self.fail(f"stop must be the name of a signal such as 'SIGTERM', and is {value!r}") from None


def _list_of_placeholders() -> str:
    return " ".join(f"<{name}>" for name in sorted(NAMES - {"app"}))


def builtin_path() -> Path:
    """The file of the profiles that come with the suite."""
    return Path(__file__).with_name("profiles.toml")
