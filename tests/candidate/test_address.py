"""Unit tests of where candidates listen."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from asgi_conformance.candidate import address
from asgi_conformance.candidate.address import Endpoint, Workspace, free_port, is_taken
from asgi_conformance.errors import LaunchImpossible


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_free_port_can_be_listened_at(host: str) -> None:
    """Nothing listens at a free port, and none is handed out twice in a row."""
    ports = [free_port(host) for _ in range(8)]
    assert len(set(ports)) == 8
    with socket.create_server((host, ports[0]), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
        assert is_taken(Endpoint(host, ports[0]))
    assert not is_taken(Endpoint(host, ports[1]))


def test_a_free_port_is_no_port_of_clients() -> None:
    """Ports that the system hands out to outgoing connections are left alone."""
    path = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not path.exists():
        pytest.skip("this system does not tell the range")
    low, high = map(int, path.read_text().split())
    assert not low <= free_port() <= high


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port at which something listens is not handed out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(address, "_ports", iter([port, port + 1, port + 2, port + 3]))
        assert free_port() in (port + 1, port + 2, port + 3)


def test_a_machine_without_the_address_makes_the_launch_impossible() -> None:
    """An address that is not this machine's, such as IPv6 where there is none, is told as such."""
    with pytest.raises(LaunchImpossible, match=r"this machine has no address 192\.0\.2\.1"):
        free_port("192.0.2.1")


def test_a_workspace_is_private_short_and_goes_away() -> None:
    """Paths of sockets fit every system's limit, are new each time, and nothing of them stays."""
    with Workspace() as workspace:
        first, second = workspace.socket_path(), workspace.socket_path()
        assert first != second
        assert len(os.fsencode(first)) < 100
        assert workspace.path.stat().st_mode & 0o077 == 0
        assert workspace.folder().is_dir()
    assert not workspace.path.exists()


def test_a_long_temporary_folder_is_avoided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket's path is short even where the temporary folder's is not."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Workspace() as workspace:
        assert len(os.fsencode(workspace.socket_path())) < 100


def test_a_unix_socket_is_taken_while_something_listens(workspace: Workspace) -> None:
    """A socket's file that nobody listens at any more is not in the way."""
    path = workspace.socket_path()
    endpoint = Endpoint(uds=path)
    assert not is_taken(endpoint)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        assert is_taken(endpoint)
    assert not is_taken(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "text", "host"),
    [
        (Endpoint("127.0.0.1", 80), "127.0.0.1:80", "127.0.0.1"),
        (Endpoint("::1", 80), "[::1]:80", "::1"),
        (Endpoint("0.0.0.0", 80), "0.0.0.0:80", "127.0.0.1"),
        (Endpoint("::", 80), "[::]:80", "::1"),
        (Endpoint(uds="/run/s"), "unix:/run/s", "127.0.0.1"),
    ],
)
def test_an_endpoint_is_written_as_servers_write_it(endpoint: Endpoint, text: str, host: str) -> None:
    """An endpoint shows where a candidate listens, and knows the host that reaches it."""
    assert str(endpoint) == text
    assert endpoint.reachable_host == host
