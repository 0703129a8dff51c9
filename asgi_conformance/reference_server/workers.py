"""Several processes that serve the same sockets, and the one that watches over them."""

from __future__ import annotations

import os
import signal
import socket
import sys

from ..errors import ConformanceError
from .config import Config
from .log import logger


def run(config: Config, sockets: list[socket.socket]) -> int:
    """Serve bound sockets with as many processes as ``config`` says (lifespan.loop.per-process).

    Returns:
        0 after an orderly stop; the status of the first worker that ended otherwise, with which the others are
        stopped too (lifespan.startup.failed.exits).
    """
    (ready_in, ready_out), (lifeline_in, lifeline_out) = os.pipe(), os.pipe()
    pids: set[int] = set()
    stopping = False

    def pass_on(number: int, frame: object) -> None:
        nonlocal stopping
        stopping = True
        for pid in pids:
            os.kill(pid, signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    for _ in range(config.workers):
        if (pid := os.fork()) == 0:
            os.close(lifeline_out)
            work(config, sockets, ready_out, lifeline_in)
        pids.add(pid)
    os.close(ready_out)
    if wait_until_ready(config.workers, ready_in):
        from .server import announce

        announce(config, sockets)
    for sock in sockets:
        sock.close()  # so that nobody connects to workers that have stopped
    status = 0
    while pids:
        pid, ended_with = wait_for_one()
        pids.discard(pid)
        if not stopping:
            status = ended_with or 1
            logger.error("worker %d ended with status %d; stopping the others", pid, status)
            pass_on(signal.SIGTERM, None)
    return status


def wait_for_one() -> tuple[int, int]:
    """Wait for a worker to end; its process and its status."""
    pid, ending = os.wait()
    return pid, os.waitstatus_to_exitcode(ending)


def wait_until_ready(count: int, descriptor: int) -> bool:
    """Wait for one byte of each worker; False when they end before."""
    return all(os.read(descriptor, 1) for _ in range(count))


def work(config: Config, sockets: list[socket.socket], ready: int, lifeline: int) -> None:
    """Be a worker; does not return."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = 1
    try:
        from .server import run_process

        status = run_process(config, sockets, lambda: say_ready(ready), lifeline)
    except ConformanceError as error:
        logger.error("%s", error)
        status = error.exit_code
    except Exception:
        logger.exception("a worker failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def say_ready(descriptor: int) -> None:
    """Tell the watching process that this worker accepts connections."""
    os.write(descriptor, b".")
    os.close(descriptor)
