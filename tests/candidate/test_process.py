"""Unit tests of a candidate's process: heard without being held up, and ended with all that it started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from asgi_conformance.candidate.descendants import keep_watch, wait_for_end
from asgi_conformance.candidate.output import KEPT_BYTES
from asgi_conformance.candidate.process import CandidateProcess, Stopped, describe_exit, end_all

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]

#: Longer than any of these tests takes: what sleeps so long is ended by somebody.
FOR_EVER = "import time; time.sleep(600)"
#: How long to wait for what has to come, in seconds.
DEADLINE = 20.0

#: Says its id once it sleeps.
CHILD = f"import os; print('child', os.getpid(), flush=True); {FOR_EVER}"


async def start(script: str, token: str = "token-of-a-test") -> CandidateProcess:
    """Run a Python script as a candidate."""
    env = {**os.environ, "ASGI_PROBE_TOKEN": f"{token}-{time.monotonic_ns()}", "PYTHONUNBUFFERED": "1"}
    return await CandidateProcess.start([sys.executable, "-c", textwrap.dedent(script)], env=env)


async def line_of(process: CandidateProcess, beginning: str) -> str:
    """The rest of the first line that begins so."""
    found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def look(line: str, at: float) -> None:
        if line.startswith(beginning) and not found.done():
            found.set_result(line[len(beginning) :].strip())

    process.on_output(look)
    for at, line in process.output.lines():
        look(line, at)
    return await asyncio.wait_for(found, DEADLINE)


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def exists(folder: str) -> bool:
    """Whether there is such a folder."""
    return Path(folder).exists()


async def test_the_exit_status_is_told() -> None:
    """A process that ends by itself is seen to end, with its status."""
    process = await start("raise SystemExit(3)")
    assert await asyncio.wait_for(process.exited, DEADLINE) == 3
    assert process.returncode == 3
    stopped = await process.stop(1)
    assert stopped == Stopped(3, False, 0, stopped.seconds)


async def test_a_signal_that_comes_too_late_does_not_hide_the_exit_status() -> None:
    """Who ended by itself, unnoticed so far, is told with its own status, though it was asked to stop after that."""
    process = await start("raise SystemExit(3)")
    while lives(process.pid):
        pass  # the loop stands, so that nothing is noticed
    stopped = await process.stop(grace=DEADLINE)
    assert stopped.returncode == 3


async def test_both_streams_are_heard_in_order() -> None:
    """Standard output and standard error are one, in the order in which they were written."""
    process = await start("import sys; print('one'); print('two', file=sys.stderr, flush=True); print('three')")
    await asyncio.wait_for(process.wait_output(), DEADLINE)
    assert process.tail() == "one\ntwo\nthree"
    await process.stop(1)


async def test_lines_have_the_time_of_their_arrival() -> None:
    """A line is told with the reading of the monotonic clock when it came."""
    before = time.monotonic()
    process = await start("print('ready'); import time; time.sleep(600)")
    seen: list[float] = []
    process.on_output(lambda line, at: seen.append(at))
    await line_of(process, "ready")
    assert before <= seen[0] <= time.monotonic()
    await process.stop(1)


async def test_a_process_reads_nothing() -> None:
    """Standard input is empty, so that nothing waits for the keyboard."""
    process = await start("import sys; print('read', repr(sys.stdin.read()))")
    assert await line_of(process, "read") == "''"
    await process.stop(1)


async def test_megabytes_of_output_hold_nobody_up() -> None:
    """A process that prints megabytes comes to its end, and what is kept of it is bounded."""
    process = await start(f"for _ in range(8000): print('x' * 999)\nprint('end')\n{FOR_EVER}")
    await line_of(process, "end")
    assert process.output.total >= 8_000_000
    assert sum(len(line) + 1 for _, line in process.output.lines()) <= KEPT_BYTES
    await process.stop(1)


async def test_a_stop_is_asked_for_by_sigterm() -> None:
    """A process may stop in an orderly way, and is not killed while it does."""
    process = await start(
        f"""
        import signal, sys
        signal.signal(signal.SIGTERM, lambda *_: (print("stopping", flush=True), sys.exit(0)))
        print("ready", flush=True)
        {FOR_EVER}
        """
    )
    await line_of(process, "ready")
    stopped = await process.stop(DEADLINE)
    assert (stopped.how, stopped.forced, stopped.leftovers) == ("exit status 0", False, 0)
    assert process.tail().endswith("stopping")


async def test_another_signal_can_ask() -> None:
    """A server that stops by SIGINT is stopped by SIGINT."""
    process = await start(
        f"try:\n print('ready', flush=True); {FOR_EVER}\nexcept KeyboardInterrupt: raise SystemExit(7)"
    )
    await line_of(process, "ready")
    assert (await process.stop(DEADLINE, by=signal.SIGINT)).returncode == 7


async def test_a_process_that_ignores_sigterm_is_killed() -> None:
    """After the grace the process is killed, and the report says that it was."""
    process = await start(
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {FOR_EVER}"
    )
    await line_of(process, "ready")
    stopped = await process.stop(0.1)
    assert (stopped.how, stopped.forced) == ("signal 9 (SIGKILL)", True)
    assert not lives(process.pid)


async def test_children_do_not_outlive_a_stop() -> None:
    """A server that ends and leaves its workers behind has left-overs, which are ended and counted."""
    process = await start(
        f"""
        import signal, subprocess, sys
        subprocess.Popen([sys.executable, "-c", {CHILD!r}])
        {FOR_EVER}
        """
    )
    child = int(await line_of(process, "child"))
    stopped = await process.stop(DEADLINE)
    assert (stopped.returncode, stopped.forced, stopped.leftovers) == (-signal.SIGTERM, False, 1)
    assert not lives(child)


async def test_children_that_end_soon_are_no_left_overs() -> None:
    """Workers get a moment to end after the main process."""
    child = "import sys; print('child', flush=True); sys.stdin.read()"
    process = await start(
        f"""
        import subprocess, sys
        held = subprocess.Popen([sys.executable, "-c", {child!r}], stdin=subprocess.PIPE)
        {FOR_EVER}
        """
    )
    await line_of(process, "child")
    stopped = await process.stop(DEADLINE)
    assert (stopped.forced, stopped.leftovers) == (False, 0)


@pytest.mark.parametrize("grace", [DEADLINE, 0.1])
async def test_a_grandchild_in_a_session_of_its_own_is_found(grace: float) -> None:
    """A process that left the session, as daemons do, is known by its token and ended too."""
    ignore = "" if grace == DEADLINE else "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {CHILD!r}], start_new_session=True)"
    process = await start(
        f"""
        import signal, subprocess, sys
        {ignore}
        subprocess.run([sys.executable, "-c", {middle!r}], start_new_session=True)
        {FOR_EVER}
        """
    )
    grandchild = int(await line_of(process, "child"))
    stopped = await process.stop(grace)
    assert (stopped.forced, stopped.leftovers) == (grace != DEADLINE, 1)
    assert not lives(grandchild)


async def test_only_processes_of_this_candidate_are_ended() -> None:
    """Another candidate, which runs at the same time, is left alone."""
    one, other = await asyncio.gather(start(CHILD, "one"), start(CHILD, "other"))
    await asyncio.gather(line_of(one, "child"), line_of(other, "child"))
    await one.stop(0)
    assert not lives(one.pid)
    assert lives(other.pid)
    await other.stop(0)


async def test_a_cancelled_stop_ends_all_the_same() -> None:
    """A stop that is cancelled while it waits leaves no process."""
    process = await start(
        f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); {FOR_EVER}"
    )
    await line_of(process, "ready")
    stopping = asyncio.ensure_future(process.stop(600))
    done, _ = await asyncio.wait({stopping}, timeout=0)
    assert not done
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not lives(process.pid)


async def test_leaving_the_context_ends_the_process() -> None:
    """A process that is used as a context does not outlive an error."""
    process = await start(CHILD)
    await line_of(process, "child")

    async def fail() -> None:
        async with process:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert not lives(process.pid)


async def test_a_second_stop_tells_the_same() -> None:
    """Stopping what has stopped is no error."""
    process = await start(CHILD)
    first = await process.stop(DEADLINE)
    second = await process.stop(DEADLINE)
    assert (first.returncode, first.forced) == (second.returncode, second.forced)
    process.signal(signal.SIGTERM)


async def test_eight_candidates_start_at_once() -> None:
    """Candidates start side by side, and each is heard and ended by itself."""
    many = await asyncio.gather(*(start(f"print('ready'); {FOR_EVER}", f"t{number}") for number in range(8)))
    await asyncio.gather(*(line_of(process, "ready") for process in many))
    stopped = await asyncio.gather(*(process.stop(DEADLINE) for process in many))
    assert [each.returncode for each in stopped] == [-signal.SIGTERM] * 8


async def test_the_end_of_all_ends_all() -> None:
    """What runs when the interpreter ends is killed at once, and killing twice is no error."""
    process = await start(CHILD)
    await line_of(process, "child")
    end_all()
    end_all()
    assert await asyncio.wait_for(process.exited, DEADLINE) == -signal.SIGKILL
    await process.stop(0)


ENDS = """
import asyncio, os, sys
from asgi_conformance.candidate.address import Workspace
from asgi_conformance.candidate.guard import guard
from asgi_conformance.candidate.process import CandidateProcess

async def main():
    env = {**os.environ, "ASGI_PROBE_TOKEN": sys.argv[1]}
    process = await CandidateProcess.start([sys.executable, "-c", sys.argv[2]], env=env)
    told = asyncio.Event()
    process.on_output(lambda line, at: (print(line, guard.watchman, workspace.path, flush=True), told.set()))
    await told.wait()
    HOW

workspace = Workspace()
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "how",
    [
        "raise KeyboardInterrupt",
        "raise SystemExit(1)",
        "os.kill(os.getpid(), 2); await asyncio.sleep(600)",
        "os.kill(os.getpid(), 15); await asyncio.sleep(600)",
        "os.kill(os.getpid(), 9)",
        "os._exit(130)",
    ],
)
async def test_nothing_outlives_the_suite(how: str) -> None:
    """However the suite ends, its candidates, those that left their session among them, and its folders go too."""
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}], start_new_session=True)"
    token = f"token-{time.monotonic_ns()}"
    suite = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ENDS.replace("HOW", how), token, child), stdout=-1, stderr=-1
    )
    said, errors = await asyncio.wait_for(suite.communicate(), DEADLINE)
    assert said.startswith(b"child"), errors
    _, grandchild, watchman, folder = said.decode().split()
    await wait_for_end(int(watchman), DEADLINE)
    assert not lives(int(watchman))
    assert not lives(int(grandchild))
    assert not exists(folder)


async def test_the_watchman_goes_home_when_there_is_nothing_left() -> None:
    """What has ended, or is deleted, is forgotten, so that a stranger with the same id is safe."""
    with tempfile.TemporaryDirectory() as kept:
        one, other = await asyncio.gather(start(CHILD, "one"), start(CHILD, "other"))
        await asyncio.gather(line_of(one, "child"), line_of(other, "child"))
        orders = [f"watch {each.pid} {each.family.token}" for each in (one, other)]
        orders += [f"forget {one.pid} {one.family.token}", f"watch-folder {kept}", f"forget-folder {kept}"]
        keep_watch(f"{order}\n" for order in orders)
        assert exists(kept)
        assert lives(one.pid)
        assert await asyncio.wait_for(other.exited, DEADLINE) == -signal.SIGKILL
    await asyncio.gather(one.stop(0), other.stop(0))


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit status 0"), (3, "exit status 3"), (-15, "signal 15 (SIGTERM)"), (-99, "signal 99")]
)
def test_an_end_is_described_in_words(code: int, text: str) -> None:
    """An exit status and a signal are told apart."""
    assert describe_exit(code) == text
