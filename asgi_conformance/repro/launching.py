"""How the file starts the server: the words of the command, with what it fills in itself left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.certificates import Certificates
from asgi_conformance.candidate.command import build_command
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.start import Setting
from asgi_conformance.candidate.template import Template
from asgi_conformance.clients.address import Address


@dataclass(frozen=True)
class Start:
    """``words`` are the command with <app>, and <uds>, <cert> and <key> where they belong in it.

    ``environment`` are variables that it needs; <tmp> in them is a folder. ``certificate`` is the PEM text of
    certificate and key where TLS is served, or empty. ``trio`` says that the application runs under trio.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str]
    host: str
    port: int
    unix: bool
    certificate: str
    trio: bool


class _Open(Certificates):
    """Certificates of which the file itself knows where they are."""

    def __init__(self) -> None:
        super().__init__(Path())

    certificate = Path("<cert>")
    key = Path("<key>")
    authority = Path("<ca>")


def start_of(
    template: Template,
    launch: Launch,
    address: Address,
    setting: Setting,
    environment: Mapping[str, str],
    *,
    trio: bool,
) -> Start:
    """The start of a server for a launch, at the address that its recording had.

    Raises:
        LaunchImpossible: it has no known way to be started so.
    """
    endpoint = Endpoint(address.host, address.port, "<uds>" if address.uds else None)
    command = build_command(template, launch, endpoint, _Open(), "<module>", lacking=setting.lacking)
    words = tuple(word.replace("<module>:app", "<app>") for word in command.argv)
    certificate = ""
    if launch.tls:
        certificate = setting.certificates.key.read_text() + setting.certificates.certificate.read_text()
    return Start(
        words,
        {**template.profile.environment, **environment},
        address.host,
        address.port,
        address.uds is not None,
        certificate,
        trio,
    )
