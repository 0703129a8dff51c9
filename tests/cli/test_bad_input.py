"""What a user gets for what cannot work: one or two sentences, the documented status, and nothing left behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command, misbehaving

CASE = "http.request.chunked.decoded"


def assert_told(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """The status is right, the words are there, and there is no traceback."""
    output = result.stdout + result.stderr
    assert result.returncode == status, output
    assert "Traceback" not in output
    for word in words:
        assert word in output


def test_an_unknown_command_is_a_usage_error(command: Command) -> None:
    """A subcommand that does not exist is named, with status 2."""
    assert_told(command("lst"), 2, "lst")


def test_an_unknown_program_is_told(command: Command) -> None:
    """A program that is not there is named, with what to do, and status 3."""
    assert_told(command("--server", "no-such-server <app> <host> <port>"), 3, "no-such-server", "not found")


def test_a_template_without_app_is_a_usage_error(command: Command) -> None:
    """A command without <app> is refused, with an example."""
    assert_told(command("--server", "uvicorn"), 2, "no <app>", "uvicorn <app>")


def test_an_unknown_server_without_an_address_is_a_usage_error(command: Command) -> None:
    """An unknown server's command must say where the address goes."""
    assert_told(command("--server", f"{sys.executable} -m myserver <app>"), 2, "<host>", "<port>")


@pytest.mark.parametrize("option", ["--select", "--deselect"])
def test_a_glob_that_matches_nothing_is_a_usage_error(command: Command, option: str) -> None:
    """A pattern that matches no case is refused rather than giving an empty green run."""
    assert_told(command("--server", "uvicorn <app>", option, "no.such.*"), 2, "no.such.*", "matches no case")


def test_an_empty_selection_is_a_usage_error(command: Command) -> None:
    """Options that together leave no case are refused."""
    result = command("--server", "uvicorn <app>", "--select", CASE, "--deselect", CASE)
    assert_told(result, 2, "leaves no case")


def test_an_unknown_suite_is_a_usage_error(command: Command) -> None:
    """A suite that does not exist is refused, and those that do are named."""
    assert_told(command("--server", "uvicorn <app>", "--suite", "htp"), 2, "htp", "http")


def test_an_unwritable_output_is_told_before_the_run(command: Command, tmp_path: Path) -> None:
    """A report that cannot be written is told at once, not after the run."""
    path = tmp_path / "missing" / "out.json"
    result = command("--server", misbehaving("never-listens"), "--select", CASE, "--json", str(path))
    assert_told(result, 2, str(path), "cannot be written")


def test_an_unknown_report_format_is_a_usage_error(command: Command) -> None:
    """A report format that does not exist is refused, and those that do are named."""
    assert_told(command("--server", "uvicorn <app>", "--report", "pdf=out.pdf"), 2, "pdf", "junit")


def test_a_server_that_exits_at_once_is_told_with_its_words(command: Command) -> None:
    """The exit status and the server's own last words are shown."""
    result = command("--server", misbehaving("exits-at-once"), "--select", CASE)
    assert_told(result, 3, "status 7", "cannot find the frobnicator")


def test_a_server_that_never_listens_is_told(command: Command) -> None:
    """A server that runs and does not listen is given up at the deadline."""
    result = command("--server", misbehaving("never-listens"), "--select", CASE, "--timeout-scale", "0.1")
    assert_told(result, 3, "did not listen")


def test_a_server_on_another_port_is_told_where_it_listens(command: Command) -> None:
    """The port on which it listens instead is named."""
    result = command("--server", misbehaving("other-port"), "--select", CASE, "--timeout-scale", "0.1")
    assert_told(result, 3, "it listens at 127.0.0.1:")


def test_a_port_that_is_taken_is_told(command: Command) -> None:
    """A port that the user chose and that is taken is named, with status 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = command("--server", f"uvicorn <app> --port {port}", "--select", CASE)
    assert_told(result, 3, str(port), "already")


@pytest.mark.parametrize("kind", ["prints-megabytes", "leaves-children", "garbage-to-control"])
def test_a_server_with_bad_habits_is_still_judged(command: Command, kind: str) -> None:
    """Endless output, children that outlive it, garbage on the control channel: none of it disturbs a verdict."""
    assert_told(command("--server", misbehaving(kind), "--select", CASE), 0, "cases in")


def test_a_server_that_ignores_sigterm_is_judged_and_ended(command: Command) -> None:
    """A server that does not stop when told is judged all the same, and killed."""
    result = command("--server", misbehaving("ignores-sigterm"), "--select", CASE, "--timeout-scale", "0.3")
    assert_told(result, 0, "cases in")


def test_ctrl_c_writes_the_partial_report(marked_environment: dict[str, str], tmp_path: Path) -> None:
    """Ctrl-C ends the server, writes what there is, and exits with 130."""
    path = tmp_path / "out.json"
    words = ["-m", "asgi_conformance", "--server", "uvicorn <app>", "--repeat", "500", "--json", str(path)]
    process = subprocess.Popen(
        [sys.executable, *words, "--select", CASE],
        env=marked_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, output + errors
    assert "Traceback" not in output + errors
    runs = json.loads(path.read_text())["runs"]
    assert 1 <= len(runs) < 500


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.2, 0.3, 0.45])
def test_ctrl_c_at_any_moment_leaves_nothing(marked_environment: dict[str, str], delay: float) -> None:
    """Whenever Ctrl-C comes, there is no traceback and nothing is left behind."""
    process = subprocess.Popen(
        [sys.executable, "-m", "asgi_conformance", "--server", "uvicorn <app>", "--select", CASE],
        env=marked_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    begun = process.stderr.readline()
    time.sleep(delay)  # the moment is the point of this test
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert begun.startswith("running")
    assert process.returncode in (0, 130), output + errors
    assert "Traceback" not in output + errors
