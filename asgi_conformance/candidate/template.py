"""The command that the user typed: what it starts, and what it leaves to the suite."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.options import NAMES, PLACEHOLDER, Given, Option, find_given, placeholders, read_back
from asgi_conformance.candidate.profile import Profile, recognise
from asgi_conformance.errors import UsageError

_LISTENING = ("unix", "listen", "listen-tls")


@dataclass(frozen=True)
class Template:
    """A server's command line with ``<app>`` in it, as the user typed it, and what is known of the server.

    ``words`` are the words of the command; ``profile`` is that of a known server, or a bare one where the
    command itself must say by placeholders where the address goes.
    """

    text: str
    words: tuple[str, ...]
    profile: Profile
    known: bool

    @classmethod
    def parse(cls, text: str, profiles: Mapping[str, Profile]) -> Template:
        """Read what the user typed.

        Raises:
            UsageError: If it is no command, has no ``<app>``, has a placeholder that means nothing, or starts an
                unknown server without saying where the address goes.
        """
        words = _split(text)
        present = set[str]().union(*(placeholders(word) for word in words))
        for name in (name for word in words for name in PLACEHOLDER.findall(word)):
            if name not in NAMES:
                known = " ".join(f"<{each}>" for each in sorted(NAMES))
                raise UsageError(f"<{name}> in {text!r} means nothing.", hint=f"The placeholders are {known}.")
        if "app" not in present:
            raise UsageError(
                f"The command {text!r} has no <app>.",
                hint='Write <app> where the application goes, for example --server "uvicorn <app>".',
            )
        profile = recognise(words, profiles)
        if profile is None and not present & {"port", "netloc", "uds"}:
            raise UsageError(
                f"{_name_of(words)!r} is no server that is known, so the command must say where its address goes.",
                hint=f'Write it with placeholders, for example --server "{text} --host <host> --port <port>"'
                " (also: <uds> <cert> <key> <ca> <root-path> <workers>), or give it a profile in"
                f" [tool.asgi-conformance.profiles] of pyproject.toml. Known are: {', '.join(sorted(profiles))}.",
            )
        template = cls(text.strip(), tuple(words), profile or Profile(_name_of(words)), profile is not None)
        _ = template.fixed
        return template

    @property
    def name(self) -> str:
        """The server's name: that of its profile, or of the program."""
        return self.profile.name

    @property
    def fixed_address(self) -> bool:
        """Whether the user chose the address, so that only one candidate can run at a time."""
        return self.fixed.port != 0 or self.fixed.uds is not None

    @cached_property
    def present(self) -> frozenset[str]:
        """The names of the placeholders in the command."""
        return frozenset().union(*(placeholders(word) for word in self.words))

    @cached_property
    def fixed(self) -> Endpoint:
        """The parts of the address that the user chose; an empty host and the port 0 where they did not."""
        values: dict[str, str] = {}
        for entry in _LISTENING:
            for option in self.profile.options.get(entry, ()):
                given = self.given(option)
                if given is None or given.value is None or placeholders(given.value):
                    continue
                if self.accounted_by(_LISTENING, given) is None:
                    raise UsageError(
                        f"The address in {given} of {self.text!r} cannot be read.",
                        hint="Leave it out: the suite chooses an address of its own.",
                    )
                values = {**self.values_of(entry), **values}
        if "netloc" in values:
            values = {**_split_netloc(values["netloc"], self.text), **values}
        port = values.get("port", "")
        if port and not 0 < int(port if port.isdigit() else 0) < 65536:
            raise UsageError(
                f"The port {port} in {self.text!r} cannot be waited for.",
                hint="Leave the port out: the suite chooses a free one.",
            )
        host = values.get("host", "") or values.get("endpoint-host", "").replace("\\:", ":")
        return Endpoint(host.strip("[]"), int(port or 0), values.get("uds"))

    def given(self, option: Option, words: Sequence[str] | None = None) -> Given | None:
        """How the user gave an option, under any of its names, in ``words`` (their whole command); None if not."""
        return find_given(option, self.profile.names_of(option), self.words if words is None else words)

    def accounted_by(self, entries: tuple[str, ...], given: Given) -> str | None:
        """The first of ``entries`` of the profile that ``given`` could have come from, or None."""
        for entry in entries:
            for option in self.profile.options.get(entry, ()):
                if given.name in self.profile.names_of(option) and _reads(entry, option, given) is not None:
                    return entry
        return None

    def values_of(self, entry: str) -> dict[str, str]:
        """The values of an entry's placeholders that the user chose by its options."""
        values: dict[str, str] = {}
        for option in self.profile.options.get(entry, ()):
            given = self.given(option)
            if given is not None:
                values.update(_reads(entry, option, given) or {})
        return values

    @cached_property
    def chosen(self) -> Mapping[str, Mapping[str, str]]:
        """The entries of the profile that the user chose wholly by options of their own, each with its values."""
        return {entry: self.values_of(entry) for entry in self.profile.options if self._is_chosen(entry)}

    def _is_chosen(self, entry: str) -> bool:
        options = self.profile.options[entry]
        givens = [(option, self.given(option)) for option in options]
        return bool(options) and all(
            given is not None and _reads(entry, option, given) is not None for option, given in givens
        )


def _reads(entry: str, option: Option, given: Given) -> dict[str, str] | None:
    """The values that a given option has for the placeholders of the profile's, or None if it is another matter."""
    if option.value is None:
        return {}
    if given.value is None or placeholders(given.value):
        return None
    values = read_back(option.value, given.value)
    if entry == "listen" and values is not None and "://" in values.get("netloc", ""):
        return None
    if entry == "listen" and values is not None and values.get("netloc", "").startswith("unix:"):
        return None
    return values


def _split(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"The command {text!r} cannot be read: {error}.", hint="Check its quotes.") from None
    if not words:
        raise UsageError("The command is empty.", hint='Give one such as --server "uvicorn <app>".')
    return words


def _split_netloc(netloc: str, text: str) -> dict[str, str]:
    found = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", netloc)
    if found is None:
        raise UsageError(f"The address {netloc!r} in {text!r} cannot be read.", hint="Write host:port or omit it.")
    return {"host": found[1], **({"port": found[2]} if found[2] else {})}


def _name_of(words: list[str]) -> str:
    """The name of an unknown server: the module after ``-m``, the script of an interpreter, or the program."""
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    if re.fullmatch(r"(python|pypy)[\d.]*t?", PurePath(words[0]).name):
        scripts = [word for word in words[1:] if word.endswith(".py")]
        if scripts:
            return PurePath(scripts[0]).stem
    return PurePath(words[0]).name
