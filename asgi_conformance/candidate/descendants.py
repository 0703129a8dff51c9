"""The processes of a candidate beyond its main one: found, waited for, ended (where the system has ``/proc``).

Run as a program, this module is the watchman of :mod:`asgi_conformance.candidate.guard`. So it needs the standard
library only, and imports asyncio where it is used, because that takes longer than all the rest.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: By this variable the processes of one candidate are known, wherever they went.
TOKEN = "ASGI_PROBE_TOKEN"

_PROC = Path("/proc")
_LISTEN = "0A"


@dataclass(frozen=True)
class Family:
    """The processes that stem from one candidate.

    They are known by the session of its main process ``pid``, which leads one, or by the token in their
    environment, which stays with a process that left the session.
    """

    pid: int
    token: str

    def members(self) -> list[int]:
        """The ids of all that live (no zombies), the main process among them; empty where there is no ``/proc``."""
        return [pid for pid, session in _sessions() if session == self.pid or self._has_token(pid)]

    def strays(self) -> list[int]:
        """The ids of those that left the session of the main process."""
        return [pid for pid, session in _sessions() if session != self.pid and self._has_token(pid)]

    def _has_token(self, pid: int) -> bool:
        try:
            return f"{TOKEN}={self.token}".encode() in (_PROC / f"{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def kill(self) -> int:
        """End all of them, also those that are being born; gives how many were found beside the main one."""
        if not _PROC.is_dir():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        killed: set[int] = set()
        # A process that is born while the list is read is found in the next round.
        while members := set(self.members()) - killed:
            for pid in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            killed |= members
        return len(killed - {self.pid})

    async def gone(self, timeout: float) -> bool:
        """Wait until none of them lives, at most ``timeout`` seconds; gives whether that came to be."""
        import asyncio

        deadline = asyncio.get_running_loop().time() + timeout
        while members := self.members():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await wait_for_end(members[0], left)
        return True

    def listening(self) -> list[str]:
        """Where they listen: ``127.0.0.1:80``, ``[::1]:80`` and paths of unix sockets, sorted."""
        inodes = {inode for pid in self.members() for inode in _socket_inodes(pid)}
        found = {where for inode, where in _listening_sockets() if inode in inodes}
        return sorted(found)


async def wait_for_end(pid: int, timeout: float) -> None:
    """Wait until a process that need not be a child has ended, at most ``timeout`` seconds."""
    import asyncio

    if sys.platform != "linux":
        await asyncio.sleep(min(timeout, 0.01))
        return
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, ended.cancel)
    try:
        await asyncio.wait({ended}, timeout=timeout)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _sessions() -> Iterator[tuple[int, int]]:
    """Each living process of this machine but this one, with the id of its session."""
    for name in os.listdir(_PROC) if _PROC.is_dir() else ():
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            # The name in parentheses may hold anything; after it come state, parent, group and session.
            state, _, _, session = (_PROC / name / "stat").read_bytes().rpartition(b")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if state not in (b"Z", b"X"):
            yield int(name), int(session)


def _socket_inodes(pid: int) -> Iterator[str]:
    folder = f"{_PROC}/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"{folder}/{name}"))
                if found:
                    yield found[1]


def _listening_sockets() -> Iterator[tuple[str, str]]:
    """The inode and the address of each listening TCP and unix socket of this machine."""
    for table in ("tcp", "tcp6"):
        for fields in _table(table):
            if fields[3] == _LISTEN:
                yield fields[9], _address(fields[1])
    for fields in _table("unix"):
        accepts = int(fields[3], 16) & 0x10000
        if accepts and len(fields) > 7:
            yield fields[6], f"unix:{fields[7]}"


def _table(name: str) -> Iterator[list[str]]:
    with contextlib.suppress(OSError):
        for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
            yield line.split()


def _address(text: str) -> str:
    """An address as ``/proc/net/tcp`` writes it: 32-bit words in the byte order of the machine, and the port."""
    host, _, port = text.partition(":")
    words = [bytes.fromhex(host[start : start + 8]) for start in range(0, len(host), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    address = ipaddress.ip_address(packed)
    return f"[{address}]:{int(port, 16)}" if address.version == 6 else f"{address}:{int(port, 16)}"


def keep_watch(lines: Iterable[str]) -> None:
    """Read what to watch and what to forget; when there is nothing more to read, end and delete what is left."""
    families: set[Family] = set()
    folders: set[str] = set()
    for line in lines:
        order, _, what = line.rstrip("\n").partition(" ")
        if order.endswith("-folder"):
            (folders.add if order == "watch-folder" else folders.discard)(what)
        else:
            pid, _, token = what.partition(" ")
            (families.add if order == "watch" else families.discard)(Family(int(pid), token))
    for family in families:
        family.kill()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep_watch(sys.stdin)
