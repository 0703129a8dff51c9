"""Servers that do one thing wrong as processes: ``python misbehaving.py KIND APP HOST PORT``.

Each serves the application with the reference server up to the point where it misbehaves, or does not serve at all.
Standard library only, apart from the reference server that some of them start.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading


def exits_at_once(*_: str) -> None:
    """Print why, and exit with status 7."""
    sys.stdout.write("cannot find the frobnicator\n")
    sys.exit(7)


def never_listens(*_: str) -> None:
    """Run and listen nowhere."""
    signal.pause()


def other_port(_: str, host: str, __: str) -> None:
    """Listen on another port than the one that was asked for."""
    listener = socket.create_server((host, 0))
    sys.stdout.write(f"listening on {listener.getsockname()}\n")
    sys.stdout.flush()
    signal.pause()


def prints_megabytes(app: str, host: str, port: str) -> None:
    """Serve, and print without end."""

    def chatter() -> None:
        while True:
            sys.stdout.write("x" * 1000 + "\n")

    threading.Thread(target=chatter, daemon=True).start()
    _serve(app, host, port)


def ignores_sigterm(app: str, host: str, port: str) -> None:
    """Serve from a child, and ignore the request to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.run(_reference(app, host, port), check=False)


def leaves_children(app: str, host: str, port: str) -> None:
    """Serve, with children in a session of their own that outlive the server."""
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    _serve(app, host, port)


def dies_after(app: str, host: str, port: str) -> None:
    """Serve, and die by SIGKILL at the request for /die."""
    _serve(app, host, port)


def garbage_to_control(app: str, host: str, port: str) -> None:
    """Write to the control channel what the probe never would, then serve."""
    path = os.environ["ASGI_PROBE_CONTROL"].removeprefix("unix:")
    for data in (b"\xff" * 4096, struct.pack(">I", 5) + b"{no}!", struct.pack(">I", 2) + b"[]", b"\0"):
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(path)
            channel.sendall(data)
    _serve(app, host, port)


def _reference(app: str, host: str, port: str) -> list[str]:
    return [sys.executable, "-m", "asgi_conformance.reference_server", app, "--host", host, "--port", port]


def _serve(app: str, host: str, port: str) -> None:
    from asgi_conformance.reference_server.__main__ import main

    sys.argv = _reference(app, host, port)[2:]
    main()


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    globals()[kind.replace("-", "_")](*rest)
