"""``python -m tests.servers [SERVER…] [-- OPTION…]``: judge the released servers, each in an environment of its own.

Runs go side by side, and each variant leaves one JSON file. What stands behind ``--`` is handed on to the command.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from asgi_conformance import results
from tests.environments import CannotInstall, Environments

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REAL = Path(__file__).parent / "real.toml"
_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
#: The command as it is installed beside this interpreter: the folder of the source is not a whole package.
_COMMAND = Path(sys.executable).with_name("asgi-conformance")
#: What the command's exit status says of a run: nothing failed, something did, or it was interrupted.
_RUN = (0, 1, 130)


@dataclass
class Judging:
    """Judges servers into ``runs``, as many at a time as ``places`` has; ``trouble`` holds those without a run.

    A run that takes longer than ``longest``, in seconds, is interrupted: what it found goes into the folder
    ``incomplete``, and not on the site.
    """

    environments: Environments
    runs: Path
    places: asyncio.Semaphore
    longest: float
    options: Sequence[str]

    def __post_init__(self) -> None:
        self.trouble: list[str] = []

    async def server(self, name: str, install: Sequence[str], variants: Mapping[str, str]) -> None:
        """Make the environment of a server and judge its variants."""
        try:
            programs = await self.environments.make(_PYTHON, install)
        except CannotInstall as error:
            click.echo(f"{name} is left out: {' '.join(install)} cannot be installed here ({error})")
            return
        await asyncio.gather(
            *(self.variant(name, variant, line.replace("<bin>/", ""), programs) for variant, line in variants.items())
        )

    async def variant(self, name: str, variant: str, line: str, programs: Path) -> None:
        """Judge one variant, given by the command line of the server, whose program is in the folder ``programs``.

        The command names no folder, so that it can be read, and used, elsewhere.
        """
        target = self.runs / f"{name}-{variant}.json"
        choice = ["--server", line, "--variant", variant, "--json", str(target), *self.options]
        async with self.places:
            click.echo(f"{name} ({variant}) …")
            process = await asyncio.create_subprocess_exec(
                *(str(_COMMAND), "-q", *choice),
                env={**os.environ, "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            ending = asyncio.ensure_future(process.communicate())
            try:
                await asyncio.wait({ending}, timeout=self.longest)
            finally:
                if not ending.done():  # also when this one is interrupted itself
                    process.send_signal(signal.SIGINT)
                _, errors = await ending
        if process.returncode not in _RUN:
            self.trouble.append(f"{name} ({variant})")
            said = errors.decode(errors="replace").strip()
            click.echo(f"{name} ({variant}): no run, the command ended with {process.returncode}\n{said}")
            return
        (run,) = results.load(target)["runs"]
        counts = ", ".join(f"{count} {verdict}" for verdict, count in run["summary"].items() if count)
        click.echo(f"{results.label(run)}: {counts} in {run['duration_s']:.0f} s")
        if not run["complete"]:
            aside = self.runs / "incomplete"
            aside.mkdir(exist_ok=True)
            target.rename(aside / target.name)
            click.echo(f"{name} ({variant}) was interrupted then: what it found is in {aside}, and not on the site")


async def judge(servers: Mapping[str, Mapping[str, object]], judging: Judging) -> None:
    """Judge all of these servers."""
    rows = [(name, row["install"], row["variants"]) for name, row in servers.items()]
    await asyncio.gather(*(judging.server(name, install, variants) for name, install, variants in rows))  # type: ignore[arg-type]


def main() -> int:
    """Run it; the exit status is 1 when a server that is installed could not be run."""
    known = tomllib.loads(REAL.read_text(encoding="utf-8"))
    words = sys.argv[1:]
    options = words[words.index("--") + 1 :] if "--" in words else []
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"which of {', '.join(known)} (default: all)")
    parser.add_argument("--environments", type=Path, metavar="DIR", help="keep them here (default: make them anew)")
    parser.add_argument("--runs", type=Path, default=Path("site/runs"), metavar="DIR", help="where the JSON files go")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="runs at a time")
    parser.add_argument("--minutes", type=float, default=30, metavar="N", help="how long one may take (default: 30)")
    given = parser.parse_args(words[: words.index("--")] if "--" in words else words)
    unknown = sorted(set(given.servers) - set(known))
    if unknown:
        parser.error(f"{', '.join(unknown)}: no such server in {REAL.name}")
    given.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as new:
        environments = Environments(given.environments or Path(new), {_PYTHON: sys.executable})
        places = asyncio.Semaphore(given.jobs)
        judging = Judging(environments, given.runs, places, given.minutes * 60, options)
        try:
            asyncio.run(judge({name: known[name] for name in given.servers or known}, judging))
        except KeyboardInterrupt:
            return 130
    if judging.trouble:
        click.echo(f"no run of {', '.join(judging.trouble)}", err=True)
    return bool(judging.trouble)


if __name__ == "__main__":
    sys.exit(main())
