"""Unit tests of launches."""

from __future__ import annotations

import pytest

from asgi_conformance.candidate.launch import Launch


@pytest.mark.parametrize(
    ("launch", "name"),
    [
        (Launch(), "plain"),
        (Launch(tls=True), "tls"),
        (Launch(tls=True, client_certificates=True, http2=True), "tls+client-certificates+http2"),
        (Launch(unix=True), "unix"),
        (Launch(ipv6=True), "ipv6"),
        (Launch(root_path="/mount"), "root-path"),
        (Launch(workers=2), "workers"),
        (Launch(app="legacy_class", interface="legacy"), "legacy-class+interface-legacy"),
        (Launch(lifespan="on", own=True), "lifespan-on+own"),
        (Launch(graceful_timeout=1), "graceful-timeout"),
        (Launch(pings=True), "pings"),
        (Launch(message_limit=True), "message-limit"),
        (Launch(keep_alive=True), "keep-alive"),
    ],
)
def test_a_name_says_what_differs_from_a_plain_start(launch: Launch, name: str) -> None:
    """The name of a launch lists what it needs, in words."""
    assert launch.name == name


def test_equal_launches_are_one_key() -> None:
    """Cases of equal launches find the same candidate in a mapping."""
    assert {Launch(root_path="/a"): 1}[Launch(root_path="/a")] == 1
    assert Launch(root_path="/a") != Launch(root_path="/b")


@pytest.mark.parametrize("wrong", [{"client_certificates": True}, {"unix": True, "ipv6": True}, {"workers": -1}])
def test_a_launch_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    """A launch that no server could have is an error where it is written."""
    with pytest.raises(ValueError, match="launch"):
        Launch(**wrong)  # type: ignore[arg-type]
