"""From the user's command and a launch to the words of a process."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asgi_conformance.candidate.address import Endpoint, Workspace, free_port
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.options import Option, fill, placeholders
from asgi_conformance.candidate.template import Template
from asgi_conformance.errors import LaunchImpossible

#: Entries that add what the server may not need to be told: without them it is left to itself.
_SOFT = frozenset({"lifespan-on", "lifespan-off", "single", "legacy", "graceful-timeout"})

#: The placeholder of the user's command that does what an entry of a profile does.
_BY_PLACEHOLDER = {
    "unix": ("uds",),
    "listen": ("port", "netloc"),
    "tls": ("cert",),
    "client-certificates": ("ca",),
    "root-path": ("root-path",),
    "workers": ("workers",),
    "graceful-timeout": ("graceful-timeout",),
}


#: The module that mounts a reference application; it lies beside the probe's.
RECORDER = "asgi_recorder"


@dataclass(frozen=True)
class Command:
    """A process to start. ``launch`` is what it really amounts to, where the user's own options had their way.

    ``own_certificate`` says that TLS is served with a certificate of the user's, which clients cannot check.
    """

    argv: tuple[str, ...]
    launch: Launch
    endpoint: Endpoint
    own_certificate: bool
    #: The options that the suite added, for messages.
    added: tuple[Option, ...]

    def __str__(self) -> str:
        return shlex.join(self.argv)


def display(template: Template) -> str:
    """The user's command on one line, for reports."""
    return " ".join(template.text.split())


def effective_launch(template: Template, launch: Launch) -> Launch:
    """What a launch amounts to, as the user's own options win.

    Raises:
        LaunchImpossible: If they leave no room for it.
    """
    chosen = template.chosen
    changes: dict[str, Any] = {}
    if template.fixed.uds is not None or not (template.present & {"port", "netloc"} or "listen" in _entries(template)):
        if launch.ipv6:
            raise LaunchImpossible(f"{template.name} listens on a unix socket here")
        changes["unix"] = True
    changes.update({"tls": True} if chosen.keys() & {"tls", "listen-tls"} else {})
    calls_factory = "factory" in chosen or _writes_call(template)
    if calls_factory and launch.app not in ("app", "factory"):
        raise LaunchImpossible("the command calls a factory, and not an application of another kind")
    changes.update({"app": "factory"} if calls_factory else {})
    changes.update({"http2": True} if "http2" in chosen else {})
    if launch.http3 and "http3" in chosen:
        raise LaunchImpossible("the command says itself where HTTP/3 is served")
    for entry, attribute, value in (
        ("lifespan-on", "lifespan", "on"),
        ("lifespan-off", "lifespan", "off"),
        ("single", "interface", "single"),
        ("legacy", "interface", "legacy"),
    ):
        if entry in chosen and getattr(launch, attribute) == "auto":
            changes[attribute] = value
    changes.update({"root_path": chosen["root-path"]["root-path"]} if "root-path" in chosen else {})
    for entry, attribute in (("workers", "workers"), ("graceful-timeout", "graceful_timeout")):
        number = chosen.get(entry, {}).get(entry, "")
        changes.update({attribute: int(number)} if number.isdigit() else {})
    return replace(launch, **changes)


def as_started(template: Template, launch: Launch) -> Launch:
    """The launch without what this server need not be told: launches that give the same command are equal."""
    entry = "http2-tls" if launch.tls and "http2-tls" in _entries(template) else "http2"
    return replace(launch, http2=False) if launch.http2 and _entries(template).get(entry) == () else launch


def choose_endpoint(template: Template, launch: Launch, workspace: Workspace) -> Endpoint:
    """An address for a candidate: the user's where they fixed it, a free one otherwise.

    Raises:
        LaunchImpossible: If the launch wants another kind of address than the user fixed, or this machine has none.
    """
    fixed = template.fixed
    launch = effective_launch(template, launch)
    if launch.unix:
        if fixed.host or fixed.port:
            raise LaunchImpossible(f"the command fixes its address to {fixed}")
        return Endpoint(uds=fixed.uds or workspace.socket_path())
    host = fixed.host or ("::1" if launch.ipv6 else "127.0.0.1")
    if launch.ipv6 and ":" not in host:
        raise LaunchImpossible(f"the command fixes its host to {host}")
    if launch.ipv6 and not _host_can_be_told(template):
        raise LaunchImpossible("the command has no <host> that could be ::1")
    reachable = Endpoint(host).reachable_host
    return Endpoint(host, fixed.port or free_port("127.0.0.1" if reachable == "localhost" else reachable))


def build_command(
    template: Template,
    launch: Launch,
    endpoint: Endpoint,
    certificates: Certificates,
    module: str,
    *,
    lacking: Collection[str] = (),
) -> Command:
    """The words of the process that serves ``module`` (the probe's name) at ``endpoint`` as ``launch`` wants.

    ``lacking`` names options that this version of the server does not have: what is always added is left out then.

    Raises:
        LaunchImpossible: If there is no known way to start the server so; the message is the reason.
    """
    launch = effective_launch(template, launch)
    values = _values(launch, endpoint, certificates)
    values["app"] = _application(template, launch, module)
    words = list(_needed_words(template, launch))
    wanted = [option for entry in _needed(template, launch) for option in _options(template, entry)]
    missing = [option for option in wanted if template.given(option, words) is None]
    there = {*lacking, *(name for option in missing for name in template.profile.names_of(option))}
    always = [
        option
        for option in template.profile.always + (() if launch.own else template.profile.shared)
        if template.given(option, words) is None and option.name not in there
    ]
    added = tuple(
        Option(option.name, None if option.value is None else fill(option.value, values)) for option in always + missing
    )
    place = len(words) if template.profile.options_last else _place_of_options(words)
    words[place:place] = [word for option in added for word in option.words]
    own = bool(template.chosen.keys() & {"tls", "listen-tls"})
    return Command(tuple(fill(word, values) for word in words), launch, endpoint, own, added)


def _entries(template: Template) -> Mapping[str, tuple[Option, ...]]:
    return template.profile.options


def _host_can_be_told(template: Template) -> bool:
    told = template.present.union(
        *(placeholders(option.value or "") for option in _entries(template).get("listen", ()))
    )
    return bool(told & {"host", "netloc"})


def _needed(template: Template, launch: Launch) -> Iterator[str]:
    """The entries of a profile that a launch needs."""
    tls_listens = launch.tls and not launch.unix and "listen-tls" in _entries(template)
    yield "unix" if launch.unix else "listen-tls" if tls_listens else "listen"
    if launch.tls and not tls_listens:
        yield "tls"
    if launch.client_certificates:
        yield "client-certificates"
    if launch.ipv6 and ("ipv6" in _entries(template) or "ipv6" in template.profile.impossible):
        yield "ipv6"
    if launch.root_path:
        yield "root-path"
    if launch.workers != 1:
        yield "workers"
    if launch.lifespan != "auto":
        yield f"lifespan-{launch.lifespan}"
    if launch.interface != "auto":
        yield launch.interface
    if launch.app == "factory" and not template.profile.factory and not _writes_call(template):
        yield "factory"
    if launch.http2:
        yield "http2-tls" if launch.tls and "http2-tls" in _entries(template) else "http2"
    if launch.http3:
        yield "http3"
    if launch.graceful_timeout is not None:
        yield "graceful-timeout"
    if launch.pings:
        yield "pings"
    if launch.message_limit:
        yield "message-limit"
    if launch.keep_alive:
        yield "keep-alive"


def _options(template: Template, entry: str) -> tuple[Option, ...]:
    """The options that an entry needs, unless the user's command says it already in its own way."""
    options = _entries(template).get(entry)
    in_words = template.present.intersection(_BY_PLACEHOLDER.get(entry, ()))
    if entry in template.chosen or (in_words and not any(template.given(option) for option in options or ())):
        return ()
    reason = template.profile.impossible.get(entry)
    if options is None or reason is not None:
        if entry in _SOFT:
            return ()
        raise LaunchImpossible(reason or f"no option of {template.name} is known for {entry.replace('-', ' ')}")
    for option in options:
        given = template.given(option)
        if given is None or given.value is None or placeholders(given.value):
            continue
        if template.accounted_by((entry,), given) is None:
            raise LaunchImpossible(f"the command has {given}, and {entry.replace('-', ' ')} needs {option}")
    if entry == "listen-tls":
        for option in _entries(template).get("listen", ()):
            if given := template.given(option):
                raise LaunchImpossible(f"the command has {given}, where {template.name} serves no TLS")
    return options


def _needed_words(template: Template, launch: Launch) -> Iterator[str]:
    """The user's words without those whose placeholder has nothing to say, nor the option before each of them."""
    idle = _idle_placeholders(launch)
    words = template.words
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        leads = word.startswith("-") and not placeholders(word) and bool(placeholders(following) & idle)
        if not leads and not placeholders(word) & idle:
            yield word


def _place_of_options(words: Sequence[str]) -> int:
    """Where options go: before the application, as a parser may end there (tremolo's does), and before its ``-a``."""
    place = next(index for index, word in enumerate(words) if "app" in placeholders(word))
    before = words[place - 1] if place > 1 else ""
    return place - 1 if before.startswith("-") and "=" not in before else place


def _idle_placeholders(launch: Launch) -> set[str]:
    idle = {"host", "endpoint-host", "port", "netloc"} if launch.unix else {"uds"}
    idle |= set() if launch.tls else {"cert", "key"}
    idle |= set() if launch.client_certificates else {"ca"}
    idle |= set() if launch.root_path else {"root-path"}
    idle |= set() if launch.graceful_timeout is not None else {"graceful-timeout"}
    return idle


def _application(template: Template, launch: Launch, module: str) -> str:
    """How the application is named to the server, a factory as a call where the server wants it so."""
    name = f"{RECORDER if launch.application else module}:{launch.app}"
    if launch.app == "factory" and template.profile.factory and not _writes_call(template):
        return fill(template.profile.factory, {"app": name})
    return name


def _writes_call(template: Template) -> bool:
    """Whether the user wrote a call of the application."""
    return any("<app>()" in word for word in template.words)


def _values(launch: Launch, endpoint: Endpoint, certificates: Certificates) -> dict[str, str]:
    values = {
        "host": endpoint.host,
        "endpoint-host": endpoint.host.replace(":", r"\:"),
        "port": str(endpoint.port),
        "netloc": endpoint.netloc,
        "uds": endpoint.uds or "",
        "root-path": launch.root_path,
        "workers": str(launch.workers),
        "graceful-timeout": str(launch.graceful_timeout),
    }
    if launch.tls:
        values |= {
            "cert": str(certificates.certificate),
            "key": str(certificates.key),
            "ca": str(certificates.authority),
        }
    return values
