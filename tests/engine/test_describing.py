"""Who was tested, as the results tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from asgi_conformance.candidate.running import Facts
from asgi_conformance.candidate.sources import load_profiles
from asgi_conformance.candidate.template import Template
from asgi_conformance.runner import Options, describe


@pytest.mark.parametrize("installed", ["hypercorn", "nonecorn"])
def test_a_fork_is_told_by_its_own_name(installed: str, tmp_path: Path) -> None:
    """A server is named after the distribution that is installed, whatever its command is called."""
    template = Template.parse("hypercorn <app>", load_profiles(tmp_path))
    told = describe(template, Options("hypercorn <app>"), Facts(versions={installed: "0.18.0", "h11": "0.16.0"}))
    assert (told["name"], told["version"]) == (installed, "0.18.0")


def test_a_server_that_nobody_knows_has_no_version(tmp_path: Path) -> None:
    """A server of which no distribution is known is named after its command."""
    command = "myserver <app> <host> <port>"
    template = Template.parse(command, load_profiles(tmp_path))
    told = describe(template, Options(command), Facts(versions={"h11": "0.16.0"}))
    assert (told["name"], told["version"]) == ("myserver", None)
