"""Command-line options: what a profile would add, and what the user gave already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

#: A placeholder in a template or in a profile: ``<port>``.
PLACEHOLDER = re.compile(r"<([a-z][a-z-]*)>")

#: The placeholders that have a meaning.
NAMES = frozenset(
    {
        "app",
        "host",
        "endpoint-host",
        "port",
        "netloc",
        "uds",
        "cert",
        "key",
        "ca",
        "root-path",
        "workers",
        "graceful-timeout",
    }
)


@dataclass(frozen=True)
class Option:
    """One option with the template of its value, or None where it takes none."""

    name: str
    value: str | None = None

    @property
    def words(self) -> list[str]:
        """The option as words of a command."""
        return [self.name] if self.value is None else [self.name, self.value]

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True)
class Given:
    """An option as the user gave it: the name that they used and the value, or None without one."""

    name: str
    value: str | None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name} {self.value}"


def parse_options(words: Iterable[str]) -> tuple[Option, ...]:
    """Group words into options: a word that begins with ``-``, and the word after it unless that begins so too.

    Raises:
        ValueError: If a word is neither an option nor its value; the message names it.
    """
    options: list[Option] = []
    for word in words:
        if word.startswith("-"):
            options.append(Option(word))
        elif options and options[-1].value is None:
            options[-1] = Option(options[-1].name, word)
        else:
            raise ValueError(f"{word!r} is not an option and follows none")
    return tuple(options)


def find_given(option: Option, names: Collection[str], words: Sequence[str]) -> Given | None:
    """The first place in ``words`` where the user gave ``option`` under one of its ``names``, or None."""
    takes_value = option.value is not None
    for index, word in enumerate(words):
        if word in names:
            after = words[index + 1] if takes_value and index + 1 < len(words) else None
            return Given(word, after)
        for name in names:
            if word.startswith(name + "="):
                return Given(name, word[len(name) + 1 :])
            if takes_value and len(name) == 2 and word.startswith(name) and not word.startswith("--"):
                return Given(name, word[2:])
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of placeholders; what has no value stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def placeholders(text: str) -> set[str]:
    """The names of the placeholders in ``text``."""
    return {name for name in PLACEHOLDER.findall(text) if name in NAMES}


def read_back(template: str, value: str) -> dict[str, str] | None:
    """The values that ``template`` must have been filled with to give ``value``, or None if it cannot give it.

    ``read_back("<host>:<port>", "127.0.0.1:80")`` is ``{"host": "127.0.0.1", "port": "80"}``.
    """
    pattern = "".join(
        f"(?P<{part.replace('-', '_')}>.+)" if index % 2 else re.escape(part)
        for index, part in enumerate(PLACEHOLDER.split(template))
    )
    found = re.fullmatch(pattern, value)
    return None if found is None else {name.replace("_", "-"): text for name, text in found.groupdict().items()}
