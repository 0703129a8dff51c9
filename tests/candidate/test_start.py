"""Tests of starting candidates: servers that come up, and servers that do not, each with its error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path

import pytest

from asgi_conformance.candidate.address import Endpoint
from asgi_conformance.candidate.launch import Launch
from asgi_conformance.candidate.ready import AddressInUseError, ExitedEarlyError
from asgi_conformance.candidate.start import Candidate, Setting, find_program, start_candidate
from asgi_conformance.errors import CandidateError, LaunchImpossible

from .conftest import MakeSetting

pytestmark = pytest.mark.anyio

LISTEN = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[-1])))
print("serving", flush=True)
while True:
    listener.accept()
"""
FOR_EVER = "import time; time.sleep(600)"


async def start(setting: Setting, launch: Launch | None = None) -> Candidate:
    """Start a candidate that need only accept connections."""
    return await start_candidate(setting, launch or Launch(), control="unix:/nowhere")


async def failure(setting: Setting, launch: Launch | None = None) -> CandidateError:
    """The error of a candidate that does not come up."""
    with pytest.raises(CandidateError) as caught:
        await start(setting, launch)
    return caught.value


def descendants() -> set[str]:
    """The candidates among the processes that this one has started, by what ``/proc`` tells."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (path / "stat").read_bytes().rpartition(b")")[2].split()[1]
            if int(parent) == os.getpid() and b"ASGI_PROBE_TOKEN=" in (path / "environ").read_bytes():
                found.add(path.name)
    return found


async def test_a_server_that_listens_is_ready(make_setting: MakeSetting) -> None:
    """An unknown server, told its port by a placeholder, is ready when it accepts connections."""
    candidate = await start(make_setting("SCRIPT <app> <port>", LISTEN))
    assert candidate.endpoint.port in range(1, 65536)
    assert candidate.process.tail() == "serving"
    assert candidate.launch == Launch()
    await candidate.stop(5)


async def test_a_server_that_ends_at_once(make_setting: MakeSetting) -> None:
    """The error has the exit status and the last words of the server."""
    error = await failure(make_setting("SCRIPT <app> <port>", "import sys\nprint('no such thing')\nsys.exit(4)"))
    assert isinstance(error, ExitedEarlyError)
    assert error.message == "The candidate ended with exit status 4 before it was ready."
    assert error.detail == "no such thing"
    assert error.exit_code == 3


async def test_a_server_that_ends_at_once_without_a_word(make_setting: MakeSetting) -> None:
    """A server that prints nothing gets a hint instead of its output."""
    error = await failure(
        make_setting("SCRIPT <app> <port>", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    )
    assert "with signal 9 (SIGKILL)" in error.message
    assert error.detail == ""
    assert "It printed nothing" in error.hint


async def test_a_server_that_prints_megabytes(make_setting: MakeSetting) -> None:
    """A talkative server is ready like any other, and an error shows the end of what it said."""
    talk = "for n in range(20000): print('x' * 200)\nprint('done')\n"
    candidate = await start(make_setting("SCRIPT <app> <port>", talk + LISTEN))
    assert candidate.process.output.total > 4_000_000
    await candidate.stop(5)
    error = await failure(make_setting("SCRIPT <app> <port>", talk + "raise SystemExit(1)"))
    assert error.detail.endswith("done")
    assert len(error.detail) < 10_000


async def test_a_stubborn_server_that_never_listens_is_killed(make_setting: MakeSetting) -> None:
    """A server that ignores SIGTERM does not outlive the error."""
    before = descendants()
    script = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('hm', flush=True); {FOR_EVER}"
    await failure(make_setting("SCRIPT <app> <port>", script, deadline=0.4))
    assert descendants() <= before


async def test_a_cancelled_start_leaves_nothing(make_setting: MakeSetting) -> None:
    """Ctrl-C while a candidate starts leaves no process."""
    before = descendants()
    came = asyncio.Event()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        came.set()

    listener = await asyncio.start_server(take, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    script = f"import socket; socket.create_connection(('127.0.0.1', {port})); {FOR_EVER}"
    starting = asyncio.ensure_future(start(make_setting("SCRIPT <app> <port>", script)))
    async with listener:
        await asyncio.wait_for(came.wait(), 20)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert descendants() <= before


async def test_a_command_that_is_not_there(make_setting: MakeSetting) -> None:
    """An unknown command is told, with how to name it."""
    error = await failure(make_setting("no-such-server <app> <port>"))
    assert error.message == "The command 'no-such-server' was not found on PATH, nor beside this interpreter."
    assert "/path/to/venv/bin/no-such-server <app>" in error.hint


async def test_a_path_that_is_not_there(make_setting: MakeSetting) -> None:
    """A path without a file is told whole."""
    error = await failure(make_setting("/no/such/bin/uvicorn <app>"))
    assert error.message == "The command /no/such/bin/uvicorn does not exist."


async def test_a_file_that_is_no_program(make_setting: MakeSetting, tmp_path: Path) -> None:
    """A file without leave to execute it, and one that the system cannot run, are told apart."""
    path = tmp_path / "uvicorn"
    path.write_text("#!/no/such/interpreter\n")
    error = await failure(make_setting(f"{path} <app>"))
    assert error.message == f"The command {path} is not executable."
    assert f"chmod +x {path}" in error.hint
    path.chmod(0o755)
    error = await failure(make_setting(f"{path} <app>"))
    assert error.message == f"The command '{path}' cannot be started: No such file or directory."
    assert "the interpreter in its first line" in error.hint


async def test_a_relative_command_is_of_the_working_directory(make_setting: MakeSetting, tmp_path: Path) -> None:
    """A path is taken from the candidate's working directory, as a shell there would."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "serve").symlink_to(sys.executable)
    setting = make_setting(
        "./serve SCRIPT.py <app> <port>".replace("SCRIPT", str(tmp_path / "script")), LISTEN, cwd=folder
    )
    candidate = await start(setting)
    await candidate.stop(5)


def test_a_program_beside_this_interpreter_is_found(tmp_path: Path) -> None:
    """In a virtual environment that is not activated its own programs are found, after those on PATH."""
    beside = find_program("pytest", {"PATH": "/nowhere"})
    assert Path(beside).name == "pytest"
    other = tmp_path / "pytest"
    other.write_text("")
    other.chmod(0o755)
    assert find_program("pytest", {"PATH": str(tmp_path)}) == str(other)


async def test_a_port_of_the_users_that_is_taken(make_setting: MakeSetting) -> None:
    """A fixed port at which something listens is told before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = await failure(make_setting(f"uvicorn <app> --port {port}"))
    assert error.message == f"Something listens at 127.0.0.1:{port} already, where the candidate should."
    assert "leave the address out" in error.hint


TAKEN_AT_FIRST = (
    """
import pathlib, sys
seen = pathlib.Path("seen")
ports = seen.read_text().split() if seen.exists() else []
seen.write_text(" ".join([*ports, sys.argv[-1]]))
if len(ports) < TIMES:
    raise OSError(98, "Address already in use")
"""
    + LISTEN
)


async def test_a_port_that_was_taken_meanwhile(make_setting: MakeSetting, tmp_path: Path) -> None:
    """Where the suite chose the port and it is taken when the server comes to it, another one is tried."""
    script = TAKEN_AT_FIRST.replace("TIMES", "2")
    candidate = await start(make_setting("SCRIPT <app> <port>", script, cwd=tmp_path))
    ports = (tmp_path / "seen").read_text().split()
    assert len(set(ports)) == 3
    assert str(candidate.endpoint.port) == ports[-1]
    await candidate.stop(5)


async def test_a_machine_on_which_every_port_is_taken(make_setting: MakeSetting, tmp_path: Path) -> None:
    """After three ports it is enough, and the error has the server's words."""
    script = TAKEN_AT_FIRST.replace("TIMES", "99")
    error = await failure(make_setting("SCRIPT <app> <port>", script, cwd=tmp_path))
    assert isinstance(error, AddressInUseError)
    assert "Address already in use" in error.detail
    assert len((tmp_path / "seen").read_text().split()) == 3


async def test_a_server_that_waits_for_its_port(make_setting: MakeSetting) -> None:
    """A server that tries again and again (gunicorn does) is not waited for: its output says enough."""
    script = f"print('[ERROR] Connection in use: (127.0.0.1, 1)', flush=True); {FOR_EVER}"
    error = await failure(make_setting("SCRIPT <app> <port>", script, deadline=60))
    assert isinstance(error, AddressInUseError)


async def test_readiness_is_confirmed(make_setting: MakeSetting) -> None:
    """The confirmation is called with the address, and again after an OSError."""
    calls: list[Endpoint] = []

    async def confirm(endpoint: Endpoint) -> None:
        calls.append(endpoint)
        if len(calls) < 3:
            raise ConnectionResetError("not yet")

    setting = make_setting("SCRIPT <app> <port>", LISTEN)
    candidate = await start_candidate(setting, Launch(), control="unix:/nowhere", confirm=confirm)
    assert calls == [candidate.endpoint] * 3
    await candidate.stop(5)


async def test_a_confirmation_may_fail_for_good(make_setting: MakeSetting) -> None:
    """An error of the confirmation other than OSError ends the start, and the candidate."""

    async def confirm(endpoint: Endpoint) -> None:
        raise CandidateError("It answers with somebody else's pages.")

    before = descendants()
    with pytest.raises(CandidateError, match="somebody else"):
        await start_candidate(
            make_setting("SCRIPT <app> <port>", LISTEN), Launch(), control="unix:/nowhere", confirm=confirm
        )
    assert descendants() <= before


async def test_a_server_that_dies_while_it_is_asked(make_setting: MakeSetting) -> None:
    """A server that ends when the first request comes is told by its exit, not by the deadline."""
    script = LISTEN.replace("while True:\n    listener.accept()", "listener.accept()\nraise SystemExit(5)")

    async def confirm(endpoint: Endpoint) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(ExitedEarlyError, match="exit status 5"):
        await start_candidate(
            make_setting("SCRIPT <app> <port>", script, deadline=60), Launch(), control="unix:/nowhere", confirm=confirm
        )


async def test_the_candidate_has_its_environment(make_setting: MakeSetting) -> None:
    """The probe's folder, the control channel and the token are in the candidate's environment."""
    script = (
        "import os\nfor name in ('PYTHONPATH', 'ASGI_PROBE_CONTROL', 'ASGI_PROBE_TOKEN'):"
        " print(name, os.environ[name], flush=True)\n" + LISTEN
    )
    setting = make_setting("SCRIPT <app> <port>", script)
    candidate = await start_candidate(setting, Launch(), control="unix:/control", token="secret")
    lines = candidate.process.tail().splitlines()
    assert lines[0].split()[1].split(os.pathsep)[0] == str(setting.probe_folder)
    assert lines[1:3] == ["ASGI_PROBE_CONTROL unix:/control", "ASGI_PROBE_TOKEN secret"]
    await candidate.stop(5)


REFUSES = "import sys\nprint('Error: No such option: --root-path Did you mean --port?')\nsys.exit(2)"


async def test_an_option_that_this_version_lacks(make_setting: MakeSetting, tmp_path: Path) -> None:
    """A known server too old for an option of a launch cannot have that launch; that is no error of the server."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.asgi-conformance.profiles.old.options]\n"
        'listen = ["--port", "<port>"]\nroot-path = ["--root-path", "<root-path>"]\n'
        f'[tool.asgi-conformance.profiles.old]\nprograms = ["{Path(sys.executable).name}"]\n'
        '[[tool.asgi-conformance.profiles.old.refusals]]\noutput = "needs a licence"\nreason = "it has no licence"\n'
    )
    with pytest.raises(LaunchImpossible, match="this version of old does not take --root-path /x"):
        await start(make_setting("SCRIPT <app>", REFUSES), Launch(root_path="/x"))
    with pytest.raises(ExitedEarlyError):
        await start(make_setting("SCRIPT <app>", REFUSES))
    with pytest.raises(LaunchImpossible, match=r"this version of old does not take all of --port \d+ --root-path /x"):
        await start(make_setting("SCRIPT <app>", "print('Got unexpected extra argument (/x)')"), Launch(root_path="/x"))
    with pytest.raises(LaunchImpossible, match="it has no licence"):
        await start(make_setting("SCRIPT <app>", "print('HTTP/2 needs a licence')"), Launch(root_path="/x"))


async def test_an_option_that_is_always_added_may_be_lacking(make_setting: MakeSetting, tmp_path: Path) -> None:
    """An older version without an option that newer ones need is started without it, now and later."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.asgi-conformance.profiles.old]\n"
        f'programs = ["{Path(sys.executable).name}"]\nalways = [["--no-control-socket"]]\nplace = "after"\n'
        '[tool.asgi-conformance.profiles.old.options]\nlisten = ["--port", "<port>"]\nroot-path = []\n'
    )
    refuses = (
        "import sys\nword = '--no-control-socket'\nif word in sys.argv:\n sys.exit(f'unrecognized arguments: {word}')\n"
    )
    setting = make_setting("SCRIPT <app>", refuses + LISTEN)
    for launch in (Launch(), Launch(root_path="/x")):
        candidate = await start(setting, launch)
        assert "--no-control-socket" not in candidate.command.argv
        await candidate.stop(5)
    assert setting.lacking == {"--no-control-socket"}
